package topic

import (
	"fmt"

	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/pattern"
	"github.com/carillon-events/carillon/internal/pattern/filterpolicy"
	"github.com/carillon-events/carillon/internal/store"
)

// audience is who gets what is published to a topic, as of one transaction. It
// is never changed: equal pointers are equal subscriptions and settings.
type audience struct {
	name   Name
	number uint64
	arn    string
	config Config

	all        members           // have no filter policy
	attributes *pattern.Snapshot // match a message's attributes; owners are *member
	body       *pattern.Snapshot // match its body
	held       int               // how many of all these are held (replay.go)
}

// member is a confirmed subscription.
type member struct {
	id         ID
	protocol   Protocol
	endpoint   string
	raw        bool
	deadLetter string
	http       *HTTP
	since      uint64 // gets what is published later on, where that is kept (fanout.go)
	heldFrom   uint64 // not 0: it is held, and of what is kept gets what is before

	rule  *pattern.Rule // of its filter policy; nil if it has none
	scope Scope         // of rule
	never bool          // its filter policy cannot be read

	may delivery.Permission

	// For transactions only: where it is in a working's all, what came in its
	// place, and that it is gone.
	at   int
	heir *member
	gone bool
}

// now is the member as it is in tx; nil if it is gone.
func (m *member) now() *member {
	for m.heir != nil {
		m = m.heir
	}
	if m.gone {
		return nil
	}
	return m
}

// holds is 1 if it is held.
func (m *member) holds() int {
	if m == nil || m.heldFrom == 0 {
		return 0
	}
	return 1
}

func (m *member) unfiltered() bool { return m.rule == nil && !m.never }

func (rec *subscriptionRecord) member(id ID) *member {
	m := &member{
		id: id, protocol: rec.Protocol, endpoint: rec.Endpoint, raw: rec.Settings.Raw, deadLetter: rec.Settings.DeadLetter,
		http: rec.Settings.HTTP, since: rec.Since, heldFrom: rec.HeldFrom, scope: rec.Settings.Scope,
	}
	if rec.Settings.Filter == "" {
		return m
	}
	scope := filterpolicy.MessageAttributes
	if m.scope == Body {
		scope = filterpolicy.MessageBody
	}
	p, err := filterpolicy.Parse(rec.Settings.Filter, scope)
	if err != nil {
		// A policy that an older Carillon took and this one does not: nothing is
		// known to match it, and it must not stop the topic.
		m.never = true
	} else if p != nil {
		m.rule = pattern.Of(p).Rule(m)
	}
	return m
}

// working is the audience of a topic that was used since the start, for the
// transactions that change it.
type working struct {
	now        *audience
	config     Config
	byID       map[ID]*member
	all        members
	attributes *pattern.Set
	body       *pattern.Set
	held       int
}

func newWorking(n Name, number uint64, c Config) *working {
	w := &working{config: c, byID: map[ID]*member{}, attributes: pattern.NewSet(), body: pattern.NewSet()}
	w.now = &audience{name: n, number: number, arn: n.ARN().String()}
	w.publish()
	return w
}

// publish makes what the working is now the audience.
func (w *working) publish() {
	next := *w.now
	next.config, next.all, next.attributes, next.body, next.held = w.config, w.all, w.attributes.Snapshot(), w.body.Snapshot(), w.held
	w.now = &next
}

func (w *working) set(m *member) *pattern.Set {
	if m.scope == Body {
		return w.body
	}
	return w.attributes
}

// put puts m, nil for none, in the place of the member with that id.
func (w *working) put(id ID, m *member) {
	old := w.byID[id]
	w.held += m.holds() - old.holds()
	if old != nil && m != nil && old.unfiltered() && m.unfiltered() {
		m.at = old.at
		w.all = w.all.with(m.at, m)
	} else {
		w.leave(old)
		w.join(m)
	}
	if old != nil {
		old.heir, old.gone = m, m == nil
	}
	if m == nil {
		delete(w.byID, id)
	} else {
		w.byID[id] = m
	}
}

