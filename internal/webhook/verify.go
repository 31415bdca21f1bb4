package webhook

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // some senders have nothing better, and HMAC-SHA1 is not broken
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"net/http"
	"strconv"
	"strings"
	"time"
)

var algorithms = map[string]func() hash.Hash{"sha256": sha256.New, "sha512": sha512.New, "sha1": sha1.New}

var decoders = map[string]func(string) ([]byte, error){"hex": hex.DecodeString, "base64": base64.StdEncoding.DecodeString}

// maxSignatures bounds how many signatures of one request are looked at: while
// a secret is rotated, senders send two.
const maxSignatures = 16

var (
	errMissing  = errors.New("the request has no signature")
	errMismatch = errors.New("it is not the one of this body and the secret")
)

func (h *Hook) verify(header http.Header, body []byte, now time.Time) error {
	switch h.config.Scheme {
	case GitHub:
		return h.compare("sha256", "hex", header.Get("X-Hub-Signature-256"), "sha256=", body)
	case Stripe:
		return h.verifyStripe(header.Get("Stripe-Signature"), body, now)
	case Slack:
		return h.verifySlack(header, body, now)
	case Standard:
		return h.verifyStandard(header, body, now)
	}
	c := &h.config
	return h.compare(c.Algorithm, c.Encoding, header.Get(c.Header), c.Prefix, body)
}

// compare checks the one signature of text, behind its prefix.
func (h *Hook) compare(algorithm, encoding, signature, prefix string, text ...[]byte) error {
	if signature == "" {
		return errMissing
	}
	rest, ok := strings.CutPrefix(strings.TrimSpace(signature), prefix)
	if !ok {
		return fmt.Errorf("it does not begin with %s", prefix)
	}
	given, err := decoders[encoding](rest)
	if err != nil {
		return fmt.Errorf("it is not %s", encoding)
	}
	if !hmac.Equal(given, h.digest(algorithm, text...)) {
		return errMismatch
	}
	return nil
}

func (h *Hook) digest(algorithm string, text ...[]byte) []byte {
	mac := hmac.New(algorithms[algorithm], h.secret)
	for _, part := range text {
		mac.Write(part)
	}
	return mac.Sum(nil)
}

// verifyStripe reads t={seconds},v1={hex},…: the digest is of the time, a dot
// and the body. v0 is of test events and proves nothing.
// https://docs.stripe.com/webhooks#verify-manually
func (h *Hook) verifyStripe(signature string, body []byte, now time.Time) error {
	if signature == "" {
		return errMissing
	}
	at := ""
	var signatures []string
	for item := range strings.SplitSeq(signature, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(item), "=")
		switch name {
		case "t":
			at = value
		case "v1":
			signatures = append(signatures, value)
		}
	}
	if err := fresh(at, now); err != nil {
		return err
	}
	return h.any(signatures, hex.DecodeString, []byte(at), []byte("."), body)
}

// verifySlack checks the digest of "v0", the time and the body, with colons
// between them.
// https://docs.slack.dev/authentication/verifying-requests-from-slack
func (h *Hook) verifySlack(header http.Header, body []byte, now time.Time) error {
	signature, at := header.Get("X-Slack-Signature"), header.Get("X-Slack-Request-Timestamp")
	if signature == "" {
		return errMissing
	}
	if err := fresh(at, now); err != nil {
		return err
	}
	return h.compare("sha256", "hex", signature, "v0=", []byte("v0:"), []byte(at), []byte(":"), body)
}

// verifyStandard reads the signatures of the Standard Webhooks specification:
// v1,{base64}, with spaces between them, of the id, the time and the body with
// dots between them. The asymmetric ones (v1a) are passed over.
// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
func (h *Hook) verifyStandard(header http.Header, body []byte, now time.Time) error {
	id, at, all := header.Get("Webhook-Id"), header.Get("Webhook-Timestamp"), header.Get("Webhook-Signature")
	if all == "" {
		return errMissing
	}
	if id == "" {
		return errors.New("the request has no webhook-id")
	}
	if err := fresh(at, now); err != nil {
		return err
	}
	var signatures []string
	for item := range strings.FieldsSeq(all) {
		if value, ok := strings.CutPrefix(item, "v1,"); ok {
			signatures = append(signatures, value)
		}
	}
	return h.any(signatures, base64.StdEncoding.DecodeString, []byte(id), []byte("."), []byte(at), []byte("."), body)
}

// any checks that one of the signatures is the HMAC-SHA256 of text.
func (h *Hook) any(signatures []string, decode func(string) ([]byte, error), text ...[]byte) error {
	if len(signatures) > maxSignatures {
		return fmt.Errorf("the request has more than %d signatures", maxSignatures)
	}
	want, found := h.digest("sha256", text...), false
	for _, s := range signatures {
		given, err := decode(s)
		found = hmac.Equal(given, want) && err == nil || found
	}
	if !found {
		return errMismatch
	}
	return nil
}

// fresh refuses a time, in seconds since 1970, that is too far from now.
func fresh(at string, now time.Time) error {
	seconds, err := strconv.ParseInt(at, 10, 64)
	if err != nil || seconds < 0 || seconds > 1<<40 {
		return errors.New("the request does not say when it was signed")
	}
	if off := now.Sub(time.Unix(seconds, 0)); off > Tolerance || off < -Tolerance {
		return fmt.Errorf("the request was signed at %s, which is more than %s from now: it is an old one, or a clock is wrong",
			time.Unix(seconds, 0).UTC().Format(time.RFC3339), Tolerance)
	}
	return nil
}

// standardSecret is the key in whsec_{base64}.
func standardSecret(secret []byte) ([]byte, error) {
	if bytes.HasPrefix(secret, []byte("whpk_")) || bytes.HasPrefix(secret, []byte("whsk_")) {
		return nil, errors.New("the secret is of the asymmetric variant of Standard Webhooks (v1a), which Carillon does not verify yet: use a whsec_ secret")
	}
	key, err := base64.StdEncoding.DecodeString(string(bytes.TrimPrefix(secret, []byte("whsec_"))))
	if err != nil || len(key) == 0 {
		return nil, errors.New("the secret of Standard Webhooks is whsec_ and base64")
	}
	return key, nil
}
