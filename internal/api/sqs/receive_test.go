package sqs

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/carillon-events/carillon/internal/queue"
)

func TestAReceiverGetsOnlyTheAttributesThatItNames(t *testing.T) {
	a := start(t)
	url := a.queue("q", "VisibilityTimeout", "0")
	text := func(v string) in { return in{"DataType": "String", "StringValue": v} }
	a.do("SendMessage", in{"QueueUrl": url, "MessageBody": "b", "MessageAttributes": in{"foo": text("1"), "foobar": text("2"), "bar": text("3")}})
	of := func(names ...string) string {
		want := map[string]spec{}
		for _, n := range names {
			want[n] = spec{"String", []byte(map[string]string{"foo": "1", "foobar": "2", "bar": "3"}[n]), false}
		}
		return specSum(want)
	}
	for _, c := range []struct {
		names []string
		sum   string
		n     int
	}{
		{nil, "", 0}, {[]string{"none"}, "", 0}, {[]string{"foo"}, of("foo"), 1}, {[]string{"foo.*"}, of("foo", "foobar"), 2},
		{[]string{"All"}, of("foo", "foobar", "bar"), 3}, {[]string{".*"}, of("foo", "foobar", "bar"), 3}, {[]string{"bar", "bar"}, of("bar"), 1},
	} {
		got := a.receive(url, in{"MessageAttributeNames": c.names})
		picked, _ := got.at("Messages", 0, "MessageAttributes").(map[string]any)
		if len(picked) != c.n || got.text("Messages", 0, "MD5OfMessageAttributes") != c.sum {
			t.Errorf("%v: %v, MD5 %s", c.names, picked, got.text("Messages", 0, "MD5OfMessageAttributes"))
		}
	}
	got := a.receive(url, in{"AttributeNames": []string{"SenderId"}, "MessageSystemAttributeNames": []string{"ApproximateReceiveCount"}})
	if s := fmt.Sprint(got.at("Messages", 0, "Attributes")); s != "map[ApproximateReceiveCount:8 SenderId:111122223333]" {
		t.Errorf("system attributes %s", s)
	}
}

func TestTheSenderOfAMessageIsTheUserThatSTSNames(t *testing.T) {
	a := start(t)
	url := a.queue("q")
	a.call.Principal = "arn:aws:iam::111122223333:user/orders"
	a.send(url, "1")
	got := a.receive(url, in{"AttributeNames": []string{"SenderId"}})
	if s := got.text("Messages", 0, "Attributes", "SenderId"); s != a.call.UserID() || len(s) != 21 {
		t.Errorf("sender %s, want %s", s, a.call.UserID())
	}
}

func TestAMessageWithoutTheAttributesAskedForHasNone(t *testing.T) {
	a := start(t)
	url := a.queue("q")
	a.send(url, "1")
	got := a.receive(url, in{"MessageSystemAttributeNames": []string{"SequenceNumber", "AWSTraceHeader"}, "MessageAttributeNames": []string{"All"}})
	for _, member := range []string{"Attributes", "MessageAttributes", "MD5OfMessageAttributes"} {
		if v := got.at("Messages", 0, member); v != nil {
			t.Errorf("%s: %v", member, v)
		}
	}
}

func TestReceiveRefusesParametersOutOfRange(t *testing.T) {
	a := start(t)
	url := a.queue("q")
	a.send(url, "m")
	for _, c := range []struct {
		name    string
		value   any
		message string
	}{
		{"MaxNumberOfMessages", 0, "Value 0 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided."},
		{"MaxNumberOfMessages", 11, "Value 11 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided."},
		{"WaitTimeSeconds", -1, "Value -1 for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided."},
		{"WaitTimeSeconds", 21, "Value 21 for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided."},
		{"VisibilityTimeout", -1, "Value -1 for parameter VisibilityTimeout is invalid. Reason: Must be >= 0 and <= 43200, if provided."},
		{"VisibilityTimeout", 43201, "Value 43201 for parameter VisibilityTimeout is invalid. Reason: Must be >= 0 and <= 43200, if provided."},
		{"ReceiveRequestAttemptId", "x", "Value x for parameter ReceiveRequestAttemptId is invalid. Reason: The request include parameter that is not valid for this queue type."},
	} {
		a.refused("ReceiveMessage", in{"QueueUrl": url, c.name: c.value}, "InvalidParameterValue", c.message)
	}
	a.refused("ReceiveMessage", in{"QueueUrl": url, "AttributeNames": []string{"Policy"}}, "InvalidAttributeName", "Unknown Attribute Policy.")
	a.refused("ReceiveMessage", in{"QueueUrl": url, "MessageSystemAttributeNames": []string{"x"}}, "InvalidAttributeName", "Unknown Attribute x.")
	a.wantBodies(a.receive(url, nil), "m")
}

