// Package destination is the target that calls API destinations over HTTP.
//
// It owns the call: what is sent (request.go), by what right (authorize.go,
// token.go), how fast, and what the answer means (answer.go). To which addresses
// at all is internal/outbound's. A delivery is called at least once; its key is in no
// header, as on AWS: the event's id is in the body.
//
// Nothing is followed or trusted: no redirects, no proxy of the environment, TLS
// is verified, an answer is read up to a bound and thrown away. No secret is in
// an error, a log or what an Answer says; errors of net/http are taken apart for
// that, since they quote the URL.
//
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html
package destination

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/destination"
	"github.com/carillon-events/carillon/internal/outbound"
	"github.com/carillon-events/carillon/internal/seal"
	"github.com/carillon-events/carillon/internal/store"
)

// Kind is the service and kind of the ARNs of API destinations, for delivery.Outbox.
const Kind = "events:api-destination"

// timeout is AWS's: "a maximum client execution timeout of 5 seconds".
const timeout = 5 * time.Second

// Options are what a Caller needs.
type Options struct {
	Shard   *store.Shard
	Core    *destination.Core
	Box     *seal.Box // what credentials are sealed with
	Allowed outbound.Allowed
	Logger  *slog.Logger

	Roots *x509.CertPool // nil: the system's
}

// Caller calls API destinations. It is a delivery.Remote.
type Caller struct {
	Options
	client *http.Client
	now    func() time.Time

	mu    sync.Mutex                // guards what follows
	rates map[arn.ARN]*rate.Limiter // of API destinations
	turns map[string]*turn          // of OAuth connections, by owner of the credentials
}

// New is a Caller.
func New(o Options) *Caller {
	c := &Caller{Options: o, now: time.Now, rates: map[arn.ARN]*rate.Limiter{}, turns: map[string]*turn{}}
	c.client = outbound.Client(outbound.Options{Allowed: o.Allowed, Roots: o.Roots, Timeout: timeout, PerHost: delivery.Concurrency})
	return c
}

// Close lets go of connections that nobody uses.
func (c *Caller) Close() { c.client.CloseIdleConnections() }

// called is an API destination with its connection, as an attempt sees them.
type called struct {
	destination destination.Destination
	connection  destination.Connection
	token       []byte // sealed
}

// Attempt calls the API destination of d.
func (c *Caller) Attempt(ctx context.Context, d *delivery.Delivery) delivery.Answer {
	to, err := c.find(d.Target)
	if err != nil {
		return delivery.Answer{Err: err}
	}
	if pace := c.pace(to); !pace.Allow() {
		if err := pace.Wait(ctx); err != nil {
			return delivery.Answer{Err: fmt.Errorf("%w: waiting for its invocation rate: %w", delivery.ErrUnavailable, err)}
		}
		if to, err = c.find(d.Target); err != nil { // it may have changed meanwhile
			return delivery.Answer{Err: err}
		}
	}
	credentials, err := c.credentials(&to.connection)
	if err != nil {
		return delivery.Answer{Err: err}
	}
	m, err := newMessage(to, credentials, d)
	if err != nil {
		return delivery.Answer{Err: fmt.Errorf("%w: %w", delivery.ErrUnfit, err)}
	}
	return c.call(ctx, to, credentials, m)
}

// find reads what d's target is now.
func (c *Caller) find(target arn.ARN) (*called, error) {
	to := new(called)
	err := c.Shard.View(func(v *store.View) (err error) {
		if to.destination, err = destination.Of(v, target); err != nil {
			return err
		}
		if to.connection, err = destination.ConnectionOf(v, to.destination.Settings.Connection); err != nil {
			return err
		}
		to.token, err = destination.GetToken(v, &to.connection)
		return err
	})
	switch {
	case errors.Is(err, destination.ErrNotFound), errors.Is(err, destination.ErrConnectionNotFound):
		return nil, fmt.Errorf("%w: %w", delivery.ErrMissing, err)
	case err != nil:
		return nil, fmt.Errorf("%w: %w", delivery.ErrUnavailable, err)
	}
	return to, nil
}

