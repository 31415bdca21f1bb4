package events

import (
	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/destination"
	targetdestination "github.com/carillon-events/carillon/internal/target/destination"
	"github.com/carillon-events/carillon/internal/wire"
)

// pair is a name and a secret, each if given.
type pair struct{ name, secret wire.Opt[string] }

// given are the AuthParameters of a request that creates or changes a connection.
type given struct {
	basic, apiKey, client *pair
	oauth                 bool
	endpoint, method      wire.Opt[string]
	token, invocation     *model.ConnectionHttpParameters
}

func givenNew(p *model.CreateConnectionAuthRequestParameters) given {
	g := given{invocation: p.InvocationHttpParameters}
	if b := p.BasicAuthParameters; b != nil {
		g.basic = &pair{wire.Some(b.Username), wire.Some(b.Password)}
	}
	if k := p.ApiKeyAuthParameters; k != nil {
		g.apiKey = &pair{wire.Some(k.ApiKeyName), wire.Some(k.ApiKeyValue)}
	}
	if o := p.OAuthParameters; o != nil {
		g.oauth, g.endpoint, g.method, g.token = true, wire.Some(o.AuthorizationEndpoint), wire.Some(o.HttpMethod), o.OAuthHttpParameters
		g.client = &pair{wire.Some(o.ClientParameters.ClientID), wire.Some(o.ClientParameters.ClientSecret)}
	}
	return g
}

func givenChange(p *model.UpdateConnectionAuthRequestParameters) given {
	if p == nil {
		return given{}
	}
	g := given{invocation: p.InvocationHttpParameters}
	if b := p.BasicAuthParameters; b != nil {
		g.basic = &pair{b.Username, b.Password}
	}
	if k := p.ApiKeyAuthParameters; k != nil {
		g.apiKey = &pair{k.ApiKeyName, k.ApiKeyValue}
	}
	if o := p.OAuthParameters; o != nil {
		g.oauth, g.endpoint, g.method, g.token = true, o.AuthorizationEndpoint, o.HttpMethod, o.OAuthHttpParameters
		if o.ClientParameters != nil {
			g.client = &pair{o.ClientParameters.ClientID, o.ClientParameters.ClientSecret}
		}
	}
	return g
}

// credentials are those that were, with what is given in their place.
func (s *Service) credentials(method destination.Method, by destination.Credentials, g given) (destination.Credentials, error) {
	if err := g.onlyFor(method); err != nil {
		return by, err
	}
	names := map[destination.Method][2]string{
		destination.Basic:  {"BasicAuthParameters.Username", "BasicAuthParameters.Password"},
		destination.APIKey: {"ApiKeyAuthParameters.ApiKeyName", "ApiKeyAuthParameters.ApiKeyValue"},
		destination.OAuth:  {"OAuthParameters.ClientParameters.ClientID", "OAuthParameters.ClientParameters.ClientSecret"},
	}[method]
	if p := map[destination.Method]*pair{destination.Basic: g.basic, destination.APIKey: g.apiKey, destination.OAuth: g.client}[method]; p != nil {
		by.Name, by.Secret = p.name.Or(by.Name), destination.Secret(p.secret.Or(string(by.Secret)))
	}
	by.TokenURL, by.TokenMethod = g.endpoint.Or(by.TokenURL), g.method.Or(by.TokenMethod)
	needed := []param{{"AuthParameters." + names[0], by.Name != ""}, {"AuthParameters." + names[1], by.Secret != ""}}
	if method == destination.OAuth {
		needed = append(needed, param{"AuthParameters.OAuthParameters.AuthorizationEndpoint", by.TokenURL != ""},
			param{"AuthParameters.OAuthParameters.HttpMethod", by.TokenMethod != ""})
	}
	if err := requireAll(needed...); err != nil {
		return by, err
	}
	if method == destination.APIKey && !targetdestination.IsHeader(by.Name) {
		return by, invalid("AuthParameters."+names[0], "It must be the name of an HTTP header.")
	}
	if method == destination.APIKey && targetdestination.IsRemoved(by.Name) {
		return by, invalid("AuthParameters."+names[0], "The header "+by.Name+" is removed from requests to API destinations.")
	}
	if method == destination.OAuth {
		if err := s.checkURL("AuthParameters.OAuthParameters.AuthorizationEndpoint", by.TokenURL); err != nil {
			return by, err
		}
	}
	err := g.setParameters(&by)
	return by, err
}

// setParameters sets what goes with requests for a token, and with calls.
func (g given) setParameters(by *destination.Credentials) (err error) {
	if g.token != nil {
		if by.Token, err = parameters("AuthParameters.OAuthParameters.OAuthHttpParameters", g.token); err != nil {
			return err
		}
	}
	if g.invocation != nil {
		by.Invocation, err = parameters("AuthParameters.InvocationHttpParameters", g.invocation)
	}
	return err
}

// onlyFor refuses parameters of another way to authorize than the connection's.
func (g given) onlyFor(method destination.Method) error {
	for _, p := range []struct {
		name  string
		given bool
		of    destination.Method
	}{
		{"BasicAuthParameters", g.basic != nil, destination.Basic},
		{"ApiKeyAuthParameters", g.apiKey != nil, destination.APIKey},
		{"OAuthParameters", g.oauth, destination.OAuth},
	} {
		if p.given && p.of != method {
			return invalid("AuthParameters."+p.name, "It is for an AuthorizationType of "+methodAs[p.of]+", and that of the connection is "+methodAs[method]+".")
		}
	}
	return nil
}

// checkURL refuses an address that Carillon would never call.
func (s *Service) checkURL(parameter, text string) error {
	if err := s.calls.CheckURL(text); err != nil {
		return invalid(parameter, err.Error()+".")
	}
	return nil
}

// parameters reads what goes with every call.
func parameters(where string, in *model.ConnectionHttpParameters) (*destination.Parameters, error) {
	out := new(destination.Parameters)
	var bad error
	add := func(list *[]destination.Parameter, kind string, key, value wire.Opt[string], secret wire.Opt[bool]) {
		if key.V == "" && bad == nil {
			bad = requireAll(param{where + "." + kind + ".Key", false})
		}
		*list = append(*list, destination.Parameter{Key: key.V, Value: destination.Secret(value.V), Secret: secret.V})
	}
	for _, p := range in.HeaderParameters {
		add(&out.Headers, "HeaderParameters", p.Key, p.Value, p.IsValueSecret)
	}
	for _, p := range in.QueryStringParameters {
		add(&out.Query, "QueryStringParameters", p.Key, p.Value, p.IsValueSecret)
	}
	for _, p := range in.BodyParameters {
		add(&out.Body, "BodyParameters", p.Key, p.Value, p.IsValueSecret)
	}
	return out, bad
}