func (w *working) join(m *member) {
	switch {
	case m == nil, m.never:
	case m.rule != nil:
		w.set(m).Add(m.rule)
	default:
		m.at = w.all.n
		w.all = w.all.with(m.at, m)
	}
}

func (w *working) leave(m *member) {
	switch {
	case m == nil, m.never:
	case m.rule != nil:
		w.set(m).Remove(m.rule)
	default:
		last := w.all.get(w.all.n - 1)
		if last != m {
			last.at = m.at
			w.all = w.all.with(m.at, last)
		}
		w.all = w.all.without()
	}
}

// loadAll puts a page of subscriptions into a working that nobody else has yet.
func (w *working) loadAll(ids []ID, records []subscriptionRecord) {
	var attributes, body []*pattern.Rule
	for i, id := range ids {
		if records[i].Pending {
			continue
		}
		m := records[i].member(id)
		w.byID[id] = m
		w.held += m.holds()
		switch {
		case m.never:
		case m.rule == nil:
			m.at = w.all.n
			w.all.push(m)
		case m.scope == Body:
			body = append(body, m.rule)
		default:
			attributes = append(attributes, m.rule)
		}
	}
	w.attributes.Add(attributes...)
	w.body.Add(body...)
}

// members are a list that shares what did not change with the lists that it was
// made of: adding or removing one copies a page and the list of pages.
type members struct {
	pages [][]*member
	n     int
}

const membersPage = 512

func (l members) get(i int) *member { return l.pages[i/membersPage][i%membersPage] }

// with is the list with m at i, which may be the end.
func (l members) with(i int, m *member) members {
	page := i / membersPage
	pages := append(make([][]*member, 0, page+1), l.pages...)
	if page == len(pages) {
		pages = append(pages, nil)
	}
	fresh := append(make([]*member, 0, len(pages[page])+1), pages[page]...)
	if i == l.n {
		fresh = append(fresh, m)
		l.n++
	} else {
		fresh[i%membersPage] = m
	}
	pages[page] = fresh
	return members{pages, l.n}
}

// push adds m to a list of which nobody else has seen anything.
func (l *members) push(m *member) {
	if l.n%membersPage == 0 {
		l.pages = append(l.pages, make([]*member, 0, membersPage))
	}
	last := len(l.pages) - 1
	l.pages[last] = append(l.pages[last], m)
	l.n++
}

// without is the list without its last.
func (l members) without() members {
	l.n--
	page := l.n / membersPage
	pages := append(make([][]*member, 0, page+1), l.pages[:page+1]...)
	if pages[page] = pages[page][:l.n%membersPage]; len(pages[page]) == 0 {
		pages = pages[:page]
	}
	return members{pages, l.n}
}

// each calls fn with all.
func (l members) each(fn func(m *member)) {
	for _, page := range l.pages {
		for _, m := range page {
			fn(m)
		}
	}
}

// loadInside is how many subscriptions are read inside a transaction; of more,
// the audience is gathered beside it (load). A variable, so that tests can do
// with less.
var loadInside = 500

// audienceIn is the audience of a topic as it is in tx; nil if it has to be
// gathered first. An error is ErrNotFound, or the store's.
func audienceIn(tx *store.Tx, n Name) (*audience, error) {
	l, err := live.In(tx)
	if err != nil {
		return nil, err
	}
	if w := l.byName[n]; w != nil {
		return w.now, nil
	}
	rec, err := getTopic(tx, n)
	if err != nil {
		return nil, err
	}
	counts, err := countsIn(tx, rec.Number)
	if err != nil {
		return nil, err
	}
	if counts.Confirmed+counts.Pending > uint64(loadInside) {
		return nil, nil
	}
	w := newWorking(n, rec.Number, rec.Settings.Config)
	ids, records, more, err := page(tx, rec.Number, ID{}, loadInside)
	if err != nil {
		return nil, err
	}
	if more {
		return nil, fmt.Errorf("topic: %s has more subscriptions than it counts: %w", n.Topic, errDamaged)
	}
	w.loadAll(ids, records)
	w.publish()
	l.keep(w)
	return w.now, nil
}
