// Package bench is the load that `carillon bench` makes: signed requests over
// raw keep-alive connections, and what became of them.
//
// It owns the loader, its scenarios and their reports. The loader shares the
// machine with the server that it measures, so it must be the lighter of the
// two: requests are preformatted, a signature costs its hashes only, and of an
// answer it reads the status, the length and the body. It uses no AWS SDK and
// no net/http client, works against any endpoint that speaks the AWS APIs, and
// knows nothing of Carillon's insides.
//
// Invariants:
//
//   - A figure is never better than the truth: an answer that is not a success
//     is an error and is not counted as work done, and a message that comes
//     twice or never is reported.
//   - The signature is real and differs with every body.
//   - What a scenario creates it removes, also after an error.
package bench

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Options is one measurement: one scenario at one number of connections.
type Options struct {
	Scenario    string
	Target      Target
	Connections int
	Duration    time.Duration
	Rounds      int  // what Duration is cut into, with the echo server in between
	Size        int  // bytes of a message's body or of an event's detail
	Batch       int  // messages or events in one request, where the scenario batches
	Rate        int  // requests a second over all connections; 0: as fast as answers come
	Fill        int  // messages in the queue before the measurement
	Rules       int  // of put-events and events-end-to-end: at least so many on the bus
	Queues      int  // of put-events and sns-publish: that every event or message goes to; 1 where 0
	Raw         bool // of sns-publish: queues get the message alone

	// Echo is an address that answers what EchoServer answers; empty: none.
	Echo string

	// Watch samples what runs; a zero Watch reports no CPU time.
	Watch Watch

	// Patience is how long messages may stay away before they count as missing;
	// 0: five seconds.
	Patience time.Duration

	// Progress is called about once a second; nil: never.
	Progress func(done time.Duration, so Counts)
}

// A session is a scenario that is prepared and can be measured in rounds.
type session interface {
	// measure runs for d against t and records into rec. t is the target that
	// the session was opened on, or an echo that answers what sample answered.
	// An error ends the measurement.
	measure(ctx context.Context, t Target, d time.Duration, rec *recorder) error
	// close removes what the session created and adds what only the end can
	// tell (messages missing, seen twice).
	close(ctx context.Context, rec *recorder) error
}

// A sampler is a session whose requests are alike, and so are their answers:
// an echo of them is a fair comparison.
type sampler interface {
	// sample sends one such request and returns the answer's body.
	sample(ctx context.Context) ([]byte, error)
}

// at is the same options at another target.
func (o Options) at(t Target) Options {
	o.Target = t
	return o
}

// A scenario is a kind of load by name.
type scenario struct {
	name, about string
	batches     bool // sends Options.Batch in one request
	echoes      bool // its session is a sampler
	open        func(ctx context.Context, o Options) (session, error)
}

var scenarios = []scenario{
	{name: "sqs-send", about: "SendMessage", echoes: true, open: openSend},
	{name: "sqs-send-batch", about: "SendMessageBatch", batches: true, echoes: true, open: openSendBatch},
	{name: "sqs-receive-delete", about: "ReceiveMessage, then DeleteMessageBatch, until the queue is empty", batches: true, open: openDrain},
	{name: "sqs-end-to-end", about: "SendMessage at --rate until a waiting long poll has the message", open: openEndToEnd},
	{name: "events-end-to-end", about: "PutEvents at --rate, through a rule, until a waiting long poll has the event", open: openEventsEndToEnd},
	{name: "put-events", about: "PutEvents on a bus with --rules rules, into --queues queues; msg/s are deliveries", batches: true, echoes: true, open: openPutEvents},
	{name: "sns-publish", about: "Publish to a topic with --queues queues; msg/s are deliveries", echoes: true, open: openPublish},
	{name: "sns-publish-batch", about: "PublishBatch, likewise", batches: true, echoes: true, open: openPublishBatch},
}

// Scenarios is every scenario's name, and what it does.
func Scenarios() (names, about []string) {
	for _, s := range scenarios {
		names, about = append(names, s.name), append(about, s.about)
	}
	return names, about
}

func find(name string) (scenario, error) {
	i := slices.IndexFunc(scenarios, func(s scenario) bool { return s.name == name })
	if i < 0 {
		names, _ := Scenarios()
		return scenario{}, fmt.Errorf("there is no scenario %q: the scenarios are %s", name, strings.Join(names, ", "))
	}
	return scenarios[i], nil
}

// CanEcho says whether a scenario can be compared with an echo of itself.
func CanEcho(name string) bool {
	s, err := find(name)
	return err == nil && s.echoes
}
