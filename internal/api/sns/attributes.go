package sns

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/topic"
)

// Names of topic attributes that the rules below speak of.
const (
	attrPolicy     = "Policy"
	attrDisplay    = "DisplayName"
	attrFIFO       = "FifoTopic"
	attrDedup      = "ContentBasedDeduplication"
	attrThroughput = "FifoThroughputScope"
	attrArchive    = "ArchivePolicy"
	attrSignature  = "SignatureVersion"
	attrTracing    = "TracingConfig"
	attrKey        = "KmsMasterKeyId"

	scopeGroup = "MessageGroup"
)

// attribute is a topic attribute that clients set. An empty value takes it away.
type attribute struct {
	name     string
	fifo     bool   // only FIFO topics have it
	standard bool   // only standard topics have it
	standing string // the value of a topic where it was never set
	document bool   // JSON
	check    func(name, value string) (kept string, err error)
}

// attributes are the settable ones, in the order in which a difference is
// looked for.
// https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html
var attributes = append([]attribute{
	{name: attrDisplay, check: displayName},
	{name: attrPolicy, document: true, check: func(_, v string) (string, error) { return checkPolicy(v) }},
	{name: attrDelivery, document: true, check: func(_, v string) (string, error) {
		_, _, err := topicDelivery(v)
		return v, err
	}},
	{name: attrKey, check: atMostBytes(2048)},
	{name: attrSignature, standing: "1", check: oneOf("1", "2")},
	{name: attrTracing, standing: "PassThrough", standard: true, check: oneOf("PassThrough", "Active")},
	{name: attrFIFO, standing: "false", check: boolean},
	{name: attrDedup, standing: "false", fifo: true, check: boolean},
	{name: attrThroughput, standing: "Topic", fifo: true, check: oneOf("Topic", scopeGroup)},
	{name: attrArchive, document: true, fifo: true, check: func(_, v string) (string, error) { return checkArchive(v) }},
}, feedback()...)

func attributeNamed(name string) (attribute, bool) {
	i := slices.IndexFunc(attributes, func(a attribute) bool { return a.name == name })
	if i < 0 {
		return attribute{}, false
	}
	return attributes[i], true
}

// checkFor is the value as it is kept, of an attribute that topics of this kind
// have.
func (a *attribute) checkFor(v string, fifo bool) (string, error) {
	switch {
	case a.fifo && !fifo && a.name == attrDedup:
		return "", refusal("Content-based deduplication can only be set for FIFO topics")
	case a.fifo && !fifo:
		return "", refusal(a.name + ": can only be set for FIFO topics")
	case a.standard && fifo:
		return "", refusal(a.name + ": can only be set for standard topics")
	case v == "" && a.name != attrPolicy && a.name != attrArchive: // AWS has {} take the archive away, and refuses nothing
		return "", nil
	}
	return a.check(a.name, v)
}

func boolean(name, v string) (string, error) {
	kept := strings.ToLower(v)
	if kept != "true" && kept != "false" {
		return "", refusal(name + ": Invalid value [" + clip(v) + "]. Must be true or false.")
	}
	return kept, nil
}

func oneOf(values ...string) func(name, v string) (string, error) {
	return func(name, v string) (string, error) {
		if !slices.Contains(values, v) {
			if v == "" {
				v = "null" // as AWS shows it
			}
			return "", refusal(name + ": Invalid value [" + clip(v) + "]. Please use either " + strings.Join(values, " or "))
		}
		return v, nil
	}
}

func atMostBytes(n int) func(name, v string) (string, error) {
	return func(name, v string) (string, error) {
		if len(v) > n {
			return "", refusal(name + ": it is longer than " + strconv.Itoa(n) + " bytes")
		}
		return v, nil
	}
}

func displayName(name, v string) (string, error) {
	if !utf8.ValidString(v) || utf8.RuneCountInString(v) > 100 || strings.ContainsAny(v, "\r\n") {
		return "", refusal(name + ": it must be at most 100 characters without line breaks")
	}
	return v, nil
}

func percentage(name, v string) (string, error) {
	n, err := strconv.Atoi(v)
	if err != nil || n < 0 || n > 100 {
		return "", refusal(name + ": it must be between 0 and 100")
	}
	return strconv.Itoa(n), nil
}

// maxARN bounds the ARNs that are kept.
const maxARN = 2048

func role(name, v string) (string, error) {
	a, err := arn.Parse(v)
	if err != nil || len(v) > maxARN || a.Service != "iam" || !strings.HasPrefix(a.Resource, "role/") {
		return "", refusal(name + ": it is not the ARN of an IAM role")
	}
	return v, nil
}

