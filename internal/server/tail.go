package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/pattern"
)

// TailPath answers a POST with the events that are accepted from then on, each a
// line of JSON (TailLine). Query parameters: bus, a name; pattern, as in a rule.
// An empty line comes now and then, to find out whether somebody still reads. In
// strict mode the request is signed for the service carillon.
const TailPath = "/_carillon/tail"

// TailLine is one line of a tail.
type TailLine struct {
	Account string          `json:"account,omitempty"`
	Region  string          `json:"region,omitempty"`
	Bus     string          `json:"bus,omitempty"`
	Rules   []string        `json:"rules,omitempty"` // those that matched
	Event   json.RawMessage `json:"event,omitempty"`
	// Missed is how many events went by unseen before this one, since the reader
	// or the connection was too slow. They are lost to the tail, to nobody else.
	Missed uint64 `json:"missed,omitempty"`
}

const (
	maxTails      = 100
	tailBuffer    = 4096     // events that a tail may be behind
	tailBytes     = 16 << 20 // of these events, so that a slow reader of large ones holds no gigabytes
	tailHeartbeat = 15 * time.Second
)

// tails are those who watch events go by. It is the bus's observer.
type tails struct {
	count atomic.Int32
	done  chan struct{} // closed when the server stops
	once  sync.Once

	mu  sync.Mutex // guards all
	all map[*tail]bool
}

// tail is one of them.
type tail struct {
	bus    string
	rules  *pattern.Snapshot // of its one pattern; nil: all events
	memory pattern.Memory
	events chan bus.Accepted
	held   atomic.Int64 // bytes of what is in events
	missed atomic.Uint64
}

func newTails() *tails { return &tails{done: make(chan struct{}), all: map[*tail]bool{}} }

// Watching implements bus.Observer.
func (t *tails) Watching() bool { return t.count.Load() > 0 }

// Accepted implements bus.Observer.
func (t *tails) Accepted(a bus.Accepted) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for one := range t.all {
		if one.wants(&a) && !one.offer(a) {
			one.missed.Add(1)
		}
	}
}

// offer keeps an event for the reader, if there is room. Nobody else adds: tails.mu
// is held.
func (t *tail) offer(a bus.Accepted) bool {
	size := int64(len(a.Event))
	if held := t.held.Load(); held > 0 && held+size > tailBytes {
		return false
	}
	t.held.Add(size)
	select {
	case t.events <- a:
		return true
	default:
		t.held.Add(-size)
		return false
	}
}

func (t *tail) wants(a *bus.Accepted) bool {
	if t.bus != "" && t.bus != a.Bus.Bus {
		return false
	}
	if t.rules == nil {
		return true
	}
	matched, _, err := t.rules.Match(&t.memory, a.Event)
	return err == nil && len(matched) > 0
}

// stop ends all tails, and those to come.
func (t *tails) stop() { t.once.Do(func() { close(t.done) }) }

func (t *tails) add(one *tail) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.all) >= maxTails {
		return false
	}
	t.all[one] = true
	t.count.Add(1)
	return true
}

func (t *tails) remove(one *tail) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.all, one)
	t.count.Add(-1)
}

// ServeHTTP is TailPath.
func (t *tails) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	one := &tail{bus: r.URL.Query().Get("bus"), events: make(chan bus.Accepted, tailBuffer)}
	if text := r.URL.Query().Get("pattern"); text != "" {
		p, err := pattern.Parse(text)
		if err != nil {
			http.Error(w, "The event pattern is not valid: "+err.Error(), http.StatusBadRequest)
			return
		}
		set := pattern.NewSet()
		set.Add(p.Rule(nil))
		one.rules = set.Snapshot()
	}
	if !t.add(one) {
		http.Error(w, fmt.Sprintf("%d tails are open already: end one.", maxTails), http.StatusServiceUnavailable)
		return
	}
	defer t.remove(one)
	w.Header().Set("Content-Type", "application/x-ndjson")
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Time{}) // not supported by test recorders only
	t.stream(r, &patientWriter{w: w, control: control}, one)
}

// stream writes lines until the client goes or the server stops.
func (t *tails) stream(r *http.Request, w *patientWriter, one *tail) {
	beat := time.NewTicker(tailHeartbeat)
	defer beat.Stop()
	if _, err := w.Write([]byte("\n")); err != nil || w.control.Flush() != nil {
		return
	}
	for {
		var line []byte
		select {
		case a := <-one.events:
			one.held.Add(-int64(len(a.Event)))
			line = one.line(&a)
		case <-beat.C:
			line = []byte("\n")
		case <-r.Context().Done():
			return
		case <-t.done:
			return
		}
		if _, err := w.Write(line); err != nil {
			return
		}
		if len(one.events) == 0 && w.control.Flush() != nil {
			return
		}
	}
}

func (t *tail) line(a *bus.Accepted) []byte {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	err := e.Encode(TailLine{
		Account: a.Bus.Account, Region: a.Bus.Region, Bus: a.Bus.Bus, Rules: a.Rules, Event: a.Event, Missed: t.missed.Swap(0),
	})
	if err != nil {
		panic("an accepted event does not encode: " + err.Error())
	}
	return out.Bytes()
}
