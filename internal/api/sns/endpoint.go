package sns

import (
	"net/mail"
	"net/url"
	"slices"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/mobile"
	"github.com/carillon-events/carillon/internal/topic"
	"github.com/carillon-events/carillon/internal/wire"
)

// protocols are those that there are, as AWS calls them.
// https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html
var protocols = map[string]topic.Protocol{
	"sqs": topic.Queue, "http": topic.HTTPPlain, "https": topic.HTTPS, "email": topic.Mail, "email-json": topic.MailJSON,
	"sms": topic.Text, "application": topic.Application,
}

// absentProtocols are those that AWS has and Carillon does not deliver to yet.
var absentProtocols = []string{"lambda", "firehose"}

func protocolAs(p topic.Protocol) string {
	if p == topic.Queue {
		return "sqs"
	}
	return string(p)
}

// protocolOf is a protocol that a topic can have subscriptions of.
func protocolOf(n topic.Name, text string) (topic.Protocol, error) {
	p, ok := protocols[text]
	absent := slices.Contains(absentProtocols, text)
	switch {
	case !ok && !absent:
		return "", invalid("Amazon SNS does not support this protocol string: " + clip(text))
	case isFIFO(n.Topic) && p != topic.Queue:
		return "", invalid("Invalid protocol type: " + text)
	case absent:
		return "", invalidFor("Protocol", "Carillon does not support the protocol "+text+" yet.")
	}
	return p, nil
}

const maxEndpoint = 2048

// target is an endpoint that was read.
type target struct {
	own    bool // nobody needs to be asked whether it wants the subscription
	device *device
}

// device is the endpoint of an application, which must be there.
type device struct {
	app mobile.App
	id  mobile.ID
}

// targetOf refuses what is no endpoint of the protocol.
func targetOf(c *wire.Call, n topic.Name, p topic.Protocol, text string) (target, error) {
	if text == "" {
		return target{}, invalidFor("Endpoint", "no value for required parameter")
	}
	if len(text) > maxEndpoint {
		return target{}, invalidFor("Endpoint", "it is longer than 2048 bytes")
	}
	switch p {
	case topic.Queue:
		return queueTarget(c, n, text)
	case topic.HTTPPlain, topic.HTTPS:
		return target{}, checkURL(string(p), text)
	case topic.Mail, topic.MailJSON:
		a, err := mail.ParseAddress(text)
		if err != nil || a.Address != text {
			return target{}, invalid("Email address")
		}
	case topic.Text:
		if !validPhone(text) {
			return target{}, invalid("Invalid SMS endpoint: " + clip(text))
		}
		return target{own: true}, nil
	case topic.Application:
		app, id, err := endpointOf(c, "Endpoint", text)
		if err != nil {
			return target{}, invalidFor("Endpoint", "Endpoint does not exist for endpoint arn "+clip(text))
		}
		return target{own: app.Account == c.Account, device: &device{app, id}}, nil
	}
	return target{}, nil
}

func queueTarget(c *wire.Call, n topic.Name, text string) (target, error) {
	a, err := arn.Parse(text)
	name, ok := a.QueueName()
	if err != nil || !ok || a.Region == "" {
		return target{}, invalid("SQS endpoint ARN")
	}
	// A standard queue may subscribe to a FIFO topic, since September 2023.
	// https://docs.aws.amazon.com/sns/latest/dg/fifo-message-delivery.html
	if isFIFO(name) && !isFIFO(n.Topic) {
		return target{}, invalid("Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics")
	}
	return target{own: a.Account == c.Account}, nil
}

func checkURL(scheme, text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != scheme {
		return invalid("Endpoint must match the specified protocol")
	}
	if u.Hostname() == "" || u.Fragment != "" {
		return invalidFor("Endpoint", "it is not a URL with a host")
	}
	return nil
}

// validPhone tells whether text is a phone number: digits, with + before them
// or not, as E.164 bounds them.
func validPhone(text string) bool {
	if len(text) > 0 && text[0] == '+' {
		text = text[1:]
	}
	if len(text) < 1 || len(text) > 15 {
		return false
	}
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return true
}
