package topic

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/store"
)

func (m *mail) archiving(days int) {
	m.must(func(tx *store.Tx) error {
		return m.core.Create(tx, named("t"), Settings{Config: Config{FIFO: true, ContentDedup: true, ArchiveDays: days}}, nil)
	})
}

// said publishes to a FIFO topic, and gives the message as it was archived.
func said(t testing.TB, c *Core, shard *store.Shard, text string) Message {
	t.Helper()
	p := c.NewPublication(named("t"), []Message{{ID: [16]byte([]byte(text + "................")), Text: text, Group: "g"}})
	if err := c.Publish(context.Background(), shard, p); err != nil {
		t.Fatal(err)
	}
	return p.messages[0].Message
}

func archivedTexts(t testing.TB, shard *store.Shard) (texts []string) {
	t.Helper()
	err := shard.View(func(v *store.View) error {
		return store.Each(v, []byte(archiveSpace), "", func(_ string, value []byte) (bool, error) {
			m, err := decodeMessage(value)
			texts = append(texts, m.Text)
			return true, err
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

func TestAnArchiveKeepsMessagesAsLongAsItSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := start(t, DefaultLimits)
		wantError(t, "create", n.create("t", Config{FIFO: true, ContentDedup: true, ArchiveDays: 2}), nil)
		said(t, n.Core, n.store.Shard, "1")
		n.sleep(36 * time.Hour)
		said(t, n.Core, n.store.Shard, "2")
		synctest.Wait()
		want(t, "in a day and a half", archivedTexts(t, n.store.Shard), []string{"1", "2"})
		n.sleep(13 * time.Hour)
		synctest.Wait()
		want(t, "in two days", archivedTexts(t, n.store.Shard), []string{"2"})
		n.must(func(tx *store.Tx) error {
			return n.Change(tx, named("t"), func(s *Settings) error { s.Config.ArchiveDays = 0; return nil })
		})
		want(t, "without an archive", archivedTexts(t, n.store.Shard), []string{})
		said(t, n.Core, n.store.Shard, "3")
		want(t, "later on", archivedTexts(t, n.store.Shard), []string{})
		n.endTimers()
	})
}

func TestMessagesLieInOrderAlsoWhereTheClockIsSetBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := startMail(t)
		defer func() { m.stop() }()
		m.archiving(1)
		before := time.Now().Add(time.Hour)
		m.must(func(tx *store.Tx) error { // a message that came when the clock was an hour ahead
			t, err := getTopic(tx, named("t"))
			if err != nil {
				return err
			}
			old := Message{Text: "1", sequence: 7, At: before}
			if err := archived(tx, t.Number, &old); err != nil {
				return err
			}
			return fifoState{sequence: 7, bucket: bucketAt(tx.Now()), archived: before.UnixMicro()}.keep(tx, t.Number)
		})
		if got := said(t, m.core, m.shard, "2"); got.At.Before(before) || got.sequence != 8 {
			t.Errorf("the next message is %d, of %v, and the one before of %v", got.sequence, got.At, before)
		}
		want(t, "archive", archivedTexts(t, m.shard), []string{"1", "2"})
		wantError(t, "verify", m.sound(), nil)
	})
}

// subscribesFrom subscribes with a replay.
func (m *mail) subscribesFrom(id ID, from time.Time) {
	m.must(func(tx *store.Tx) error {
		_, err := m.core.Subscribe(tx, named("t"), Request{
			ID: id, Protocol: Queue, Endpoint: arn.Queue("eu-west-1", "111122223333", id.String()).String(), Owner: "111122223333",
			Settings: Subscribed{Raw: true, Replay: &Window{From: from}}, Confirmed: true,
		})
		return err
	})
}

func TestRetentionLeavesWhatAReplayHasStillToSend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &replays{mail: startMail(t)}
		defer func() { m.stop() }()
		m.archiving(1)
		said(t, m.core, m.shard, "1")
		m.subscribesFrom(ID{1}, time.Now())
		m.stop()
		time.Sleep(48 * time.Hour)
		m.open()
		m.sweep()
		m.tick(0) // its window
		m.sweep()
		want(t, "when it was sent", archivedTexts(t, m.shard), []string{})
		for m.tick(0) {
		}
		want(t, "messages", m.got(ID{1}), []string{"1*"})
	})
}

func TestAReplayOfAnArchiveThatEndsFailsAndItsSubscriptionGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &replays{mail: startMail(t)}
		defer func() { m.stop() }()
		m.archiving(1)
		said(t, m.core, m.shard, "1")
		id := ID{1}
		m.subscribesFrom(id, time.Now().Add(-time.Hour))
		state := func() (r Replay) {
			m.must(func(tx *store.Tx) (err error) { r, _, err = ReplayOf(tx, 1, id); return err })
			return r
		}
		want(t, "at first", state().State, ReplayPending)
		said(t, m.core, m.shard, "2")
		m.archives(0)
		said(t, m.core, m.shard, "3")
		want(t, "without an archive", []any{state().State, state().Reason}, []any{ReplayFailed, ReasonNoArchive})
		for m.tick(0) {
		}
		said(t, m.core, m.shard, "4")
		want(t, "messages", m.got(id), []string{"2", "3", "4"})
		want(t, "in the end", state().State, ReplayFailed)
		want(t, "left", archivedTexts(t, m.shard), []string{})
		wantError(t, "verify", m.sound(), nil)
	})
}