func TestAMessageIsHiddenUntilItsVisibilityTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := start(t)
		url := a.queue("q", "VisibilityTimeout", "5")
		a.send(url, "m")
		first := a.receive(url, nil)
		a.wantBodies(first, "m")
		a.wantBodies(a.receive(url, nil))
		handle := first.text("Messages", 0, "ReceiptHandle")
		a.do("ChangeMessageVisibility", in{"QueueUrl": url, "ReceiptHandle": handle, "VisibilityTimeout": 60})
		time.Sleep(59 * time.Second)
		a.wantBodies(a.receive(url, nil))
		time.Sleep(time.Second)
		again := a.receive(url, in{"VisibilityTimeout": 0, "AttributeNames": []string{"All"}})
		a.wantBodies(again, "m")
		if n := again.text("Messages", 0, "Attributes", "ApproximateReceiveCount"); n != "2" {
			t.Errorf("received %s times", n)
		}
		a.refused("ChangeMessageVisibility", in{"QueueUrl": url, "ReceiptHandle": handle, "VisibilityTimeout": 1},
			"MessageNotInflight", "The specified message isn't in flight.")
		time.Sleep(time.Millisecond)
		last := a.receive(url, nil)
		handle = last.text("Messages", 0, "ReceiptHandle")
		time.Sleep(time.Second)
		a.refused("ChangeMessageVisibility", in{"QueueUrl": url, "ReceiptHandle": handle, "VisibilityTimeout": 43200},
			"InvalidParameterValue", "Value 43200 for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for the message is beyond the limit [43200 seconds]")
		for _, n := range []int{-1, 43201} {
			a.refused("ChangeMessageVisibility", in{"QueueUrl": url, "ReceiptHandle": handle, "VisibilityTimeout": n},
				"InvalidParameterValue", fmt.Sprintf("Value %d for parameter VisibilityTimeout is invalid. Reason: Must be between 0 and 43200.", n))
		}
		a.do("ChangeMessageVisibility", in{"QueueUrl": url, "ReceiptHandle": handle, "VisibilityTimeout": 0})
		time.Sleep(time.Millisecond)
		gone := a.receive(url, nil)
		a.wantBodies(gone, "m")
		handle = gone.text("Messages", 0, "ReceiptHandle")
		a.do("DeleteMessage", in{"QueueUrl": url, "ReceiptHandle": handle})
		a.refused("ChangeMessageVisibility", in{"QueueUrl": url, "ReceiptHandle": handle, "VisibilityTimeout": 1},
			"InvalidParameterValue", "Value "+handle+" for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change.")
	})
}

func TestDelaysHoldMessagesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := start(t)
		url := a.queue("q", "DelaySeconds", "10")
		a.send(url, "queue's")
		a.do("SendMessage", in{"QueueUrl": url, "MessageBody": "own", "DelaySeconds": 5})
		a.do("SendMessage", in{"QueueUrl": url, "MessageBody": "none", "DelaySeconds": 0})
		if got := a.attributes(url, "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesDelayed"); fmt.Sprint(got) != "map[ApproximateNumberOfMessages:1 ApproximateNumberOfMessagesDelayed:2]" {
			t.Errorf("counts: %v", got)
		}
		a.wantBodies(a.receive(url, nil), "none")
		time.Sleep(5 * time.Second)
		a.wantBodies(a.receive(url, nil), "own")
		time.Sleep(5 * time.Second)
		a.wantBodies(a.receive(url, nil), "queue's")
	})
}

func TestMessagesAreKeptForTheRetentionPeriod(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := start(t)
		url := a.queue("q", "MessageRetentionPeriod", "60")
		a.send(url, "old")
		time.Sleep(59 * time.Second)
		a.send(url, "young")
		time.Sleep(2 * time.Second)
		if n := a.attributes(url, "ApproximateNumberOfMessages")["ApproximateNumberOfMessages"]; n != "1" {
			t.Errorf("%v messages", n)
		}
		a.wantBodies(a.receive(url, nil), "young")
	})
}

func TestALongPollAnswersWhenAMessageComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := start(t)
		explicit, standing := a.queue("q"), a.queue("r", "ReceiveMessageWaitTimeSeconds", "20")
		for _, c := range []struct {
			url  string
			wait in
		}{{explicit, in{"WaitTimeSeconds": 20}}, {standing, nil}} {
			begun := time.Now()
			a.wantBodies(a.receive(c.url, c.wait))
			if took := time.Since(begun); took != 20*time.Second {
				t.Errorf("an empty poll of %s took %s", c.url, took)
			}
			begun = time.Now()
			done := make(chan answer)
			go func() { done <- a.receive(c.url, c.wait) }()
			time.Sleep(3 * time.Second)
			a.send(c.url, "m")
			a.wantBodies(<-done, "m")
			if took := time.Since(begun); took != 3*time.Second {
				t.Errorf("a poll of %s took %s", c.url, took)
			}
		}
		begun := time.Now()
		a.receive(standing, in{"WaitTimeSeconds": 0})
		if took := time.Since(begun); took != 0 {
			t.Errorf("a poll that does not want to wait took %s", took)
		}
	})
}

func TestALongPollEndsWithItsClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := start(t)
		url := a.queue("q")
		ctx, leave := context.WithCancel(t.Context())
		done := make(chan error)
		begun := time.Now()
		go func() {
			_, err := a.try(ctx, "ReceiveMessage", in{"QueueUrl": url, "WaitTimeSeconds": 20})
			done <- err
		}()
		time.Sleep(time.Second)
		leave()
		if err := <-done; err != nil || time.Since(begun) != time.Second {
			t.Errorf("after %s: %v", time.Since(begun), err)
		}
		a.send(url, "m") // nobody has taken it
		a.wantBodies(a.receive(url, nil), "m")
	})
}

func TestALongPollLearnsThatItsQueueWasDeleted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := start(t)
		url := a.queue("q")
		done := make(chan error)
		go func() {
			_, err := a.try(t.Context(), "ReceiveMessage", in{"QueueUrl": url, "WaitTimeSeconds": 20})
			done <- err
		}()
		synctest.Wait()
		a.do("DeleteQueue", in{"QueueUrl": url})
		if err := <-done; err == nil || err.Error() != "QueueDoesNotExist: "+noQueue {
			t.Errorf("answered %v", err)
		}
	})
}

func TestReceiptHandlesAreCheckedBeforeAnythingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := start(t)
		url, other := a.queue("q"), a.queue("other")
		a.send(url, "m")
		handle := a.receive(url, nil).text("Messages", 0, "ReceiptHandle")
		forged := []byte(handle)
		forged[20] ^= 1
		before := a.snapshot(url)
		for _, h := range []string{"x", string(forged), handle[:47], handle + "=", handle[:44] + "\n\n\n\n", base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{1}, 36))} {
			message := `The input receipt handle "` + h + `" is not a valid receipt handle.`
			a.refused("DeleteMessage", in{"QueueUrl": url, "ReceiptHandle": h}, "ReceiptHandleIsInvalid", message)
			a.refused("ChangeMessageVisibility", in{"QueueUrl": url, "ReceiptHandle": h, "VisibilityTimeout": 1}, "ReceiptHandleIsInvalid", message)
		}
		a.refused("DeleteMessage", in{"QueueUrl": url, "ReceiptHandle": ""}, "MissingParameter", "The request must contain the parameter ReceiptHandle.")
		foreign := `The receipt handle "` + handle + `" is not valid for this queue.`
		a.refused("DeleteMessage", in{"QueueUrl": other, "ReceiptHandle": handle}, "ReceiptHandleIsInvalid", foreign)
		a.refused("ChangeMessageVisibility", in{"QueueUrl": other, "ReceiptHandle": handle, "VisibilityTimeout": 1}, "ReceiptHandleIsInvalid", foreign)
		if after := a.snapshot(url); after != before {
			t.Errorf("before %s\nafter  %s", before, after)
		}
		a.do("DeleteMessage", in{"QueueUrl": url, "ReceiptHandle": handle})
		a.do("DeleteMessage", in{"QueueUrl": url, "ReceiptHandle": handle})
		time.Sleep(time.Minute)
		a.wantBodies(a.receive(url, nil))
	})
}

func TestHandlesOutliveARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := start(t)
		url := a.queue("q")
		a.send(url, "m")
		handle := a.receive(url, nil).text("Messages", 0, "ReceiptHandle")
		a.store.Restart()
		a.service = New(Options{Shard: a.store.Shard, Key: [32]byte{1}})
		a.do("DeleteMessage", in{"QueueUrl": url, "ReceiptHandle": handle})
		time.Sleep(time.Minute)
		a.wantBodies(a.receive(url, nil))
	})
}

func TestInFlightLimitsAreTold(t *testing.T) {
	a := startWith(t, queue.Limits{InFlight: 1, InFlightFIFO: 1})
	url := a.queue("q")
	a.send(url, "1")
	a.send(url, "2")
	a.receive(url, nil)
	a.refused("ReceiveMessage", in{"QueueUrl": url}, "OverLimit", "The maximum number of in flight messages is reached.")
}

func TestALongPollWaitsWhereTooMuchIsInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := startWith(t, queue.Limits{InFlight: 1, InFlightFIFO: 1})
		url := a.queue("q", "ReceiveMessageWaitTimeSeconds", "20")
		for i := range 600 { // delayed, and due, while there is no room for them
			a.do("SendMessage", in{"QueueUrl": url, "MessageBody": "late" + strconv.Itoa(i), "DelaySeconds": 1})
		}
		a.send(url, "1")
		a.receive(url, nil)
		time.Sleep(2 * time.Second)
		a.refused("ReceiveMessage", in{"QueueUrl": url, "WaitTimeSeconds": 0}, "OverLimit", "The maximum number of in flight messages is reached.")
		from := time.Now()
		a.wantBodies(a.receive(url, in{"WaitTimeSeconds": 5}))
		a.wantBodies(a.receive(url, nil))
		if waited := time.Since(from); waited != 25*time.Second {
			t.Errorf("waited for %s", waited)
		}
		if got := a.receive(url, nil); got.count("Messages") != 1 { // there is room again
			t.Errorf("received %q", got.bodies())
		}
		if waited := time.Since(from); waited != 28*time.Second {
			t.Errorf("waited for %s", waited)
		}
	})
}

func TestFIFOQueuesKeepOrderLockGroupsAndDropRepeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := start(t)
		url := a.queue("q.fifo", "FifoQueue", "true", "ContentBasedDeduplication", "true")
		send := func(group, body string, more ...string) answer {
			m := in{"QueueUrl": url, "MessageBody": body, "MessageGroupId": group}
			for i := 0; i < len(more); i += 2 {
				m[more[i]] = more[i+1]
			}
			return a.do("SendMessage", m)
		}
		first := send("a", "1")
		second := send("a", "2")
		if x, y := first.text("SequenceNumber"), second.text("SequenceNumber"); len(x) != 20 || x[0] != '1' || y <= x {
			t.Errorf("sequence numbers %s, %s", x, y)
		}
		if repeat := send("a", "1"); repeat.text("MessageId") != first.text("MessageId") || repeat.text("SequenceNumber") != first.text("SequenceNumber") {
			t.Errorf("first %v, repeat %v", first, repeat)
		}
		send("a", "3", "MessageDeduplicationId", "x")
		send("b", "other", "MessageDeduplicationId", "x") // one scope for the whole queue
		got := a.receive(url, in{"MaxNumberOfMessages": 1, "AttributeNames": []string{"All"}})
		a.wantBodies(got, "1")
		if s := got.text("Messages", 0, "Attributes", "SequenceNumber"); s != first.text("SequenceNumber") {
			t.Errorf("sequence number %s", s)
		}
		a.wantBodies(a.receive(url, nil)) // locked
		handle := got.text("Messages", 0, "ReceiptHandle")
		time.Sleep(30 * time.Second)
		a.refused("DeleteMessage", in{"QueueUrl": url, "ReceiptHandle": handle}, "InvalidParameterValue", "Value "+handle+" for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.")
		a.wantBodies(a.receive(url, in{"ReceiveRequestAttemptId": "try"}), "1", "2", "3")
		a.wantBodies(a.receive(url, in{"ReceiveRequestAttemptId": "try"}), "1", "2", "3")
		time.Sleep(5 * time.Minute)
		if again := send("a", "1"); again.text("MessageId") == first.text("MessageId") {
			t.Error("dropped as a repeat after five minutes")
		}
		a.wantBodies(a.receive(url, nil), "1", "2", "3", "1")
	})
}
