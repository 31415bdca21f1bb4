package events

import (
	"context"
	"errors"
	"fmt"
	"strings"

	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/destination"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// web is the connection, or the API destination, that a request is about.
type web struct {
	destination.Name
	connection string // of an API destination, as the request names it
}

// webIn is one of the caller's account and region.
func webIn(c *wire.Call, name string) web {
	return web{Name: destination.Name{Account: c.Account, Region: c.Region, Name: name}}
}

// changeWeb runs fn in a transaction and words its error.
func (s *Service) changeWeb(ctx context.Context, w web, fn func(tx *store.Tx) error) error {
	return w.explain(s.shard.Update(ctx, fn))
}

// readWeb runs fn on a view and words its error.
func (s *Service) readWeb(w web, fn func(v *store.View) error) error {
	return w.explain(s.shard.View(fn))
}

// AWS's words for methods and states.
var (
	methodOf = map[string]destination.Method{
		"BASIC": destination.Basic, "API_KEY": destination.APIKey, "OAUTH_CLIENT_CREDENTIALS": destination.OAuth,
	}
	methodAs = map[destination.Method]string{
		destination.Basic: "BASIC", destination.APIKey: "API_KEY", destination.OAuth: "OAUTH_CLIENT_CREDENTIALS",
	}
	connectionStateAs = map[destination.State]string{destination.Authorized: "AUTHORIZED", destination.Deauthorized: "DEAUTHORIZED"}
	connectionStateOf = map[string]destination.State{"AUTHORIZED": destination.Authorized, "DEAUTHORIZED": destination.Deauthorized}
)

// maxCredentials is what AWS can store of a connection, since it stores it in a
// secret: https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html
const maxCredentials = 65536

// right is what a connection with these credentials has: sealed, and with a
// token if it needs one. AWS gets the token after its answer and passes through
// AUTHORIZING; here the answer waits for it, for five seconds at most.
func (s *Service) right(ctx context.Context, w web, id string, method destination.Method, by destination.Credentials) (destination.Right, error) {
	r := destination.Right{Method: method, Shown: by.Shown()}
	plain := by.Text()
	if len(plain) > maxCredentials {
		return r, invalid("AuthParameters", fmt.Sprintf("They have more than %d bytes.", maxCredentials))
	}
	var err error
	if r.Sealed, err = s.calls.Box.Seal(plain, destination.Owner(w.Name, id)); err != nil || method != destination.OAuth {
		return r, err
	}
	token, err := s.calls.Fetch(ctx, by)
	if ctx.Err() != nil {
		return r, ctx.Err()
	}
	if err != nil {
		r.Denied = "No OAuth token could be had: " + err.Error() + "."
		return r, nil
	}
	r.Token, err = s.calls.Box.Seal(token.Text(), destination.TokenOwner(w.Name, id))
	return r, err
}

// refuseConnectivity refuses private connections and keys of KMS.
func refuseConnectivity(invocation, oauth *model.ConnectivityResourceParameters, key wire.Opt[string]) error {
	return refusal(
		param{"InvocationConnectivityParameters", invocation != nil},
		param{"AuthParameters.ConnectivityParameters", oauth != nil},
		param{"KmsKeyIdentifier", key.OK && key.V != ""},
	)
}

// shownAuth is what DescribeConnection shows of credentials; nil if there are none.
func shownAuth(c *destination.Connection) *model.ConnectionAuthResponseParameters {
	if c.Shown == nil {
		return nil
	}
	out := &model.ConnectionAuthResponseParameters{InvocationHttpParameters: shownParameters(c.Shown.Invocation)}
	switch name := some(c.Shown.Name); c.Method {
	case destination.Basic:
		out.BasicAuthParameters = &model.ConnectionBasicAuthResponseParameters{Username: name}
	case destination.APIKey:
		out.ApiKeyAuthParameters = &model.ConnectionApiKeyAuthResponseParameters{ApiKeyName: name}
	case destination.OAuth:
		out.OAuthParameters = &model.ConnectionOAuthResponseParameters{
			ClientParameters:      &model.ConnectionOAuthClientResponseParameters{ClientID: name},
			AuthorizationEndpoint: some(c.Shown.TokenURL), HttpMethod: some(c.Shown.TokenMethod),
			OAuthHttpParameters: shownParameters(c.Shown.Token),
		}
	}
	return out
}

func shownParameters(p *destination.Parameters) *model.ConnectionHttpParameters {
	if p == nil {
		return nil
	}
	out := new(model.ConnectionHttpParameters)
	for _, h := range p.Headers {
		out.HeaderParameters = append(out.HeaderParameters, model.ConnectionHeaderParameter{Key: some(h.Key), Value: shownValue(h), IsValueSecret: wire.Some(h.Secret)})
	}
	for _, q := range p.Query {
		out.QueryStringParameters = append(out.QueryStringParameters, model.ConnectionQueryStringParameter{Key: some(q.Key), Value: shownValue(q), IsValueSecret: wire.Some(q.Secret)})
	}
	for _, b := range p.Body {
		out.BodyParameters = append(out.BodyParameters, model.ConnectionBodyParameter{Key: some(b.Key), Value: shownValue(b), IsValueSecret: wire.Some(b.Secret)})
	}
	return out
}

func shownValue(p destination.Parameter) wire.Opt[string] {
	if p.Secret {
		return wire.Opt[string]{}
	}
	return wire.Some(string(p.Value))
}

// secretARN is the ARN that AWS's secret of the connection has; here it names
// what cannot be read. AWS puts six letters behind it, and so do we.
func secretARN(c *destination.Connection) wire.Opt[string] {
	if c.Sealed == nil {
		return wire.Opt[string]{}
	}
	a := c.ARN()
	a.Service, a.Resource = "secretsmanager", "secret:events!connection/"+c.Name.Name+"/"+c.ID+"-"+strings.ReplaceAll(c.ID, "-", "")[:6]
	return wire.Some(a.String())
}

// explain words an error about a connection or an API destination.
func (w web) explain(err error) error {
	say := func(code, message string) error { return &wire.Error{Code: code, Message: message} }
	connection := w.connection
	if connection == "" {
		connection = w.Name.Name
	}
	switch {
	case errors.Is(err, destination.ErrConnectionNotFound):
		return say(codeNotFound, "Connection "+connection+" does not exist.")
	case errors.Is(err, destination.ErrConnectionExists):
		return say(codeExists, "Connection "+w.Name.Name+" already exists.")
	case errors.Is(err, destination.ErrNotFound):
		return say(codeNotFound, "API destination "+w.Name.Name+" does not exist.")
	case errors.Is(err, destination.ErrExists):
		return say(codeExists, "API destination "+w.Name.Name+" already exists.")
	case errors.Is(err, destination.ErrChanged):
		return say(codeConcurrent, "Connection "+w.Name.Name+" is being changed by somebody else.")
	case errors.Is(err, destination.ErrTooMany):
		return say(codeLimit, overLimit)
	}
	return err
}
