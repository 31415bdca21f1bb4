package notification

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // signature version 1 is defined with it
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"time"
)

// The versions of signatures: of SHA-1, which topics have unless they say
// otherwise, and of SHA-256.
// https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
const (
	SignatureSHA1   = "1"
	SignatureSHA256 = "2"
)

// ErrSignature: a document whose signature is not of the key.
var ErrSignature = errors.New("signature is not right")

// Canonical is what of a document is signed: names and values on lines of their
// own, in the order of the names. What a document of its type does not sign may
// be changed without anybody noticing.
// https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message-verify-message-signature.html
func (n *Notification) Canonical() []byte {
	pairs := [][2]string{{"Message", n.Message}, {"MessageId", n.MessageID}}
	if n.Type == Message {
		if n.Subject != "" {
			pairs = append(pairs, [2]string{"Subject", n.Subject})
		}
		pairs = append(pairs, [2]string{"Timestamp", n.Time()})
	} else {
		pairs = append(pairs, [2]string{"SubscribeURL", n.SubscribeURL}, [2]string{"Timestamp", n.Time()}, [2]string{"Token", n.Token})
	}
	pairs = append(pairs, [2]string{"TopicArn", n.TopicARN}, [2]string{"Type", n.Type})
	size := 0
	for _, p := range pairs {
		size += len(p[0]) + len(p[1]) + 2
	}
	b := make([]byte, 0, size)
	for _, p := range pairs {
		b = append(append(append(append(b, p[0]...), '\n'), p[1]...), '\n')
	}
	return b
}

// digest is that of the canonical text by a version.
func (n *Notification) digest(version string) (crypto.Hash, []byte, error) {
	text := n.Canonical()
	switch version {
	case SignatureSHA1:
		sum := sha1.Sum(text) //nolint:gosec // as above
		return crypto.SHA1, sum[:], nil
	case SignatureSHA256:
		sum := sha256.Sum256(text)
		return crypto.SHA256, sum[:], nil
	}
	return 0, nil, fmt.Errorf("%w: version %.20q is neither 1 nor 2", ErrSignature, version)
}

// Signable is a document's time as it can be signed: not a whole second, but a
// millisecond later. AWS's Java SDK (sns-message-manager 2.42.36) takes the text
// ".000Z" apart and forgets the zeros in what it verifies, so that it refuses such
// documents, one in a thousand.
func Signable(at time.Time) time.Time {
	if at.Nanosecond() < int(time.Millisecond) {
		at = at.Add(time.Millisecond)
	}
	return at
}

// Sign signs the document, whose texts must be UTF-8: readers check what they
// read. It takes about a millisecond.
func (n *Notification) Sign(key *rsa.PrivateKey, version string) error {
	hash, digest, err := n.digest(version)
	if err != nil {
		return err
	}
	signature, err := rsa.SignPKCS1v15(nil, key, hash, digest)
	if err != nil {
		return fmt.Errorf("sign a notification: %w", err)
	}
	n.SignatureVersion, n.Signature = version, base64.StdEncoding.EncodeToString(signature)
	return nil
}

// Verify checks the document's signature, as its receivers do.
func (n *Notification) Verify(key *rsa.PublicKey) error {
	hash, digest, err := n.digest(n.SignatureVersion)
	if err != nil {
		return err
	}
	signature, err := base64.StdEncoding.DecodeString(n.Signature)
	if err != nil || rsa.VerifyPKCS1v15(key, hash, digest, signature) != nil {
		return ErrSignature
	}
	return nil
}
