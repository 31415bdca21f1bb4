package queue

import (
	"testing"
	"time"

	"github.com/carillon-events/carillon/internal/store"
)

func problems(n *node) (found []string) {
	n.t.Helper()
	if err := n.sh.View(func(v *store.View) error {
		return Verify(v, func(p string) { found = append(found, p) })
	}); err != nil {
		n.t.Fatal(err)
	}
	return found
}

func TestVerifyFindsAMessageThatNobodyCanReach(t *testing.T) {
	n := start(t)
	n.create("q", standard)
	for _, in := range []DraftInput{
		{Body: "fresh"}, {Body: "received"}, {Body: "grouped", Group: "g"}, {Body: "delayed", HasDelay: true, Delay: time.Hour / 4},
	} {
		n.send("q", in)
	}
	n.receive("q", 1)
	if found := problems(n); found != nil {
		t.Fatalf("a sound queue has problems: %q", found)
	}
	// Each of these keys is all that leads to a message, or counts it.
	for _, space := range []byte{store.SpaceQueueLater, store.SpaceQueueGroup, store.SpaceQueueDelayed, store.SpaceQueueCounter} {
		n := start(t)
		n.create("q", standard)
		n.send("q", DraftInput{Body: "grouped", Group: "g"})
		n.send("q", DraftInput{Body: "delayed", HasDelay: true, Delay: time.Hour / 4})
		n.send("q", body("received"))
		n.receive("q", 2)
		n.send("q", DraftInput{Body: "grouped", Group: "h"})
		n.update(func(tx *store.Tx) error { return tx.DeleteRange([]byte{space}, []byte{space + 1}) })
		if len(problems(n)) == 0 {
			t.Errorf("space %c is gone and nothing is wrong", space)
		}
	}
}
