package queue

import (
	"bytes"
	"crypto/md5"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/carillon-events/carillon/internal/store"
)

// keys is how many keys a space has, besides the one that is its name alone.
func (n *node) keys(space byte) (keys int) {
	n.t.Helper()
	n.update(func(tx *store.Tx) error {
		return tx.Scan([]byte{space, 0}, []byte{space + 1}, func(k, v []byte) bool {
			keys++
			return true
		})
	})
	return keys
}

// share sends one body to queues, in one transaction.
func (n *node) share(text string, queues ...string) {
	n.t.Helper()
	s := Share([]byte(text), max(len(queues), 4))
	if s == nil {
		n.t.Fatal("not worth sharing")
	}
	n.update(func(tx *store.Tx) error {
		for i, name := range queues {
			q, err := Find(tx, named(name))
			if err != nil {
				return err
			}
			in := DraftInput{Shared: s, ID: [16]byte{byte(i)}, Sender: "me"}
			if q.settings.Config.FIFO {
				in.Group, in.Dedup = "g", fmt.Sprint(text[:20], i)
			}
			if _, err := Send(tx, q, NewDraft(in)); err != nil {
				return err
			}
		}
		return nil
	})
}

func (n *node) wantSound() {
	n.t.Helper()
	if found := problems(n); found != nil {
		n.t.Fatalf("%q", found)
	}
}

// wantNothingShared: with the last message, its body is gone.
func (n *node) wantNothingShared() {
	n.t.Helper()
	n.wantSound()
	if bodies, counts := n.keys(store.SpaceSharedBody), n.keys(store.SpaceSharedCount); bodies+counts > 0 {
		n.t.Fatalf("%d bodies and %d counts are left, and nobody needs them", bodies, counts)
	}
}

// long is a body worth sharing.
func long(i int) string { return strings.Repeat(fmt.Sprintf("body number %07d. ", i), 40) }

var sharing = []string{"a", "b", "c", "d"}

func startSharing(t *testing.T) *node {
	n := start(t)
	for _, name := range sharing {
		n.create(name, standard)
	}
	return n
}

func TestABodyForSeveralQueuesIsStoredOnceAndReceivedFromEach(t *testing.T) {
	n := startSharing(t)
	for i := range 10 {
		n.share(long(i), sharing...)
	}
	if bodies, counts := n.keys(store.SpaceSharedBody), n.keys(store.SpaceSharedCount); bodies != 10 || counts != 1 {
		t.Errorf("%d bodies in %d blocks are stored, want 10 in one", bodies, counts)
	}
	n.update(func(tx *store.Tx) error {
		return tx.Scan([]byte{store.SpaceQueueBody}, []byte{store.SpaceQueueBody + 1}, func(_, v []byte) bool {
			if len(v) > 100 {
				t.Errorf("a record has %d bytes", len(v))
			}
			return true
		})
	})
	n.restart()
	n.wantSound()
	for _, name := range sharing {
		for i, m := range n.receive(name, 10) {
			if m.Body != long(i) || m.Sum != Share([]byte(long(i)), 4).sum || m.Sender != "me" {
				t.Fatalf("received %+v", m)
			}
			n.delete(name, m)
		}
	}
	n.wantNothingShared()
}

func TestASharedBodyMayDifferByWhatGoesIntoIt(t *testing.T) {
	n := startSharing(t)
	s := ShareAround([]byte(long(1)), 100, len(sharing))
	for i, inset := range []string{"first", "", "third"} {
		n.on(sharing[i], func(tx *store.Tx, q *Queue) error {
			if i == 2 { // and where a delivery is repeated after a group was thrown away
				s.in = nil
			}
			_, err := Send(tx, q, NewDraft(DraftInput{Shared: s, Inset: inset}))
			return err
		})
	}
	n.restart()
	n.wantSound()
	for i, want := range []string{"first", "", "third"} {
		want = long(1)[:100] + want + long(1)[100:]
		got := n.receive(sharing[i], 1)
		if got[0].Body != want || got[0].Sum != md5.Sum([]byte(want)) {
			t.Errorf("received %+v", got[0])
		}
		n.delete(sharing[i], got[0])
	}
	n.wantNothingShared()
}

func TestAnInsetCountsAsPartOfTheBody(t *testing.T) {
	n := start(t)
	small := standard
	small.MaxMessageBytes = 1024
	n.create("small", small)
	s := ShareAround(make([]byte, 1020), 7, 9)
	for _, c := range []struct {
		inset string
		want  error
	}{{"1234", nil}, {"12345", ErrTooLarge}} {
		n.on("small", func(tx *store.Tx, q *Queue) error {
			if _, err := Send(tx, q, NewDraft(DraftInput{Shared: s, Inset: c.inset})); !errors.Is(err, c.want) {
				t.Errorf("%s: %v", c.inset, err)
			}
			return nil
		})
	}
}

