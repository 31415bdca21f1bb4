package main

import (
	"testing"

	"github.com/carillon-events/carillon/carillontest"
)

// The whole program runs against a Carillon inside the test: it is there in a
// millisecond, and no other test sees it.
func TestTheStoryHolds(t *testing.T) {
	t.Parallel()
	c := carillontest.Start(t)
	if err := run(t.Context(), c.ConfigFor(shopAccount, region), c.ConfigFor(marketingAccount, region), t.Output()); err != nil {
		t.Fatal(err)
	}
}

// A smaller question, as tests of an application ask them: does what I lay out
// route this event to where it belongs, and nowhere else? When PutEvents has
// answered, it is in the queues, so nothing here waits.
func TestAnOrderGoesToBillingWarehouseAndEmail(t *testing.T) {
	t.Parallel()
	c := carillontest.Start(t)
	s := newShop(c.ConfigFor(shopAccount, region), c.ConfigFor(marketingAccount, region), t.Output())
	if err := s.open(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.put(t.Context(), "OrderPlaced", `{"order": 7, "customer": "anna", "total": 3}`); err != nil {
		t.Fatal(err)
	}
	for _, reader := range []struct {
		name  string
		of    *account
		queue queue
		want  int
	}{
		{"billing", s.own, s.billing, 1},
		{"warehouse", s.own, s.warehouse, 1},
		{"email", s.own, s.email, 1},
		{"newsletter", s.marketing, s.newsletter, 0},
	} {
		var got []string
		err := reader.of.read(t.Context(), reader.queue, 0, func(body string) error { got = append(got, body); return nil })
		if err != nil || len(got) != reader.want {
			t.Errorf("%s has %q, %v; want %d messages", reader.name, got, err, reader.want)
		}
	}
}
