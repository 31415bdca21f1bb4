// Package demo is the main job of Carillon, told as a story: real GitHub
// webhook payloads go through a bus and its rules to queues, the server is
// killed in the middle, and afterwards every queue is emptied and compared
// with what should be in it.
//
// It speaks to the server through the AWS SDK for Go only, as any client
// would. What should be in a queue is computed by plain Go predicates on the
// payloads, never by Carillon's own matcher.
//
// What it holds the server to:
//
//   - Every event whose put was acknowledged is in every queue whose rule it
//     matches, exactly once, and in no other.
//   - A put whose answer was lost is put again. The lost attempt may have been
//     accepted: then it is in all of its queues exactly once, or in none.
//   - In a FIFO queue, an event whose put began after another's was
//     acknowledged comes after it.
package demo

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	githubwebhooks "github.com/carillon-events/carillon/examples/github-webhooks"
	"github.com/carillon-events/carillon/internal/bench/child"
)

// Options says how the story goes.
type Options struct {
	Out    io.Writer
	Colour bool

	// Endpoint is a server that runs already; empty: the demo starts its own.
	// Nothing is killed there, and what the demo creates it removes.
	Endpoint string
	// AccessKey and Secret are for that server, which may be a strict one.
	AccessKey, Secret string
	TLS               *tls.Config // for that server; nil: Go's own

	Executable string // what to start: a program that understands "serve"
	Kill       bool   // kill it in the middle
	Once       bool   // end after the check instead of leaving the server up
}

// ErrUnsound is the outcome that the demo exists to rule out.
var ErrUnsound = errors.New("the queues do not hold what they should")

// patience bounds the whole story up to the check.
const patience = 5 * time.Minute

// Run tells the story. Without Once it returns when ctx ends.
func Run(ctx context.Context, o Options) error {
	payloads, err := githubwebhooks.All()
	if err != nil {
		return err
	}
	s := &story{o: o, say: teller{o.Out, o.Colour}, events: fromPayloads(payloads)}
	s.say.title("%d real GitHub webhook payloads of %d kinds go through Carillon.", len(s.events), kinds(s.events))
	if o.Endpoint != "" {
		return s.elsewhere(ctx)
	}
	return s.own(ctx)
}

type story struct {
	o      Options
	say    teller
	events []Event
	server *child.Server
	data   string
	aws    *clients
}

// elsewhere tells the story on a server that is not ours.
func (s *story) elsewhere(ctx context.Context) (err error) {
	s.aws = connect(s.o.Endpoint, s.o.AccessKey, s.o.Secret, s.o.TLS)
	setup := newSetup("-" + randomSuffix())
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		err = errors.Join(err, setup.remove(ctx, s.aws))
	}()
	return s.upToTheCheck(ctx, setup)
}

// own tells the story on a server of its own.
func (s *story) own(ctx context.Context) (err error) {
	dir, err := os.MkdirTemp("", "carillon-demo-")
	if err != nil {
		return err
	}
	s.data = filepath.Join(dir, "data")
	defer func() { err = errors.Join(err, s.stop(), os.RemoveAll(dir)) }()
	listen, err := child.FreeAddress()
	if err != nil {
		return err
	}
	if err := s.start(ctx, listen); err != nil {
		return err
	}
	s.say.step("a server on %s, its data in %s, durability fsync", s.server.Endpoint, s.data)
	s.aws = connect(s.server.Endpoint, "000000000000", "demo", nil)
	if err := s.upToTheCheck(ctx, newSetup("")); err != nil || s.o.Once {
		return err
	}
	return s.leaveUp(ctx)
}

func (s *story) start(ctx context.Context, listen string) (err error) {
	s.server, err = child.StartServer(ctx, child.ServerOptions{
		Executable: s.o.Executable, Listen: listen, Data: s.data, Durability: "fsync",
	})
	return err
}

// stopWithin is how long the server may take to end.
const stopWithin = 30 * time.Second

func (s *story) stop() error {
	if s.server == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopWithin)
	defer cancel()
	return s.server.Stop(ctx)
}

func (s *story) upToTheCheck(ctx context.Context, setup *setup) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := setup.build(ctx, s.aws); err != nil {
		if outcomeOf(err) == unsent {
			return fmt.Errorf("nothing answers at %s: start a server there (carillon serve), or leave out --endpoint", s.o.Endpoint)
		}
		return err
	}
	s.say.setup(setup)
	ledger := NewLedger(s.events)
	if err := s.put(ctx, setup.bus, ledger); err != nil {
		return err
	}
	s.say.ledger(ledger)
	var verdicts []Verdict
	for _, q := range setup.queues {
		received, err := s.drain(ctx, q.url)
		if err != nil {
			return fmt.Errorf("empty the queue %s: %w", q.Name, err)
		}
		verdicts = append(verdicts, ledger.Check(q.Rule, received))
	}
	torn := Torn(s.events, verdicts)
	s.say.verdicts(verdicts, torn)
	for _, v := range verdicts {
		if !v.Sound() || torn > 0 {
			return ErrUnsound
		}
	}
	s.say.end()
	return nil
}

func (s *story) leaveUp(ctx context.Context) error {
	s.say.lookAround(s.server.Endpoint)
	select {
	case <-ctx.Done():
		return nil
	case <-s.server.Exited():
		return fmt.Errorf("the server ended by itself; it said:\n%s", s.server.Log())
	}
}