func TestABodyThatGoesIntoOneQueueIsStoredAsItAlwaysWas(t *testing.T) {
	for _, s := range []*Shared{Share([]byte(long(1)), 1), Share(make([]byte, 1<<20), 1), Share([]byte("short"), 1000), Share(nil, 1000)} {
		if s != nil {
			t.Errorf("a body of %d bytes is shared", len(s.body))
		}
	}
	n := start(t)
	n.create("q", standard)
	n.send("q", DraftInput{Body: long(1)})
	var record, counters []byte
	n.on("q", func(tx *store.Tx, q *Queue) (err error) {
		var k key
		if record, _, err = tx.Get(k.seq(store.SpaceQueueBody, q.id, 1)); err == nil {
			counters, _, err = tx.Get(k.start(store.SpaceQueueCounter, q.id).bytes())
		}
		return err
	})
	if record[0] != 1 || !bytes.HasSuffix(record, []byte(long(1))) {
		t.Errorf("the record is %q", record)
	}
	if counters[0] != 1 || len(counters) != countersSize {
		t.Errorf("the counters are %x, which an older Carillon cannot read", counters)
	}
}

func TestTheLastMessageTakesItsBodyAlong(t *testing.T) {
	short := standard
	short.RetainFor = 20 * time.Minute
	for how, end := range map[string]func(n *node, name string){
		"deleted in flight": func(n *node, name string) { n.delete(name, n.receive(name, 10)...) },
		"deleted in flight after a restart": func(n *node, name string) {
			got := n.receive(name, 10)
			n.restart()
			n.delete(name, got...)
		},
		"deleted after it came back": func(n *node, name string) {
			got := n.receive(name, 10)
			time.Sleep(time.Minute)
			n.delete(name, got...)
		},
		"purged":             func(n *node, name string) { n.on(name, Purge) },
		"purged in flight":   func(n *node, name string) { n.receive(name, 2); n.on(name, Purge) },
		"queue deleted":      func(n *node, name string) { n.on(name, Delete) },
		"kept too long":      func(n *node, _ string) { time.Sleep(time.Hour) },
		"too long in flight": func(n *node, name string) { n.receive(name, 2); time.Sleep(time.Hour) },
	} {
		t.Run(how, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := start(t)
				for _, name := range sharing {
					n.create(name, short)
				}
				n.share(long(1), sharing...)
				n.share(long(2), sharing...)
				for _, name := range sharing[:3] {
					end(n, name)
				}
				synctest.Wait()
				n.wantSound()
				if how != "kept too long" && how != "too long in flight" {
					n.restart()
					n.want("d", 1, long(1))
					time.Sleep(time.Minute)
				}
				end(n, "d")
				synctest.Wait()
				n.wantNothingShared()
			})
		})
	}
}

func TestADeadLetterAndAMovedMessageHaveBodiesOfTheirOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := start(t)
		n.create("dead", standard)
		c := standard
		c.DeadLetter = &DeadLetter{Target: named("dead"), MaxReceives: 1}
		for _, name := range sharing {
			n.create(name, c)
		}
		n.share(long(1), sharing...)
		for _, name := range sharing {
			n.receive(name, 1)
		}
		time.Sleep(time.Minute)
		for _, name := range sharing {
			n.want(name, 1)
		}
		n.wantNothingShared()
		n.on("dead", func(tx *store.Tx, q *Queue) error { _, err := StartMove(tx, "task", q, nil, 0); return err })
		time.Sleep(time.Second)
		for _, name := range sharing {
			n.want(name, 1, long(1))
		}
		// And one that shares its body is moved from the queue where it was sent.
		n.share(long(2), "dead", "a", "b", "c")
		n.on("dead", func(tx *store.Tx, q *Queue) error {
			d, err := Find(tx, named("d"))
			if err != nil {
				return err
			}
			_, err = StartMove(tx, "task 2", q, d, 0)
			return err
		})
		time.Sleep(time.Second)
		n.want("d", 1, long(2))
		n.wantSound()
		for _, name := range []string{"a", "b", "c"} {
			n.delete(name, n.want(name, 1, long(2))...)
		}
		n.wantNothingShared()
	})
}

func TestAGroupThatIsThrownAwayLeavesNoReferenceToItsBodies(t *testing.T) {
	n := startSharing(t)
	s := Share([]byte(long(1)), 4)
	send := func(tx *store.Tx, name string) error {
		q, err := Find(tx, named(name))
		if err != nil {
			return err
		}
		_, err = Send(tx, q, NewDraft(DraftInput{Shared: s}))
		return err
	}
	err := n.sh.Update(t.Context(), func(tx *store.Tx) error {
		return errors.Join(send(tx, "a"), errors.New("and then it fails"))
	})
	if !errors.Is(err, store.ErrAborted) {
		t.Fatal(err)
	}
	n.update(func(tx *store.Tx) error { return send(tx, "b") })
	n.update(func(tx *store.Tx) error { return send(tx, "c") }) // stored once for each transaction
	n.wantSound()
	n.delete("b", n.want("b", 1, long(1))...)
	n.delete("c", n.want("c", 1, long(1))...)
	n.want("a", 1)
	n.wantNothingShared()
}

