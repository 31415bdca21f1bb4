package server

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/meter"
	"github.com/carillon-events/carillon/internal/store"
)

// other is every label of those that have no time series of their own.
const other = "other"

// meters is a prometheus.Collector of what happens to events and deliveries, by
// bus, rule and target, and to messages, by topic.
type meters struct {
	book    *meter.Book
	buses   []metric[meter.BusCounts]
	rules   []metric[meter.RuleCounts]
	targets []metric[meter.TargetCounts]
	topics  []metric[meter.TopicCounts]
	waiting *prometheus.Desc
	age     *prometheus.Desc

	filtered *prometheus.Desc
}

// metric is one number of a T.
type metric[T any] struct {
	desc  *prometheus.Desc
	value func(T) uint64
}

func newMeters(book *meter.Book) *meters {
	bus := []string{"account", "region", "bus"}
	rule := append(bus[:3:3], "rule")
	target := append(rule[:4:4], "target")
	topic := []string{"account", "region", "topic"}
	desc := func(name, help string, labels []string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, labels, nil)
	}
	type (
		b = meter.BusCounts
		r = meter.RuleCounts
		t = meter.TargetCounts
		m = meter.TopicCounts
	)
	return &meters{
		book: book,
		buses: []metric[b]{
			{desc("carillon_bus_events_total", "Events that the bus accepted, replayed and forwarded ones among them.", bus), func(c b) uint64 { return c.Accepted }},
			{desc("carillon_bus_matched_events_total", "Events that at least one rule of the bus matched.", bus), func(c b) uint64 { return c.Matched }},
			{desc("carillon_bus_unmatched_events_total", "Events that no rule of the bus matched.", bus), func(c b) uint64 { return c.Unmatched }},
		},
		rules: []metric[r]{
			{desc("carillon_rule_matched_events_total", "Events that the rule matched, or made on its schedule.", rule), func(c r) uint64 { return c.Matched }},
		},
		targets: []metric[t]{
			{desc("carillon_target_deliveries_total", "Deliveries that the target took, at once or later.", target), func(c t) uint64 { return c.Delivered }},
			{desc("carillon_target_deliveries_kept_total", "Deliveries that could not be applied at once and went into the outbox.", target), func(c t) uint64 { return c.Kept }},
			{desc("carillon_target_retries_total", "Attempts after the first.", target), func(c t) uint64 { return c.Retried }},
			{desc("carillon_target_deliveries_dead_lettered_total", "Deliveries given up whose event is in the target's dead-letter queue.", target), func(c t) uint64 { return c.DeadLettered }},
			{desc("carillon_target_deliveries_dropped_total", "Deliveries given up, with nothing left of them.", target), func(c t) uint64 { return c.Dropped }},
		},
		topics: []metric[m]{
			{desc("carillon_topic_publishes_total", "Messages that the topic accepted.", topic), func(c m) uint64 { return c.Published }},
			{desc("carillon_topic_published_bytes_total", "Bytes of the text of messages that the topic accepted.", topic), func(c m) uint64 { return c.Bytes }},
			{desc("carillon_topic_notifications_delivered_total", "Messages times the subscriptions that have got them.", topic), func(c m) uint64 { return c.Delivered }},
			{desc("carillon_topic_notification_retries_total", "Attempts after the first.", topic), func(c m) uint64 { return c.Retried }},
			{desc("carillon_topic_notifications_dead_lettered_total", "Deliveries given up whose message is in the subscription's dead-letter queue.", topic), func(c m) uint64 { return c.DeadLettered }},
			{desc("carillon_topic_notifications_dropped_total", "Deliveries given up, with nothing left of them.", topic), func(c m) uint64 { return c.Dropped }},
		},
		filtered: desc("carillon_topic_notifications_filtered_out_total", "Messages times the subscriptions whose filter policies they did not pass, by why.", append(topic[:3:3], "reason")),
		waiting:  desc("carillon_target_deliveries_waiting", "Deliveries in the outbox. Not there until those of before the start are counted.", target),
		age: desc("carillon_target_delivery_age_seconds",
			"Age of the event when the target took it: from acceptance to delivery; 0 for what is delivered in the commit that accepts it.", target),
	}
}

