package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// fake is a small SQS in memory, with faults to order, and a bus whose events
// all go to its queue.
type fake struct {
	t *testing.T

	loseEvery   int // of the messages sent, acknowledged all the same
	repeatEvery int // given out twice
	refuseEvery int // of the requests, after the first

	mu       sync.Mutex
	came     *sync.Cond
	waiting  []string
	inFlight map[string]bool
	sent     int
	requests int
	handed   int
	deleted  bool
}

func newFake(t *testing.T) (*fake, Target) {
	f := &fake{t: t, inFlight: map[string]bool{}}
	f.came = sync.NewCond(&f.mu)
	s := httptest.NewServer(f)
	t.Cleanup(s.Close)
	target, err := ParseTarget(s.URL, "us-east-1", "000000000000", "secret")
	if err != nil {
		t.Fatal(err)
	}
	return f, target
}

type fakeInput struct {
	MessageBody         string
	MaxNumberOfMessages int
	WaitTimeSeconds     int
	Entries             []struct{ Id, MessageBody, ReceiptHandle, Detail string }
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	var in fakeInput
	if err := json.Unmarshal(body, &in); err != nil {
		f.t.Errorf("the loader sent %q: %v", body, err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requests++
	if f.refuseEvery > 0 && f.requests > 1 && f.requests%f.refuseEvery == 0 {
		http.Error(w, `{"__type":"ServiceUnavailable"}`, http.StatusServiceUnavailable)
		return
	}
	switch r.Header.Get("X-Amz-Target") {
	case "AmazonSQS.CreateQueue":
		fmt.Fprintf(w, `{"QueueUrl": "http://%s/000000000000/q"}`, r.Host)
	case "AmazonSQS.DeleteQueue":
		f.deleted = true
	case "AmazonSQS.SendMessage":
		f.send(in.MessageBody)
		io.WriteString(w, `{"MessageId": "m"}`)
	case "AmazonSQS.SendMessageBatch":
		var out []map[string]string
		for _, e := range in.Entries {
			f.send(e.MessageBody)
			out = append(out, map[string]string{"Id": e.Id, "MessageId": "m"})
		}
		json.NewEncoder(w).Encode(map[string]any{"Successful": out})
	case "AmazonSQS.ReceiveMessage":
		json.NewEncoder(w).Encode(map[string]any{"Messages": f.receive(r, in)})
	case "AmazonSQS.DeleteMessageBatch":
		for _, e := range in.Entries {
			if !f.inFlight[e.ReceiptHandle] && f.repeatEvery == 0 {
				f.t.Errorf("the loader deletes %q, which is not in flight", e.ReceiptHandle)
			}
			delete(f.inFlight, e.ReceiptHandle)
		}
		io.WriteString(w, `{"Successful":[]}`)
	case "AmazonSQS.GetQueueAttributes":
		io.WriteString(w, `{"Attributes":{"QueueArn":"arn:aws:sqs:us-east-1:000000000000:q"}}`)
	case "AWSEvents.PutEvents":
		for _, e := range in.Entries {
			f.send(`{"version":"0","detail":` + e.Detail + `}`)
		}
		io.WriteString(w, `{"Entries":[{"EventId": "e"}]}`)
	case "AWSEvents.CreateEventBus", "AWSEvents.PutRule", "AWSEvents.PutTargets", "AWSEvents.RemoveTargets", "AWSEvents.DeleteRule", "AWSEvents.DeleteEventBus":
		io.WriteString(w, `{}`)
	default:
		f.t.Errorf("the loader calls %s", r.Header.Get("X-Amz-Target"))
	}
}

func (f *fake) send(body string) {
	f.sent++
	if f.loseEvery > 0 && f.sent%f.loseEvery == 0 {
		return
	}
	f.waiting = append(f.waiting, body)
	if f.repeatEvery > 0 && f.sent%f.repeatEvery == 0 {
		f.waiting = append(f.waiting, body)
	}
	f.came.Broadcast()
}

func (f *fake) receive(r *http.Request, in fakeInput) (out []map[string]string) {
	deadline := time.Now().Add(time.Duration(in.WaitTimeSeconds) * time.Second)
	defer time.AfterFunc(time.Until(deadline), f.came.Broadcast).Stop()
	defer f.stopWaiting(r)()
	for len(f.waiting) == 0 && time.Now().Before(deadline) && r.Context().Err() == nil {
		f.came.Wait()
	}
	n := min(len(f.waiting), in.MaxNumberOfMessages)
	for _, body := range f.waiting[:n] {
		f.handed++
		handle := fmt.Sprintf(`a"b\%d`, f.handed)
		f.inFlight[handle] = true
		out = append(out, map[string]string{"ReceiptHandle": handle, "Body": body, "MessageId": "m"})
	}
	f.waiting = f.waiting[n:]
	return out
}

// stopWaiting wakes the long poll of a client that went away.
func (f *fake) stopWaiting(r *http.Request) (release func()) {
	done := make(chan struct{})
	go func() {
		select {
		case <-r.Context().Done():
			f.mu.Lock()
			f.came.Broadcast()
			f.mu.Unlock()
		case <-done:
		}
	}()
	return func() { close(done) }
}
