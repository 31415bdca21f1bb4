package server

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// Go's collector begins when the heap has doubled. What lives in a Carillon is
// small, some ten MB, and what passes through is much, so it would begin many
// times a second, and take a tenth of the processor. With room, it begins when
// the heap has grown by that much, or doubled, whichever is later.

const (
	// DefaultHeapRoom costs as much memory as it says, and saves most of that tenth.
	DefaultHeapRoom = 256 << 20

	heapEvery      = 2 * time.Second
	standardGrowth = 100 // Go's own, in percent
	maxGrowth      = 1000
)

// keepHeapRoom sets the collector as the live heap changes, until ctx ends. It is
// a setting of the whole process: only its main program asks for it.
func keepHeapRoom(ctx context.Context, room int64) error {
	before := debug.SetGCPercent(standardGrowth)
	defer debug.SetGCPercent(before)
	if before != standardGrowth {
		debug.SetGCPercent(before) // GOGC says what is wanted
		<-ctx.Done()
		return nil
	}
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	tick := time.NewTicker(heapEvery)
	defer tick.Stop()
	for set := standardGrowth; ; {
		metrics.Read(live)
		if growth := growthFor(int64(live[0].Value.Uint64()), room); growth != set {
			debug.SetGCPercent(growth)
			set = growth
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// growthFor is by how many percent a heap of which so much lives may grow, to
// grow by room.
func growthFor(live, room int64) int {
	if live <= 0 {
		return standardGrowth // no collection yet
	}
	// In steps, so that it is not set anew all the time.
	growth := int(min(room*100/live, maxGrowth)) / 25 * 25
	return max(growth, standardGrowth)
}
