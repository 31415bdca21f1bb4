package queue

import (
	"context"
	"crypto/md5"
	"io"
	"log/slog"
	"strings"
	"testing"

	"github.com/carillon-events/carillon/internal/store"
)

// disk is a shard on the real file system, synced, with a queue.
func disk(b *testing.B) *store.Shard {
	s, err := store.Open(b.TempDir(), store.Options{Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error)
	go func() { ran <- s.Run(ctx) }()
	b.Cleanup(func() {
		cancel()
		<-ran
		s.Close()
	})
	if err := s.Shard(0).Update(ctx, func(tx *store.Tx) error { return Create(tx, named("q"), Settings{Config: standard}) }); err != nil {
		b.Fatal(err)
	}
	return s.Shard(0)
}

func on(sh *store.Shard, fn func(tx *store.Tx, q *Queue) error) error {
	return sh.Update(context.Background(), func(tx *store.Tx) error {
		q, err := Find(tx, named("q"))
		if err != nil {
			return err
		}
		return fn(tx, q)
	})
}

func BenchmarkSend(b *testing.B) {
	sh := disk(b)
	text := strings.Repeat("x", 1024)
	sum := md5.Sum([]byte(text))
	b.SetParallelism(32)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			d := NewDraft(DraftInput{Body: text, Sum: sum, Sender: "000000000000"})
			if err := on(sh, func(tx *store.Tx, q *Queue) error {
				_, err := Send(tx, q, d)
				return err
			}); err != nil {
				b.Error(err)
			}
		}
	})
}

// BenchmarkCycle is one message sent, received and deleted, ten at a time.
func BenchmarkCycle(b *testing.B) {
	for _, grouped := range []bool{false, true} {
		name, group := "plain", ""
		if grouped {
			name, group = "grouped", "g"
		}
		b.Run(name, func(b *testing.B) {
			sh := disk(b)
			text := strings.Repeat("x", 1024)
			send := func() error {
				var drafts [10]Draft
				for i := range drafts {
					drafts[i] = NewDraft(DraftInput{Body: text, Sender: "000000000000", Group: group})
				}
				return on(sh, func(tx *store.Tx, q *Queue) error {
					for _, d := range drafts {
						if _, err := Send(tx, q, d); err != nil {
							return err
						}
					}
					return nil
				})
			}
			for range 1000 {
				if err := send(); err != nil {
					b.Fatal(err)
				}
			}
			b.SetParallelism(16)
			b.ReportAllocs()
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for {
					for range 10 {
						if !pb.Next() {
							return
						}
					}
					if err := send(); err != nil {
						b.Error(err)
					}
					var got []Message
					if err := on(sh, func(tx *store.Tx, q *Queue) (err error) {
						got, err = Receive(tx, q, ReceiveInput{Max: 10})
						return err
					}); err != nil {
						b.Error(err)
					}
					if err := on(sh, func(tx *store.Tx, q *Queue) error {
						for _, m := range got {
							if err := DeleteMessage(tx, q, m.Receipt); err != nil {
								return err
							}
						}
						return nil
					}); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}
