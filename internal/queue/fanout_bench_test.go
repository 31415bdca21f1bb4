package queue

import (
	"crypto/md5"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/carillon-events/carillon/internal/store"
)

// BenchmarkFanOut is one message to a queue: sent together with those to the
// other queues, ten bodies in a transaction, and received and deleted later, ten
// at a time. The other figures are processor time, which says more on a machine
// that does other things, too.
func BenchmarkFanOut(b *testing.B) {
	for _, size := range []int{256, 1024} {
		for _, queues := range []int{2, 3, 4, 8, 40} {
			for _, shared := range []bool{false, true} {
				b.Run(fmt.Sprintf("size=%d/queues=%d/shared=%t", size, queues, shared), func(b *testing.B) {
					f := newFanOutBench(b, size, queues, shared)
					b.ResetTimer()
					for sent := 0; sent < b.N; {
						sent += f.round(b, min(b.N-sent, 40_000))
					}
					b.ReportMetric(float64(f.puts)/float64(b.N), "send-ns")
					b.ReportMetric(float64(f.takes)/float64(b.N), "receive+delete-ns")
				})
			}
		}
	}
}

func processorTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

type fanOutBench struct {
	sh     *store.Shard
	names  []Name
	body   string
	shared bool

	puts, takes time.Duration // of processor time
}

func newFanOutBench(b *testing.B, size, queues int, shared bool) *fanOutBench {
	f := &fanOutBench{sh: disk(b), body: strings.Repeat("x", size), shared: shared}
	for i := range queues {
		name := named(fmt.Sprint("q", i))
		f.names = append(f.names, name)
		if err := f.sh.Update(b.Context(), func(tx *store.Tx) error { return Create(tx, name, Settings{Config: standard}) }); err != nil {
			b.Fatal(err)
		}
	}
	return f
}

// round sends about n messages and takes them all.
func (f *fanOutBench) round(b *testing.B, n int) int {
	puts := max(1, n/(10*len(f.names)))
	began := processorTime()
	parallel(16, puts, func() { f.put(b) })
	sent := processorTime()
	var each sync.WaitGroup
	for _, name := range f.names {
		each.Go(func() {
			for range puts {
				f.take(b, name)
			}
		})
	}
	each.Wait()
	f.puts += sent - began
	f.takes += processorTime() - sent
	return puts * 10 * len(f.names)
}

func parallel(workers, n int, fn func()) {
	var wait sync.WaitGroup
	for w := range workers {
		wait.Go(func() {
			for i := w; i < n; i += workers {
				fn()
			}
		})
	}
	wait.Wait()
}

func (f *fanOutBench) put(b *testing.B) {
	var drafts []Draft
	for range 10 {
		in := DraftInput{Sender: "events.amazonaws.com"}
		if f.shared {
			in.Shared = &Shared{body: []byte(f.body), sum: md5.Sum([]byte(f.body))}
		}
		for range f.names {
			if !f.shared {
				in.Body, in.Sum = f.body, md5.Sum([]byte(f.body))
			}
			drafts = append(drafts, NewDraft(in))
		}
	}
	err := f.sh.Update(b.Context(), func(tx *store.Tx) error {
		for i := range drafts {
			q, err := Find(tx, f.names[i%len(f.names)])
			if err != nil {
				return err
			}
			if _, err := Send(tx, q, drafts[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Error(err)
	}
}

func (f *fanOutBench) take(b *testing.B, name Name) {
	var got []Message
	err := f.sh.Update(b.Context(), func(tx *store.Tx) error {
		q, err := Find(tx, name)
		if err == nil {
			got, err = Receive(tx, q, ReceiveInput{Max: 10})
		}
		return err
	})
	if err == nil && len(got) > 0 {
		err = f.sh.Update(b.Context(), func(tx *store.Tx) error {
			q, err := Find(tx, name)
			for i := range got {
				if err == nil {
					err = DeleteMessage(tx, q, got[i].Receipt)
				}
			}
			return err
		})
	}
	if err != nil {
		b.Error(err)
	}
}
