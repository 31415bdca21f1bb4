package access_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/carillon-events/carillon/internal/access"
	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/event"
	"github.com/carillon-events/carillon/internal/pattern"
	"github.com/carillon-events/carillon/internal/policy"
	queues "github.com/carillon-events/carillon/internal/queue"
	"github.com/carillon-events/carillon/internal/store"
	targetqueue "github.com/carillon-events/carillon/internal/target/queue"
)

// fan is a bus whose events go to 40 queues, each with a policy.
type fan struct {
	shard *store.Shard
	core  *bus.Core
	out   *delivery.Outbox
	spent time.Duration
}

var shop = bus.Name{Account: ours, Region: "us-east-1", Bus: "shop"}

func newFan(b *testing.B, guard func(book *policy.Book) delivery.Guard) *fan {
	s, err := store.Open("data", store.Options{FS: vfs.NewMem(), Logger: slog.New(slog.DiscardHandler), Durability: store.Memory})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- s.Run(ctx) }()
	b.Cleanup(func() {
		cancel()
		<-ran
		_ = s.Close()
	})
	outbox := delivery.New(map[string]delivery.Target{"sqs": targetqueue.Target{}}, delivery.DefaultPolicy)
	book := policy.NewBook()
	if g := guard(book); g != nil {
		outbox.Ask(g)
	}
	f := &fan{shard: s.Shard(0), core: bus.New(outbox, bus.DefaultLimits), out: outbox}
	text := `{"source":["s"]}`
	parsed, _ := pattern.Parse(text)
	err = f.shard.Update(ctx, func(tx *store.Tx) error {
		if err := f.core.CreateBus(tx, shop, "", nil); err != nil {
			return err
		}
		for i := range 40 {
			name := queues.Name{Account: ours, Region: "us-east-1", Name: fmt.Sprint("q", i)}
			to := sent(rule, "arn:aws:sqs:us-east-1:"+ours+":"+name.Name).Target
			on := fmt.Sprint("r", i)
			if err := book.PutText(to.String(), ours, "queue policy", allow(send, byService, `"ArnEquals":{"aws:SourceArn":"`+shop.RuleARN(on).String()+`"}`)); err != nil {
				return err
			}
			if err := queues.Create(tx, name, queues.Settings{Config: queues.Config{RetainFor: time.Hour}}); err != nil {
				return err
			}
			if err := f.core.PutRule(tx, shop, bus.Rule{Name: on, Pattern: text, State: bus.Enabled, Parsed: parsed}, nil); err != nil {
				return err
			}
			if err := f.core.PutTargets(tx, shop, on, []bus.Target{{ID: "t", ARN: to}}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return f
}

func (f *fan) put(b *testing.B, n int) {
	began := time.Now()
	batch := bus.NewBatch(began, 1)
	f.core.Add(batch, shop, &event.Event{ID: fmt.Sprintf("%08x-0000-7000-8000-000000000000", n), Source: "s", DetailType: "d", Detail: `{"n":1}`, Account: ours, Region: "us-east-1", Time: began}, "")
	if err := f.shard.Update(context.Background(), func(tx *store.Tx) error { return f.core.Put(tx, batch, true) }); err != nil {
		b.Fatal(err)
	}
	f.core.Learn(batch)
	f.spent += time.Since(began)
}

// Taken in turns: with nobody asked, in strict mode, and where a policy changes
// before every event.
func BenchmarkAnEventToFortyQueues(b *testing.B) {
	strictly := func(book *policy.Book) delivery.Guard {
		s, _ := access.NewDecider(access.Options{Strict: true, Policies: book, Now: time.Now}).Senders()
		return s
	}
	var changing *policy.Book
	fans := map[string]*fan{
		"free":   newFan(b, func(*policy.Book) delivery.Guard { return nil }),
		"strict": newFan(b, strictly),
		"changing": newFan(b, func(book *policy.Book) delivery.Guard {
			changing = book
			return strictly(book)
		}),
	}
	n := 0
	for b.Loop() {
		n++
		changing.Put("arn:aws:sqs:us-east-1:"+ours+":another", policy.Policy{})
		for _, f := range fans {
			f.put(b, n)
		}
	}
	for name, f := range fans {
		if got := f.out.Counts().Delivered; got != uint64(40*n) {
			b.Errorf("%s: %d delivered", name, got)
		}
		b.ReportMetric(float64(f.spent.Nanoseconds())/float64(n), "ns/"+name)
	}
}

func BenchmarkADecisionAboutASending(b *testing.B) {
	book := policy.NewBook()
	if err := book.PutText(queue, ours, "queue policy", allow(send, byService, `"ArnEquals":{"aws:SourceArn":"`+rule+`"}`)); err != nil {
		b.Fatal(err)
	}
	s, _ := strict(book).Senders()
	d := sent(rule, queue)
	b.ReportAllocs()
	for b.Loop() {
		if v := s.Decide(d); v.Denied != nil {
			b.Fatal(v.Denied)
		}
	}
}
