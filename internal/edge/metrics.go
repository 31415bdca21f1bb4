package edge

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics of the edge. Labels are bounded: operations are those of the tables,
// everything else is "other".
type metrics struct {
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	inFlight prometheus.Gauge

	codesMu sync.Mutex // guards codes
	codes   map[string]bool
}

const (
	labelOther = "other"
	labelOK    = "OK"
	maxCodes   = 200
)

func newMetrics(r *prometheus.Registry) *metrics {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "carillon_requests_total",
			Help: "AWS API requests answered, by service, operation and error code (OK where there was none).",
		}, []string{"service", "operation", "code"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "carillon_request_seconds",
			Help:    "Time from the request's headers to its answer. ReceiveMessage includes its waiting.",
			Buckets: []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 20, 30},
		}, []string{"service", "operation"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "carillon_requests_in_flight",
			Help: "Requests being worked on, waiting long polls among them.",
		}),
		codes: map[string]bool{},
	}
	r.MustRegister(m.requests, m.seconds, m.inFlight)
	return m
}

// observed is an operation's own metrics, looked up once.
type observed struct {
	metrics            *metrics
	service, operation string

	once    sync.Once
	good    prometheus.Counter
	latency prometheus.Observer
}

func (o *observed) ok(took time.Duration) {
	o.once.Do(func() {
		o.good = o.metrics.requests.WithLabelValues(o.service, o.operation, labelOK)
		o.latency = o.metrics.seconds.WithLabelValues(o.service, o.operation)
	})
	o.good.Inc()
	o.latency.Observe(took.Seconds())
}

// failed counts an error.
func (m *metrics) failed(r *route, code string, took time.Duration) {
	service, operation := labelOther, labelOther
	if r.service != nil {
		service = r.service.Name
	}
	if r.entry != nil {
		operation = r.entry.operation.Name
		m.seconds.WithLabelValues(service, operation).Observe(took.Seconds())
	}
	m.requests.WithLabelValues(service, operation, m.label(code)).Inc()
}

// label is code, as long as there are not too many of them.
func (m *metrics) label(code string) string {
	m.codesMu.Lock()
	defer m.codesMu.Unlock()
	if !m.codes[code] {
		if len(m.codes) >= maxCodes {
			return labelOther
		}
		m.codes[code] = true
	}
	return code
}
