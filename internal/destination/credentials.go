package destination

import (
	"encoding/json"
	"fmt"
	"log/slog"
)

// Method is how a connection makes itself known.
type Method string

// The methods. They are stored.
const (
	Basic  Method = "basic"  // a user and password
	APIKey Method = "apiKey" // a header of its own
	OAuth  Method = "oauth"  // a token for client credentials
)

// Secret is a text that does not print. string(s) is what it says.
type Secret string

const hidden = "[secret]"

// String keeps a secret out of logs and errors.
func (Secret) String() string { return hidden }

// GoString is String.
func (Secret) GoString() string { return hidden }

// LogValue is String.
func (Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

// Format is String for every verb: %x would print it otherwise.
func (Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(hidden)) }

// Parameter is something that goes with every request of a connection.
type Parameter struct {
	Key    string `json:"key"`
	Value  Secret `json:"value,omitempty"`
	Secret bool   `json:"secret,omitempty"` // whether the value may not be shown
}

// Parameters go with a request, by where they go.
type Parameters struct {
	Headers []Parameter `json:"headers,omitempty"`
	Query   []Parameter `json:"query,omitempty"`
	Body    []Parameter `json:"body,omitempty"`
}

// Credentials are what a connection makes itself known with.
type Credentials struct {
	Name   string `json:"name,omitempty"`   // user, header of the API key, or client id
	Secret Secret `json:"secret,omitempty"` // password, API key, or client secret

	// Of OAuth: where and how a token is had.
	TokenURL    string      `json:"tokenUrl,omitempty"`
	TokenMethod string      `json:"tokenMethod,omitempty"`
	Token       *Parameters `json:"token,omitempty"`

	Invocation *Parameters `json:"invocation,omitempty"` // what every call gets besides
}

// Shown are the credentials without what may not be shown.
func (c Credentials) Shown() Credentials {
	c.Secret = ""
	c.Token, c.Invocation = c.Token.shown(), c.Invocation.shown()
	return c
}

func (p *Parameters) shown() *Parameters {
	if p == nil {
		return nil
	}
	return &Parameters{shown(p.Headers), shown(p.Query), shown(p.Body)}
}

func shown(list []Parameter) []Parameter {
	var out []Parameter
	for _, p := range list {
		if p.Secret {
			p.Value = ""
		}
		out = append(out, p)
	}
	return out
}

// Text is the credentials as they are sealed.
func (c Credentials) Text() []byte { return text(c) }

// ReadCredentials is the inverse of Text.
func ReadCredentials(b []byte) (c Credentials, err error) {
	if err := json.Unmarshal(b, &c); err != nil {
		return Credentials{}, errUnreadable
	}
	return c, nil
}

// text is what is sealed of a value.
func text(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic("destination: a secret that is not JSON: " + err.Error())
	}
	return b
}
