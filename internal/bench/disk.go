package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// syncBlock is what is written before each fdatasync: what a small commit is.
const syncBlock = 4096

// Fdatasync measures how long the disk under dir takes to make 4 KB durable:
// one writer, one block after the other into a file that is already allocated,
// as a database writes its log. Where there is no fdatasync it is a fsync.
func Fdatasync(ctx context.Context, dir string, d time.Duration) (Latency, error) {
	l, err := fdatasync(ctx, dir, d)
	if err != nil {
		return Latency{}, fmt.Errorf("measure fdatasync in %s: %w", dir, err)
	}
	return l, nil
}

func fdatasync(ctx context.Context, dir string, d time.Duration) (Latency, error) {
	f, err := os.Create(filepath.Join(dir, "fdatasync.tmp"))
	if err != nil {
		return Latency{}, err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	const blocks = 4096
	for at := int64(0); at < blocks*syncBlock; at += 1 << 20 {
		if _, err := f.WriteAt(prose()[:1<<20], at); err != nil {
			return Latency{}, err
		}
	}
	if err := f.Sync(); err != nil {
		return Latency{}, err
	}
	h := newHistogram()
	for begin, i := time.Now(), int64(0); time.Since(begin) < d && ctx.Err() == nil; i++ {
		start := time.Now()
		if _, err := f.WriteAt(prose()[i%256*syncBlock:][:syncBlock], i%blocks*syncBlock); err != nil {
			return Latency{}, err
		}
		if err := syncData(f); err != nil {
			return Latency{}, err
		}
		record(h, time.Since(start))
	}
	return latencyOf(h), ctx.Err()
}
