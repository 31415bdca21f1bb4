package sqs

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/carillon-events/carillon/internal/queue"
)

// kind is what an attribute's value must look like.
type kind int

const (
	integer kind = iota
	boolean
	choice
	text
	document // JSON that is kept, and echoed, as the client wrote it
)

// attribute is a queue attribute that clients set.
type attribute struct {
	name     string
	kind     kind
	min, max int      // of an integer
	choices  []string // of a choice
	standing string   // the value of a queue where it was never set; empty: it has none
	fifo     bool     // only FIFO queues have it
	set      func(c *queue.Config, value string)
}

// Names that the rules below speak of.
const (
	attrRedrive      = "RedrivePolicy"
	attrRedriveAllow = "RedriveAllowPolicy"
	attrPolicy       = "Policy"
	attrFIFO         = "FifoQueue"
	attrDedupScope   = "DeduplicationScope"
	attrThroughput   = "FifoThroughputLimit"
	attrKey          = "KmsMasterKeyId"
	attrKeyReuse     = "KmsDataKeyReusePeriodSeconds"
	attrManagedSSE   = "SqsManagedSseEnabled"

	scopeGroup         = "messageGroup"
	throughputPerGroup = "perMessageGroupId"
)

// maxMessage is the most that a message may have, and a batch of them:
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
const maxMessage = 1 << 20

// attributes are the settable ones, in the order in which a difference is
// looked for.
var attributes = []attribute{
	{name: "DelaySeconds", max: 900, standing: "0", set: func(c *queue.Config, v string) { c.DelayFor = inSeconds(v) }},
	{name: "MaximumMessageSize", min: 1024, max: maxMessage, standing: strconv.Itoa(maxMessage), set: func(c *queue.Config, v string) { c.MaxMessageBytes = whole(v) }},
	{name: "MessageRetentionPeriod", min: 60, max: 1_209_600, standing: "345600", set: func(c *queue.Config, v string) { c.RetainFor = inSeconds(v) }},
	{name: "ReceiveMessageWaitTimeSeconds", max: 20, standing: "0", set: func(c *queue.Config, v string) { c.WaitFor = inSeconds(v) }},
	{name: "VisibilityTimeout", max: 43_200, standing: "30", set: func(c *queue.Config, v string) { c.HideFor = inSeconds(v) }},
	{name: attrPolicy, kind: document},
	{name: attrRedrive, kind: document, set: func(c *queue.Config, v string) { c.DeadLetter = deadLetterOf(v) }},
	{name: attrRedriveAllow, kind: document, set: func(c *queue.Config, v string) { c.Allow = allowOf(v) }},
	{name: attrKey, kind: text, max: 2048},
	{name: attrKeyReuse, min: 60, max: 86_400},
	{name: attrManagedSSE, kind: boolean, standing: "true"},
	{name: attrFIFO, kind: boolean, fifo: true, standing: "true", set: func(c *queue.Config, v string) { c.FIFO = v == "true" }},
	{name: "ContentBasedDeduplication", kind: boolean, fifo: true, standing: "false", set: func(c *queue.Config, v string) { c.ContentDedup = v == "true" }},
	{name: attrDedupScope, kind: choice, choices: []string{scopeGroup, "queue"}, fifo: true, standing: "queue", set: func(c *queue.Config, v string) { c.DedupPerGroup = v == scopeGroup }},
	{name: attrThroughput, kind: choice, choices: []string{"perQueue", throughputPerGroup}, fifo: true, standing: "perQueue"},
}

// keyReuse is KmsDataKeyReusePeriodSeconds of a queue with a key of the user's.
const keyReuse = "300"

func attributeNamed(name string) (attribute, bool) {
	i := slices.IndexFunc(attributes, func(a attribute) bool { return a.name == name })
	if i < 0 {
		return attribute{}, false
	}
	return attributes[i], true
}

func whole(v string) int {
	n, _ := strconv.Atoi(v) // has been checked
	return n
}

