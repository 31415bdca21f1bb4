package server

import "testing"

func TestASmallHeapMayGrowByItsRoomAndALargeOneDoubles(t *testing.T) {
	const room = 256 << 20
	for live, want := range map[int64]int{0: 100, 1 << 20: 1000, 64 << 20: 400, 100 << 20: 250, 256 << 20: 100, 4 << 30: 100} {
		if got := growthFor(live, room); got != want {
			t.Errorf("%d MB live: %d percent, want %d", live>>20, got, want)
		}
	}
	if got := growthFor(10<<20, 0); got != 100 {
		t.Errorf("no room: %d percent", got)
	}
}
