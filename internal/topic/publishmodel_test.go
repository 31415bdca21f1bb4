package topic

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/notification"
	"github.com/carillon-events/carillon/internal/store"
)

// box is queues that keep what they get, and take nothing twice.
type box struct{ t testing.TB }

func (box) Prepare(*delivery.Delivery) any { return nil }

func (b box) Deliver(tx *store.Tx, d *delivery.Delivery, _ any) error {
	if _, again, err := tx.Get([]byte("Y" + d.Key.String())); err != nil || again {
		b.t.Errorf("%s got %s twice (%v)", d.Target.Resource, d.Body, err)
		return err
	}
	if err := tx.Set([]byte("Y"+d.Key.String()), nil); err != nil {
		return err
	}
	key := []byte("Z" + d.Target.Resource)
	had, _, err := tx.Get(key)
	if err != nil {
		return err
	}
	if err := tx.Set([]byte("W"+d.Target.Resource), d.Body); err != nil { // the last one, as it came
		return err
	}
	return tx.Set(key, append(append(had, b.text(d)...), ' '))
}

// text is the message, with a star where its deduplication id says that it is
// replayed, and so does the document, if it is one.
func (b box) text(d *delivery.Delivery) string {
	text, star := string(d.Body), ""
	replayed := strings.Contains(notification.ReadExtras(d.Params).Dedup, "-replay-")
	if replayed {
		star = "*"
	}
	if strings.HasPrefix(text, "{") {
		doc, err := notification.Parse(d.Body)
		if err != nil || doc.Replayed != replayed {
			b.t.Errorf("%s has a deduplication id that says %v (%v)", d.Body, replayed, err)
		}
		text = doc.Message
	}
	return text + star
}

// mail is a topic's subscribers, their queues and the power that may fail.
type mail struct {
	t     testing.TB
	fs    *vfs.MemFS
	core  *Core
	shard *store.Shard
	stop  func()
	jobs  [2]*Job

	loading *loading // ahead
	loaded  *working
}

var errThrown = errors.New("thrown away")

// ahead begins to gather the topic's audience ahead, or ends that.
func (m *mail) ahead() error {
	if m.loading == nil {
		var topic uint64
		err := m.shard.View(func(v *store.View) error {
			t, err := Get(v, named("t"))
			topic = t.Number
			return err
		})
		if err != nil {
			return err
		}
		if _, m.loading, err = beginLoad(context.Background(), m.shard, topic, true); err != nil || m.loading == nil {
			return err
		}
		m.loaded, err = gather(context.Background(), m.shard, named("t"), topic)
		return err
	}
	mine, again := m.loading, false
	m.loading = nil
	err := m.shard.Update(context.Background(), func(tx *store.Tx) (err error) {
		again, err = install(tx, m.loaded, mine)
		return err
	})
	if again && err == nil {
		err = m.core.load(context.Background(), m.shard, m.loaded.now.number, true)
	}
	if errors.Is(err, errGone) {
		return nil
	}
	return err
}

func startMail(t testing.TB) *mail {
	m := &mail{t: t, fs: vfs.NewCrashableMem()}
	m.open()
	return m
}

func (m *mail) open() {
	s, err := store.Open("data", store.Options{FS: m.fs, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		m.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- s.Run(ctx) }()
	m.shard, m.jobs, m.loading = s.Shard(0), [2]*Job{}, nil
	m.core = New(DefaultLimits, [32]byte{1}, nil)
	m.core.Through(delivery.New(map[string]delivery.Target{queueService: box{m.t}}, delivery.DefaultPolicy))
	m.stop = func() {
		cancel()
		if err := errors.Join(<-ran, s.Close()); err != nil {
			m.t.Error(err)
		}
	}
}

// crash loses what was not synced.
func (m *mail) crash(r *rand.Rand) {
	fs := m.fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 50 * r.IntN(3), RNG: r})
	m.stop()
	m.fs = fs
	m.open()
}

func (m *mail) must(fn func(tx *store.Tx) error) {
	m.t.Helper()
	if err := m.shard.Update(context.Background(), fn); err != nil {
		m.t.Fatal(err)
	}
}

func (m *mail) subscribe(id ID, filter string) {
	m.t.Helper()
	m.must(func(tx *store.Tx) error {
		_, err := m.core.Subscribe(tx, named("t"), Request{
			ID: id, Protocol: Queue, Endpoint: arn.Queue("eu-west-1", "111122223333", id.String()).String(), Owner: "111122223333",
			Settings: Subscribed{Raw: true, Filter: filter}, Confirmed: true,
		})
		return err
	})
}

