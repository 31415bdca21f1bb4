package topic

import (
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/notification"
	"github.com/carillon-events/carillon/internal/store"
)

// toQueues is a topic with so many queues.
func toQueues(t testing.TB, m *mail, queues int) Name {
	n := Name{"111122223333", "eu-west-1", "t"}
	err := m.shard.Update(t.Context(), func(tx *store.Tx) error {
		if err := m.core.Create(tx, n, Settings{}, nil); err != nil {
			return err
		}
		for i := range queues {
			r := Request{ID: ID{byte(i + 1)}, Protocol: Queue, Endpoint: arn.Queue(n.Region, n.Account, fmt.Sprint("q", i)).String(), Owner: n.Account, Confirmed: true}
			if _, err := m.core.Subscribe(tx, n, r); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestAMessageIsSignedOnceHoweverManyQueuesGetIt(t *testing.T) {
	for _, queues := range []int{3, few + 3} {
		m := startMail(t)
		signed := 0
		m.core.SignForQueues(func(n *notification.Notification, sha256 bool) error {
			signed++
			n.SignatureVersion, n.Signature, n.SigningCertURL = "1", "c2lnbmVk", "https://h/c.pem"
			return nil
		})
		n := toQueues(t, m, queues)
		if err := m.core.Publish(t.Context(), m.shard, m.core.NewPublication(n, []Message{{ID: [16]byte{1}, Text: "x", At: time.Unix(1, 0)}})); err != nil {
			t.Fatal(err)
		}
		if queues > few {
			job, err := m.core.Next(t.Context(), m.shard)
			for over := false; err == nil && !over; {
				over, err = job.Step(t.Context())
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if signed != 1 {
			t.Errorf("%d queues: signed %d times", queues, signed)
		}
		err := m.shard.View(func(v *store.View) error {
			for i := range queues {
				body, _, err := v.Get([]byte(fmt.Sprint("Wq", i)))
				if err != nil || !strings.Contains(string(body), `"Signature" : "c2lnbmVk"`) || !strings.Contains(string(body), `"Timestamp" : "1970-01-01T00:00:01.001Z"`) {
					t.Errorf("%s, %v", body, err)
				}
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		m.stop()
	}
}

// What a signature costs a Publish.
func BenchmarkPublishToQueues(b *testing.B) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		b.Fatal(err)
	}
	for _, queues := range []int{1, 40} {
		for _, sign := range []bool{false, true} {
			b.Run(fmt.Sprintf("queues=%d/signed=%v", queues, sign), func(b *testing.B) {
				m := startMail(b)
				defer m.stop()
				if sign {
					m.core.SignForQueues(func(n *notification.Notification, _ bool) error { return n.Sign(key, notification.SignatureSHA1) })
				}
				n, text := toQueues(b, m, queues), strings.Repeat("x", 1024)
				p := m.core.NewPublication(n, nil)
				if err := m.core.Publish(b.Context(), m.shard, p); err != nil {
					b.Fatal(err)
				}
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ { // as far as the request's goroutine goes
					m.core.NewPublication(n, []Message{{ID: [16]byte{byte(i), byte(i >> 8), byte(i >> 16)}, Text: text, At: time.Now()}})
				}
			})
		}
	}
}