func TestAPurgedQueueLetsGoOfItsBodiesStepByStep(t *testing.T) {
	usual := leftoverStep
	leftoverStep = 3
	defer func() { leftoverStep = usual }()
	synctest.Test(t, func(t *testing.T) {
		n := startSharing(t)
		for i := range 50 {
			n.share(long(i), sharing...)
		}
		got := n.receive("a", 5)
		n.on("a", func(tx *store.Tx, q *Queue) error {
			if err := Purge(tx, q); err != nil {
				return err
			}
			return sendTo(tx, q, "after")
		})
		n.restart() // in the middle of it
		if c := n.counts("a"); c != (Counts{Ready: 1}) {
			t.Errorf("counts are %+v after a purge and a send", c)
		}
		n.delete("a", got...) // nothing, since they are gone
		n.on("a", func(tx *store.Tx, q *Queue) error {
			if err := ChangeVisibility(tx, q, got[0].Receipt, time.Minute); !errors.Is(err, ErrMessageGone) {
				t.Errorf("hide a purged message: %v", err)
			}
			return nil
		})
		n.want("a", 5, "after")
		synctest.Wait()
		if left := n.keys(store.SpaceQueueBody); left != 151 {
			t.Errorf("%d records are stored, want those of three queues and one", left)
		}
		n.wantSound()
		n.share(long(50), sharing...)
		n.on("a", Delete)
		for _, name := range sharing[1:] {
			n.on(name, Purge)
		}
		synctest.Wait()
		n.wantNothingShared()
	})
}

func sendTo(tx *store.Tx, q *Queue, text string) error {
	_, err := Send(tx, q, NewDraft(body(text)))
	return err
}

func TestCountsThatMemoryForgotAreReadAgain(t *testing.T) {
	usual := maxBlocks
	maxBlocks = 2
	defer func() { maxBlocks = usual }()
	n := startSharing(t)
	big := strings.Repeat("x", maxBlockBytes/2+1) // each in a block of its own
	random := rand.New(rand.NewPCG(1, 1))
	var held [4][]Message
	for i := range 40 {
		n.share(fmt.Sprint(i, big), sharing...)
		for j, name := range sharing {
			held[j] = append(held[j], n.receive(name, 1)...)
			if k := random.IntN(len(held[j])); i%2 == 0 {
				n.delete(name, held[j][k])
				held[j] = append(held[j][:k], held[j][k+1:]...)
			}
		}
		n.wantSound()
	}
	for j, name := range sharing {
		n.delete(name, held[j]...)
	}
	n.wantNothingShared()
}

func TestVerifyFindsReferencesAndBodiesThatDoNotBelongTogether(t *testing.T) {
	for what, spoil := range map[string]func(tx *store.Tx) error{
		"no body":  func(tx *store.Tx) error { var k key; return tx.Delete(k.body(1, 1)) },
		"another":  func(tx *store.Tx) error { var k key; return tx.Set(k.body(1, 1), []byte("short")) },
		"no count": func(tx *store.Tx) error { var k key; return tx.Delete(k.block(1)) },
		"a count too large": func(tx *store.Tx) error {
			var k key
			return tx.Set(k.block(1), (&block{refs: 13, bodies: 3}).encode())
		},
		"a body too many": func(tx *store.Tx) error { var k key; return tx.Set(k.body(1, 3), []byte("more")) },
		"a block too many": func(tx *store.Tx) error {
			var k key
			return tx.Set(k.block(2), (&block{}).encode())
		},
	} {
		n := startSharing(t)
		for i := range 3 {
			n.share(long(i), sharing...)
		}
		n.wantSound()
		n.update(spoil)
		if len(problems(n)) == 0 {
			t.Errorf("%s, and nothing is wrong", what)
		}
	}
}

func FuzzStoredBytesAreReadOrRefused(f *testing.F) {
	f.Add(NewDraft(DraftInput{Body: "x", Group: "g"}).record)
	f.Add(NewDraft(DraftInput{Shared: &Shared{body: []byte("x")}}).record)
	f.Add(NewDraft(DraftInput{Shared: ShareAround(make([]byte, 2000), 3, 2), Inset: "i"}).record)
	f.Add(state{block: 7, group: "g"}.encode(nil))
	f.Add(state{indexed: true}.encode(nil))
	f.Add((&block{refs: 3, bodies: 2}).encode())
	f.Add((&counters{sharedTo: 9}).encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		var m Message
		if decodeRecord(b, &m) == nil && m.shared.block != 0 && m.Body != "" {
			t.Error("a record has a body and refers to another")
		}
		if s, err := decodeState(b); err == nil && len(s.group) < 128 {
			if again, err := decodeState(s.encode(nil)); err != nil || again.group != s.group || again.block != s.block || again.receives != s.receives {
				t.Errorf("%+v became %+v, %v", s, again, err)
			}
		}
		if o, err := decodeBlock(1, b); err == nil && !bytes.Equal(o.encode(), b) {
			t.Errorf("%x became %x", b, o.encode())
		}
		var c counters
		if c.decode(b) == nil && b[0] == 1 && !bytes.Equal(c.encode(), b) {
			t.Errorf("%x became %x", b, c.encode())
		}
	})
}
