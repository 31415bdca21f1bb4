package topic

import (
	"github.com/carillon-events/carillon/internal/notification"
)

// Sign signs a document, with SHA-256 or with SHA-1. It is called where messages
// are prepared, and if subscriptions change faster than that also in
// transactions: it must not wait for one.
type Sign func(n *notification.Notification, sha256 bool) error

// SignForQueues has sign sign the documents that go into queues, too. Call it
// before the first Publish.
func (c *Core) SignForQueues(sign Sign) { c.sign = sign }

// signatures are those of a message that were made. What subscribers in queues
// get differs in what is not signed, so a text has one, however many get it.
type signatures struct {
	sign Sign
	made map[signedText]signature
}

type signedText struct {
	key    Protocol
	sha256 bool
}

type signature struct {
	version, text, url string
	err                error
}

func (c *Core) signaturesOf() *signatures {
	if c.sign == nil {
		return nil
	}
	return &signatures{sign: c.sign, made: map[signedText]signature{}}
}

// apply signs the document of a text, if documents for queues are signed.
func (s *signatures) apply(doc *notification.Notification, key Protocol, sha256 bool) error {
	if s == nil {
		return nil
	}
	doc.Timestamp = notification.Signable(doc.Timestamp)
	of := signedText{key, sha256}
	made, ok := s.made[of]
	if !ok {
		made.err = s.sign(doc, sha256)
		made.version, made.text, made.url = doc.SignatureVersion, doc.Signature, doc.SigningCertURL
		s.made[of] = made
	}
	doc.SignatureVersion, doc.Signature, doc.SigningCertURL = made.version, made.text, made.url
	return made.err
}

// ahead signs what the members in queues will get, before a transaction that
// would have to.
func (r *renderer) ahead(to []*member) {
	if r.message.signatures == nil {
		return
	}
	for _, s := range to {
		if s.protocol == Queue && !s.raw {
			r.of(s)
		}
	}
}