// archivePolicy is the attribute of that name.
// https://docs.aws.amazon.com/sns/latest/dg/message-archiving-and-replay-topic-owner.html
type archivePolicy struct {
	MessageRetentionPeriod json.RawMessage
}

// archiveDays is what an archive policy means. {} is none.
func archiveDays(text string) (int, error) {
	if text == "" {
		return 0, nil
	}
	var p archivePolicy
	if err := document(attrArchive, text, &p); err != nil {
		return 0, err
	}
	if p.MessageRetentionPeriod == nil {
		return 0, nil
	}
	// Clients send the number with and without quotes.
	n, err := strconv.Atoi(strings.Trim(string(p.MessageRetentionPeriod), `"`))
	if err != nil || n < 1 || n > 365 {
		return 0, refusal(attrArchive + ": MessageRetentionPeriod must be between 1 and 365 days")
	}
	return n, nil
}

// checkArchive is an archive policy as it is kept: {} is not.
func checkArchive(v string) (string, error) {
	if v == "" {
		return "", refusal(attrArchive + ": invalid JSON")
	}
	days, err := archiveDays(v)
	if err != nil || days == 0 {
		return "", err
	}
	return v, nil
}

// checkAttributes is the attributes that CreateTopic was given, as they are
// kept.
func checkAttributes(given map[string]string, fifo bool) (map[string]string, error) {
	out := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		a, ok := attributeNamed(name)
		if !ok {
			return nil, refusal("Unknown attribute " + clip(name))
		}
		v, err := a.checkFor(given[name], fifo)
		if err != nil {
			return nil, err
		}
		out[name] = v
	}
	return out, nil
}

// settingsOf are the settings of a topic with these attributes, which were
// checked.
func settingsOf(labels map[string]string, protection string) topic.Settings {
	kept := map[string]string{}
	for name, v := range labels {
		if v != "" {
			kept[name] = v
		}
	}
	c := topic.Config{
		FIFO: kept[attrFIFO] == "true", ContentDedup: kept[attrDedup] == "true", DedupPerGroup: kept[attrThroughput] == scopeGroup,
		DisplayName: kept[attrDisplay], SHA256: kept[attrSignature] == "2",
	}
	c.ArchiveDays, _ = archiveDays(kept[attrArchive])
	c.HTTP, c.OnlyHTTP, _ = topicDelivery(kept[attrDelivery])
	c.Feedback = feedbackOf(kept)
	return topic.Settings{Config: c, Labels: kept, DataProtection: protection}
}

// differs tells whether a topic has another value of an attribute than wanted.
func differs(n topic.Name, labels, wanted map[string]string) bool {
	for _, a := range attributes {
		v, ok := wanted[a.name]
		if !ok {
			continue
		}
		has := labels[a.name]
		if has == "" {
			has = a.standing
		}
		if v == "" {
			v = a.standing
		}
		if a.name == attrPolicy {
			has, _ = policyText(n, labels)
		}
		if v != has && (!a.document || canonical(v) != canonical(has)) {
			return true
		}
	}
	return false
}

// canonical is a JSON document without what does not matter in it.
func canonical(s string) string {
	var v any
	if json.Unmarshal([]byte(s), &v) != nil {
		return s
	}
	b, err := json.Marshal(v)
	if err != nil {
		return s
	}
	return string(b)
}

// echo is all attributes of a topic.
func echo(t topic.Topic, counts topic.Counts, now time.Time) (map[string]string, error) {
	out := map[string]string{}
	maps.Copy(out, t.Settings.Labels)
	delete(out, attrFIFO)
	for name, n := range map[string]uint64{
		"SubscriptionsConfirmed": counts.Confirmed, "SubscriptionsPending": counts.Pending, "SubscriptionsDeleted": counts.Deleted,
	} {
		out[name] = strconv.FormatUint(n, 10)
	}
	out["TopicArn"], out["Owner"] = t.Name.ARN().String(), t.Name.Account
	out[attrDisplay] = t.Settings.Labels[attrDisplay]
	var err error
	if out[attrPolicy], err = policyText(t.Name, t.Settings.Labels); err != nil {
		return nil, err
	}
	if out["EffectiveDeliveryPolicy"], err = effectiveOfTopic(t.Settings.Config); err != nil {
		return nil, err
	}
	if t.Settings.Config.FIFO {
		for _, a := range attributes {
			if a.standing != "" && (a.fifo || a.name == attrFIFO) && t.Settings.Labels[a.name] == "" {
				out[a.name] = a.standing
			}
		}
		out[attrFIFO] = "true"
	}
	if from := t.Beginning(now); !from.IsZero() {
		out["BeginningArchiveTime"] = from.UTC().Format("2006-01-02T15:04:05.000Z")
	}
	return out, nil
}
