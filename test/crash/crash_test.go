package crash

import (
	"context"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"
)

// load is a kind of traffic, with its own ledger.
type load interface {
	// load starts traffic in wg that ends with ctx. Requests may fail.
	load(ctx context.Context, t *testing.T, wg *sync.WaitGroup)
	// drain empties its queues and compares them with the ledger.
	drain(ctx context.Context, t *testing.T)
}

func TestNothingAcknowledgedIsLostWhenTheProcessIsKilled(t *testing.T) {
	more := campaign(t)
	c := newChild(t)
	c.start(t)
	loads := []load{newFIFO(c, t), newFanOut(c, t), newHook(c, t), newReplays(c, t), newCrowd(c, t), newHistory(c, t), newAudited(c)}
	for _, name := range []string{"apples", "pears", "plums"} {
		loads = append(loads, newQueue(c, t, name))
	}

	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	defer func() { cancel(); wg.Wait() }()
	for _, l := range loads {
		l.load(ctx, t, &wg)
	}
	kills, ends := 0, 0
	for started := time.Now(); more(kills, started) && !t.Failed(); {
		pause(ctx, time.Duration(30+rand.IntN(1200))*time.Millisecond)
		if (kills+ends)%10 == 2 {
			c.end(t)
			ends++
		} else {
			c.kill()
			kills++
		}
		c.start(t)
		c.wantChain(ctx, t)
	}
	pause(ctx, 500*time.Millisecond)
	cancel()
	wg.Wait()
	t.Logf("%d kills, %d orderly ends", kills, ends)
	drain(t, loads)
	c.end(t)
	c.verify(t)
}

func drain(t *testing.T, loads []load) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	var wg sync.WaitGroup
	for _, l := range loads {
		wg.Go(func() { l.drain(ctx, t) })
	}
	wg.Wait()
}

// campaign says whether to go on.
func campaign(t *testing.T) (more func(kills int, started time.Time) bool) {
	t.Helper()
	if s := os.Getenv("CARILLON_SOAK"); s != "" {
		length, err := time.ParseDuration(s)
		if err != nil {
			t.Fatal("CARILLON_SOAK:", err)
		}
		return func(_ int, started time.Time) bool { return time.Since(started) < length }
	}
	most := 10
	if s := os.Getenv("CARILLON_CRASH_KILLS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal("CARILLON_CRASH_KILLS:", err)
		}
		most = n
	}
	if testing.Short() {
		most = min(most, 3)
	}
	return func(kills int, _ time.Time) bool { return kills < most }
}
