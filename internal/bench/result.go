package bench

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Result is one measurement. Times are in milliseconds, rates per second.
type Result struct {
	Scenario    string  `json:"scenario"`
	Connections int     `json:"connections"`
	Size        int     `json:"size"`
	Batch       int     `json:"batch,omitempty"`
	Rate        int     `json:"rate,omitempty"`
	Fill        int     `json:"fill,omitempty"`
	Seconds     float64 `json:"seconds"`

	Requests          int64   `json:"requests"`
	Messages          int64   `json:"messages"`
	RequestsPerSecond float64 `json:"requestsPerSecond"`
	MessagesPerSecond float64 `json:"messagesPerSecond"`
	Latency           Latency `json:"latencyMs"`

	Ack  *Latency `json:"ackLatencyMs,omitempty"` // end to end: of the send alone
	Echo *Echo    `json:"echo,omitempty"`

	Errors     int64  `json:"errors"`
	FirstError string `json:"firstError,omitempty"`
	Missing    int64  `json:"missing"`
	Duplicates int64  `json:"duplicates"`

	// CPU time for each second of the measurement: 1 is one core. Absent where
	// it is not known.
	ServerCPU    *float64 `json:"serverCpu,omitempty"`
	LoaderCPU    *float64 `json:"loaderCpu,omitempty"`
	ServerMicros *float64 `json:"serverMicrosPerRequest,omitempty"`
	LoaderMicros *float64 `json:"loaderMicrosPerRequest,omitempty"`
	PeakRSS      int64    `json:"serverPeakRssBytes,omitempty"` // since the server's start

	// AckPerFdatasync is the median latency as a multiple of the disk's
	// fdatasync, where that was measured.
	AckPerFdatasync *float64 `json:"ackPerFdatasync,omitempty"`
}

// Latency is a distribution, in milliseconds.
type Latency struct {
	Mean float64 `json:"mean"`
	P50  float64 `json:"p50"`
	P90  float64 `json:"p90"`
	P99  float64 `json:"p99"`
	P999 float64 `json:"p99.9"`
	Max  float64 `json:"max"`
}

// Echo is the same load on the bare echo server.
type Echo struct {
	RequestsPerSecond float64  `json:"requestsPerSecond"`
	Latency           Latency  `json:"latencyMs"`
	Errors            int64    `json:"errors"`
	ServerMicros      *float64 `json:"serverMicrosPerRequest,omitempty"`
	Ratio             float64  `json:"ratio"` // the server's rate by the echo's
}

// Sound says that everything that was asked for happened, once.
func (r *Result) Sound() bool {
	return r.Errors == 0 && r.Missing == 0 && r.Duplicates == 0 && (r.Echo == nil || r.Echo.Errors == 0)
}

func (m *measurement) result() Result {
	so, elapsed := m.server.so()
	o := m.o
	r := Result{
		Scenario: o.Scenario, Connections: o.Connections, Size: o.Size, Batch: o.Batch, Rate: o.Rate, Fill: o.Fill,
		Seconds: elapsed.Seconds(), Requests: so.Requests, Messages: so.Messages,
		RequestsPerSecond: perSecond(so.Requests, elapsed), MessagesPerSecond: perSecond(so.Messages, elapsed),
		Latency: latencyOf(m.server.latency),
		Errors:  so.Errors, FirstError: so.FirstError, Missing: so.Missing, Duplicates: so.Duplicates,
		PeakRSS: m.peakRSS,
	}
	if m.server.ack.TotalCount() > 0 {
		ack := latencyOf(m.server.ack)
		r.Ack = &ack
	}
	if m.server.cpu.known {
		r.ServerCPU = ratio(m.server.cpu.server.Seconds(), elapsed.Seconds())
		r.ServerMicros = micros(m.server.cpu.server, so.Requests)
	}
	if m.server.cpu.loader > 0 {
		r.LoaderCPU = ratio(m.server.cpu.loader.Seconds(), elapsed.Seconds())
		r.LoaderMicros = micros(m.server.cpu.loader, so.Requests)
	}
	if o.Echo != "" {
		r.Echo = m.echoResult(r.RequestsPerSecond)
	}
	return r
}

func (m *measurement) echoResult(server float64) *Echo {
	so, elapsed := m.echo.so()
	e := &Echo{RequestsPerSecond: perSecond(so.Requests, elapsed), Latency: latencyOf(m.echo.latency), Errors: so.Errors}
	if e.RequestsPerSecond > 0 {
		e.Ratio = server / e.RequestsPerSecond
	}
	if m.echo.cpu.known {
		e.ServerMicros = micros(m.echo.cpu.server, so.Requests)
	}
	return e
}

func perSecond(n int64, d time.Duration) float64 {
	if d <= 0 {
		return 0
	}
	return float64(n) / d.Seconds()
}

func ratio(a, b float64) *float64 {
	if b <= 0 {
		return nil
	}
	r := a / b
	return &r
}

func micros(d time.Duration, n int64) *float64 {
	return ratio(float64(d)/float64(time.Microsecond), float64(n))
}

func latencyOf(h *hdrhistogram.Histogram) Latency {
	ms := func(ns int64) float64 { return float64(ns) / float64(time.Millisecond) }
	at := func(q float64) float64 { return ms(h.ValueAtQuantile(q)) }
	return Latency{
		Mean: h.Mean() / float64(time.Millisecond),
		P50:  at(50), P90: at(90), P99: at(99), P999: at(99.9), Max: ms(h.Max()),
	}
}
