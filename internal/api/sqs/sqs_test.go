package sqs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"testing"

	"github.com/carillon-events/carillon/internal/queue"
	"github.com/carillon-events/carillon/internal/store/storetest"
	"github.com/carillon-events/carillon/internal/timer"
	"github.com/carillon-events/carillon/internal/wire"
)

// api is SQS over a store in memory, called as the edge calls it.
type api struct {
	t       testing.TB
	store   *storetest.Store
	service *wire.Service
	call    wire.Call // what each call is made with
}

func start(t testing.TB) *api { return startWith(t, queue.Limits{}) }

func startWith(t testing.TB, limits queue.Limits) *api {
	t.Helper()
	s := storetest.Open(t)
	a := &api{t: t, store: s, call: wire.Call{
		Service: "sqs", Account: "111122223333", Region: "eu-west-1", BaseURL: "http://127.0.0.1:4566",
	}}
	a.service = New(Options{Shard: s.Shard, Key: [32]byte{1}, Limits: limits})
	loop := &timer.Loop{
		Shard: s.Shard, Logger: slog.New(slog.DiscardHandler),
		Handlers: map[timer.Kind]timer.Handler{timer.QueueSweep: queue.Sweep, timer.QueueMove: queue.StepMove},
	}
	ctx, stop := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- loop.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ran; err != nil {
			t.Error(err)
		}
	})
	return a
}

// answer is an operation's, decoded.
type answer map[string]any

// text is the member at a path of names and indices.
func (a answer) text(path ...any) string {
	v := a.at(path...)
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

func (a answer) at(path ...any) any {
	var v any = map[string]any(a)
	for _, p := range path {
		switch p := p.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[p]
		case int:
			l, _ := v.([]any)
			if p >= len(l) {
				return nil
			}
			v = l[p]
		}
	}
	return v
}

func (a answer) count(path ...any) int {
	l, _ := a.at(path...).([]any)
	return len(l)
}

// in is a request.
type in map[string]any

// try calls an operation.
func (a *api) try(ctx context.Context, operation string, body in) (answer, error) {
	a.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		a.t.Fatal(err)
	}
	op := a.service.Operations[operation]
	if op == nil {
		a.t.Fatalf("no operation %s", operation)
	}
	call := a.call
	call.Operation = operation
	out, err := op.JSON(ctx, &call, text, nil)
	if err != nil {
		return nil, err
	}
	var v answer
	if err := json.Unmarshal(out, &v); err != nil {
		a.t.Fatalf("%s answers %q: %v", operation, out, err)
	}
	return v, nil
}

// do is try for a call that succeeds.
func (a *api) do(operation string, body in) answer {
	a.t.Helper()
	v, err := a.try(context.Background(), operation, body)
	if err != nil {
		a.t.Fatalf("%s %v: %v", operation, body, err)
	}
	return v
}

// query is do in the other protocol. The answer is XML.
func (a *api) query(operation string, form url.Values) (string, error) {
	call := a.call
	call.Operation = operation
	out, err := a.service.Operations[operation].Query(context.Background(), &call, form, nil)
	return string(out), err
}

// refused calls an operation that must fail, with this code and sentence.
func (a *api) refused(operation string, body in, code, message string) {
	a.t.Helper()
	v, err := a.try(context.Background(), operation, body)
	var e *wire.Error
	if !errors.As(err, &e) {
		a.t.Errorf("%s %.200v\nanswers %v, %v\nwant    %s: %s", operation, body, v, err, code, message)
		return
	}
	if e.Code != code || e.Message != message {
		a.t.Errorf("%s %.200v\nfails with %s\nwant       %s: %s", operation, body, err, code, message)
	}
}

func (a *api) url(name string) string { return a.call.BaseURL + "/" + a.call.Account + "/" + name }

func (a *api) arn(name string) string {
	return "arn:aws:sqs:" + a.call.Region + ":" + a.call.Account + ":" + name
}

// queue creates a queue with attributes in pairs of name and value.
func (a *api) queue(name string, pairs ...string) string {
	a.t.Helper()
	return a.do("CreateQueue", in{"QueueName": name, "Attributes": attrs(pairs...)}).text("QueueUrl")
}

func attrs(pairs ...string) map[string]string {
	m := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	return m
}

func (a *api) send(url, body string) answer {
	a.t.Helper()
	return a.do("SendMessage", in{"QueueUrl": url, "MessageBody": body})
}

// receive takes up to ten messages; more of the request in extra.
func (a *api) receive(url string, extra in) answer {
	a.t.Helper()
	body := in{"QueueUrl": url, "MaxNumberOfMessages": 10}
	for k, v := range extra {
		body[k] = v
	}
	return a.do("ReceiveMessage", body)
}

// bodies are those of the messages that a receive answered.
func (a answer) bodies() []string {
	var out []string
	for i := range a.count("Messages") {
		out = append(out, a.text("Messages", i, "Body"))
	}
	return out
}

func (a *api) wantBodies(got answer, want ...string) {
	a.t.Helper()
	if fmt.Sprint(got.bodies()) != fmt.Sprint(want) {
		a.t.Errorf("received %q, want %q", got.bodies(), want)
	}
}

func (a *api) attributes(url string, names ...string) map[string]any {
	a.t.Helper()
	m, _ := a.do("GetQueueAttributes", in{"QueueUrl": url, "AttributeNames": names}).at("Attributes").(map[string]any)
	return m
}

// snapshot is all that a client can see of a queue and of the list of queues:
// a refused request leaves it as it was.
func (a *api) snapshot(url string) string {
	a.t.Helper()
	return fmt.Sprint(a.attributes(url, "All"), a.do("ListQueueTags", in{"QueueUrl": url}), a.do("ListQueues", in{}))
}
