package topic

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/notification"
	"github.com/carillon-events/carillon/internal/queue"
	"github.com/carillon-events/carillon/internal/store"
	targetqueue "github.com/carillon-events/carillon/internal/target/queue"
	"github.com/carillon-events/carillon/internal/topic"
)

// scale is a topic with very many subscribers on a real disk.
type scale struct {
	t     *testing.T
	core  *topic.Core
	shard *store.Shard
	name  topic.Name
	stop  func()
}

func openScale(t *testing.T, dir string) *scale {
	s, err := store.Open(dir, store.Options{Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- s.Run(ctx) }()
	x := &scale{t: t, core: topic.New(topic.DefaultLimits, [32]byte{1}, nil), shard: s.Shard(0), name: topic.Name{Account: account, Region: region, Topic: "t"}}
	x.core.Through(delivery.New(map[string]delivery.Target{targetqueue.Service: targetqueue.Target{}}, delivery.DefaultPolicy))
	var workers sync.WaitGroup
	for range 2 {
		workers.Go(func() {
			for ctx.Err() == nil {
				job, err := x.core.Next(ctx, x.shard)
				for over := false; err == nil && !over; {
					over, err = job.Step(ctx)
				}
			}
		})
	}
	x.stop = func() {
		cancel()
		if err := errors.Join(<-ran, s.Close()); err != nil {
			t.Error(err)
		}
		workers.Wait()
	}
	return x
}

// subscribe makes n subscriptions; each step is one transaction of 500.
func (x *scale) subscribe(n int, queues bool, filter func(i int) string) {
	var lanes sync.WaitGroup
	next := make(chan int)
	for range 8 {
		lanes.Go(func() {
			for from := range next {
				err := x.shard.Update(context.Background(), func(tx *store.Tx) error {
					for i := from; i < min(from+500, n); i++ {
						q := queue.Name{Account: account, Region: region, Name: "q" + strconv.Itoa(i)}
						if queues {
							if err := queue.Create(tx, q, queue.Settings{Config: queue.Config{HideFor: time.Minute, RetainFor: 96 * time.Hour}}); err != nil {
								return err
							}
						}
						r := topic.Request{Protocol: topic.Queue, Endpoint: arn.Queue(region, account, q.Name).String(), Owner: account, Confirmed: true, Settings: topic.Subscribed{Filter: filter(i)}}
						binary.BigEndian.PutUint64(r.ID[:], uint64(i+1)*0x9E3779B97F4A7C15)
						if _, err := x.core.Subscribe(tx, x.name, r); err != nil {
							return err
						}
					}
					return nil
				})
				if err != nil {
					x.t.Error(err)
				}
			}
		})
	}
	for from := 0; from < n; from += 500 {
		next <- from
	}
	close(next)
	lanes.Wait()
}

func (x *scale) publish(i int, attribute string) time.Duration {
	x.t.Helper()
	m := topic.Message{At: time.Now(), Text: strings.Repeat("x", 1024), Unsubscribe: "http://127.0.0.1:4566/?Action=Unsubscribe&SubscriptionArn=",
		Attributes: []notification.Attribute{{Name: "user", Type: "String", Value: []byte(attribute)}}}
	binary.BigEndian.PutUint64(m.ID[:], uint64(i+1))
	began := time.Now()
	if err := x.core.Publish(context.Background(), x.shard, x.core.NewPublication(x.name, []topic.Message{m})); err != nil {
		x.t.Fatal(err)
	}
	return time.Since(began)
}

// changeFilters changes filter policies, one after another.
func (x *scale) changeFilters(n int) {
	var took []time.Duration
	for i := range n {
		var id topic.ID
		binary.BigEndian.PutUint64(id[:], uint64(i+1)*0x9E3779B97F4A7C15)
		began := time.Now()
		err := x.shard.Update(context.Background(), func(tx *store.Tx) error {
			return x.core.ChangeSubscription(tx, x.name, id, func(s *topic.Subscription) error {
				s.Settings.Filter = fmt.Sprintf(`{"user":["v%d"]}`, i)
				return nil
			})
		})
		if err != nil {
			x.t.Fatal(err)
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	x.t.Logf("%d changes of filter policies: p50 %v, p99 %v, slowest %v", n, took[n/2], took[n*99/100], took[n-1])
}

// drained waits until nothing waits to go out.
func (x *scale) drained() {
	for {
		if c := x.core.Counts(); c.GoneOut >= c.Kept {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestScale is for people: CARILLON_SCALE=100000 go test -run Scale -v
// ./internal/target/topic prints what a topic with so many queues bears;
// CARILLON_SCALE_FILTERED=1000000 likewise with filter policies.
func TestScale(t *testing.T) {
	queues, _ := strconv.Atoi(os.Getenv("CARILLON_SCALE"))
	filtered, _ := strconv.Atoi(os.Getenv("CARILLON_SCALE_FILTERED"))
	if queues+filtered == 0 {
		t.Skip("for people")
	}
	dir := t.TempDir()
	x := openScale(t, dir)
	defer func() { x.stop() }()
	if err := x.shard.Update(t.Context(), func(tx *store.Tx) error { return x.core.Create(tx, x.name, topic.Settings{}, nil) }); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if queues > 0 {
		x.subscribe(queues, true, func(int) string { return "" })
	} else {
		x.subscribe(filtered, false, func(i int) string { return fmt.Sprintf(`{"user":["u%d"]}`, i) })
	}
	t.Logf("%d subscriptions in %v", queues+filtered, time.Since(began))
	before := heap()
	attribute := func(i int) string { return fmt.Sprint("u", 1_000_000_000+i) } // nobody's
	began = time.Now()
	t.Logf("first publish acknowledged after %v", x.publish(0, attribute(0)))
	x.drained()
	t.Logf("and gone out after %v; the topic takes %d MB of memory", time.Since(began), (heap()-before)>>20)
	if filtered > 0 {
		attribute = func(i int) string { return fmt.Sprint("u", i*7919%filtered) }
	}
	var took []time.Duration
	began = time.Now()
	n := 20
	if filtered > 0 {
		n = 2000
	}
	for i := range n {
		took = append(took, x.publish(i+1, attribute(i)))
	}
	acked := time.Since(began)
	x.drained()
	all := time.Since(began)
	slices.Sort(took)
	t.Logf("%d publishes, one after another: p50 %v, p99 %v, acknowledged after %v, gone out after %v: %.0f deliveries/s",
		n, took[len(took)/2], took[len(took)*99/100], acked, all, float64(n*max(queues, 1))/all.Seconds())
	if filtered > 0 {
		x.changeFilters(1000)
	}
	x.stop()
	x = openScale(t, dir)
	if os.Getenv("CARILLON_SCALE_AHEAD") != "" {
		began = time.Now()
		if err := x.core.Ahead(t.Context(), x.shard); err != nil {
			t.Fatal(err)
		}
		t.Logf("read ahead in %v", time.Since(began))
	}
	t.Logf("first publish after a restart acknowledged after %v", x.publish(100_000, attribute(1)))
	began = time.Now()
	x.drained()
	t.Logf("and gone out after %v", time.Since(began))
}
