package sigv4

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"strings"
	"sync"
)

// SigningKey derives the key that signs requests of one day, region and service.
func SigningKey(secret, date, region, service string) [sha256.Size]byte {
	key := hmacSHA256([]byte("AWS4"+secret), []byte(date))
	for _, part := range []string{region, service, terminator} {
		key = hmacSHA256(key[:], []byte(part))
	}
	return key
}

// hmacSHA256 is HMAC-SHA-256 (RFC 2104) on the stack: crypto/hmac allocates two
// hashes for each message. A test compares the two.
func hmacSHA256(key, message []byte) [sha256.Size]byte {
	const block = 64
	var room [2 * block * 4]byte
	if len(key) > block || len(message) > len(room)-block {
		var out [sha256.Size]byte
		h := hmac.New(sha256.New, bytes.Clone(key)) // clones, or the short ones would escape too
		h.Write(bytes.Clone(message))
		h.Sum(out[:0])
		return out
	}
	inner := room[:block]
	copy(inner, key)
	for i := range inner {
		inner[i] ^= 0x36
	}
	sum := sha256.Sum256(append(inner, message...))
	var outer [block + sha256.Size]byte
	copy(outer[:], key)
	for i := range outer[:block] {
		outer[i] ^= 0x5c
	}
	copy(outer[block:], sum[:])
	return sha256.Sum256(outer[:])
}

// maxKeys bounds each of the cache's two generations.
const maxKeys = 1024

type keyName struct{ accessKey, date, region, service string }

type keyEntry struct {
	secret string // that the key came from: the owner may have changed it
	key    [sha256.Size]byte
}

// keyCache remembers signing keys in two generations: when the young one is
// full it becomes the old one, and what is still used moves back. Scopes that
// nobody uses any more (yesterday's) fall out by themselves.
type keyCache struct {
	mu         sync.RWMutex // guards young and old
	young, old map[keyName]keyEntry
}

func (c *keyCache) get(s *Signed, secret string) [sha256.Size]byte {
	name := keyName{s.AccessKey, s.date, s.Region, s.Service}
	c.mu.RLock()
	e, young := c.young[name]
	known := young
	if !young {
		e, known = c.old[name]
	}
	c.mu.RUnlock()
	fresh := known && subtle.ConstantTimeCompare([]byte(e.secret), []byte(secret)) == 1
	if !fresh {
		e = keyEntry{secret, SigningKey(secret, s.date, s.Region, s.Service)}
	}
	if !young || !fresh {
		c.put(name, e)
	}
	return e.key
}

func (c *keyCache) put(name keyName, e keyEntry) {
	// The name's strings are parts of the request's headers, which must not stay.
	name = keyName{strings.Clone(name.accessKey), strings.Clone(name.date), strings.Clone(name.region), strings.Clone(name.service)}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.young == nil || len(c.young) >= maxKeys {
		c.young, c.old = make(map[keyName]keyEntry), c.young
	}
	c.young[name] = e
}