// Describe implements prometheus.Collector.
func (m *meters) Describe(out chan<- *prometheus.Desc) {
	for _, c := range m.buses {
		out <- c.desc
	}
	for _, c := range m.rules {
		out <- c.desc
	}
	for _, c := range m.targets {
		out <- c.desc
	}
	for _, c := range m.topics {
		out <- c.desc
	}
	out <- m.waiting
	out <- m.age
	out <- m.filtered
}

// Collect implements prometheus.Collector.
func (m *meters) Collect(out chan<- prometheus.Metric) {
	s := m.book.Snapshot()
	for _, c := range s.Buses {
		labels := []string{other, other, other}
		if !c.Other {
			labels = []string{c.Key.Account, c.Key.Region, c.Key.Bus}
		}
		collect(out, m.buses, c, labels)
	}
	for _, c := range s.Rules {
		collect(out, m.rules, c, ruleLabels(c.Rule, c.Other))
	}
	m.collectTopics(out, s.Topics)
	for _, c := range s.Targets {
		target := c.Target
		if c.Other {
			target = other
		}
		labels := append(ruleLabels(c.Rule, c.Other), target)
		collect(out, m.targets, c, labels)
		if s.Counted {
			out <- prometheus.MustNewConstMetric(m.waiting, prometheus.GaugeValue, float64(c.Waiting), labels...)
		}
		buckets := make(map[float64]uint64, len(meter.Bounds))
		for i, n := range c.Ages.Counts {
			buckets[meter.Bounds[i].Seconds()] = n
		}
		out <- prometheus.MustNewConstHistogram(m.age, c.Ages.Count, c.Ages.Sum.Seconds(), buckets, labels...)
	}
}

// collectTopics collects what there is of topics.
func (m *meters) collectTopics(out chan<- prometheus.Metric, topics []meter.TopicCounts) {
	for _, c := range topics {
		labels := []string{other, other, other}
		if !c.Other {
			labels = []string{c.Key.Account, c.Key.Region, c.Key.Topic}
		}
		collect(out, m.topics, c, labels)
		for reason, n := range c.Filtered {
			out <- prometheus.MustNewConstMetric(m.filtered, prometheus.CounterValue, float64(n), append(labels[:3:3], meter.Filters[reason])...)
		}
	}
}

func collect[T any](out chan<- prometheus.Metric, metrics []metric[T], c T, labels []string) {
	for _, m := range metrics {
		out <- prometheus.MustNewConstMetric(m.desc, prometheus.CounterValue, float64(m.value(c)), labels...)
	}
}

// ruleLabels is account, region, bus and name of a rule.
func ruleLabels(text string, isOther bool) []string {
	a, err := arn.Parse(text)
	bus, name, ok := a.RuleName()
	if isOther || err != nil || !ok {
		return []string{other, other, other, other}
	}
	return []string{a.Account, a.Region, bus, name}
}

// countWaiting counts what waits in the outbox from before the start, beside
// everything else: there may be millions. It returns when nothing that is sent
// from now on can be counted twice.
func (r *Running) countWaiting(outbox *delivery.Outbox) {
	opened := make(chan struct{})
	r.start("count of the outbox", func(ctx context.Context) error {
		began := time.Now()
		err := r.store.Shard(0).View(func(v *store.View) error {
			close(opened)
			return outbox.CountWaiting(ctx, v)
		})
		if err != nil {
			r.log.Warn("metrics go without what waits for targets", "error", err)
			select {
			case <-opened:
			default:
				close(opened)
			}
		} else {
			r.log.Debug("outbox counted", "took", time.Since(began))
		}
		<-ctx.Done() // a part that ends is a failure
		return nil
	})
	<-opened
}
