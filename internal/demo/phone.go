package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// phone is a notification service: an HTTP server of the demo's own that can be
// down, as if its process were not there.
type phone struct {
	address string

	mu     sync.Mutex
	server *http.Server
	got    map[int]int // notifications by the number of their event
	news   chan struct{}
}

// phoneKey is what its callers have to know.
const phoneKey = "phone-key"

// newPhone is a phone that is up.
func newPhone() (*phone, error) {
	p := &phone{got: map[int]int{}, news: make(chan struct{}, 1), address: "127.0.0.1:0"}
	return p, p.up()
}

// up starts to serve, at the address where it was before.
func (p *phone) up() error {
	l, err := net.Listen("tcp", p.address)
	if err != nil {
		return fmt.Errorf("the notification service: %w", err)
	}
	server := &http.Server{Handler: p, ReadTimeout: answerWithin}
	p.mu.Lock()
	p.address, p.server = l.Addr().String(), server
	p.mu.Unlock()
	go server.Serve(l) // ends in down
	return nil
}

// down ends the service and its connections.
func (p *phone) down() {
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = p.server.Close() // it is down either way
}

// ServeHTTP takes a notification.
func (p *phone) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	var event struct{ Detail struct{ Number int } }
	if err != nil || json.Unmarshal(body, &event) != nil || r.Header.Get("X-Api-Key") != phoneKey {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	p.mu.Lock()
	p.got[event.Detail.Number]++
	p.mu.Unlock()
	select {
	case p.news <- struct{}{}:
	default:
	}
}

// notified is how many events it was told of.
func (p *phone) notified() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.got)
}

// await waits until it was told of n events, and returns how long that took.
func (p *phone) await(ctx context.Context, n int) (time.Duration, error) {
	begin := time.Now()
	for p.notified() < n {
		select {
		case <-p.news:
		case <-ctx.Done():
			return 0, fmt.Errorf("the phone was told of %d of %d events: %w", p.notified(), n, ctx.Err())
		}
	}
	return time.Since(begin), nil
}
