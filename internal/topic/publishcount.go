package topic

import "sync/atomic"

// PublishCounts are what happened to messages since the start. A group of
// transactions that the store threw away counts too.
type PublishCounts struct {
	Published uint64 // messages
	Repeated  uint64 // acknowledged as repeats, and not sent again
	Kept      uint64 // left to the fan-out
	GoneOut   uint64 // of these, those that all have
	Matched   uint64 // pairs of message and subscription that a delivery was made for
	Replayed  uint64 // deliveries of messages that were sent again from an archive
}

type publishCounts struct{ published, repeated, kept, goneOut, matched, replayed atomic.Uint64 }

// Counts is what happened so far.
func (c *Core) Counts() PublishCounts {
	n := &c.counts
	return PublishCounts{n.published.Load(), n.repeated.Load(), n.kept.Load(), n.goneOut.Load(), n.matched.Load(), n.replayed.Load()}
}
