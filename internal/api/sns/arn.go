package sns

import (
	"strconv"
	"strings"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/mobile"
	"github.com/carillon-events/carillon/internal/topic"
	"github.com/carillon-events/carillon/internal/wire"
)

// parse reads the ARN of something of this service in the caller's region.
func parse(c *wire.Call, parameter, text string) (arn.ARN, error) {
	if parts := strings.Count(text, ":") + 1; parts < 6 {
		return arn.ARN{}, invalidFor(parameter, "An ARN must have at least 6 elements, not "+strconv.Itoa(parts))
	}
	a, err := arn.Parse(text)
	if err != nil || a.Service != "sns" || a.Account == "" || a.Region != c.Region || a.Partition != arn.Partition(c.Region) {
		return a, invalid(parameter)
	}
	return a, nil
}

// topicOf is the topic that an ARN names.
func topicOf(c *wire.Call, parameter, text string) (topic.Name, error) {
	a, err := parse(c, parameter, text)
	if err != nil {
		return topic.Name{}, err
	}
	name, ok := a.TopicName()
	if !ok || !validTopic(name) {
		return topic.Name{}, invalid(parameter)
	}
	return topic.Name{Account: a.Account, Region: a.Region, Topic: name}, nil
}

// subscriptionOf is the subscription that an ARN names.
func subscriptionOf(c *wire.Call, text string) (n topic.Name, id topic.ID, err error) {
	a, err := parse(c, "SubscriptionArn", text)
	if err != nil {
		return n, id, err
	}
	name, idText, ok := a.SubscriptionName()
	if !ok || !validTopic(name) {
		return n, id, invalid("SubscriptionArn")
	}
	n = topic.Name{Account: a.Account, Region: a.Region, Topic: name}
	if id, ok = topic.ParseID(idText); !ok {
		return n, id, invalid("SubscriptionArn")
	}
	return n, id, nil
}

// Applications are named app/{platform}/{name}, endpoints
// endpoint/{platform}/{name}/{id}.

func appARN(a mobile.App) string {
	return arn.ARN{Partition: arn.Partition(a.Region), Service: "sns", Region: a.Region, Account: a.Account,
		Resource: "app/" + a.Platform + "/" + a.Name}.String()
}

func endpointARN(a mobile.App, id mobile.ID) string {
	return arn.ARN{Partition: arn.Partition(a.Region), Service: "sns", Region: a.Region, Account: a.Account,
		Resource: "endpoint/" + a.Platform + "/" + a.Name + "/" + id.String()}.String()
}

// appOf is the application that an ARN names.
func appOf(c *wire.Call, text string) (mobile.App, error) {
	const parameter = "PlatformApplicationArn"
	a, err := parse(c, parameter, text)
	if err != nil {
		return mobile.App{}, err
	}
	parts := strings.Split(a.Resource, "/")
	if len(parts) != 3 || parts[0] != "app" || !validApp(parts[1], parts[2]) {
		return mobile.App{}, invalid(parameter)
	}
	return mobile.App{Place: mobile.Place{Account: a.Account, Region: a.Region}, Platform: parts[1], Name: parts[2]}, nil
}

// endpointOf is the endpoint that an ARN names.
func endpointOf(c *wire.Call, parameter, text string) (app mobile.App, id mobile.ID, err error) {
	a, err := parse(c, parameter, text)
	if err != nil {
		return app, id, err
	}
	parts := strings.Split(a.Resource, "/")
	if len(parts) != 4 || parts[0] != "endpoint" || !validApp(parts[1], parts[2]) {
		return app, id, invalid(parameter)
	}
	id, ok := mobile.ParseID(parts[3])
	if !ok {
		return app, id, invalid(parameter)
	}
	return mobile.App{Place: mobile.Place{Account: a.Account, Region: a.Region}, Platform: parts[1], Name: parts[2]}, id, nil
}

const maxName = 256

// validTopic tells whether a topic can have that name.
func validTopic(name string) bool {
	return len(name) <= maxName && validText(strings.TrimSuffix(name, fifoSuffix), "_-")
}

const fifoSuffix = ".fifo"

func isFIFO(name string) bool { return strings.HasSuffix(name, fifoSuffix) }

// validText tells whether s consists of letters and digits of ASCII and of more.
func validText(s, more string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte(more, c) >= 0:
		default:
			return false
		}
	}
	return s != ""
}
