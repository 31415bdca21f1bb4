package queue

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/carillon-events/carillon/internal/store"
)

// What a client did to a FIFO group, and what it saw.
type fifoCall struct {
	kind  string // send, receive, delete, back
	group string
	body  string
	got   string // receive: bodies, each with a comma behind
	room  bool   // receive: more would have been taken, of whatever group
	stale bool   // delete: refused
}

// A group is its line: each body with its state, w (waiting) or f (in flight),
// and a comma, in order of their sending.
var fifoModel = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		byGroup := map[string][]porcupine.Operation{}
		for _, o := range history {
			g := o.Input.(fifoCall).group
			byGroup[g] = append(byGroup[g], o)
		}
		var parts [][]porcupine.Operation
		for _, p := range byGroup {
			parts = append(parts, p)
		}
		return parts
	},
	Init: func() any { return "" },
	Step: func(state, input, _ any) (bool, any) {
		line, c := state.(string), input.(fifoCall)
		switch c.kind {
		case "send":
			return true, line + c.body + "w,"
		case "receive":
			return stepReceive(line, c)
		case "delete":
			flying := strings.Contains(line, c.body+"f,")
			if flying {
				return !c.stale, strings.Replace(line, c.body+"f,", "", 1)
			}
			return c.stale == strings.Contains(line, c.body+"w,"), line
		default:
			return true, strings.Replace(line, c.body+"f,", c.body+"w,", 1)
		}
	},
	DescribeOperation: func(input, _ any) string { return fmt.Sprintf("%+v", input) },
}

func stepReceive(line string, c fifoCall) (bool, any) {
	locked := strings.Contains(line, "f,")
	if c.got == "" {
		return !c.room || locked || line == "", line
	}
	waiting := strings.ReplaceAll(c.got, ",", "w,")
	if locked || !strings.HasPrefix(line, waiting) {
		return false, line
	}
	return true, strings.ReplaceAll(c.got, ",", "f,") + line[len(waiting):]
}

func TestFIFOGroupsAreLinearizable(t *testing.T) {
	rounds := 30
	if testing.Short() {
		rounds = 5
	}
	checked := 0
	for range rounds {
		h := recordFIFO(t)
		switch porcupine.CheckOperationsTimeout(fifoModel, h, 5*time.Second) {
		case porcupine.Ok:
			checked++
		case porcupine.Illegal:
			for _, o := range h {
				t.Logf("%d %d-%d %+v", o.ClientId, o.Call, o.Return, o.Input)
			}
			t.Fatal("history is not linearizable")
		}
	}
	if checked < rounds/2 { // the search may take too long, but not each time
		t.Fatalf("%d of %d histories were checked", checked, rounds)
	}
}

// The model must be able to say no.
func TestTheFIFOModelRefusesWhatFIFOQueuesDoNot(t *testing.T) {
	for name, calls := range map[string][]fifoCall{
		"overtaking": {{kind: "send", body: "a"}, {kind: "send", body: "b"}, {kind: "receive", got: "b,"}},
		"not locked": {{kind: "send", body: "a"}, {kind: "send", body: "b"}, {kind: "receive", got: "a,"}, {kind: "receive", got: "b,"}},
		"lost":       {{kind: "send", body: "a"}, {kind: "receive", room: true}},
		"back again": {{kind: "send", body: "a"}, {kind: "receive", got: "a,"}, {kind: "delete", body: "a"}, {kind: "receive", got: "a,"}},
	} {
		var h []porcupine.Operation
		for i, c := range calls {
			h = append(h, porcupine.Operation{Input: c, Call: int64(10 * i), Return: int64(10*i + 1)})
		}
		if porcupine.CheckOperations(fifoModel, h) {
			t.Errorf("%s was accepted", name)
		}
	}
}

var fifoGroups = []string{"a", "b", "c"}

