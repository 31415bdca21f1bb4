package cloudtrail

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/awsmodel/sns"
	"github.com/carillon-events/carillon/internal/awsmodel/sqs"
	"github.com/carillon-events/carillon/internal/awsmodel/sts"
	"github.com/carillon-events/carillon/internal/wire"
)

var services = map[string]any{"sqs": sqs.NotImplemented{}, "sns": sns.NotImplemented{}, "events": events.NotImplemented{}, "iam": iam.NotImplemented{}, "sts": sts.NotImplemented{}}

// inputs and outputs of every operation, new ones.
func everyShape(fn func(name string, v reflect.Value)) {
	for service, ops := range services {
		t := reflect.TypeOf(ops)
		for i := range t.NumMethod() {
			m := t.Method(i)
			fn(service+"."+m.Name+" request", reflect.New(m.Type.In(3).Elem()))
			fn(service+"."+m.Name+" answer", reflect.New(m.Type.Out(0).Elem()))
		}
	}
}

// fill gives every text of a structure a value that says where it is.
func fill(v reflect.Value, path string, depth int) {
	if depth > 6 {
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if v.CanSet() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		fill(v.Elem(), path, depth+1)
	case reflect.String:
		v.SetString("<" + path + ">")
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for i := range v.NumField() {
			f := v.Type().Field(i)
			switch {
			case !f.IsExported():
			case v.Type().PkgPath() == wirePackage && f.Name == "OK":
				v.Field(i).SetBool(true)
			case v.Type().PkgPath() == wirePackage:
				fill(v.Field(i), path, depth+1)
			default:
				fill(v.Field(i), path+"."+f.Name, depth+1)
			}
		}
	case reflect.Slice:
		if v.Type() == reflect.TypeFor[[]byte]() {
			v.SetBytes([]byte("<" + path + ">"))
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), path, depth+1)
	case reflect.Map:
		one := reflect.New(v.Type().Elem()).Elem()
		fill(one, path, depth+1)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.ValueOf("key"), one)
	}
}

// suspicious are names that sound like a secret, or like what messages say.
var suspicious = regexp.MustCompile(`(?i)(secret|password|token|privatekey|credential|apikey|assertion|authenticationcode|passcode|seed|message|body|detail$|otp|receipt|header|querystring)`)

// harmless are those of them that are none.
var harmless = regexp.MustCompile(`(?i)(NextToken|NextPageToken|ClientRequestToken|MaxResults|AccountPassword|PasswordLast|PasswordReset|RequireUppercase|` +
	`PasswordPolicy|MinimumPasswordLength|PasswordReuse|ServiceSpecificCredentialId|CredentialAge|ChangePassword|GetCredentialReport|` +
	`MaxNumberOfMessages|MessageId|MD5|MessageGroupId|MessageDeduplicationId|MessageStructure|ApproximateNumberOfMessages|NumberOfMessages|` +
	`MessageAttributeNames|MessageSystemAttributeNames|IsValueSecret|SecretArn|SecretsManager|ErrorMessage|StatusMessage|SourceMessage|` +
	`ServiceSpecificCredential\.(CreateDate|ExpirationDate|ServiceName|ServiceUserName|ServiceCredentialAlias|UserName|Status)|` +
	`ServiceSpecificCredentials?\.(CreateDate|ExpirationDate|ServiceName|ServiceUserName|ServiceCredentialAlias|UserName|Status)|` +
	`Credentials\.(AccessKeyId|Expiration)|EvalDecisionDetail|HeaderParameters\.(Key)|QueryStringParameters\.(Key)|BodyParameters\.(Key)|` +
	`MissingContextValues|LoginProfile\.|MaxMessage|DelegationRequest|TaskHandle|RotationPolicy|CredentialReport|GlobalEndpointTokenVersion|TokenType|LongTermCredential|` +
	`ApiKeyName|TraceHeader|AssertionEncryptionMode|PrivateKeyList\.KeyId|RemovePrivateKey|SSHPublicKeyBody|CertificateBody|Messages\.Attributes|SubjectFromWebIdentityToken)`)

func TestNoSecretOfAnyRequestOrAnswerIsInARecord(t *testing.T) {
	n := 0
	everyShape(func(name string, v reflect.Value) {
		fill(v, name, 0)
		var found []string
		text := string(parameters(v.Interface(), "p", 1<<20, &found))
		for _, m := range regexp.MustCompile(`<[^<>]*>`).FindAllString(text, -1) {
			n++
			_, path, _ := strings.Cut(m, " ")
			if suspicious.MatchString(path) && !harmless.MatchString(m) {
				t.Errorf("a record shows %s", m)
			}
		}
		for _, secret := range found {
			if secret != "" && strings.Contains(text, secret) {
				t.Errorf("%s: %q was hidden and is there", name, secret)
			}
		}
	})
	if n < 500 {
		t.Errorf("only %d texts were looked at", n)
	}
}

