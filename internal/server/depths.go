package server

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/carillon-events/carillon/internal/queue"
	"github.com/carillon-events/carillon/internal/store"
)

const (
	// maxDepths bounds how many queues have time series of their own: the deepest.
	maxDepths = 100
	// depthsFor is how long an answer is good for: however many ask, the writer
	// is asked this often.
	depthsFor = 2 * time.Second
	// depthsWithin bounds one look. A scrape that finds no time shows no queues.
	depthsWithin = 2 * time.Second
)

// depths is a prometheus.Collector of what the queues hold. Each queue is
// looked at in a transaction of its own, so that nobody waits for all of them.
type depths struct {
	shard *store.Shard
	log   *slog.Logger
	all   [2]*prometheus.Desc // queues, messages
	each  [2]*prometheus.Desc // messages by state, age

	mu   sync.Mutex
	at   time.Time
	last []prometheus.Metric
}

func newDepths(shard *store.Shard, log *slog.Logger) *depths {
	queue := []string{"account", "region", "queue"}
	return &depths{
		shard: shard, log: log,
		all: [2]*prometheus.Desc{
			prometheus.NewDesc("carillon_queues", "Queues.", nil, nil),
			prometheus.NewDesc("carillon_messages", "Messages in all queues.", nil, nil),
		},
		each: [2]*prometheus.Desc{
			prometheus.NewDesc("carillon_queue_messages", "Messages of a queue: ready, in_flight (received, not deleted) or delayed. The 100 queues with the most messages only.",
				append(queue, "state"), nil),
			prometheus.NewDesc("carillon_queue_oldest_message_age_seconds", "Age of the message that has yet to be received for the first time and comes next. The 100 queues with the most messages only.",
				queue, nil),
		},
	}
}

// Describe implements prometheus.Collector.
func (d *depths) Describe(out chan<- *prometheus.Desc) {
	for _, desc := range append(d.all[:], d.each[:]...) {
		out <- desc
	}
}

// Collect implements prometheus.Collector.
func (d *depths) Collect(out chan<- prometheus.Metric) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if time.Since(d.at) >= depthsFor {
		ctx, cancel := context.WithTimeout(context.Background(), depthsWithin)
		defer cancel()
		found, err := d.look(ctx)
		if err != nil {
			d.log.Debug("metrics go without queues", "error", err)
		}
		d.last, d.at = found, time.Now()
	}
	for _, m := range d.last {
		out <- m
	}
}

func (d *depths) look(ctx context.Context) (found []prometheus.Metric, err error) {
	var census queue.Census
	err = d.shard.Update(ctx, func(tx *store.Tx) (err error) {
		census, err = queue.TakeCensus(tx, maxDepths)
		return err
	})
	if err != nil {
		return nil, err
	}
	gauge := func(desc *prometheus.Desc, value float64, labels ...string) {
		found = append(found, prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...))
	}
	gauge(d.all[0], float64(census.Queues))
	gauge(d.all[1], float64(census.Messages))
	for _, n := range census.Deepest {
		if ctx.Err() != nil {
			return found, ctx.Err()
		}
		depth, age, err := d.depth(ctx, n)
		if errors.Is(err, queue.ErrNotFound) { // deleted meanwhile
			continue
		}
		if err != nil {
			return found, err
		}
		gauge(d.each[0], float64(depth.Ready), n.Account, n.Region, n.Name, "ready")
		gauge(d.each[0], float64(depth.InFlight), n.Account, n.Region, n.Name, "in_flight")
		gauge(d.each[0], float64(depth.Delayed), n.Account, n.Region, n.Name, "delayed")
		gauge(d.each[1], age.Seconds(), n.Account, n.Region, n.Name)
	}
	return found, nil
}

func (d *depths) depth(ctx context.Context, n queue.Name) (depth queue.Depth, age time.Duration, err error) {
	err = d.shard.Update(ctx, func(tx *store.Tx) error {
		q, err := queue.Find(tx, n)
		if err != nil {
			return err
		}
		if depth, err = q.Depth(tx); err != nil {
			return err
		}
		if age = 0; !depth.OldestAt.IsZero() {
			age = max(0, tx.Now().Sub(depth.OldestAt))
		}
		return nil
	})
	return depth, age, err
}
