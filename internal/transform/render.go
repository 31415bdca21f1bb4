package transform

import (
	"strconv"
	"time"

	"github.com/carillon-events/carillon/internal/cloudevent"
)

// Context is what a transform may show besides the event.
type Context struct {
	RuleARN    string
	RuleName   string
	IngestedAt time.Time
}

// source is where a placeholder's value comes from.
type source uint8

const (
	fromPath source = iota
	fromRuleARN
	fromRuleName
	fromIngestedAt
	fromEvent
	fromEventJSON
	fromCloudEvent
)

// reserved are the variables that every template has. The last is Carillon's:
// the event as a CloudEvent.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html#eb-transform-input-predefined
var reserved = map[string]source{
	"aws.events.rule-arn":             fromRuleARN,
	"aws.events.rule-name":            fromRuleName,
	"aws.events.event.ingestion-time": fromIngestedAt,
	"aws.events.event":                fromEvent,
	"aws.events.event.json":           fromEventJSON,
	"carillon.cloudevent":             fromCloudEvent,
}

// value is a variable: a source, for a path with what leads to it.
type value struct {
	source source
	at     *node
	rest   []step // from the first wildcard on
}

// part is a stretch of a template: literal text, then a placeholder unless it
// is the last.
type part struct {
	text   string
	value  *value
	quoted bool // the placeholder stands within a string
}

// input is all that one Apply reads.
type input struct {
	event []byte
	found []span
	ctx   *Context
}

// appendTo appends a value in the form that its place needs. Within a string the
// quotes of strings are left out, also those of strings in objects and arrays;
// what is escaped in the event stays escaped. So the result is valid JSON in
// either place.
func (v *value) appendTo(dst []byte, in *input, quoted bool) []byte {
	switch v.source {
	case fromRuleARN:
		return appendText(dst, in.ctx.RuleARN, quoted)
	case fromRuleName:
		return appendText(dst, in.ctx.RuleName, quoted)
	case fromIngestedAt:
		return appendText(dst, in.ctx.IngestedAt.UTC().Format("2006-01-02T15:04:05Z"), quoted)
	case fromEvent:
		return appendEnvelope(dst, in.event, quoted)
	case fromEventJSON:
		return appendCompact(dst, in.event, quoted)
	case fromCloudEvent:
		e, err := cloudevent.Append(nil, in.event)
		if err != nil {
			return appendText(dst, "", quoted) // nothing that a bus wrote
		}
		return appendCompact(dst, e, quoted)
	}
	found := in.found[v.at.slot]
	switch b := in.event[found.from:found.to]; {
	case len(b) == 0:
		return appendText(dst, "", quoted) // missing
	case len(v.rest) > 0:
		l := list{dst: append(dst, '['), quoted: quoted}
		l.add(b, v.rest)
		return append(l.dst, ']')
	default:
		return appendCompact(dst, b, quoted)
	}
}

// list is the array of all values that a path with wildcards leads to.
type list struct {
	dst    []byte
	quoted bool
	more   bool
}

// add appends all values that steps lead to from the value b.
func (l *list) add(b []byte, steps []step) {
	if len(steps) == 0 {
		if l.more {
			l.dst = append(l.dst, ',')
		}
		l.more = true
		l.dst = appendCompact(l.dst, b, l.quoted)
		return
	}
	switch s := steps[0]; {
	case s.kind == toAll && b[0] == '{':
		c := enter(b, 0)
		for _, at, ok := c.member(); ok; _, at, ok = c.member() {
			c.at = skipValue(b, at)
			l.addPart(b, at, c.at, steps[1:])
		}
	case s.kind != toKey && b[0] == '[':
		c := enter(b, 0)
		for at, ok := c.next(); ok; at, ok = c.next() {
			c.at = skipValue(b, at)
			if s.kind == toAll {
				l.addPart(b, at, c.at, steps[1:])
			} else if s.index--; s.index < 0 {
				l.addPart(b, at, c.at, steps[1:])
				return
			}
		}
	case s.kind == toKey && b[0] == '{':
		c := enter(b, 0)
		var last span
		for key, at, ok := c.member(); ok; key, at, ok = c.member() {
			c.at = skipValue(b, at)
			if sameKey(key, s.key) {
				last = span{at, c.at}
			}
		}
		l.addPart(b, last.from, last.to, steps[1:])
	}
}

func (l *list) addPart(b []byte, from, to int, steps []step) {
	if from < to {
		l.add(b[from:to], steps)
	}
}

// appendEnvelope appends the event without its detail: what aws.events.event is.
func appendEnvelope(dst, event []byte, quoted bool) []byte {
	if len(event) == 0 || event[0] != '{' {
		return appendCompact(dst, event, quoted)
	}
	dst = append(dst, '{')
	c := enter(event, 0)
	more := false
	for from, ok := c.next(); ok; from, ok = c.next() {
		key, at, ok := c.member()
		if !ok {
			break
		}
		c.at = skipValue(event, at)
		if sameKey(key, "detail") {
			continue
		}
		if more {
			dst = append(dst, ',')
		}
		more = true
		dst = appendCompact(dst, event[from:c.at], quoted)
	}
	return append(dst, '}')
}

// appendCompact appends JSON without the space around its tokens and, within a
// string, without quotes. Space must go there, because a string cannot have the
// line breaks of an object that was sent in many lines; elsewhere it goes since a
// template of one line is used to write one line an event.
func appendCompact(dst, b []byte, quoted bool) []byte {
	for i := 0; i < len(b); {
		from := i
		switch c := b[i]; {
		case c == '"':
			i = skipString(b, i)
			if quoted {
				dst = append(dst, b[from+1:max(i-1, from+1)]...)
			} else {
				dst = append(dst, b[from:i]...)
			}
		case isSpace(c):
			i++
		default:
			for i < len(b) && b[i] != '"' && !isSpace(b[i]) {
				i++
			}
			dst = append(dst, b[from:i]...)
		}
	}
	return dst
}

// appendText appends text that is not JSON yet.
func appendText(dst []byte, s string, quoted bool) []byte {
	if !quoted {
		dst = append(dst, '"')
	}
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c < ' ':
			dst = append(dst, `\u00`...)
			if c < 16 {
				dst = append(dst, '0')
			}
			dst = strconv.AppendUint(dst, uint64(c), 16)
		default:
			dst = append(dst, c)
		}
	}
	if !quoted {
		dst = append(dst, '"')
	}
	return dst
}
