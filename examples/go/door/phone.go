package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// apiKey is what the connection sends, and the phone asks for.
const apiKey = "hush"

// phone is a notification service that can be down.
type phone struct {
	address string
	server  *http.Server

	mu   sync.Mutex
	told map[int]int // by the number of the event
}

// up serves, at the address where it was before.
func (p *phone) up() error {
	l, err := net.Listen("tcp", p.address)
	if err != nil {
		return err
	}
	p.address, p.server = l.Addr().String(), &http.Server{Handler: p}
	go p.server.Serve(l) // ends in down
	return nil
}

func (p *phone) down() { _ = p.server.Close() } // it is down either way

func (p *phone) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var event struct{ Detail struct{ Number int } }
	if r.Header.Get("X-Api-Key") != apiKey {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	if err := json.NewDecoder(r.Body).Decode(&event); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.told[event.Detail.Number]++
}

func (p *phone) notified() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.told)
}

// waitFor waits until it was told of n events.
func (p *phone) waitFor(n int) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(time.Minute)
	for p.notified() < n {
		select {
		case <-tick.C:
		case <-deadline:
			return fmt.Errorf("the phone was told of %d events, want %d", p.notified(), n)
		}
	}
	return nil
}
