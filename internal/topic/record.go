package topic

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/carillon-events/carillon/internal/store"
)

// Keys of topics. Numbers are big endian, names hold no zero byte. A value
// begins with {version 1 = 1}.
//
//	'N' 't' {account} 0 {region} 0 {topic}            a topic: JSON of topicRecord
//	'N' 'i' {topic 8}                                 its name, {account} 0 {region} 0 {topic}; none of a deleted one
//	'N' 'c' {topic 8}                                 what it counts (counts.go); of topic 0: {the last number given 8}
//	'N' 'u' {account} 0 {region}                      what an account counts there
//	'N' 's' {topic 8}{id 16}                          a subscription: JSON of subscriptionRecord
//	'N' 'e' {topic 8}{hash 16}                        {id 16} of the subscription of an endpoint; hash is the beginning
//	                                                  of the SHA-256 of {protocol} 0 {endpoint}
//	'N' 'a' {account} 0 {region} 0 {topic 8}{id 16}   a subscription by its owner; no more than the version
//	'N' 'd' {topic 8}                                 a deleted topic that still has subscriptions: {next id 16}
//
// Others are drawn where they are used: fanout.go, publishfifo.go, archive.go,
// replay.go.
const (
	topicSpace    = "Nt"
	nameSpace     = "Ni"
	countSpace    = "Nc"
	usageSpace    = "Nu"
	subSpace      = "Ns"
	endpointSpace = "Ne"
	ownerSpace    = "Na"
	deletedSpace  = "Nd"
)

const recordVersion = 1

var errDamaged = errors.New("damaged record")

type topicRecord struct {
	Number     uint64            `json:"number"`
	Settings   Settings          `json:"settings"`
	Tags       map[string]string `json:"tags,omitempty"`
	CreatedAt  time.Time         `json:"createdAt"`
	ArchivedAt time.Time         `json:"archivedAt,omitzero"` // since when it archives; later, if a shorter retention has removed what was before
	ArchivedBy position          `json:"archivedBy,omitzero"` // what lies before is of an archive that it had
	SweepAt    time.Time         `json:"sweepAt,omitzero"`    // when the timer for retention fires
}

type subscriptionRecord struct {
	Protocol      Protocol   `json:"protocol"`
	Endpoint      string     `json:"endpoint"`
	Owner         string     `json:"owner"`
	Principal     string     `json:"principal,omitempty"`
	Settings      Subscribed `json:"settings"`
	Pending       bool       `json:"pending,omitempty"`
	Authenticated bool       `json:"authenticated,omitempty"`
	Guarded       bool       `json:"guarded,omitempty"`
	CreatedAt     time.Time  `json:"createdAt"`
	Since         uint64     `json:"since,omitempty"`    // of messages that wait to go out (fanout.go), it gets none before
	HeldFrom      uint64     `json:"heldFrom,omitempty"` // while it is held (replay.go), it gets none of these from here on
	Replays       uint64     `json:"replays,omitempty"`  // how many it has had
}

func (n Name) text() string { return n.Account + "\x00" + n.Region + "\x00" + n.Topic }

func (n Name) key() []byte { return []byte(topicSpace + n.text()) }

// parseName is the inverse of text.
func parseName(text string) (Name, bool) {
	parts := strings.Split(text, "\x00")
	if len(parts) != 3 {
		return Name{}, false
	}
	return Name{parts[0], parts[1], parts[2]}, true
}

func numbered(space string, topic uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte(space), topic)
}

func subKey(topic uint64, id ID) []byte { return append(numbered(subSpace, topic), id[:]...) }

func endpointKey(topic uint64, p Protocol, endpoint string) []byte {
	sum := sha256.Sum256([]byte(string(p) + "\x00" + endpoint))
	return append(numbered(endpointSpace, topic), sum[:16]...)
}

func ownerPrefix(account, region string) []byte {
	return []byte(ownerSpace + account + "\x00" + region + "\x00")
}

func ownerKey(account, region string, topic uint64, id ID) []byte {
	return append(binary.BigEndian.AppendUint64(ownerPrefix(account, region), topic), id[:]...)
}

func usageKey(account, region string) []byte { return []byte(usageSpace + account + "\x00" + region) }

// records are how everything here is kept, but what has a layout of its own.
var records = store.Records{Of: "topic", Version: recordVersion, Damaged: errDamaged}

func encode(record any) []byte { return records.Encode(record) }

func decode(value []byte, record any) error { return records.Decode(value, record) }

func get(r Reader, key []byte, record any) (bool, error) { return records.Get(r, key, record) }

// idOf reads an ID of 16 bytes.
func idOf(b []byte) (id ID, err error) {
	if len(b) != len(id) {
		return id, fmt.Errorf("topic: an id of %d bytes: %w", len(b), errDamaged)
	}
	copy(id[:], b)
	return id, nil
}
