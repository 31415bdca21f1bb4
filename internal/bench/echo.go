package bench

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"
)

// teachPath is where the echo server is told what to answer.
const teachPath = "/answer"

// teach tells the echo server at t to answer every request with this body.
func (t Target) teach(ctx context.Context, answer []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, "http://"+t.Address+teachPath, bytes.NewReader(answer))
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("tell the echo server its answer: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("tell the echo server its answer: %s", resp.Status)
	}
	return nil
}

// EchoServer serves on l until ctx ends: the least that a net/http server can
// do with a request of this size. It reads the body, keeps nothing and answers
// always the same bytes, those that it was told last.
func EchoServer(ctx context.Context, l net.Listener) error {
	s := &http.Server{Handler: &echo{}, ReadHeaderTimeout: dialTimeout}
	stop := context.AfterFunc(ctx, func() { s.Close() })
	defer stop()
	if err := s.Serve(l); ctx.Err() == nil {
		return err
	}
	return nil
}

type echo struct {
	answer atomic.Pointer[[]byte]
}

func (e *echo) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength < 0 || r.ContentLength > maxAnswer {
		http.Error(w, "a body of known length, please", http.StatusLengthRequired)
		return
	}
	body := make([]byte, r.ContentLength)
	if _, err := io.ReadFull(r.Body, body); err != nil {
		return // the client is gone
	}
	if r.Method == http.MethodPut && r.URL.Path == teachPath {
		e.answer.Store(&body)
		return
	}
	answer := e.answer.Load()
	if answer == nil {
		answer = &body
	}
	h := w.Header()
	h.Set("Content-Type", "application/x-amz-json-1.0")
	h.Set("Content-Length", strconv.Itoa(len(*answer)))
	h.Set("X-Amzn-Requestid", echoRequestID)
	_, _ = w.Write(*answer) // a client that is gone needs no answer
}

// echoRequestID is as long as a real one.
const echoRequestID = "00000000-0000-0000-0000-000000000000"

// EchoReady answers nil when an echo server listens at address.
func EchoReady(ctx context.Context, address string) error {
	d := net.Dialer{Timeout: time.Second}
	c, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	return c.Close()
}
