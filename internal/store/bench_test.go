package store

import (
	"context"
	"encoding/binary"
	"runtime"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

func BenchmarkUpdate(b *testing.B) {
	for _, keys := range []int{1, 3} {
		for _, callers := range []int{1, 64, 1024} {
			b.Run("keys="+strconv.Itoa(keys)+"/callers="+strconv.Itoa(callers), func(b *testing.B) {
				benchmarkUpdate(b, callers, keys)
			})
		}
	}
}

func benchmarkUpdate(b *testing.B, callers, keys int) {
	sh := openTest(b, Options{FS: vfs.Default})
	value := make([]byte, 1024)
	var seq atomic.Uint64
	if callers > 1 {
		b.SetParallelism(max(1, callers/runtime.GOMAXPROCS(0)))
	}
	b.ReportAllocs()
	before := cpuTime(b)
	defer func() { b.ReportMetric(float64(cpuTime(b)-before)/float64(b.N), "cpu-ns/op") }()
	work := func(next func() bool) {
		key := make([]byte, 9)
		fn := func(tx *Tx) error {
			for k := range keys {
				key[0] = byte(k)
				v := value
				if k > 0 {
					v = v[:16]
				}
				if err := tx.Set(key, v); err != nil {
					return err
				}
			}
			return nil
		}
		for next() {
			binary.BigEndian.PutUint64(key[1:], seq.Add(1))
			if err := sh.Update(context.Background(), fn); err != nil {
				b.Error(err)
			}
		}
	}
	if callers == 1 {
		work(b.Loop)
		return
	}
	b.RunParallel(func(pb *testing.PB) { work(pb.Next) })
}

// cpuTime is what the process has used; unlike the time, it does not depend on
// what else the machine does.
func cpuTime(b *testing.B) int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}
