// Package demo is Carillon told as a story, on real input: a smart door, a shop,
// what AWS's services say, and what GitHub posts, through buses, rules, topics
// and queues; with a consumer that is down, an order that nobody can read, a
// consumer that comes late, and a kill -9 in the middle.
//
// It speaks to the server as any client would: through the AWS SDK for Go and
// through webhooks. What should be in a queue is computed by plain Go, never by
// Carillon's own matcher. Each chapter says what it holds the server to.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/carillon-events/carillon/internal/bench/child"
)

// Options says how the story goes.
type Options struct {
	Out    io.Writer
	Colour bool
	Live   bool // Out is a terminal: show the board below the story

	// Endpoint is a server that runs already; empty: the demo starts its own.
	// Nothing is killed there, and what the demo creates it removes.
	Endpoint string
	// AccessKey, Secret and Token are for that server, which may be a strict one.
	AccessKey, Secret, Token string
	// Transport is how it is reached; nil: as net/http does.
	Transport http.RoundTripper

	Executable string // what to start: a program that understands "serve"
	Kill       bool   // kill it in the middle
	Once       bool   // end after the check instead of leaving the server up

	// Ask sends one of Carillon's own requests (not AWS's) to an endpoint.
	Ask func(ctx context.Context, endpoint, path string, in, out any) error
	// Trail writes what became of an event.
	Trail func(ctx context.Context, endpoint, event string, out io.Writer) error
}

// ErrUnsound is the outcome that the demo exists to rule out.
var ErrUnsound = errors.New("something is missing, or there twice")

// patience bounds the whole story up to the last check.
const patience = 5 * time.Minute

type story struct {
	o        Options
	say      *teller
	server   *child.Server // nil: it is not ours
	data     string
	endpoint string
	aws      *clients
	other    *clients // of another account; nil: there is none that we may use
	suffix   string
	undo     []undo
}

// undo takes back something that was made.
type undo struct {
	what string
	do   func(ctx context.Context) error
}

// chapter is a part of the story.
type chapter struct {
	title string
	tell  func(s *story, ctx context.Context) error
}

var chapters = []chapter{
	{"A smart door", (*story).door},
	{"A shop", (*story).shop},
	{"What the services of AWS say", (*story).services},
	{"What GitHub posts", (*story).github},
}

// Run tells the story. Without Once it returns when ctx ends.
func Run(ctx context.Context, o Options) (err error) {
	s := &story{o: o, endpoint: o.Endpoint}
	s.say = newTeller(o.Out, o.Colour)
	web.Client.Transport = o.Transport
	if o.Live {
		board := newBoard(o.Out, func() string { return s.endpoint })
		s.say.w = board
		var stop context.CancelFunc
		ctx, stop = context.WithCancel(ctx)
		defer stop()
		board.show(stop) // Ctrl-C on the board ends the story
		s.say.done = board.close
		defer board.close()
	}
	if o.Endpoint != "" {
		return s.elsewhere(ctx)
	}
	return s.own(ctx)
}

// elsewhere tells the story on a server that is not ours.
func (s *story) elsewhere(ctx context.Context) (err error) {
	s.suffix = "-" + randomSuffix()
	if err := s.connect(ctx, s.o.AccessKey, s.o.Secret, s.o.Token); err != nil {
		if outcomeOf(err) == unsent {
			return fmt.Errorf("nothing answers at %s: start a server there (carillon serve), or leave out --endpoint", s.o.Endpoint)
		}
		return err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		err = errors.Join(err, s.takeBack(ctx))
	}()
	return s.upToTheEnd(ctx)
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
	s.endpoint = s.server.Endpoint
	s.say.step("a server on %s, its data in %s, every commit synced to disk", s.endpoint, s.data)
	if err := s.connect(ctx, "111111111111", "demo", ""); err != nil {
		return err
	}
	if err := s.upToTheEnd(ctx); err != nil || s.o.Once {
		return err
	}
	return s.leaveUp(ctx)
}

// connect makes the clients; those of another account if the server believes us.
func (s *story) connect(ctx context.Context, accessKey, secret, token string) (err error) {
	if s.aws, err = connect(ctx, s.endpoint, accessKey, secret, token); err != nil {
		return err
	}
	const another = "222222222222"
	if other, err := connect(ctx, s.endpoint, another, "demo", ""); err == nil && other.account == another {
		s.other = other
	}
	return nil
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

func (s *story) upToTheEnd(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for i, c := range chapters {
		s.breathe(ctx, 2*time.Second)
		s.say.chapter(i+1, c.title)
		s.breathe(ctx, time.Second)
		if err := c.tell(s, ctx); err != nil {
			return err
		}
	}
	s.say.end()
	return nil
}

// named is a name that nobody else around has.
func (s *story) named(name string) string {
	if base, fifo := strings.CutSuffix(name, ".fifo"); fifo {
		return base + s.suffix + ".fifo"
	}
	return name + s.suffix
}

// later notes how something is taken back, on a server that is not ours.
func (s *story) later(what string, do func(ctx context.Context) error) {
	if s.server == nil {
		s.undo = append(s.undo, undo{what, do})
	}
}

// takeBack takes back what was made, the last first.
func (s *story) takeBack(ctx context.Context) error {
	var errs []error
	for _, u := range slices.Backward(s.undo) {
		if err := u.do(ctx); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", u.what, err))
		}
	}
	return errors.Join(errs...)
}

// breathe makes a pause that people need to follow the board.
func (s *story) breathe(ctx context.Context, d time.Duration) {
	if !s.o.Live {
		return
	}
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// ask sends one of Carillon's own requests.
func (s *story) ask(ctx context.Context, path string, in, out any) error {
	return s.o.Ask(ctx, s.endpoint, path, in, out)
}

// hold prints a check of a chapter, and fails if it is not so.
func (s *story) hold(is bool, format string, args ...any) error {
	text := fmt.Sprintf(format, args...)
	s.say.check(is, text)
	if !is {
		return fmt.Errorf("%w: %s", ErrUnsound, text)
	}
	return nil
}

func (s *story) leaveUp(ctx context.Context) error {
	s.say.lookAround(s.endpoint)
	select {
	case <-ctx.Done():
		return nil
	case <-s.server.Exited():
		return fmt.Errorf("the server ended by itself; it said:\n%s", s.server.Log())
	}
}
