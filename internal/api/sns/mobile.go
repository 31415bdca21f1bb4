package sns

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/carillon-events/carillon/internal/mobile"
	"github.com/carillon-events/carillon/internal/wire"
)

func placeOf(c *wire.Call) mobile.Place { return mobile.Place{Account: c.Account, Region: c.Region} }

// platforms are push services.
// https://docs.aws.amazon.com/sns/latest/api/API_CreatePlatformApplication.html
var platforms = []string{
	"ADM", "APNS", "APNS_SANDBOX", "APNS_VOIP", "APNS_VOIP_SANDBOX", "BAIDU", "GCM", "MACOS", "MACOS_SANDBOX", "MPNS", "WNS",
}

// validApp tells whether an application can have that name.
func validApp(platform, name string) bool {
	return slices.Contains(platforms, platform) && len(name) <= maxName && validText(name, "_-.")
}

const (
	attrPrincipal  = "PlatformPrincipal"
	attrCredential = "PlatformCredential"
	attrEnabled    = "Enabled"
	attrToken      = "Token"
	attrUserData   = "CustomUserData"

	// maxCredential bounds what an application authenticates itself with: a
	// certificate with its chain, or a key file.
	maxCredential = 64 << 10
	maxDevice     = 2048 // bytes of a token and of user data
)

// appAttributes are the others that an application can have.
// https://docs.aws.amazon.com/sns/latest/api/API_SetPlatformApplicationAttributes.html
var appAttributes = []string{
	"EventEndpointCreated", "EventEndpointDeleted", "EventEndpointUpdated", "EventDeliveryFailure", "SuccessFeedbackRoleArn",
	"FailureFeedbackRoleArn", "SuccessFeedbackSampleRate", "ApplePlatformTeamID", "ApplePlatformBundleID",
}

// appSettings are an application's attributes: those that are kept and shown,
// and secrets. An error names the attribute only.
func appSettings(c *wire.Call, given map[string]string) (labels, secrets map[string]string, err error) {
	labels, secrets = map[string]string{}, map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		v := given[name]
		switch {
		case name == attrPrincipal || name == attrCredential:
			if len(v) > maxCredential {
				return nil, nil, refusal(name + ": it is longer than 64 KB")
			}
			secrets[name] = v
			continue
		case !slices.Contains(appAttributes, name):
			return nil, nil, refusal("Unknown attribute " + clip(name))
		case len(v) > maxDevice:
			return nil, nil, refusal(name + ": it is longer than 2048 bytes")
		case v == "":
		case strings.HasPrefix(name, "Event"):
			if _, err := topicOf(c, name, v); err != nil {
				return nil, nil, refusal(name + ": it is not the ARN of a topic in this region")
			}
		case strings.HasSuffix(name, "RoleArn"):
			_, err = role(name, v)
		case strings.HasSuffix(name, "SampleRate"):
			v, err = percentage(name, v)
		}
		if err != nil {
			return nil, nil, err
		}
		labels[name] = v
	}
	return labels, secrets, nil
}

// appEcho is an application's attributes as they are shown.
func appEcho(a mobile.Application) map[string]string {
	out := map[string]string{attrEnabled: "true"}
	for name, v := range a.Labels {
		if v != "" {
			out[name] = v
		}
	}
	return out
}

// deviceOf changes what is known of a device as attributes say.
func deviceOf(given map[string]string) (func(d *mobile.Device), error) {
	var edits []func(d *mobile.Device)
	for _, name := range slices.Sorted(maps.Keys(given)) {
		v := given[name]
		switch name {
		case attrEnabled:
			enabled, err := boolean(name, v)
			if err != nil {
				return nil, err
			}
			edits = append(edits, func(d *mobile.Device) { d.Disabled = enabled == "false" })
		case attrToken:
			if !validToken(v) {
				return nil, refusal(attrToken + ": it must be 1 to 2048 bytes")
			}
			edits = append(edits, func(d *mobile.Device) { d.Token = v })
		case attrUserData:
			if len(v) > maxDevice || !utf8.ValidString(v) {
				return nil, refusal(attrUserData + ": it must be at most 2048 bytes of UTF-8")
			}
			edits = append(edits, func(d *mobile.Device) { d.UserData = v })
		case "ChannelId", "UserId": // of Baidu, which AWS does not deliver to any more
			return nil, refusal("Carillon does not support the attribute " + name)
		default:
			return nil, refusal("Unknown attribute " + clip(name))
		}
	}
	return func(d *mobile.Device) {
		for _, edit := range edits {
			edit(d)
		}
	}, nil
}

func validToken(v string) bool { return v != "" && len(v) <= maxDevice && utf8.ValidString(v) }

func deviceEcho(d mobile.Device) map[string]string {
	out := map[string]string{attrToken: d.Token, attrEnabled: "true"}
	if d.Disabled {
		out[attrEnabled] = "false"
	}
	if d.UserData != "" {
		out[attrUserData] = d.UserData
	}
	return out
}

// textSettings are an account's settings for text messages, and what their
// values must be.
// https://docs.aws.amazon.com/sns/latest/api/API_SetSMSAttributes.html
var textSettings = map[string]func(name, v string) (string, error){
	"MonthlySpendLimit":                 wholeNumber,
	"DeliveryStatusIAMRole":             role,
	"DeliveryStatusSuccessSamplingRate": percentage,
	"DefaultSenderID":                   senderID,
	"DefaultSMSType":                    oneOf("Promotional", "Transactional"),
	"UsageReportS3Bucket":               atMostBytes(255),
}

func wholeNumber(name, v string) (string, error) {
	var n uint32
	if json.Unmarshal([]byte(v), &n) != nil {
		return "", refusal(name + ": it must be a whole number")
	}
	return v, nil
}

func senderID(name, v string) (string, error) {
	if len(v) > 11 || !validText(v, "") || strings.IndexFunc(v, unicode.IsLetter) < 0 {
		return "", refusal(name + ": it must be 1 to 11 letters and digits, one of them a letter")
	}
	return v, nil
}

// phoneOf is a phone number in the one form in which it is kept.
func phoneOf(parameter, text string) (string, error) {
	if !validPhone(text) {
		return "", invalidFor(parameter, "input incorrectly formatted")
	}
	return text, nil
}
