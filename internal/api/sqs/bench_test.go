package sqs

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/carillon-events/carillon/internal/wire"
)

// The operations of the hot path as the edge runs them: bytes in, bytes out,
// on a store in memory, many callers at a time.

func benchQueue(b *testing.B) (*api, string, string) {
	a := start(b)
	url := a.queue("q")
	text := strings.Repeat("x", 1024)
	b.SetParallelism(32)
	b.ReportAllocs()
	return a, url, text
}

func (a *api) run(operation, body string, dst []byte) []byte {
	call := a.call
	out, err := a.service.Operations[operation].JSON(context.Background(), &call, []byte(body), dst)
	if err != nil {
		a.t.Error(err)
	}
	return out
}

func BenchmarkSendMessage(b *testing.B) {
	a, url, text := benchQueue(b)
	body := `{"QueueUrl":"` + url + `","MessageBody":"` + text + `"}`
	b.RunParallel(func(pb *testing.PB) {
		var dst []byte
		for pb.Next() {
			dst = a.run("SendMessage", body, dst[:0])
		}
	})
}

func BenchmarkSendMessageWithAttributes(b *testing.B) {
	a, url, text := benchQueue(b)
	body := `{"QueueUrl":"` + url + `","MessageBody":"` + text + `","MessageAttributes":{"a":{"DataType":"String","StringValue":"v"},"b":{"DataType":"Number","StringValue":"7"}}}`
	b.RunParallel(func(pb *testing.PB) {
		var dst []byte
		for pb.Next() {
			dst = a.run("SendMessage", body, dst[:0])
		}
	})
}

func batchOf(url, text string) string {
	var s strings.Builder
	s.WriteString(`{"QueueUrl":"` + url + `","Entries":[`)
	for i := range 10 {
		if i > 0 {
			s.WriteByte(',')
		}
		fmt.Fprintf(&s, `{"Id":"%d","MessageBody":"%s"}`, i, text)
	}
	s.WriteString(`]}`)
	return s.String()
}

func BenchmarkSendMessageBatch(b *testing.B) {
	a, url, text := benchQueue(b)
	body := batchOf(url, text)
	b.RunParallel(func(pb *testing.PB) {
		var dst []byte
		for pb.Next() {
			dst = a.run("SendMessageBatch", body, dst[:0])
		}
	})
}

// BenchmarkCycle is ten messages sent, received and deleted.
func BenchmarkCycle(b *testing.B) {
	a, url, text := benchQueue(b)
	send := batchOf(url, text)
	receive := `{"QueueUrl":"` + url + `","MaxNumberOfMessages":10}`
	b.RunParallel(func(pb *testing.PB) {
		var dst, entries []byte
		for pb.Next() {
			dst = a.run("SendMessageBatch", send, dst[:0])
			dst = a.run("ReceiveMessage", receive, dst[:0])
			entries = append(entries[:0], `{"QueueUrl":"`+url+`","Entries":[`...)
			n := 0
			for rest := string(dst); ; n++ {
				_, after, ok := strings.Cut(rest, `"ReceiptHandle":"`)
				if !ok {
					break
				}
				if n > 0 {
					entries = append(entries, ',')
				}
				entries = fmt.Appendf(entries, `{"Id":"%d","ReceiptHandle":"%s"}`, n, after[:handleText])
				rest = after
			}
			if n > 0 {
				dst = a.run("DeleteMessageBatch", string(append(entries, `]}`...)), dst[:0])
			}
		}
	})
}

func BenchmarkPrepare(b *testing.B) {
	n, err := onURL(&wire.Call{Region: "eu-west-1"}, "http://127.0.0.1:4566/111122223333/q")
	if err != nil {
		b.Fatal(err)
	}
	m := &outgoing{body: strings.Repeat("x", 1024)}
	c := &wire.Call{Account: "111122223333"}
	b.ReportAllocs()
	for b.Loop() {
		var p prepared
		if err := p.prepare(c, n, m); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkHandle(b *testing.B) {
	s := newSealer([32]byte{1})
	var dst [handleText]byte
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := s.openHandle(string(s.appendHandle(dst[:0], good))); !ok {
			b.Fatal("refused")
		}
	}
}
