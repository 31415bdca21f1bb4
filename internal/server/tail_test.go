package server

import (
	"testing"

	"github.com/carillon-events/carillon/internal/bus"
)

func TestATailHoldsSoManyEventsAndSoManyBytesForASlowReader(t *testing.T) {
	for _, c := range []struct{ size, held int }{{100, tailBuffer}, {1 << 20, tailBytes >> 20}, {tailBytes + 1, 1}} {
		all := newTails()
		one := &tail{events: make(chan bus.Accepted, tailBuffer)}
		all.add(one)
		const come = tailBuffer + 100
		event := make([]byte, c.size)
		for range come {
			all.Accepted(bus.Accepted{Event: event})
		}
		if got, missed := len(one.events), one.missed.Load(); got != c.held || missed != uint64(come-c.held) {
			t.Errorf("of %d bytes each it holds %d and missed %d", c.size, got, missed)
		}
	}
}
