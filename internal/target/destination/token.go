package destination

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/destination"
	"github.com/carillon-events/carillon/internal/outbound"
	"github.com/carillon-events/carillon/internal/store"
)

const (
	// maxTokenAnswer bounds what is read of a token endpoint.
	maxTokenAnswer = 64 << 10
	// againAfter spares a token endpoint that has just failed, or has just given
	// a token that is refused, a request of each delivery that waits.
	againAfter = 10 * time.Second
	// ahead is how long before its end a token is replaced: "Proactively during
	// an HTTPS invocation, if the token is about to expire", but never more than a
	// tenth of its life.
	// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-target-connection-auth.html
	ahead = time.Minute
	// maxLife bounds what an endpoint says of its token.
	maxLife = 365 * 24 * time.Hour
)

// errJustHad: the token that was refused is too young to ask for another.
var errJustHad = errors.New("the token was refused, and has just been fetched")

// turn is the one request for a token of a connection that runs at a time, and
// what came of the last.
type turn struct {
	busy     chan struct{} // holds one while somebody has it; guards what follows
	revision uint64
	token    destination.Token
	at       time.Time // of the last request
	failed   error
}

func (c *Caller) turn(owner string) *turn {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.turns[owner]
	if t == nil {
		if len(c.turns) >= most {
			clear(c.turns)
		}
		t = &turn{busy: make(chan struct{}, 1)}
		c.turns[owner] = t
	}
	return t
}

// token is a token for a connection: the one at hand, or a new one if that is
// old, or is the one that was refused. Its error is an attempt's.
func (c *Caller) token(ctx context.Context, to *called, by destination.Credentials, refused destination.Secret) (destination.Secret, error) {
	of := &to.connection
	t := c.turn(of.Owner())
	select {
	case t.busy <- struct{}{}:
		defer func() { <-t.busy }()
	case <-ctx.Done():
		return "", fmt.Errorf("%w: waiting for an OAuth token: %w", delivery.ErrUnavailable, ctx.Err())
	}
	if t.revision != of.Revision {
		t.revision, t.token, t.at, t.failed = of.Revision, c.kept(to), time.Time{}, nil
	}
	now := c.now()
	recent := now.Sub(t.at) < againAfter
	switch usable := t.token.Access != "" && (t.token.RefreshAt.IsZero() || now.Before(t.token.RefreshAt)); {
	case usable && t.token.Access != refused:
		return t.token.Access, nil
	case recent && t.failed != nil:
		return "", t.failed
	case recent && t.token.Access == refused:
		return "", errJustHad
	}
	return c.refresh(ctx, to, by, t)
}

// kept is the token that the store has; none if it has none that opens.
func (c *Caller) kept(to *called) destination.Token {
	if to.token == nil {
		return destination.Token{}
	}
	plain, err := c.Box.Open(to.token, destination.TokenOwner(to.connection.Name, to.connection.ID))
	if err != nil {
		return destination.Token{} // another will be had
	}
	token, err := destination.ReadToken(plain)
	if err != nil {
		return destination.Token{}
	}
	return token
}

// refresh gets a new token and keeps it. Whose turn it is holds t.
func (c *Caller) refresh(ctx context.Context, to *called, by destination.Credentials, t *turn) (destination.Secret, error) {
	of := &to.connection
	token, err := c.Fetch(ctx, by)
	if ctx.Err() != nil {
		return "", fmt.Errorf("%w: waiting for an OAuth token: %w", delivery.ErrUnavailable, ctx.Err())
	}
	t.at, t.token, t.failed = c.now(), token, nil
	if err != nil {
		t.failed = fmt.Errorf("%w: no OAuth token for connection %s: %w", delivery.ErrUnavailable, of.Name.Name, err)
		c.judge(ctx, to, "No OAuth token could be had: "+err.Error()+".")
		return "", t.failed
	}
	sealed, err := c.Box.Seal(token.Text(), destination.TokenOwner(of.Name, of.ID))
	if err == nil {
		err = c.Shard.Update(ctx, func(tx *store.Tx) error { return c.Core.KeepToken(tx, of, sealed) })
	}
	if err != nil && ctx.Err() == nil { // it works until the process ends
		c.Logger.Error("connection: its OAuth token could not be stored", "connection", of.ARN().String(), "error", err)
	}
	c.judge(ctx, to, "")
	return token.Access, nil
}

