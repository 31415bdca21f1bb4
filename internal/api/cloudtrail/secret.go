package cloudtrail

import "strings"

// hidden is what CloudTrail writes in the place of what is not for logs.
const hidden = "HIDDEN_DUE_TO_SECURITY_REASONS"

// secretMembers are hidden wherever they stand, beside those that the models call
// sensitive: secrets that these do not call so, proofs of identity, handles by
// which whoever has them may act, and what messages and events say.
var secretMembers = map[string]bool{
	// messages and events
	"Message": true, "MessageBody": true, "Body": true, "Subject": true, "MessageAttributes": true, "MessageSystemAttributes": true,
	"Detail": true, "Event": true, "Input": true, "InputTemplate": true, "ReceiptHandle": true,
	// what a target over HTTP is sent, as credentials are
	"HeaderParameters": true, "QueryStringParameters": true,
	// secrets
	"Password": true, "OldPassword": true, "NewPassword": true, "SecretAccessKey": true, "SessionToken": true, "ServicePassword": true,
	"ServiceCredentialSecret": true, "PrivateKey": true, "Base32StringSeed": true, "QRCodePNG": true, "ApiKeyValue": true, "ClientSecret": true,
	"AddPrivateKey": true, "TradeInToken": true, "DelegationToken": true,
	// proofs
	"Token": true, "TokenCode": true, "OneTimePassword": true, "AuthenticationCode1": true, "AuthenticationCode2": true,
	"WebIdentityToken": true, "SAMLAssertion": true, "ContextAssertion": true, "EncodedMessage": true, "DecodedMessage": true,
}

// secretKeys are hidden in maps of attributes.
// https://docs.aws.amazon.com/sns/latest/api/API_CreatePlatformApplication.html
var secretKeys = map[string]bool{"PlatformCredential": true, "PlatformPrincipal": true, "Token": true}

// A text is looked for in others if it is at least minSecret long: shorter ones are
// in every sentence. Of one that was quoted in part, the beginning is enough.
const (
	minSecret = 4
	beginning = 12
)

// without is a text without the secrets that are in it.
func without(text string, secrets []string) string {
	for _, s := range secrets {
		if len(s) >= minSecret {
			text = strings.ReplaceAll(text, s, hidden)
		}
		if len(s) > beginning {
			if i := strings.Index(text, s[:beginning]); i >= 0 {
				text = text[:i] + hidden
			}
		}
	}
	return text
}
