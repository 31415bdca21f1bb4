package sqs

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/carillon-events/carillon/internal/queue"
	"github.com/carillon-events/carillon/internal/store"
)

const maxReceiveCount = 1000

// parseRedrive reads a RedrivePolicy; nil where it is empty, which takes it away.
func parseRedrive(v string) (*queue.DeadLetter, error) {
	if v == "" {
		return nil, nil
	}
	bad := func(reason string) (*queue.DeadLetter, error) { return nil, value(attrRedrive, v, reason) }
	members, ok := object(v)
	if !ok {
		return bad("Redrive policy is not a valid JSON map.")
	}
	for _, name := range []string{"maxReceiveCount", "deadLetterTargetArn"} {
		if _, ok := members[name]; !ok {
			return bad("Redrive policy does not contain mandatory attribute: " + name + ".")
		}
	}
	if len(members) != 2 {
		return bad("Only following attributes are supported: [deadLetterTargetArn, maxReceiveCount].")
	}
	// AWS takes the number also as a string.
	count := strings.Trim(string(members["maxReceiveCount"]), `"`)
	n, err := strconv.Atoi(count)
	if err != nil || n < 1 || n > maxReceiveCount {
		return bad("Invalid value for maxReceiveCount: " + clip(count) + ", valid values are from 1 to 1000 both inclusive.")
	}
	var target string
	if json.Unmarshal(members["deadLetterTargetArn"], &target) != nil {
		return bad("Invalid value for deadLetterTargetArn.")
	}
	name, ok := onARN(target)
	if !ok {
		return bad("Invalid value for deadLetterTargetArn.")
	}
	return &queue.DeadLetter{Target: name, MaxReceives: n}, nil
}

// deadLetterOf is parseRedrive of what has been checked.
func deadLetterOf(v string) *queue.DeadLetter {
	d, err := parseRedrive(v)
	if err != nil {
		return nil
	}
	return d
}

// parseAllow reads a RedriveAllowPolicy.
func parseAllow(v string) (queue.RedriveAllow, error) {
	bad := func(reason string) (queue.RedriveAllow, error) {
		return queue.RedriveAllow{}, value(attrRedriveAllow, v, reason)
	}
	if v == "" {
		return queue.RedriveAllow{}, nil
	}
	members, ok := object(v)
	if !ok {
		return bad("Redrive allow policy is not a valid JSON map.")
	}
	var permission string
	if json.Unmarshal(members["redrivePermission"], &permission) != nil {
		return bad("Redrive allow policy does not contain mandatory attribute: redrivePermission.")
	}
	raw, listed := members["sourceQueueArns"]
	known := 1
	if listed {
		known++
	}
	if len(members) != known {
		return bad("Only following attributes are supported: [redrivePermission, sourceQueueArns].")
	}
	modes := map[string]queue.AllowMode{"allowAll": queue.AllowAll, "denyAll": queue.DenyAll, "byQueue": queue.ByQueue}
	mode, ok := modes[permission]
	switch {
	case !ok:
		return bad("redrivePermission must be one of: [allowAll, byQueue, denyAll].")
	case mode == queue.ByQueue:
		sources, ok := sourcesOf(raw)
		if !ok {
			return bad("sourceQueueArns must be a list of 1 to 10 queue ARNs when redrivePermission is byQueue.")
		}
		return queue.RedriveAllow{Mode: mode, Sources: sources}, nil
	case listed:
		return bad("sourceQueueArns can be given only when redrivePermission is byQueue.")
	}
	return queue.RedriveAllow{Mode: mode}, nil
}

func sourcesOf(raw json.RawMessage) ([]queue.Name, bool) {
	var arns []string
	if json.Unmarshal(raw, &arns) != nil || len(arns) == 0 || len(arns) > 10 {
		return nil, false
	}
	var names []queue.Name
	for _, text := range arns {
		n, ok := onARN(text)
		if !ok {
			return nil, false
		}
		names = append(names, n)
	}
	return names, true
}

// allowOf is parseAllow of what has been checked.
func allowOf(v string) queue.RedriveAllow {
	a, err := parseAllow(v)
	if err != nil {
		return queue.RedriveAllow{}
	}
	return a
}

// object is the members of a JSON object, by their exact names.
func object(v string) (map[string]json.RawMessage, bool) {
	var members map[string]json.RawMessage
	return members, json.Unmarshal([]byte(v), &members) == nil && members != nil
}

// checkDeadLetter refuses a RedrivePolicy of the queue named source whose
// target cannot, or will not, be its dead-letter queue.
func checkDeadLetter(tx *store.Tx, source queue.Name, policy string) error {
	d := deadLetterOf(policy)
	if d == nil {
		return nil
	}
	bad := func(reason string) error { return value(attrRedrive, policy, reason) }
	if d.Target.Account != source.Account || d.Target.Region != source.Region {
		return bad("Dead letter target owner should be same as the source.")
	}
	target, err := queue.Find(tx, d.Target)
	if errors.Is(err, queue.ErrNotFound) {
		return bad("Dead letter target does not exist.")
	}
	if err != nil {
		return err
	}
	if target.Settings().Config.FIFO != isFIFO(source.Name) {
		return bad("Dead-letter queue must be same type of queue as the source.")
	}
	switch allow := target.Settings().Config.Allow; {
	case allow.Mode == queue.DenyAll, allow.Mode == queue.ByQueue && !slices.Contains(allow.Sources, source):
		return bad("The dead-letter queue's RedriveAllowPolicy does not permit this source queue.")
	}
	return nil
}