// Fetch gets a token from the authorization endpoint. Its error says no secret.
func (c *Caller) Fetch(ctx context.Context, by destination.Credentials) (destination.Token, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	m, err := tokenMessage(by)
	if err != nil {
		return destination.Token{}, err
	}
	r, err := m.request(ctx)
	if err != nil {
		return destination.Token{}, err
	}
	resp, err := c.client.Do(r)
	if err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			return destination.Token{}, fmt.Errorf("the authorization endpoint did not answer in %s", timeout)
		}
		return destination.Token{}, outbound.Told(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxTokenAnswer+1))
	switch {
	case err != nil:
		return destination.Token{}, errors.New("the answer of the authorization endpoint broke off")
	case len(body) > maxTokenAnswer:
		return destination.Token{}, fmt.Errorf("the authorization endpoint answered more than %d bytes", maxTokenAnswer)
	case resp.StatusCode < 200 || resp.StatusCode > 299:
		return destination.Token{}, fmt.Errorf("the authorization endpoint answered HTTP %d%s", resp.StatusCode, oauthError(body))
	}
	return readToken(body, c.now())
}

// tokenMessage asks for a token: the client's id and secret, and a grant_type
// of client_credentials if the connection's OAuth parameters name no other, as a
// form, or as JSON where they say that; in the query of a GET. AWS does not
// document it (ADR 23).
func tokenMessage(by destination.Credentials) (*message, error) {
	u, err := url.Parse(by.TokenURL)
	if err != nil {
		return nil, errors.New("the authorization endpoint is not a URL")
	}
	m := &message{method: by.TokenMethod, url: u, header: http.Header{}}
	var more destination.Parameters
	if by.Token != nil {
		more = *by.Token
	}
	if err := m.addHeaders(map[string]string{"Accept": "application/json"}, more.Headers); err != nil {
		return nil, err
	}
	m.header.Del("Range")
	m.header.Del("Accept-Encoding") // this answer is read
	m.addQuery(nil, more.Query)
	fields := map[string]string{"grant_type": "client_credentials", "client_id": by.Name, "client_secret": string(by.Secret)}
	for _, p := range more.Body {
		fields[p.Key] = string(p.Value)
	}
	form := url.Values{}
	for k, v := range fields {
		form.Set(k, v)
	}
	switch {
	case m.method == http.MethodGet:
		q := u.Query()
		for k := range form {
			q.Set(k, form.Get(k))
		}
		u.RawQuery = q.Encode()
	case strings.HasPrefix(m.header.Get("Content-Type"), "application/json"):
		m.body, err = json.Marshal(fields)
	default:
		m.header.Set("Content-Type", "application/x-www-form-urlencoded")
		m.body = []byte(form.Encode())
	}
	return m, err
}

// readToken reads an answer: https://www.rfc-editor.org/rfc/rfc6749#section-5.1
func readToken(body []byte, now time.Time) (destination.Token, error) {
	var said struct {
		Access  string      `json:"access_token"`
		Expires json.Number `json:"expires_in"` // a number, or a text with one
	}
	d := json.NewDecoder(bytes.NewReader(body))
	if err := d.Decode(&said); err != nil || said.Access == "" {
		return destination.Token{}, errors.New("the answer of the authorization endpoint has no access_token")
	}
	if !headerValue(said.Access) {
		return destination.Token{}, errors.New("the access_token has characters that no header has")
	}
	token := destination.Token{Access: destination.Secret(said.Access)}
	seconds, err := strconv.ParseFloat(said.Expires.String(), 64)
	if err == nil && seconds > 0 {
		life := time.Duration(min(seconds, maxLife.Seconds()) * float64(time.Second))
		token.RefreshAt = now.Add(life - min(ahead, life/10))
	}
	return token, nil
}

// oauthError is the code of an OAuth error, and nothing else that the endpoint
// says: it may quote what it was sent.
func oauthError(body []byte) string {
	var said struct {
		Code string `json:"error"`
	}
	if json.Unmarshal(body, &said) != nil || said.Code == "" || len(said.Code) > 40 ||
		strings.ContainsFunc(said.Code, func(r rune) bool { return (r < 'a' || r > 'z') && r != '_' }) {
		return ""
	}
	return " (" + said.Code + ")"
}