func (m *mail) publish(text, attribute string) error {
	p := m.core.NewPublication(named("t"), []Message{{
		ID: [16]byte([]byte(fmt.Sprintf("%-16s", text))), Text: text, Attributes: []notification.Attribute{{Name: "a", Type: "String", Value: []byte(attribute)}},
	}})
	return m.core.Publish(context.Background(), m.shard, p)
}

// work has a worker do something, if there is something to do.
func (m *mail) work(worker int) (worked bool) {
	m.t.Helper()
	if m.jobs[worker] == nil {
		ready := false
		m.must(func(tx *store.Tx) error {
			l, err := live.In(tx)
			if err == nil {
				ready = slices.ContainsFunc(l.ready, func(topic uint64) bool { return !l.mustLoad(topic) })
			}
			return err
		})
		if !ready {
			return false
		}
		job, err := m.core.Next(context.Background(), m.shard)
		if err != nil {
			m.t.Fatal(err)
		}
		m.jobs[worker] = job
		return true
	}
	over, err := m.jobs[worker].Step(context.Background())
	if err != nil {
		m.t.Fatal(err)
	}
	if over {
		m.jobs[worker] = nil
	}
	return true
}

func (m *mail) got(id ID) (texts []string) {
	m.must(func(tx *store.Tx) error {
		v, _, err := tx.Get([]byte("Z" + id.String()))
		texts = strings.Fields(string(v))
		return err
	})
	return texts
}

// inSmall has every bound met soon.
func inSmall(t *testing.T) {
	old := []int{few, stepDeliveries, sliceSteps, readMessages, loadInside}
	few, stepDeliveries, sliceSteps, readMessages, loadInside = 2, 3, 2, 3, 4
	t.Cleanup(func() {
		few, stepDeliveries, sliceSteps, readMessages, loadInside = old[0], old[1], old[2], old[3], old[4]
	})
}

type mailStep struct {
	Do   string
	N    int
	Seed uint64
}

// modelReader is a subscription of the model.
type modelReader struct {
	id     ID
	filter string
	wants  []wish   // in order, once each
	ended  []string // what it had when it ended
	gone   bool
}

// wish is a message that a subscriber may get: what waits while its filter policy
// changes goes out by the one or by the other.
type wish struct {
	text, attribute string
	sure, possible  bool
}

func (r *modelReader) takes(attribute string) bool {
	return r.filter == "" || strings.Contains(r.filter, attribute)
}

// refilter changes the filter policy of a subscriber who has got something.
func (r *modelReader) refilter(filter string, got []string) {
	r.filter = filter
	for i := range r.wants {
		if w := &r.wants[i]; !slices.Contains(got, w.text) {
			takes := r.takes(w.attribute)
			w.sure, w.possible = w.sure && takes, w.possible || takes
		}
	}
}

// check compares what a subscriber got, or has got so far, with its wishes.
func (r *modelReader) check(got []string, all bool) error {
	if r.gone && !slices.Equal(got, r.ended) {
		return fmt.Errorf("subscriber %s had %v when it ended, and has %v", r.id, r.ended, got)
	}
	rest := got
	for _, w := range r.wants {
		switch {
		case len(rest) > 0 && rest[0] == w.text && w.possible:
			rest = rest[1:]
		case w.sure && (all && !r.gone || len(rest) > 0):
			return fmt.Errorf("subscriber %s got %v, and lacks %s of %v", r.id, got, w.text, r.wants)
		}
	}
	if len(rest) > 0 {
		return fmt.Errorf("subscriber %s got %v, of which %v is not for it, or not in order: %v", r.id, got, rest, r.wants)
	}
	return nil
}

// leaves is the end of a subscription: what it has now, it has in the end.
func (m *mail) leaves(r *modelReader) error {
	got := m.got(r.id)
	if err := r.check(got, false); err != nil {
		return err
	}
	r.gone, r.ended = true, got
	return nil
}

// Whatever the order of what happens, and wherever the power fails: who is
// subscribed gets every message that was published since, in order and once; and
// who is not any more, nothing.
func TestWhoSubscribesGetsWhatIsPublishedOnceAndInOrder(t *testing.T) {
	inSmall(t)
	rapid.Check(t, func(rt *rapid.T) {
		steps := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) mailStep {
			return mailStep{
				Do: rapid.SampledFrom([]string{
					"subscribe", "subscribe", "subscribe", "subscribe", "subscribe", "unsubscribe", "publish", "publish", "publish", "publish",
					"work", "work", "work", "work", "crash", "raw", "filter", "filter", "delete", "ahead", "ahead", "throw",
				}).Draw(rt, "do"),
				N: rapid.IntRange(0, 7).Draw(rt, "n"), Seed: rapid.Uint64().Draw(rt, "seed"),
			}
		}), 1, 60).Draw(rt, "steps")
		var wrong error
		synctest.Test(t, func(t *testing.T) { wrong = playMail(t, steps) })
		if wrong != nil {
			rt.Fatal(wrong)
		}
	})
}