func TestWhatIsKnownToBeSecretIsHidden(t *testing.T) {
	for name, of := range map[string]any{
		"password":              &iam.CreateLoginProfileInput{UserName: wire.Some("ann"), Password: wire.Some("hush-hush")},
		"changed password":      &iam.ChangePasswordInput{OldPassword: "hush-hush", NewPassword: "hush-hush"},
		"access key":            &iam.CreateAccessKeyOutput{AccessKey: iam.AccessKey{AccessKeyId: "AKIA", SecretAccessKey: "hush-hush"}},
		"session":               &sts.AssumeRoleOutput{Credentials: &sts.Credentials{AccessKeyId: "ASIA", SecretAccessKey: "hush-hush", SessionToken: "hush-hush"}},
		"push application":      &sns.CreatePlatformApplicationInput{Name: "n", Attributes: map[string]string{"PlatformCredential": "hush-hush", "PlatformPrincipal": "hush-hush"}},
		"device":                &sns.CreatePlatformEndpointInput{Token: "hush-hush"},
		"confirmation":          &sns.ConfirmSubscriptionInput{Token: "hush-hush"},
		"message":               &sqs.SendMessageInput{QueueUrl: "q", MessageBody: "hush-hush"},
		"password in a URL":     &sns.SubscribeInput{Protocol: "https", Endpoint: wire.Some("https://ann:hush-hush@example.com/x")},
		"API key of connection": &events.CreateConnectionInput{Name: "c", AuthParameters: events.CreateConnectionAuthRequestParameters{ApiKeyAuthParameters: &events.CreateConnectionApiKeyAuthRequestParameters{ApiKeyName: "n", ApiKeyValue: "hush-hush"}}},
		"OAuth": &events.CreateConnectionInput{AuthParameters: events.CreateConnectionAuthRequestParameters{OAuthParameters: &events.CreateConnectionOAuthRequestParameters{
			ClientParameters: events.CreateConnectionOAuthClientRequestParameters{ClientID: "id", ClientSecret: "hush-hush"}}}},
		"target's header": &events.PutTargetsInput{Rule: "r", Targets: []events.Target{{Id: "t", Arn: "a", HttpParameters: &events.HttpParameters{HeaderParameters: map[string]string{"Authorization": "hush-hush"}}}}},
	} {
		var found []string
		text := string(parameters(of, "p", maxParameters, &found))
		if strings.Contains(text, "hush-hush") || !strings.Contains(text, hidden) && !strings.Contains(text, "****") {
			t.Errorf("%s: %s", name, text)
		}
	}
}

func TestASecretThatAnErrorQuotesIsTakenOut(t *testing.T) {
	secrets := []string{"hush-hush", "a-very-long-secret-of-some-service"}
	for text, want := range map[string]string{
		"Value 'hush-hush' is short":              "Value '" + hidden + "' is short",
		"Value a-very-long-sec… is too long, say": "Value " + hidden,
		"nothing": "nothing",
	} {
		if got := without(text, secrets); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestWhatIsTooLargeIsCut(t *testing.T) {
	many := &sqs.CreateQueueInput{QueueName: "q", Attributes: map[string]string{}}
	for i := range 50 {
		many.Attributes[fmt.Sprint(i)] = strings.Repeat("x", 10_000)
	}
	if text := string(parameters(many, "requestParameters", maxParameters, new([]string))); !strings.HasPrefix(text, `{"omitted":true,"originalSize":50`) {
		t.Errorf("%.200s", text)
	}
	one := &sqs.CreateQueueInput{QueueName: "q", Attributes: map[string]string{"Policy": strings.Repeat("x", 90_000)}}
	if text := string(parameters(one, "requestParameters", maxParameters, new([]string))); len(text) > maxText+200 {
		t.Errorf("%d bytes", len(text))
	}
}

func TestAKeyThatMayBeASecretIsNotShown(t *testing.T) {
	for id, want := range map[string]string{"AKIAIOSFODNN7EXAMPLE": "AKIAIOSFODNN7EXAMPLE", "": "", "wJalrXUtnFEMI/K7MDENG": hidden, strings.Repeat("A", 200): hidden} {
		if got := accessKey(id); got != want {
			t.Errorf("%q: %q", id, got)
		}
	}
}

func FuzzWithout(f *testing.F) {
	f.Add("Value 'abc-abc' is bad", "abc-abc")
	f.Fuzz(func(t *testing.T, text, secret string) {
		if strings.Contains(hidden, secret) || len(secret) < minSecret || len(secret) > 100 || strings.ContainsAny(secret, "HIDDEN_DUE_TO_SECURITY_REASONS") {
			return
		}
		if got := without(text, []string{secret}); strings.Contains(got, secret) {
			t.Errorf("%q of %q: %q", secret, text, got)
		}
	})
}
