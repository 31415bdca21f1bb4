package bench

import (
	"errors"
	"os"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/carillon-events/carillon/internal/bench/child"
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

	// What the clock saw while it ran: nothing of the preparations.
	server  int // process; 0: unknown
	elapsed time.Duration
	cpu     cpu
}

// cpu is processor time.
type cpu struct {
	server, loader time.Duration
	known          bool // the server's
}

func newRecorder(server int) *recorder {
	return &recorder{latency: newHistogram(), ack: newHistogram(), server: server}
}

// clock starts the clock; stop adds what has passed.
func (r *recorder) clock() (stop func()) {
	server, known := child.UsageOf(r.server)
	loader, _ := child.UsageOf(os.Getpid())
	begin := time.Now()
	return func() {
		took := time.Since(begin)
		serverNow, still := child.UsageOf(r.server)
		loaderNow, _ := child.UsageOf(os.Getpid())
		r.mu.Lock()
		defer r.mu.Unlock()
		r.elapsed += took
		r.cpu.loader += loaderNow.CPU - loader.CPU
		if known && still {
			r.cpu.server += serverNow.CPU - server.CPU
			r.cpu.known = true
		}
	}
}

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

func (r *recorder) so() (Counts, time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.counts, r.elapsed
}

// errPartial is an answer 200 that says that a part of the batch failed.
var errPartial = errors.New("a part of the batch failed")
