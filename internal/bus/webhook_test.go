package bus

import (
	"errors"
	"testing"
	"testing/synctest"

	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/webhook"
)

func (n *node) putWebhook(id SourceID) error {
	return n.update(func(tx *store.Tx) error {
		return n.core.PutWebhook(tx, Webhook{Source: id, Config: webhook.Config{Scheme: webhook.GitHub}, Sealed: []byte("s")})
	})
}

func (n *node) openSource(id SourceID) error {
	return n.update(func(tx *store.Tx) error { return n.core.OpenSource(tx, id) })
}

// A webhook makes its source, takes one that a partner has made, brings a
// deleted one back, and lets its events through.
func TestAWebhookHasASource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := start(t)
		check := func(what string, err, want error, state string) {
			t.Helper()
			if got := n.sourceState(billing); !errors.Is(err, want) || got != state {
				t.Errorf("%s: %v, source %s; want %v, %s", what, err, got, want, state)
			}
		}
		check("open none", n.openSource(billing), ErrSourceNotFound, "gone")
		check("put", n.putWebhook(billing), nil, "pending")
		check("open", n.openSource(billing), nil, "active")
		check("open again", n.openSource(billing), nil, "active")
		n.must(func(tx *store.Tx) error { return n.core.DeactivateSource(tx, billing) })
		check("put while its bus takes nothing", n.putWebhook(billing), nil, "pending")
		check("open that", n.openSource(billing), nil, "active")
		n.must(func(tx *store.Tx) error { return n.core.DeleteSource(tx, billing, billing.Account) })
		check("put after the partner deleted it", n.putWebhook(billing), nil, "pending")
		check("open it once more", n.openSource(billing), nil, "active")
		n.must(func(tx *store.Tx) error { return n.core.DeleteBus(tx, billing.name()) })
		check("put without the bus", n.putWebhook(billing), nil, "pending")
		n.sleep(PendingFor)
		check("put after two weeks", n.putWebhook(billing), nil, "pending")

		elsewhere := billing
		elsewhere.Account = "222222222222"
		check("for another account", n.putWebhook(elsewhere), ErrWebhookElsewhere, "pending")
		remove := func(id SourceID) error {
			return n.update(func(tx *store.Tx) error { return n.core.DeleteWebhook(tx, id) })
		}
		check("another account removes it", remove(elsewhere), ErrWebhookNotFound, "pending")
		check("remove", remove(billing), nil, "pending")
		check("remove again", remove(billing), ErrWebhookNotFound, "pending")

		n.must(func(tx *store.Tx) error { return n.core.DeleteSource(tx, billing, billing.Account) })
		n.must(func(tx *store.Tx) error { return n.core.CreateSource(tx, billing, "999999999999") })
		check("of a source that a partner made", n.putWebhook(billing), nil, "pending")
		n.must(func(tx *store.Tx) error { return n.core.DeleteSource(tx, elsewhere, "999999999999") })
	})
}

func TestWebhooksAreListedByPages(t *testing.T) {
	n := start(t)
	for _, name := range []string{"aws.partner/a/1", "aws.partner/a/2", "aws.partner/b/1"} {
		if err := n.putWebhook(SourceID{"111122223333", "eu-west-1", name}); err != nil {
			t.Fatal(err)
		}
	}
	list := func(prefix, after string, limit int) (names []string, more bool) {
		n.view(func(v *store.View) error {
			hooks, m, err := ListWebhooks(v, prefix, after, limit)
			for _, h := range hooks {
				names = append(names, h.Source.Name)
			}
			more = m
			return err
		})
		return names, more
	}
	if names, more := list("", "", 2); len(names) != 2 || !more {
		t.Errorf("%q, more %v", names, more)
	}
	if names, more := list("", "aws.partner/a/2", 2); len(names) != 1 || names[0] != "aws.partner/b/1" || more {
		t.Errorf("%q, more %v", names, more)
	}
	if names, more := list("aws.partner/a/", "", 2); len(names) != 2 || more {
		t.Errorf("%q, more %v", names, more)
	}
}