func playMail(t *testing.T, steps []mailStep) error {
	m := startMail(t)
	defer func() { m.stop() }()
	create := func() {
		m.must(func(tx *store.Tx) error { return m.core.Create(tx, named("t"), Settings{}, nil) })
	}
	create()
	filters := []string{"", `{"a":["x"]}`, `{"a":["y"]}`, ""}
	var all, readers []*modelReader // of all times, and now
	for i, s := range steps {
		switch s.Do {
		case "subscribe":
			r := &modelReader{id: ID{byte(s.Seed), byte(i + 1)}, filter: filters[s.N%4]}
			all, readers = append(all, r), append(readers, r)
			m.subscribe(r.id, r.filter)
		case "unsubscribe", "raw", "filter":
			if len(readers) == 0 {
				continue
			}
			n := s.N % len(readers)
			r := readers[n]
			if s.Do == "raw" { // changes nothing that is seen here
				m.must(func(tx *store.Tx) error {
					return m.core.ChangeSubscription(tx, named("t"), r.id, func(s *Subscription) error { s.Settings.DeadLetter = ""; return nil })
				})
				continue
			}
			if s.Do == "filter" {
				filter := filters[s.Seed%4]
				r.refilter(filter, m.got(r.id))
				m.must(func(tx *store.Tx) error {
					return m.core.ChangeSubscription(tx, named("t"), r.id, func(s *Subscription) error { s.Settings.Filter = filter; return nil })
				})
				continue
			}
			m.must(func(tx *store.Tx) error {
				return m.core.Unsubscribe(tx, named("t"), r.id)
			})
			readers = slices.Delete(readers, n, n+1)
			if err := m.leaves(r); err != nil {
				return err
			}
		case "publish":
			text, attribute := fmt.Sprint("m", i), []string{"x", "y", "z"}[s.N%3]
			if err := m.publish(text, attribute); err != nil {
				return err
			}
			for _, r := range readers {
				r.wants = append(r.wants, wish{text, attribute, r.takes(attribute), r.takes(attribute)})
			}
		case "work":
			m.work(s.N % 2)
		case "ahead":
			if err := m.ahead(); err != nil {
				return err
			}
		case "throw": // all that memory has is made anew
			err := m.shard.Update(context.Background(), func(tx *store.Tx) error {
				return errors.Join(tx.Set([]byte("V"), nil), errThrown)
			})
			if !errors.Is(err, store.ErrAborted) {
				return err
			}
		case "crash":
			m.crash(rand.New(rand.NewPCG(s.Seed, 1)))
		case "delete":
			if s.N > 0 {
				continue // seldom
			}
			m.must(func(tx *store.Tx) error { return m.core.Delete(tx, named("t")) })
			create()
			for _, r := range readers {
				if err := m.leaves(r); err != nil {
					return err
				}
			}
			readers = nil
		}
	}
	if err := m.sound(); err != nil {
		return err
	}
	if m.loading != nil {
		if err := m.ahead(); err != nil {
			return err
		}
	}
	for m.work(0) || m.work(1) {
	}
	for _, r := range all {
		if err := r.check(m.got(r.id), true); err != nil {
			return err
		}
	}
	return m.wantNothingLeft()
}

// sound tells what Verify finds.
func (m *mail) sound() error {
	var problems []error
	err := m.shard.View(func(v *store.View) error {
		return Verify(v, func(problem string) { problems = append(problems, errors.New(problem)) })
	})
	return errors.Join(append(problems, err)...)
}

func FuzzStoredMessagesAreReadOrRefused(f *testing.F) {
	f.Add((&Message{Text: "t", Subject: "s", Texts: map[Protocol]string{Queue: "q"}, Silent: true, Attributes: []notification.Attribute{{Name: "a", Type: "String", Value: []byte("v")}}, At: time.Unix(1, 0)}).encode())
	f.Add((&fanout{first: 1, next: 2}).encode())
	f.Add(fifoState{sequence: 1, bucket: 2, archived: 3}.encode())
	f.Add(archiveKey(1, position{2, 3}))
	f.Fuzz(func(t *testing.T, b []byte) {
		if m, err := decodeMessage(b); err == nil {
			again, err := decodeMessage(m.encode())
			if err != nil || again.Text != m.Text || again.Group != m.Group || len(again.Texts) != len(m.Texts) || len(again.Attributes) != len(m.Attributes) {
				t.Errorf("%+v became %+v (%v)", m, again, err)
			}
		}
		if fan, err := decodeFanout(b); err == nil && string(fan.encode()) != string(b) {
			t.Errorf("%x became %x", b, fan.encode())
		}
		if s, err := decodeFIFO(b); err == nil && s.archived != 0 && string(s.encode()) != string(b) {
			t.Errorf("%x became %x", b, s.encode())
		}
		if at, err := positionOf(b); err == nil && string(archiveKey(1, at)[10:]) != string(b[10:]) {
			t.Errorf("%x became %+v", b, at)
		}
	})
}