func inSeconds(v string) time.Duration { return time.Duration(whole(v)) * time.Second }

// checkAttributes is the attributes that a request sets, in the words in which
// they are kept. Empty values take an attribute away.
func checkAttributes(given map[string]string, fifo bool) (map[string]string, error) {
	out := make(map[string]string, len(given))
	for _, name := range slices.Sorted(maps.Keys(given)) {
		a, ok := attributeNamed(name)
		if !ok || a.fifo && !fifo {
			return nil, unknownAttribute(name)
		}
		v, err := a.check(given[name])
		if err != nil {
			return nil, err
		}
		out[name] = v
	}
	if out[attrKey] != "" && out[attrManagedSSE] == "true" {
		return nil, badAttribute(attrManagedSSE, "You can use one type of server-side encryption at one time. You can either enable KMS encryption or SQS-managed encryption.")
	}
	return out, nil
}

// check is the value as it is kept.
func (a *attribute) check(v string) (string, error) {
	switch {
	case a.kind == integer:
		n, err := strconv.Atoi(v)
		if err != nil || n < a.min || n > a.max {
			return "", badAttribute(a.name, "")
		}
		return strconv.Itoa(n), nil
	case a.kind == boolean:
		v = strings.ToLower(v)
		if v != "true" && v != "false" {
			return "", badAttribute(a.name, "")
		}
	case a.kind == choice && !slices.Contains(a.choices, v), a.kind == text && len(v) > a.max, a.kind == document && len(v) > maxPolicyBytes:
		return "", badAttribute(a.name, "")
	case a.name == attrPolicy:
		return v, checkPolicy(v)
	case a.name == attrRedrive:
		_, err := parseRedrive(v)
		return v, err
	case a.name == attrRedriveAllow:
		_, err := parseAllow(v)
		return v, err
	}
	return v, nil
}

// merge is a queue's attributes after a change. It holds the rules that are
// about more than one of them.
func merge(old, change map[string]string) (map[string]string, error) {
	labels := maps.Clone(old)
	if labels == nil {
		labels = map[string]string{}
	}
	for name, v := range change {
		labels[name] = v
		if v == "" {
			delete(labels, name)
		}
	}
	// One kind of encryption replaces the other.
	if change[attrKey] != "" {
		labels[attrManagedSSE] = "false"
	} else if change[attrManagedSSE] == "true" {
		delete(labels, attrKey)
	}
	if labels[attrThroughput] == throughputPerGroup && labels[attrDedupScope] != scopeGroup {
		return nil, badAttribute(attrThroughput, "The perMessageGroupId value is allowed only when the value for DeduplicationScope is messageGroup.")
	}
	return labels, nil
}

// configOf is what a queue's attributes mean to the core.
func configOf(labels map[string]string, fifo bool) queue.Config {
	var c queue.Config
	for _, a := range attributes {
		if v := a.valueIn(labels); a.set != nil && (fifo || !a.fifo) {
			a.set(&c, v)
		}
	}
	return c
}

func (a *attribute) valueIn(labels map[string]string) string {
	if v, ok := labels[a.name]; ok {
		return v
	}
	if a.name == attrKeyReuse && labels[attrKey] != "" {
		return keyReuse
	}
	return a.standing
}

// differs is the name of an attribute of which a queue has another value than wanted.
func differs(q *queue.Queue, wanted map[string]string) (string, bool) {
	labels := q.Settings().Labels
	for _, a := range attributes {
		if v, ok := wanted[a.name]; ok && !a.same(v, a.valueIn(labels)) {
			return a.name, true
		}
	}
	return "", false
}

// same says whether two values mean the same.
func (a *attribute) same(x, y string) bool {
	if x == y || a.kind != document || x == "" || y == "" {
		return x == y
	}
	if a.name == attrRedrive { // its number may be a string
		dx, dy := deadLetterOf(x), deadLetterOf(y)
		return dx != nil && dy != nil && *dx == *dy
	}
	return canonical(x) == canonical(y)
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
