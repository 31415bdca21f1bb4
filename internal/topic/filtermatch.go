package topic

import (
	"bytes"
	"slices"
	"sync"

	"github.com/carillon-events/carillon/internal/meter"
	"github.com/carillon-events/carillon/internal/notification"
	"github.com/carillon-events/carillon/internal/pattern"
	"github.com/carillon-events/carillon/internal/pattern/filterpolicy"
)

// memories are what matching needs, one for each that runs at the time.
var memories = sync.Pool{New: func() any { return new(pattern.Memory) }}

// filtered are the members whose filter policies a message matches, in the
// order of their ids, and how many have policies that it does not match.
func (a *audience) filtered(m *Message) (to []*member, out meter.FilteredOut) {
	if policies := a.attributes.Len(); policies > 0 {
		out.OfAttributes = meter.ByAttributes
		switch event, err := m.attributeEvent(); {
		case err == nil:
			to = match(to, a.attributes, event)
		default:
			out.OfAttributes = meter.InvalidAttributes
		}
		if len(m.Attributes) == 0 {
			out.OfAttributes = meter.NoAttributes
		}
		out.Attributes = policies - len(to)
	}
	if policies := a.body.Len(); policies > 0 {
		before := len(to)
		if event, ok := m.bodyEvent(); ok {
			to, out.AsToBody = match(to, a.body, event), meter.ByBody
		} else {
			out.AsToBody = meter.InvalidBody
		}
		out.Body = policies - (len(to) - before)
	}
	byID(to)
	return to, out
}

func match(out []*member, set *pattern.Snapshot, event []byte) []*member {
	memory := memories.Get().(*pattern.Memory)
	defer memories.Put(memory)
	matched, _, err := set.Match(memory, event)
	if err != nil {
		return out // no such event matches any policy
	}
	out = slices.Grow(out, len(matched))
	for _, rule := range matched {
		out = append(out, rule.Owner.(*member))
	}
	return out
}

func byID(list []*member) {
	slices.SortFunc(list, func(a, b *member) int { return bytes.Compare(a.id[:], b.id[:]) })
}

// attributeEvent is what policies of the scope Attributes see of a message. Its
// errors are filterpolicy's: no such policy matches.
func (m *Message) attributeEvent() ([]byte, error) {
	list := make([]filterpolicy.Attribute, len(m.Attributes))
	for i := range m.Attributes {
		a := &m.Attributes[i]
		list[i] = filterpolicy.Attribute{Name: a.Name, Type: a.Type}
		if !a.Binary() {
			list[i].Value = string(a.Value)
		}
	}
	return filterpolicy.AppendAttributes(nil, list)
}

// bodyEvent is what policies of the scope Body see of a message, if they can
// match it.
func (m *Message) bodyEvent() ([]byte, bool) {
	if filterpolicy.CheckBody([]byte(m.Text)) != nil {
		return nil, false
	}
	event, err := pattern.Read([]byte(m.Text))
	return event, err == nil
}

// encodedAttributes are the attributes as they go into a queue.
func (m *Message) encodedAttributes() []byte {
	if m.Silent {
		return nil
	}
	return notification.AppendAttributes(nil, m.Attributes)
}