// fifoRecorder runs clients against one queue and writes down what they see.
type fifoRecorder struct {
	t  *testing.T
	n  *node
	mu sync.Mutex
	// guarded by mu:
	history []porcupine.Operation
	held    []Message // received, not deleted
	sent    int
}

func recordFIFO(t *testing.T) []porcupine.Operation {
	r := &fifoRecorder{t: t, n: start(t)}
	c := standard
	c.FIFO, c.ContentDedup, c.HideFor = true, true, time.Hour
	r.n.create("q", c)
	epoch := time.Now()
	var wg sync.WaitGroup
	for client := range 5 {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(uint64(client), uint64(epoch.UnixNano())))
			for range 25 {
				r.act(client, random, epoch)
			}
		})
	}
	wg.Wait()
	return r.history
}

func (r *fifoRecorder) act(client int, random *rand.Rand, epoch time.Time) {
	begin := time.Since(epoch).Nanoseconds()
	var calls []fifoCall
	switch p := random.IntN(10); {
	case p < 4:
		calls = r.sendOne(fifoGroups[random.IntN(len(fifoGroups))])
	case p < 7:
		calls = r.receiveSome(1 + random.IntN(3))
	default:
		calls = r.finishOne(random, p == 7)
	}
	end := time.Since(epoch).Nanoseconds()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range calls {
		r.history = append(r.history, porcupine.Operation{ClientId: client, Input: c, Call: begin, Return: end})
	}
}

func (r *fifoRecorder) on(fn func(tx *store.Tx, q *Queue) error) error {
	return r.n.sh.Update(r.t.Context(), func(tx *store.Tx) error {
		q, err := Find(tx, named("q"))
		if err != nil {
			return err
		}
		return fn(tx, q)
	})
}

func (r *fifoRecorder) sendOne(group string) []fifoCall {
	r.mu.Lock()
	r.sent++
	body := fmt.Sprint(group, r.sent)
	r.mu.Unlock()
	d := NewDraft(DraftInput{Body: body, Group: group})
	if err := r.on(func(tx *store.Tx, q *Queue) error { _, err := Send(tx, q, d); return err }); err != nil {
		r.t.Error(err)
	}
	return []fifoCall{{kind: "send", group: group, body: body}}
}

func (r *fifoRecorder) receiveSome(most int) []fifoCall {
	var got []Message
	if err := r.on(func(tx *store.Tx, q *Queue) (err error) {
		got, err = Receive(tx, q, ReceiveInput{Max: most})
		return err
	}); err != nil {
		r.t.Error(err)
	}
	var calls []fifoCall
	for _, g := range fifoGroups {
		c := fifoCall{kind: "receive", group: g, room: len(got) < most}
		for _, m := range got {
			if m.Group == g {
				c.got += m.Body + ","
			}
		}
		if c.got != "" || c.room { // else it says nothing about the group
			calls = append(calls, c)
		}
	}
	r.mu.Lock()
	r.held = append(r.held, got...)
	r.mu.Unlock()
	return calls
}

// finishOne deletes a message, or gives it back.
func (r *fifoRecorder) finishOne(random *rand.Rand, back bool) []fifoCall {
	r.mu.Lock()
	if len(r.held) == 0 {
		r.mu.Unlock()
		return nil
	}
	i := random.IntN(len(r.held))
	m := r.held[i]
	r.held = slices.Delete(r.held, i, i+1)
	r.mu.Unlock()
	c := fifoCall{kind: "delete", group: m.Group, body: m.Body}
	err := r.on(func(tx *store.Tx, q *Queue) error {
		if back {
			return ChangeVisibility(tx, q, m.Receipt, 0)
		}
		return DeleteMessage(tx, q, m.Receipt)
	})
	if back {
		c.kind = "back"
	}
	if c.stale = errors.Is(err, ErrReceiptStale); err != nil && !c.stale {
		r.t.Error(err)
	}
	return []fifoCall{c}
}