// credentials opens those of a connection.
func (c *Caller) credentials(of *destination.Connection) (destination.Credentials, error) {
	if of.Sealed == nil {
		return destination.Credentials{}, fmt.Errorf("%w: connection %s is deauthorized: give it credentials with UpdateConnection", delivery.ErrUnavailable, of.Name.Name)
	}
	out, err := Open(c.Box, of)
	if err != nil {
		return out, fmt.Errorf("%w: the credentials of connection %s: %w", delivery.ErrUnavailable, of.Name.Name, err)
	}
	return out, nil
}

// Open opens the credentials of a connection that has some.
func Open(box *seal.Box, of *destination.Connection) (destination.Credentials, error) {
	plain, err := box.Open(of.Sealed, of.Owner())
	if err != nil {
		return destination.Credentials{}, err
	}
	return destination.ReadCredentials(plain)
}

// most is how many limiters and tokens are remembered; more are forgotten, which
// costs a burst, or a token request, once.
const most = 10_000

// pace is the limiter of an API destination, at the rate that it has now.
func (c *Caller) pace(to *called) *rate.Limiter {
	perSecond := to.destination.Settings.PerSecond
	if perSecond == 0 {
		perSecond = destination.StandardPerSecond
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	key := to.destination.ARN()
	l := c.rates[key]
	if l == nil {
		if len(c.rates) >= most {
			clear(c.rates)
		}
		// A burst of one: calls are spread over the second.
		l = rate.NewLimiter(rate.Limit(perSecond), 1)
		c.rates[key] = l
	}
	if l.Limit() != rate.Limit(perSecond) {
		l.SetLimit(rate.Limit(perSecond))
	}
	return l
}

// call sends a message, with a fresh token if the one at hand is refused. Of an
// OAuth connection, getting a token is what says whether it is authorized.
func (c *Caller) call(ctx context.Context, to *called, by destination.Credentials, m *message) delivery.Answer {
	if to.connection.Method != destination.OAuth {
		m.authorize(to.connection.Method, by)
		a := c.send(ctx, m)
		if a.Err == nil || a.denied != "" { // all else says nothing of the right to call
			c.judge(ctx, to, a.denied)
		}
		return a.Answer
	}
	token, err := c.token(ctx, to, by, "")
	if err != nil {
		return delivery.Answer{Err: err, Says: "no OAuth token"}
	}
	m.bearer(token)
	a := c.send(ctx, m)
	if a.denied == "" {
		return a.Answer
	}
	// The first refusal may only say that the token is stale.
	switch token, err = c.token(ctx, to, by, token); {
	case errors.Is(err, errJustHad):
		return a.Answer
	case err != nil:
		return delivery.Answer{Err: err, Says: a.Says}
	}
	m.bearer(token)
	return c.send(ctx, m).Answer
}

// judge has the connection's state say whether its right was accepted. A
// refusal does not stop further attempts (ADR 23), so one that is accepted
// makes it good again.
func (c *Caller) judge(ctx context.Context, to *called, denied string) {
	now := &to.connection
	if (denied == "") == (now.State == destination.Authorized) {
		return
	}
	changed := false
	err := c.Shard.Update(ctx, func(tx *store.Tx) (err error) {
		changed, err = c.Core.Judge(tx, now, denied)
		return err
	})
	switch {
	case err != nil && ctx.Err() == nil:
		c.Logger.Error("connection: its state could not be stored", "connection", now.ARN().String(), "error", err)
	case err != nil || !changed: // or another attempt has said so
	case denied != "":
		c.Logger.Warn("connection deauthorized", "connection", now.ARN().String(), "reason", denied)
	default:
		c.Logger.Info("connection authorized again", "connection", now.ARN().String())
	}
}
