package notification

import (
	"bytes"
	"encoding/json"
	"time"
)

// Status is what an attempt at a delivery came to, as it is logged for who
// asked for it. What is empty is left out, but for the status.
type Status struct {
	MessageMD5  string // of the message, in hexadecimal
	MessageID   string
	TopicARN    string
	PublishedAt time.Time
	DeliveryID  string
	Destination string
	Response    string        // what the endpoint said, in words or JSON
	Dwell       time.Duration // from the publishing to the attempt
	Attempts    int           // this one among them
	Token       string        // of an app on a device
	Code        int           // of the endpoint's answer, as HTTP has it; 0: there was none
	Failed      bool
}

// statusTime is how AWS writes the time of a message there.
const statusTime = "2006-01-02 15:04:05.000"

type statusDocument struct {
	Notification struct {
		MessageMD5Sum string `json:"messageMD5Sum,omitempty"`
		MessageID     string `json:"messageId,omitempty"`
		TopicARN      string `json:"topicArn,omitempty"`
		Timestamp     string `json:"timestamp"`
	} `json:"notification"`
	Delivery struct {
		DeliveryID  string `json:"deliveryId"`
		Destination string `json:"destination"`
		Response    string `json:"providerResponse,omitempty"`
		Dwell       int64  `json:"dwellTimeMs"`
		Attempts    int    `json:"attempts"`
		Token       string `json:"token,omitempty"`
		Code        int    `json:"statusCode,omitempty"`
	} `json:"delivery"`
	Status string `json:"status"`
}

// JSON is the status in AWS's members, as an example of its developer guide
// has them, and what people have shown of their logs.
// https://docs.aws.amazon.com/sns/latest/dg/sns-message-data-protection-operations.html
func (s *Status) JSON() []byte {
	var d statusDocument
	n, v := &d.Notification, &d.Delivery
	n.MessageMD5Sum, n.MessageID, n.TopicARN, n.Timestamp = s.MessageMD5, s.MessageID, s.TopicARN, s.PublishedAt.UTC().Format(statusTime)
	v.DeliveryID, v.Destination, v.Response, v.Dwell = s.DeliveryID, s.Destination, s.Response, max(0, s.Dwell.Milliseconds())
	v.Attempts, v.Token, v.Code = s.Attempts, s.Token, s.Code
	if d.Status = "SUCCESS"; s.Failed {
		d.Status = "FAILURE"
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(d); err != nil {
		panic("notification: a status that is not JSON: " + err.Error())
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
