package bus

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/carillon-events/carillon/internal/event"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/transform"
)

// A bus may ask that an event which comes twice is routed once. Events then
// carry a key; one whose key the bus has seen within the window is a repeat: it
// is acknowledged with the id of the first and goes to no rule. The key is
// written in the transaction that accepts the first, so there is no moment at
// which two events of one key can both be the first.
//
// A bus asks by its tags, which every client of AWS's API can set. An event
// that has no string (of at least one character) or number at the path has no
// key, and is never a repeat. Replays are no repeats: whoever starts one wants
// the events again.
//
//	'i' {account} 0 {region} 0 {bus} 0 {bucket i64}{hash 16}   {version 1 = 1}{accepted at i64}{event id: the rest}
//
// A bucket is as long as the bus's window and called after the microsecond that
// it begins with, so a look-up reads two, and what is older goes with one range
// deletion when a new one begins. A window that is changed begins with nothing.
const (
	TagKeyPath = "carillon:idempotency-key-path"
	TagWindow  = "carillon:idempotency-window"
)

// What a bus that has only one of the tags gets for the other.
const (
	DefaultKeyPath = "$.detail.metadata.idempotency-key"
	DefaultWindow  = 5 * time.Minute
)

// Windows that a bus may ask for. Its keys take some 150 bytes each.
const (
	minWindow = time.Second
	maxWindow = 24 * time.Hour
)

// TagError is a tag that Carillon reads and cannot follow.
type TagError struct{ Tag, Reason string }

func (e *TagError) Error() string { return "tag " + e.Tag + ": " + e.Reason }

// once is what a bus asks for. The zero value is one that asks for nothing, but
// remembers the keys that events are added with.
type once struct {
	path   *transform.Transform // nil: events carry no keys of their own
	window time.Duration        // DefaultWindow where zero
}

// parseOnce reads the tags of a bus.
func parseOnce(tags map[string]string) (o once, err error) {
	path, hasPath := tags[TagKeyPath]
	window, hasWindow := tags[TagWindow]
	if !hasPath && !hasWindow {
		return o, nil
	}
	if path == "" {
		path = DefaultKeyPath
	}
	if strings.Contains(path, "*") {
		return o, &TagError{TagKeyPath, "a key is at one place, so its path has no wildcard"}
	}
	if o.path, err = transform.Compile(transform.Spec{InputPath: &path}); err != nil {
		return o, &TagError{TagKeyPath, fmt.Sprintf("%.300q is no JSON path such as %s", path, DefaultKeyPath)}
	}
	if window == "" {
		return o, nil
	}
	if o.window, err = time.ParseDuration(window); err != nil || o.window < minWindow || o.window > maxWindow {
		return o, &TagError{TagWindow, fmt.Sprintf("%.300q is no duration from 1s to 24h, such as 5m", window)}
	}
	return o, nil
}

// storedOnce is parseOnce for tags that are kept: what an older Carillon took
// for a tag like any other must not stop the bus.
func storedOnce(tags map[string]string) once {
	o, err := parseOnce(tags)
	if err != nil {
		return once{}
	}
	return o
}

func (o *once) remembers() time.Duration {
	if o.window == 0 {
		return DefaultWindow
	}
	return o.window
}

// changesOnce tells whether a bus with these tags asks for something else than
// one with those.
func changesOnce(before, after map[string]string) bool {
	for _, tag := range []string{TagKeyPath, TagWindow} {
		old, had := before[tag]
		if now, has := after[tag]; had != has || old != now {
			return true
		}
	}
	return false
}

// renewOnce has a bus that is in use ask for what its new tags say.
func renewOnce(tx *store.Tx, n Name, tags map[string]string) error {
	m, err := memory.In(tx)
	if err != nil {
		return err
	}
	if w := m.buses[n]; w != nil {
		w.once = storedOnce(tags)
		w.now = &ruleset{rules: w.now.rules, once: w.once}
	}
	return nil
}

