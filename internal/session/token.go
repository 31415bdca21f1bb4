package session

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/carillon-events/carillon/internal/seal"
)

// Limits of a token. With 2,048 bytes of policies and tags it has about 5,000:
// AWS says that its own are usually below 4,096, and to count on no maximum.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_Credentials.html
const (
	MaxToken   = 16 << 10 // characters
	maxContent = 64 << 10 // bytes, unpacked
	// MaxPacked is how many bytes policies and tags may take, packed.
	MaxPacked = 2048
)

// What Open says.
var (
	ErrInvalid = errors.New("session token is not of this access key")
	ErrExpired = errors.New("session is over")
)

// version of what is sealed:
//
//	{version 1 = 1}{DEFLATE of the Session in JSON}
//
// and a token is that, sealed for the access key id, in base64 (RFC 4648, URL
// alphabet, no padding).
const version = 1

// encoding is strict: a session has one token.
var encoding = base64.RawURLEncoding.Strict()

// Sealer makes and opens tokens. It may be shared.
type Sealer struct{ box *seal.Box }

// NewSealer seals with a box of its own purpose.
func NewSealer(box *seal.Box) *Sealer { return &Sealer{box} }

// Seal is the token of s, for its access key.
func (s *Sealer) Seal(accessKey string, of *Session) (string, error) {
	text, err := json.Marshal(of)
	if err != nil {
		return "", fmt.Errorf("write down a session: %w", err)
	}
	if len(text) > maxContent {
		return "", fmt.Errorf("write down a session: it has %d bytes, more than %d", len(text), maxContent)
	}
	sealed, err := s.box.Seal(deflate([]byte{version}, text), accessKey)
	if err != nil {
		return "", fmt.Errorf("seal a session: %w", err)
	}
	token := encoding.EncodeToString(sealed)
	if len(token) > MaxToken {
		return "", fmt.Errorf("seal a session: its token has %d characters, more than %d", len(token), MaxToken)
	}
	return token, nil
}

// Open is the session in a token. Why one does not open is nobody's business.
func (s *Sealer) Open(accessKey, token string) (*Session, error) {
	if len(token) > MaxToken || strings.ContainsAny(token, "\r\n") { // which the decoder would skip
		return nil, ErrInvalid
	}
	sealed, err := encoding.DecodeString(token)
	if err != nil {
		return nil, ErrInvalid
	}
	packed, err := s.box.Open(sealed, accessKey)
	if err != nil || len(packed) == 0 || packed[0] != version {
		return nil, ErrInvalid
	}
	return decode(packed[1:])
}

// decode reads what was sealed. It is ours, but a key may have leaked.
func decode(packed []byte) (*Session, error) {
	text, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(packed)), maxContent+1))
	if err != nil || len(text) > maxContent {
		return nil, ErrInvalid
	}
	of := new(Session)
	if err := json.Unmarshal(text, of); err != nil || of.Kind < Role || of.Kind > Federated || of.Secret == "" || of.Behind == "" {
		return nil, ErrInvalid
	}
	return of, nil
}

// deflate appends the packed form of text to dst.
func deflate(dst, text []byte) []byte {
	out := bytes.NewBuffer(dst)
	w, err := flate.NewWriter(out, flate.BestCompression)
	if err != nil {
		panic("session: " + err.Error()) // the level is a constant
	}
	_, _ = w.Write(text) // into memory
	_ = w.Close()
	return out.Bytes()
}

// Packed is how many bytes the policies and tags of s take, packed, which is
// what they are limited to together. Nothing is nothing.
func (s *Session) Packed() int {
	if !s.Limited() && len(s.Tags) == 0 {
		return 0
	}
	text, err := json.Marshal(&Session{Policy: s.Policy, Policies: s.Policies, Tags: s.Tags})
	if err != nil {
		panic("session: " + err.Error()) // it is strings
	}
	empty, _ := json.Marshal(&Session{})
	return max(1, len(deflate(nil, text))-len(deflate(nil, empty)))
}
