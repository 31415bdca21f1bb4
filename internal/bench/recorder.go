package bench

import (
	"errors"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Counts is what was done so far.
type Counts struct {
	Requests   int64  // answered with success
	Messages   int64  // sent, or received and deleted
	Errors     int64  // requests that were not
	FirstError string // what the first of them was answered

	Missing    int64 // messages acknowledged and never received
	Duplicates int64 // messages received again although nobody had let go of them
}

// recorder gathers what all connections see. One lock is enough: the loader
// runs on few threads, and holds it for some nanoseconds.
type recorder struct {
	mu      sync.Mutex
	counts  Counts
	latency *hdrhistogram.Histogram // of a request; of a cycle or a journey where the scenario says so
	ack     *hdrhistogram.Histogram // end to end only: of the send
	elapsed time.Duration
}

func newRecorder() *recorder { return &recorder{latency: newHistogram(), ack: newHistogram()} }

// Latencies are kept from a microsecond to a minute with three digits.
func newHistogram() *hdrhistogram.Histogram {
	return hdrhistogram.New(int64(time.Microsecond), int64(time.Minute), 3)
}

// done counts requests that together took so long and moved so many messages.
func (r *recorder) done(took time.Duration, requests, messages int) {
	r.mu.Lock()
	r.counts.Requests += int64(requests)
	r.counts.Messages += int64(messages)
	record(r.latency, took)
	r.mu.Unlock()
}

// request is done for one request: what load calls.
func (r *recorder) request(took time.Duration, messages int) { r.done(took, 1, messages) }

// acknowledged counts a send whose message is still to arrive.
func (r *recorder) acknowledged(took time.Duration, _ int) {
	r.mu.Lock()
	r.counts.Requests++
	record(r.ack, took)
	r.mu.Unlock()
}

func record(h *hdrhistogram.Histogram, took time.Duration) {
	// A value beyond the histogram is its maximum, not an error.
	_ = h.RecordValue(int64(min(max(took, time.Microsecond), time.Minute)))
}

func (r *recorder) failed(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counts.Errors++
	if r.counts.FirstError == "" {
		r.counts.FirstError = err.Error()
	}
}

func (r *recorder) lost(missing, duplicates int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counts.Missing += missing
	r.counts.Duplicates += duplicates
}

func (r *recorder) ran(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.elapsed += d
}

func (r *recorder) so() (Counts, time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.counts, r.elapsed
}

// errPartial is an answer 200 that says that a part of the batch failed.
var errPartial = errors.New("a part of the batch failed")
