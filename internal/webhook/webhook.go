// Package webhook reads what services on the web (GitHub, Stripe, Slack, …) send
// when something happens with them: whether it is really them, and what event it
// is.
//
// It owns the signature schemes and what each scheme says of an event: its type,
// the sender's id of the delivery, and the body as the detail of an event. A
// Hook is made once of a Config and a secret, is never changed, and may be
// shared.
//
// It refuses to read a body whose signature it has not verified: Receive does
// both, in that order. It does not know buses, and has no clock.
//
// Invariants:
//
//   - Signatures are compared in constant time, over the bytes as they came.
//   - An error about a signature holds nothing of the secret or of the right
//     signature.
//   - A detail is a JSON object that event.CheckObject takes.
package webhook

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/carillon-events/carillon/internal/transform"
)

// Scheme is how a sender signs.
type Scheme string

// The schemes.
const (
	GitHub   Scheme = "github"
	Stripe   Scheme = "stripe"
	Slack    Scheme = "slack"
	HMAC     Scheme = "hmac"     // a digest in a header, as Config says
	Standard Scheme = "standard" // standardwebhooks.com
)

// Schemes are all of them.
var Schemes = []Scheme{GitHub, Stripe, Slack, HMAC, Standard}

// Config is how a webhook is read. Only Scheme is needed, and Header for HMAC.
type Config struct {
	Scheme Scheme `json:"scheme"`

	// Of HMAC.
	Header    string `json:"header,omitempty"`    // that has the signature
	Algorithm string `json:"algorithm,omitempty"` // sha256, where empty, sha512 or sha1
	Encoding  string `json:"encoding,omitempty"`  // hex, where empty, or base64
	Prefix    string `json:"prefix,omitempty"`    // before the signature: "sha256="

	// What to read instead of what the scheme says, or besides.
	TypeHeader string `json:"typeHeader,omitempty"` // header with the event's type
	TypePath   string `json:"typePath,omitempty"`   // JSON path of it in the body: "$.action"
	IDHeader   string `json:"idHeader,omitempty"`   // header with the sender's id of the delivery
}

// Tolerance is how far the clock of a sender who signs the time may be off, and
// so for how long a request could be sent again by somebody who saw it.
const Tolerance = 5 * time.Minute

// Limits of a Config.
const (
	maxHeader = 128
	maxPrefix = 64
	maxSecret = 4096
)

// ErrSignature: a request was not sent by who has the secret, or not now.
var ErrSignature = errors.New("the signature does not verify")

// ErrBody: a request was signed, and no event can be made of it.
var ErrBody = errors.New("the body is not understood")

// Hook reads the requests of one sender.
type Hook struct {
	config   Config
	secret   []byte
	typePath *transform.Transform // nil: none
}

// New is a Hook. Its error says which part of the config is wrong.
func New(c Config, secret []byte) (*Hook, error) {
	h := &Hook{config: c, secret: secret}
	if !slices.Contains(Schemes, c.Scheme) {
		return nil, fmt.Errorf("scheme %.64q is none of github, stripe, slack, hmac, standard", c.Scheme)
	}
	if len(secret) == 0 || len(secret) > maxSecret {
		return nil, fmt.Errorf("the secret must have 1 to %d bytes", maxSecret)
	}
	for _, header := range []struct{ name, value string }{{"header", c.Header}, {"type header", c.TypeHeader}, {"id header", c.IDHeader}} {
		if header.value != "" && (len(header.value) > maxHeader || strings.ContainsFunc(header.value, notToken)) {
			return nil, fmt.Errorf("%s %.64q is no name of an HTTP header", header.name, header.value)
		}
	}
	if c.TypePath != "" {
		var err error
		if h.typePath, err = transform.Compile(transform.Spec{InputPath: &c.TypePath}); err != nil {
			return nil, fmt.Errorf("type path %.300q is no JSON path such as $.event.type", c.TypePath)
		}
	}
	if err := h.checkScheme(); err != nil {
		return nil, err
	}
	return h, nil
}

// checkScheme checks what one scheme needs, and the others do not.
func (h *Hook) checkScheme() (err error) {
	c := &h.config
	if c.Scheme == Standard {
		h.secret, err = standardSecret(h.secret)
		if err != nil {
			return err
		}
	}
	if c.Scheme != HMAC {
		if c.Header != "" || c.Algorithm != "" || c.Encoding != "" || c.Prefix != "" {
			return fmt.Errorf("header, algorithm, encoding and prefix are of the scheme hmac; %s has its own", c.Scheme)
		}
		return nil
	}
	if c.Algorithm == "" {
		c.Algorithm = "sha256"
	}
	if c.Encoding == "" {
		c.Encoding = "hex"
	}
	switch {
	case c.Header == "":
		return errors.New("the scheme hmac needs the header that has the signature")
	case algorithms[c.Algorithm] == nil:
		return fmt.Errorf("algorithm %.64q is none of sha256, sha512, sha1", c.Algorithm)
	case decoders[c.Encoding] == nil:
		return fmt.Errorf("encoding %.64q is none of hex, base64", c.Encoding)
	case len(c.Prefix) > maxPrefix || strings.ContainsFunc(c.Prefix, notPrintable):
		return fmt.Errorf("prefix %.64q: want at most %d printable characters", c.Prefix, maxPrefix)
	}
	return nil
}

// Config is what the hook was made of, with the defaults filled in.
func (h *Hook) Config() Config { return h.config }

func notToken(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.", r))
}

func notPrintable(r rune) bool { return r < ' ' || r > '~' }

// Delivery is a request that was verified.
type Delivery struct {
	Type   string // the event's type, of 1 to 128 characters
	ID     string // the sender's id of the delivery; empty where there is none
	Detail string // a JSON object

	// Once is what a sender that may send a delivery again calls it; empty where
	// the scheme promises no such name.
	Once string
	// Challenge is what the sender wants to read in the answer. There is no event
	// then.
	Challenge string
}

// Receive verifies a request and reads it. Its errors are ErrSignature and
// ErrBody, with the reason.
func (h *Hook) Receive(header http.Header, body []byte, now time.Time) (Delivery, error) {
	if err := h.verify(header, body, now); err != nil {
		return Delivery{}, fmt.Errorf("%w: %w", ErrSignature, err)
	}
	d, err := h.read(header, body)
	if err != nil {
		return d, fmt.Errorf("%w: %w", ErrBody, err)
	}
	return d, nil
}
