package queue

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/carillon-events/carillon/internal/store"
)

func TestATenantWhoseMessagesComeOneByOneDoesNotStarveTheOthers(t *testing.T) {
	n := start(t)
	n.create("q", standard)
	for i := range 100 {
		n.send("q", DraftInput{Body: fmt.Sprint("backlog ", i), Group: "z"})
	}
	got := 0
	for range 100 {
		n.send("q", DraftInput{Body: "one by one", Group: "a"})
		if m := n.receive("q", 1)[0]; m.Group == "z" {
			got++
		}
	}
	if got < 49 {
		t.Fatalf("the backlog got %d of 100 receipts, want half of them", got)
	}
}

// A quiet tenant's message waits for at most a few messages of each other active
// tenant, whatever the backlogs and however much is in flight.
func TestTheWaitOfAQuietTenantIsBoundedByTheNumberOfTenants(t *testing.T) {
	const loud, quiet = 3, 20
	backlog := 100_000
	if testing.Short() {
		backlog = 10_000
	}
	n := start(t)
	n.create("q", standard)
	for i := 0; i < backlog; i += 1000 {
		n.on("q", func(tx *store.Tx, q *Queue) error {
			for j := range 1000 {
				if _, err := Send(tx, q, NewDraft(DraftInput{Body: "x", Group: fmt.Sprint("loud ", j%loud)})); err != nil {
					return err
				}
			}
			return nil
		})
	}
	served, worst := 0, 0
	sentAt := map[string]int{} // how much was served when the tenant's message was sent
	for round := range 2000 {
		if round%3 == 0 {
			tenant := fmt.Sprint("quiet ", round/3%quiet)
			if _, waits := sentAt[tenant]; !waits {
				n.send("q", DraftInput{Body: tenant, Group: tenant})
				sentAt[tenant] = served
			}
		}
		// Nothing is deleted: tens of thousands of messages are in flight.
		for _, m := range n.receive("q", 1+round%10) {
			if at, ok := sentAt[m.Group]; ok {
				worst = max(worst, served-at)
				delete(sentAt, m.Group)
			}
			served++
		}
	}
	if len(sentAt) > 1 || served < 10_000 && !testing.Short() {
		t.Fatalf("%d quiet messages wait, %d messages were served", len(sentAt), served)
	}
	if worst > 2*(loud+quiet) {
		t.Fatalf("a quiet tenant waited for %d messages of %d tenants", worst, loud+quiet)
	}
	t.Logf("at most %d of %d messages were served before a quiet one, with %d tenants", worst, served, loud+quiet)
}

func TestAMessageWhoseDelayEndsAfterThatOfAnotherIsReceivedWithIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := start(t)
		n.create("q", standard)
		n.send("q", DraftInput{Body: "alone", HasDelay: true, Delay: time.Second})
		n.send("q", DraftInput{Body: "grouped", Group: "g", HasDelay: true, Delay: 2 * time.Second})
		time.Sleep(time.Second)
		n.on("q", func(tx *store.Tx, q *Queue) error { return q.settle(tx) }) // it sees that the first is due
		time.Sleep(time.Second)
		n.want("q", 10, "alone", "grouped")
	})
}
