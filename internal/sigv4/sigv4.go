// Package sigv4 verifies AWS Signature Version 4: in the Authorization header
// and in the query string (presigned URLs and query authentication).
//
// It owns the canonical request, the key derivation with its bounded cache,
// and the sentences that AWS uses when it refuses. It refuses whatever is not
// signed over the host and over the operation's name. It does not know who the
// keys belong to, nor which service an operation is of: the edge compares the
// scope with the service that it routed to.
//
// Invariants:
//
//  1. The body's own hash goes into the signature; what X-Amz-Content-Sha256
//     claims is only compared with it. A tampered body never verifies.
//  2. Signatures are compared in constant time.
//  3. Verify never writes to the request or the body.
//
// S3 has other rules (path encoded once, unsigned and streamed payloads); they
// come with S3.
//
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
package sigv4

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"net/http"
	"time"
)

const (
	algorithm   = "AWS4-HMAC-SHA256"
	terminator  = "aws4_request"
	dateFormat  = "20060102"
	stampFormat = "20060102T150405Z"
)

// DefaultSkew is how far a request's clock may be from ours.
const DefaultSkew = 5 * time.Minute

// Verifier checks signatures. Its zero value is not usable: see NewVerifier.
type Verifier struct {
	now  func() time.Time
	skew time.Duration
	keys keyCache
}

// NewVerifier returns a Verifier that reads the time from now and accepts
// DefaultSkew on either side of it.
func NewVerifier(now func() time.Time) *Verifier {
	return &Verifier{now: now, skew: DefaultSkew}
}

// Verify checks that s signs r and body with secret, now. Its error is an *Error.
// r must be as the server received it, and body what it carried, compressed
// if it came compressed.
func (v *Verifier) Verify(r *http.Request, s *Signed, body []byte, secret string) error {
	if err := s.checkCoverage(r); err != nil {
		return err
	}
	if err := v.checkTime(s); err != nil {
		return err
	}
	hash, ok := bodyHash(r, body)
	if !ok {
		return mismatch()
	}
	key := v.keys.get(s, secret)
	var given [sha256.Size]byte
	if n, err := hex.Decode(given[:], []byte(s.signature)); err != nil || n != len(given) {
		return mismatch()
	}
	path := r.URL.EscapedPath()
	normal := normalizePath(path)
	want := s.sign(r, normal, hash, key)
	if subtle.ConstantTimeCompare(want[:], given[:]) == 1 {
		return nil
	}
	if normal == path {
		return mismatch()
	}
	// AWS signs the path without its empty and dot segments; aws-sdk-go-v2 signs
	// it as it stands. Both are signatures over this very request.
	want = s.sign(r, path, hash, key)
	if subtle.ConstantTimeCompare(want[:], given[:]) == 1 {
		return nil
	}
	return mismatch()
}

// checkTime refuses what was signed too long ago, or ahead of us.
func (v *Verifier) checkTime(s *Signed) error {
	now := v.now().UTC()
	lifetime := v.skew
	if s.presigned && s.expires > 0 {
		lifetime = s.expires
	}
	if oldest := now.Add(-lifetime); s.at.Before(oldest) {
		return &Error{Expired, fmt.Sprintf("Signature expired: %s is now earlier than %s (%s - %s.)",
			s.at.Format(stampFormat), oldest.Format(stampFormat), now.Format(stampFormat), spoken(lifetime))}
	}
	if newest := now.Add(v.skew); s.at.After(newest) {
		return &Error{Expired, fmt.Sprintf("Signature not yet current: %s is still later than %s (%s + %s.)",
			s.at.Format(stampFormat), newest.Format(stampFormat), now.Format(stampFormat), spoken(v.skew))}
	}
	return nil
}

// spoken is a duration as AWS writes it: "5 min", or seconds where minutes do not do.
func spoken(d time.Duration) string {
	if d%time.Minute == 0 {
		return fmt.Sprintf("%d min", d/time.Minute)
	}
	return fmt.Sprintf("%d sec", d/time.Second)
}

// bodyHash is the hex SHA-256 of body; not ok if the request claims another.
func bodyHash(r *http.Request, body []byte) (hash [2 * sha256.Size]byte, ok bool) {
	sum := sha256.Sum256(body)
	hex.Encode(hash[:], sum[:])
	claim := r.Header["X-Amz-Content-Sha256"]
	return hash, len(claim) == 0 || len(claim) == 1 && claim[0] == string(hash[:])
}
