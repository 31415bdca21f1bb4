package topic

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/timer"
)

// A FIFO topic that archives keeps every message in the commit that accepts it,
// once, however many get it. Where it lies says when it came in, so that a window
// of time is a range of keys, and retention removes ranges from the front.
//
//	'N' 'k' {topic 8}{came in, microseconds i64}{sequence 8}    a message (fanoutrecord.go)
//
// Instants grow with sequences, also where the clock is set back: the topic
// remembers the last one (publishfifo.go). What a topic archives while a replay is
// going on (replay.go) is there for that replay, too, and stays until it has gone
// by, whatever the settings say.
const archiveSpace = "Nk"

// sweepEvery is how often an archive is looked at for what is too old.
const sweepEvery = time.Hour

// position is where a message lies in the archive of its topic.
type position struct {
	At       int64  `json:"at"` // microseconds since 1970
	Sequence uint64 `json:"sequence"`
}

// from is the position of the first message that came in at the instant, or later.
func from(at time.Time) position {
	if at.Unix() < 0 {
		return position{}
	}
	return position{At: at.UnixMicro()}
}

func (p position) before(other position) bool {
	return p.At < other.At || p.At == other.At && p.Sequence < other.Sequence
}

func (m *Message) position() position { return position{m.At.UnixMicro(), m.sequence} }

func archiveKey(topic uint64, p position) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(numbered(archiveSpace, topic), uint64(p.At)), p.Sequence)
}

// positionOf reads what follows the topic in a key.
func positionOf(key []byte) (position, error) {
	const head = len(archiveSpace) + 8
	if len(key) != head+16 {
		return position{}, fmt.Errorf("topic: an archived message's key of %d bytes: %w", len(key), errDamaged)
	}
	return position{int64(binary.BigEndian.Uint64(key[head:])), binary.BigEndian.Uint64(key[head+8:])}, nil
}

// archives tells whether messages of the topic are kept: for its archive, or for
// a replay that they wait for.
func (a *audience) archives() bool { return a.config.ArchiveDays > 0 || a.held > 0 }

// archived keeps a message that has its number.
func archived(tx *store.Tx, topic uint64, m *Message) error {
	return tx.Set(archiveKey(topic, m.position()), m.encode())
}

// Beginning is since when messages of the topic can be replayed; zero if it has
// no archive.
func (t *Topic) Beginning(now time.Time) time.Time {
	return beginning(&t.Settings.Config, t.ArchivedAt, now)
}

func beginning(c *Config, archivedAt, now time.Time) time.Time {
	if c.ArchiveDays == 0 {
		return time.Time{}
	}
	if oldest := now.AddDate(0, 0, -c.ArchiveDays); oldest.After(archivedAt) {
		return oldest
	}
	return archivedAt
}

// oldest is the position of the first message that can be replayed.
func (rec *topicRecord) oldest(now time.Time) position {
	p := from(beginning(&rec.Settings.Config, rec.ArchivedAt, now))
	if p.before(rec.ArchivedBy) {
		p = rec.ArchivedBy
	}
	return p
}

// noteArchive has the archive be what the settings say now; before is what they
// said. A shorter retention holds at once: what it has removed does not come back
// with a longer one.
func (rec *topicRecord) noteArchive(tx *store.Tx, before Config) error {
	days, had := rec.Settings.Config.ArchiveDays, before.ArchiveDays
	switch {
	case days == had:
		return nil
	case days == 0:
		return rec.endArchive(tx)
	case had == 0:
		s, err := fifoOf(tx, rec.Number)
		if err != nil {
			return err
		}
		rec.ArchivedAt, rec.ArchivedBy = tx.Now(), s.next()
	case days < had:
		rec.ArchivedAt = beginning(&rec.Settings.Config, rec.ArchivedAt, tx.Now())
	}
	return rec.sweepAt(tx, tx.Now())
}

// endArchive removes the archive: AWS deletes its messages, too. Replays of it
// have failed.
// https://docs.aws.amazon.com/sns/latest/dg/message-archiving-and-replay-topic-owner.html
func (rec *topicRecord) endArchive(tx *store.Tx) error {
	if err := timer.Cancel(tx, timer.TopicSweep, rec.SweepAt, archiveRef(rec.Number)); err != nil {
		return err
	}
	rec.ArchivedAt, rec.ArchivedBy, rec.SweepAt = time.Time{}, position{}, time.Time{}
	failed := map[ID]*replayRecord{}
	err := eachReplay(tx, rec.Number, func(id ID, r *replayRecord) error {
		if r.Holding && !r.CatchingUp {
			failed[id] = r
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, id := range slices.SortedFunc(maps.Keys(failed), func(a, b ID) int { return bytes.Compare(a[:], b[:]) }) {
		failed[id].fail(ReasonNoArchive)
		if err := failed[id].save(tx, rec.Number, id); err != nil {
			return err
		}
	}
	return trim(tx, rec.Number)
}

// trim removes what a topic without an archive has archived, but for what replays
// have still to send.
func trim(tx *store.Tx, topic uint64) error {
	end := store.PrefixEnd(numbered(archiveSpace, topic))
	if needed, found, err := neededFrom(tx, topic); err != nil {
		return err
	} else if found {
		end = archiveKey(topic, needed)
	}
	return tx.DeleteRange(numbered(archiveSpace, topic), end)
}

// trimUnlessArchiving is trim where the topic has no archive.
func trimUnlessArchiving(tx *store.Tx, topic uint64) error {
	n, alive, err := nameOf(tx, topic)
	if err != nil || !alive {
		return err
	}
	rec, err := getTopic(tx, n)
	if err != nil || rec.Settings.Config.ArchiveDays > 0 {
		return err
	}
	return trim(tx, topic)
}

func archiveRef(topic uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{refArchive}, topic)
}

// sweepAt sets the timer for retention, the only one that counts.
func (rec *topicRecord) sweepAt(tx *store.Tx, at time.Time) error {
	rec.SweepAt = at
	return timer.Set(tx, timer.TopicSweep, at, archiveRef(rec.Number))
}

// sweepArchive removes what is older than the topic keeps it, but for what
// replays have still to send.
func (c *Core) sweepArchive(tx *store.Tx, at time.Time, topic uint64) error {
	n, alive, err := nameOf(tx, topic)
	if err != nil || !alive {
		return err
	}
	rec, err := getTopic(tx, n)
	if err != nil || !rec.SweepAt.Equal(at) {
		return err
	}
	old := from(beginning(&rec.Settings.Config, rec.ArchivedAt, tx.Now()))
	if needed, found, err := neededFrom(tx, topic); err != nil {
		return err
	} else if found && needed.before(old) {
		old = needed
	}
	if err := removeBefore(tx, topic, old); err != nil {
		return err
	}
	if err := rec.sweepAt(tx, tx.Now().Add(sweepEvery)); err != nil {
		return err
	}
	return tx.Set(n.key(), encode(rec))
}

// removeBefore writes nothing where there is nothing, which is how it is for most
// topics every hour.
func removeBefore(tx *store.Tx, topic uint64, end position) error {
	lo, hi := numbered(archiveSpace, topic), archiveKey(topic, end)
	some := false
	if err := tx.Scan(lo, hi, func(_, _ []byte) bool { some = true; return false }); err != nil || !some {
		return err
	}
	return tx.DeleteRange(lo, hi)
}
