package cloudtrail

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/carillon-events/carillon/internal/arn"
)

// record is a CloudTrail record, with its fields in the order that AWS's have.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
type record struct {
	EventVersion        string          `json:"eventVersion"`
	UserIdentity        userIdentity    `json:"userIdentity"`
	EventTime           string          `json:"eventTime"`
	EventSource         string          `json:"eventSource"`
	EventName           string          `json:"eventName"`
	AWSRegion           string          `json:"awsRegion"`
	SourceIPAddress     string          `json:"sourceIPAddress"`
	UserAgent           string          `json:"userAgent"`
	ErrorCode           string          `json:"errorCode,omitempty"`
	ErrorMessage        string          `json:"errorMessage,omitempty"`
	RequestParameters   json.RawMessage `json:"requestParameters"`
	ResponseElements    json.RawMessage `json:"responseElements"`
	AdditionalEventData map[string]any  `json:"additionalEventData,omitempty"`
	RequestID           string          `json:"requestID,omitempty"`
	EventID             string          `json:"eventID"`
	ReadOnly            bool            `json:"readOnly"`
	Resources           []resource      `json:"resources,omitempty"`
	EventType           string          `json:"eventType"`
	ManagementEvent     bool            `json:"managementEvent"`
	RecipientAccountID  string          `json:"recipientAccountId,omitempty"`
	SharedEventID       string          `json:"sharedEventID,omitempty"`
	EventCategory       string          `json:"eventCategory"`
	TLSDetails          *tlsDetails     `json:"tlsDetails,omitempty"`
}

const eventVersion = "1.11"

// Types and categories of records.
const (
	typeCall      = "AwsApiCall"
	typeService   = "AwsServiceEvent"
	categoryData  = "Data"
	categorySetup = "Management"
)

// CloudTrail cuts longer ones, too.
const (
	maxUserAgent    = 1024
	maxErrorMessage = 1024
)

type tlsDetails struct {
	Version string `json:"tlsVersion"`
	Cipher  string `json:"cipherSuite"`
	Host    string `json:"clientProvidedHostHeader,omitempty"`
}

type resource struct {
	ARN     string `json:"ARN"`
	Account string `json:"accountId,omitempty"`
	Type    string `json:"type,omitempty"`
}

// newResource says what an ARN is of.
func newResource(text string) resource {
	r := resource{ARN: text}
	a, err := arn.Parse(text)
	if err != nil {
		return r
	}
	r.Account = a.Account
	kind, _, _ := strings.Cut(a.Resource, "/")
	r.Type = resourceTypes[a.Service+" "+kind]
	if r.Type == "" {
		r.Type = resourceTypes[a.Service]
	}
	return r
}

// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/introduction.html
// has the names of types.
var resourceTypes = map[string]string{
	"sqs": "AWS::SQS::Queue", "sns": "AWS::SNS::Topic", "sns app": "AWS::SNS::PlatformApplication", "sns endpoint": "AWS::SNS::Endpoint",
	"events rule": "AWS::Events::Rule", "events event-bus": "AWS::Events::EventBus", "events archive": "AWS::Events::Archive",
	"events replay": "AWS::Events::Replay", "events connection": "AWS::Events::Connection", "events endpoint": "AWS::Events::Endpoint",
	"events api-destination": "AWS::Events::ApiDestination", "events event-source": "AWS::Events::EventSource",
	"iam user": "AWS::IAM::User", "iam role": "AWS::IAM::Role", "iam group": "AWS::IAM::Group", "iam policy": "AWS::IAM::Policy",
	"iam instance-profile": "AWS::IAM::InstanceProfile",
}

func timeText(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// cut bounds a text.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "..."
}

// encode is the record's JSON. There is nothing in it that has none.
func (r *record) encode() []byte {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(r); err != nil {
		panic("cloudtrail: a record does not encode: " + err.Error())
	}
	return []byte(strings.TrimSuffix(b.String(), "\n"))
}