// wantNothingLeft: no message waits, or was forgotten.
func (m *mail) wantNothingLeft() error {
	left := 0
	err := m.shard.View(func(v *store.View) error {
		return v.Scan([]byte(keptSpace), store.PrefixEnd([]byte(keptSpace)), func(_, _ []byte) bool { left++; return true })
	})
	if err == nil && left > 0 {
		err = fmt.Errorf("%d messages are left", left)
	}
	return err
}

// Publishers, subscribers and workers at the same time, and then the power fails.
func TestWhatWasAcknowledgedGoesOutAfterACrash(t *testing.T) {
	inSmall(t)
	for seed := range uint64(6) {
		synctest.Test(t, func(t *testing.T) { surviveACrash(t, seed) })
	}
}

func surviveACrash(t *testing.T, seed uint64) {
	m := startMail(t)
	defer func() { m.stop() }()
	m.must(func(tx *store.Tx) error { return m.core.Create(tx, named("t"), Settings{}, nil) })
	ids := make([]ID, 9)
	for i := range ids {
		ids[i] = ID{byte(i*28 + 1)} // none is all zeros
		m.subscribe(ids[i], "")
	}
	random := rand.New(rand.NewPCG(seed, 2))
	target := int64(1 + random.IntN(150))
	var calls atomic.Int64
	var after *vfs.MemFS
	var acked, ackedThen []string
	var mu sync.Mutex
	ctx, stop := context.WithCancel(t.Context())
	var clients sync.WaitGroup
	count := func() {
		if calls.Add(1) == target {
			mu.Lock()
			ackedThen = slices.Clone(acked)
			mu.Unlock()
			after = m.fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 50 * random.IntN(3), RNG: random})
			stop()
		}
	}
	for client := range 3 {
		clients.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				text := fmt.Sprintf("c%d.%d", client, i)
				if err := m.publish(text, "x"); err != nil {
					t.Error(err)
				}
				mu.Lock()
				acked = append(acked, text)
				mu.Unlock()
				count()
			}
		})
	}
	clients.Go(func() {
		for ctx.Err() == nil {
			m.work(0)
			count()
		}
	})
	clients.Wait()
	stop()
	m.stop()
	m.fs = after
	m.open()
	for m.work(0) || m.work(1) {
	}
	first := m.got(ids[0])
	for _, text := range ackedThen {
		if !slices.Contains(first, text) {
			t.Errorf("seed %d: %s was acknowledged, and did not go out", seed, text)
		}
	}
	for _, id := range ids[1:] {
		if got := m.got(id); !slices.Equal(got, first) {
			t.Errorf("seed %d: %s got %v, and another %v", seed, id, got, first)
		}
	}
	if err := m.wantNothingLeft(); err != nil {
		t.Error(err)
	}
}

// A million filter policies are 600 MB.
func TestOfADeletedTopicNothingStaysInMemory(t *testing.T) {
	inSmall(t)
	synctest.Test(t, func(t *testing.T) {
		m := startMail(t)
		defer func() { m.stop() }()
		m.must(func(tx *store.Tx) error { return m.core.Create(tx, named("t"), Settings{}, nil) })
		for i := range byte(9) {
			m.subscribe(ID{i + 1}, "")
		}
		publish := func() {
			if err := m.publish("m", "x"); err != nil {
				t.Error(err)
			}
		}
		publish() // is kept, and the audience has to be gathered
		for m.work(0) {
		}
		publish()
		m.must(func(tx *store.Tx) error { return m.core.Delete(tx, named("t")) })
		for m.work(0) { // finds it gone
		}
		m.core.hints.Range(func(n, _ any) bool { t.Errorf("the audience of %v is remembered", n); return true })
		m.must(func(tx *store.Tx) error {
			l, err := live.In(tx)
			if err == nil {
				want(t, "topics, loads and fan-outs", []int{len(l.byName), len(l.byTopic), len(l.loads), len(l.fanouts)}, []int{0, 0, 0, 0})
			}
			return err
		})
	})
}