// keyHash is what is kept of a key.
type keyHash [16]byte

// keysOf are the keys of an event: those that it was added with, and the one in
// it.
func (o *once) keysOf(envelope []byte, given []string) (keys []keyHash) {
	if event.Replayed(envelope) {
		return nil // also where another bus has sent it here
	}
	for _, k := range given {
		keys = append(keys, hashKey('g', k))
	}
	if o.path == nil {
		return keys
	}
	at, err := o.path.Apply(nil, envelope, transform.Context{})
	if err != nil || len(at) == 0 {
		return keys
	}
	switch c := at[0]; {
	case c == '"':
		var text string
		if json.Unmarshal(at, &text) == nil && text != "" {
			keys = append(keys, hashKey('s', text))
		}
	case c == '-' || c >= '0' && c <= '9':
		keys = append(keys, hashKey('n', string(at)))
	}
	return keys
}

func hashKey(kind byte, key string) keyHash {
	sum := sha256.Sum256(append([]byte{kind}, key...))
	return keyHash(sum[:16])
}

// onceKey is the key of a hash in the bucket; with no hash, where the bucket begins.
func (n Name) onceKey(bucket int64, hash ...byte) []byte {
	k := key(store.SpaceIdempotency, n.Account, n.Region, n.Bus, "")
	return append(binary.BigEndian.AppendUint64(k, uint64(bucket)), hash...)
}

// recognise tells whether p is a repeat, and remembers it if it is not. The bus
// exists.
func (c *Core) recognise(tx *store.Tx, p *pending) (repeat bool, err error) {
	p.first = ""
	if len(p.keys) == 0 {
		return false, nil
	}
	window := p.met.once.remembers()
	now := tx.Now().UnixMicro()
	bucket := now - now%window.Microseconds()
	before := bucket - window.Microseconds()
	for _, k := range p.keys {
		for _, b := range []int64{bucket, before} {
			value, found, err := tx.Get(p.bus.onceKey(b, k[:]...))
			if err != nil {
				return false, fmt.Errorf("recognise an event on %s: %w", p.bus.Bus, err)
			}
			if !found {
				continue
			}
			id, at, err := decodeOnce(value)
			if err != nil {
				return false, err
			}
			if now-at < window.Microseconds() {
				p.first = id
				return true, nil
			}
		}
	}
	return false, c.remember(tx, p, bucket, before)
}

func (c *Core) remember(tx *store.Tx, p *pending, bucket, before int64) error {
	m, err := memory.In(tx)
	if err != nil {
		return err
	}
	if w := m.buses[p.bus]; w.bucket < bucket {
		if err := tx.DeleteRange(p.bus.onceKey(0), p.bus.onceKey(before)); err != nil {
			return err
		}
		w.bucket = bucket
	}
	value := append(binary.BigEndian.AppendUint64([]byte{recordVersion}, uint64(tx.Now().UnixMicro())), p.event...)
	for _, k := range p.keys {
		if err := tx.Set(p.bus.onceKey(bucket, k[:]...), value); err != nil {
			return err
		}
	}
	return nil
}

func decodeOnce(value []byte) (id string, at int64, err error) {
	if len(value) < 9 || value[0] != recordVersion {
		return "", 0, errors.New("bus: a damaged idempotency key")
	}
	return string(value[9:]), int64(binary.BigEndian.Uint64(value[1:])), nil
}

// forgetKeys removes all keys of a bus.
func forgetKeys(tx *store.Tx, n Name) error {
	begin := key(store.SpaceIdempotency, n.Account, n.Region, n.Bus, "")
	return tx.DeleteRange(begin, store.PrefixEnd(begin))
}

// Len is how many events were added to the batch.
func (b *Batch) Len() int { return len(b.events) }

// First tells of the event that was added to the batch as number i, from 0,
// whether it was a repeat when the batch was put, and of which event.
func (b *Batch) First(i int) (id string, repeat bool) {
	return b.events[i].first, b.events[i].first != ""
}
