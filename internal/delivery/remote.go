package delivery

import (
	"context"
	"encoding/binary"
	"errors"
	"hash/fnv"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/store"
)

// What is sent to a remote target lies in a lane of the outbox, which that target
// has for itself: its own order, its own attempts at a time, its own backlog on
// disk. A lane with something in it has a goroutine, which reads a few entries
// ahead and starts an attempt for each; one without has nothing, anywhere. So a
// target that is slow or dead costs the others neither time nor memory, however
// much waits for it.

// Reach has r deliver to targets of a kind, which is the service of their ARN,
// and behind a colon the first word of the resource where that matters:
// "events:api-destination". Where that word is also what another kind is named
// after, "sns:endpoint/" are resources that begin so, and "sns::" are those in
// two parts with a colon between them. Call it before the first Send.
func (o *Outbox) Reach(kind string, r Remote) {
	service, word, _ := strings.Cut(kind, ":")
	if o.remotes == nil {
		o.remotes = map[string][]remoteKind{}
	}
	o.remotes[service] = append(o.remotes[service], remoteKind{word, r})
}

type remoteKind struct {
	word   string // empty: any
	remote Remote
}

// takes tells whether a kind that is named after more than a word is that of
// the resource.
func (k *remoteKind) takes(resource string) bool {
	return k.word == ":" && strings.Contains(resource, ":") ||
		strings.HasSuffix(k.word, "/") && strings.HasPrefix(resource, k.word)
}

// remote is who delivers to a; nil if a is in the shard, or unknown.
func (o *Outbox) remote(a *arn.ARN) Remote {
	kinds := o.remotes[a.Service]
	if len(kinds) == 0 {
		return nil
	}
	word := a.Resource
	if i := strings.IndexAny(word, "/:"); i >= 0 {
		word = word[:i]
	}
	for _, k := range kinds {
		if k.word == "" || k.word == word || k.takes(a.Resource) {
			return k.remote
		}
	}
	return nil
}

// Reaches tells whether somebody delivers to a outside the shard. Knows is not
// enough where a target of the shard has the same service, but other resources.
func (o *Outbox) Reaches(a arn.ARN) bool { return o.remote(&a) != nil }

// local is the lane of everything that is applied in the shard itself.
const local = 0

// announced is a topic's number that is no lane's.
const announced = 1

// laneOf is the number of the lane of a remote target. Two targets may have the
// same one, if rarely; they then wait for each other, and that is all.
func laneOf(a *arn.ARN) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(a.String()))
	return max(h.Sum64(), announced+1)
}

// lanesTopic is what the runner waits for: that a lane begins.
var lanesTopic = store.Topic{Space: store.SpaceOutbox, ID: announced}

// enter has the lane's goroutine look at what is due at an instant, and start
// if it does not run.
func (m *state) enter(tx *store.Tx, lane uint64, at time.Time) {
	if !m.lanes[lane] {
		m.lanes[lane] = true
		m.begun = append(m.begun, lane)
		tx.Wake(lanesTopic, 1)
	}
	// Also one that begins: its goroutine may run, if the memory is new.
	topic := store.Topic{Space: store.SpaceOutbox, ID: lane}
	if at.After(tx.Now()) {
		tx.WakeAt(topic, at)
	} else {
		tx.Wake(topic, 1)
	}
}

// findLanes finds the lanes with something in them, in a seek for each.
func findLanes(tx *store.Tx) (map[uint64]bool, []uint64, error) {
	lanes, begun := map[uint64]bool{}, []uint64(nil)
	from, end := []byte(laneSpace), store.PrefixEnd([]byte(laneSpace))
	for {
		found := false
		err := tx.Scan(from, end, func(k, _ []byte) bool {
			lane := binary.BigEndian.Uint64(k[len(laneSpace):])
			lanes[lane], found = true, true
			begun = append(begun, lane)
			from = store.PrefixEnd(lanePrefix(lane))
			return false
		})
		if err != nil || !found {
			return lanes, begun, err
		}
	}
}

// runner starts a goroutine for each lane that begins, and knows which run.
type runner struct {
	outbox *Outbox
	shard  *store.Shard
	log    *slog.Logger

	attempts context.Context // of attempts; ends after the grace
	wait     sync.WaitGroup

	mu      sync.Mutex // guards the rest
	running map[uint64]*lane
	read    map[uint64][]byte // how far lanes were read that have ended: before it is what remains of deleted keys
}

// maxRead bounds what is remembered of lanes that have ended: of each target that
// ever had a delivery.
const maxRead = 4096

// graceFor is how long attempts that were begun may take when Run is to end.
// One that is cut off is made again after the next start.
const graceFor = 5 * time.Second

// runRemote is the part of Run that delivers to remote targets.
func (o *Outbox) runRemote(ctx context.Context, shard *store.Shard, logger *slog.Logger) error {
	attempts, cut := context.WithCancel(context.WithoutCancel(ctx))
	r := &runner{outbox: o, shard: shard, log: logger, attempts: attempts, running: map[uint64]*lane{}, read: map[uint64][]byte{}}
	ended := context.AfterFunc(ctx, func() {
		select {
		case <-time.After(graceFor):
			cut()
		case <-attempts.Done():
		}
	})
	defer ended()
	defer cut()
	defer r.wait.Wait()
	for {
		var begun []uint64
		err := shard.Update(ctx, func(tx *store.Tx) (err error) {
			begun, err = takeBegun(tx)
			return err
		})
		if stop, err := ends(ctx, err, logger); stop {
			return err
		}
		if err != nil {
			continue
		}
		for _, lane := range begun {
			r.start(ctx, lane)
		}
	}
}

// takeBegun has the lanes that have begun, or waits until one does.
func takeBegun(tx *store.Tx) ([]uint64, error) {
	m, err := memory.In(tx)
	if err != nil {
		return nil, err
	}
	if len(m.begun) == 0 {
		return nil, tx.Wait(lanesTopic)
	}
	begun := m.begun
	m.begun = nil
	return begun, nil
}

// start runs a lane, unless it runs.
func (r *runner) start(ctx context.Context, number uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if l := r.running[number]; l != nil {
		l.again = true
		return
	}
	l := newLane(r, number, r.read[number])
	r.running[number] = l
	r.wait.Go(func() { l.run(ctx) })
}

// end takes a lane out in which there is nothing more; false if it has begun
// again meanwhile.
func (r *runner) end(l *lane) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if l.again {
		l.again = false
		return false
	}
	delete(r.running, l.number)
	if len(r.read) >= maxRead { // a walk over what remains, once, is cheaper
		clear(r.read)
	}
	r.read[l.number] = l.from
	return true
}

// ends tells whether err, of an Update, ends a loop, and with which error. What
// else went wrong is logged, and waited for.
func ends(ctx context.Context, err error, logger *slog.Logger) (bool, error) {
	switch {
	case ctx.Err() != nil, errors.Is(err, store.ErrClosed):
		return true, nil
	case errors.Is(err, store.ErrFailed):
		return true, err
	case err != nil && !errors.Is(err, store.ErrWaitEnded):
		logger.Error("outbox: trying again", "error", err)
		pause(ctx, time.Second)
	}
	return false, nil
}
