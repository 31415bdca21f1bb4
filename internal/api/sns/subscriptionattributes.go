package sns

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/pattern/filterpolicy"
	"github.com/carillon-events/carillon/internal/topic"
)

// Names of subscription attributes.
// https://docs.aws.amazon.com/sns/latest/api/API_SetSubscriptionAttributes.html
const (
	attrRaw     = "RawMessageDelivery"
	attrFilter  = "FilterPolicy"
	attrScope   = "FilterPolicyScope"
	attrRedrive = "RedrivePolicy"
	attrReplay  = "ReplayPolicy"
	attrRole    = "SubscriptionRoleArn"

	scopeAttributes = "MessageAttributes"
	scopeBody       = "MessageBody"
)

// subscriptionAttributes are the settable ones.
var subscriptionAttributes = []string{attrDelivery, attrFilter, attrScope, attrRaw, attrRedrive, attrReplay, attrRole}

// about is the subscription whose attributes are checked.
type about struct {
	topic    topic.Name
	protocol topic.Protocol
	spoken   string // protocol as AWS calls it
}

// check is an attribute's value as it is kept. Filter policies are for
// filterOf, which needs their scope. An empty value takes the attribute away.
func (s about) check(name, v string) (string, error) {
	switch name {
	case attrRaw:
		if s.protocol != topic.Queue && s.protocol != topic.HTTPPlain && s.protocol != topic.HTTPS {
			return "", refusal("Delivery protocol [" + s.spoken + "] does not support raw message delivery.")
		}
		return boolean(name, v)
	case attrScope:
		return oneOf(scopeBody, scopeAttributes)(name, v)
	case attrFilter:
		return v, nil
	case attrDelivery:
		_, err := subscriptionDelivery(v)
		return v, err
	case attrRedrive:
		_, err := s.redrive(v)
		return v, err
	case attrReplay:
		w, err := s.replay(v)
		if w == nil {
			v = ""
		}
		return v, err
	case attrRole:
		return "", refusal(attrRole + ": it can only be set for subscriptions of Firehose delivery streams")
	}
	return "", errUnknownAttribute
}

var errUnknownAttribute = errors.New("no such attribute")

// redrivePolicy is the attribute of that name.
// https://docs.aws.amazon.com/sns/latest/dg/sns-configure-dead-letter-queue.html
type redrivePolicy struct {
	DeadLetterTargetArn *string `json:"deadLetterTargetArn"`
}

// redrive is the dead-letter queue of a redrive policy; {} has none.
func (s about) redrive(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	var p redrivePolicy
	if err := document(attrRedrive, text, &p); err != nil || p.DeadLetterTargetArn == nil {
		return "", err
	}
	a, err := arn.Parse(*p.DeadLetterTargetArn)
	name, ok := a.QueueName()
	switch {
	case err != nil || !ok:
		return "", refusal(attrRedrive + ": deadLetterTargetArn is an invalid arn")
	case a.Account != s.topic.Account || a.Region != s.topic.Region:
		return "", refusal(attrRedrive + ": the dead-letter queue must be in the account and region of the topic")
	case isFIFO(s.topic.Topic) != isFIFO(name):
		return "", refusal(attrRedrive + ": the dead-letter queue of a FIFO topic must be a FIFO queue, and that of a standard topic a standard queue")
	}
	return *p.DeadLetterTargetArn, nil
}

// filterOf is a filter policy as it is kept: empty for one that lets
// everything through.
func filterOf(text string, scope topic.Scope) (string, error) {
	if text == "" {
		return "", nil
	}
	s := filterpolicy.MessageAttributes
	if scope == topic.Body {
		s = filterpolicy.MessageBody
	}
	p, err := filterpolicy.Parse(text, s)
	var bad *filterpolicy.Error
	if errors.As(err, &bad) {
		return "", refusal(attrFilter + ": " + bad.Reason)
	}
	if err != nil || p == nil {
		return "", err
	}
	return text, nil
}

func scopeOf(v string) topic.Scope {
	if v == scopeBody {
		return topic.Body
	}
	return topic.Attributes
}

func scopeAs(s topic.Scope) string {
	if s == topic.Body {
		return scopeBody
	}
	return scopeAttributes
}

// subscribed is what Subscribe was given, as it is kept.
func (s about) subscribed(given map[string]string) (topic.Subscribed, error) {
	labels := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		v, err := s.check(name, given[name])
		if errors.Is(err, errUnknownAttribute) {
			return topic.Subscribed{}, refusal("Unknown attribute " + clip(name))
		}
		if err != nil {
			return topic.Subscribed{}, err
		}
		labels[name] = v
	}
	filter, err := filterOf(labels[attrFilter], scopeOf(labels[attrScope]))
	if err != nil {
		return topic.Subscribed{}, err
	}
	return s.settings(labels, filter), nil
}

// settings are those of checked attributes.
func (s about) settings(labels map[string]string, filter string) topic.Subscribed {
	kept := map[string]string{}
	for name, v := range labels {
		if v != "" && name != attrFilter {
			kept[name] = v
		}
	}
	out := topic.Subscribed{Raw: kept[attrRaw] == "true", Filter: filter, Scope: scopeOf(kept[attrScope]), Labels: kept}
	out.DeadLetter, _ = s.redrive(kept[attrRedrive])
	out.HTTP, _ = subscriptionDelivery(kept[attrDelivery])
	out.Replay, _ = s.replay(kept[attrReplay])
	return out
}

// subscriptionDiffers tells whether a subscription has another value of an
// attribute than given. What is not given is as it is.
func subscriptionDiffers(has, wants topic.Subscribed, given map[string]string) bool {
	for name := range given {
		same := false
		switch name {
		case attrRaw:
			same = has.Raw == wants.Raw
		case attrScope:
			same = has.Scope == wants.Scope
		case attrFilter:
			same = canonical(has.Filter) == canonical(wants.Filter)
		default:
			same = canonical(has.Labels[name]) == canonical(wants.Labels[name])
		}
		if !same {
			return true
		}
	}
	return false
}

// echoSubscription is all attributes of a subscription.
func echoSubscription(s topic.Subscription, c topic.Config) (map[string]string, error) {
	out := map[string]string{}
	maps.Copy(out, s.Settings.Labels)
	delete(out, attrScope)
	for name, v := range map[string]bool{
		attrRaw: s.Settings.Raw, "PendingConfirmation": s.Pending, "ConfirmationWasAuthenticated": s.Authenticated,
	} {
		out[name] = strconv.FormatBool(v)
	}
	out["SubscriptionArn"], out["TopicArn"] = s.ARN().String(), s.Topic.ARN().String()
	out["Owner"], out["Protocol"], out["Endpoint"] = s.Owner, protocolAs(s.Protocol), s.Endpoint
	if s.Principal != "" {
		out["SubscriptionPrincipal"] = s.Principal
	}
	if s.Settings.Filter != "" {
		out[attrFilter], out[attrScope] = s.Settings.Filter, scopeAs(s.Settings.Scope)
	}
	if s.Protocol == topic.HTTPPlain || s.Protocol == topic.HTTPS {
		effective, err := effectiveOfSubscription(c, &s.Settings)
		if err != nil {
			return nil, err
		}
		out["EffectiveDeliveryPolicy"] = effective
	}
	return out, nil
}

// jsonObject tells whether text is one.
func jsonObject(text string) bool {
	var members map[string]json.RawMessage
	return strings.HasPrefix(strings.TrimLeft(text, " \t\r\n"), "{") && json.Unmarshal([]byte(text), &members) == nil
}
