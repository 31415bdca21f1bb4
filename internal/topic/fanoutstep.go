package topic

import (
	"bytes"
	"context"
	"errors"

	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/meter"
	"github.com/carillon-events/carillon/internal/store"
)

// A step makes so many deliveries, or so many bytes of those that share nothing,
// in one transaction; and after sliceSteps of them a topic lets others go first.
// Messages are read readMessages at a time. Variables, so that tests can do with
// less.
var (
	stepDeliveries = 512
	stepBytes      = 1 << 20
	sliceSteps     = 8
	readMessages   = 32
)

// Job is the fan-out of a topic in the hands of one worker.
type Job struct {
	core   *Core
	shard  *store.Shard
	topic  uint64
	fanout *fanout // tells whether memory is still the same
	steps  int

	// Since the last transaction: the audience of the messages before next.
	audience    *audience
	first, next uint64
	cursor      ID

	todo []*outgoing // the first messages, as far as they were read

	sorted   []*member // audience.all of sortedOf, by id
	sortedOf *audience
}

// outgoing is a message and who of those who get it are still to get it.
type outgoing struct {
	number  uint64
	message *Message // nil: it cannot be read, and nobody gets it
	matched bool
	out     meter.FilteredOut
	to      []*member
}

// Next waits until the messages of some topic wait, and nobody works on them.
func (c *Core) Next(ctx context.Context, shard *store.Shard) (*Job, error) {
	var job *Job
	err := shard.Update(ctx, func(tx *store.Tx) error {
		l, err := live.In(tx)
		if err != nil {
			return err
		}
		topic, ok := l.next()
		if !ok {
			return tx.Wait(fanoutTopic)
		}
		f := l.fanouts[topic]
		if f.job == nil {
			f.job = &Job{core: c, shard: shard, topic: topic, fanout: f}
		}
		job = f.job
		job.look(l)
		return nil
	})
	return job, err
}

// next takes the next topic with messages that can go out. Those of one whose
// audience is being gathered have to wait for that.
func (l *lively) next() (topic uint64, ok bool) {
	for len(l.ready) > 0 {
		topic, l.ready = l.ready[0], l.ready[1:]
		if !l.mustLoad(topic) {
			return topic, true
		}
		l.loads[topic].waits = true
	}
	return 0, false
}

// mustLoad tells whether somebody gathers the audience of a topic, before which
// its messages cannot go out. If that is the topic's own job, nothing hinders it.
func (l *lively) mustLoad(topic uint64) bool {
	return l.loads[topic] != nil && l.byTopic[topic] == nil && l.fanouts[topic].job == nil
}

// look takes over what the transaction sees.
func (j *Job) look(l *lively) {
	j.first, j.next, j.cursor, j.audience = j.fanout.first, j.fanout.next, j.fanout.cursor, nil
	if w := l.byTopic[j.topic]; w != nil {
		j.audience = w.now
	}
}

// Step makes the next deliveries. over: the job is not the caller's any more,
// since there is nothing left, or others come first. An error is the store's; the
// Step can be tried again then.
func (j *Job) Step(ctx context.Context) (over bool, err error) {
	if j.audience == nil {
		err := j.core.load(ctx, j.shard, j.topic, false)
		if errors.Is(err, errGone) {
			return j.update(ctx, j.purge)
		}
		if err != nil {
			return false, err
		}
		return j.update(ctx, func(*store.Tx, *lively) error { return nil })
	}
	if err := j.read(); err != nil {
		return false, err
	}
	batch := j.prepare()
	return j.update(ctx, func(tx *store.Tx, l *lively) error {
		if l.byTopic[j.topic] == nil {
			return j.purge(tx, l)
		}
		return j.send(tx, batch)
	})
}

// update runs fn in a transaction, and finds out how the job goes on.
func (j *Job) update(ctx context.Context, fn func(*store.Tx, *lively) error) (over bool, err error) {
	err = j.shard.Update(ctx, func(tx *store.Tx) error {
		l, err := live.In(tx)
		if err != nil {
			return err
		}
		if over = l.fanouts[j.topic] != j.fanout; over {
			return nil // memory is new, and somebody else has the topic
		}
		if err := fn(tx, l); err != nil {
			return err
		}
		if over = !j.fanout.waits(); over {
			delete(l.fanouts, j.topic)
			return nil
		}
		j.look(l)
		if j.steps++; j.steps%sliceSteps == 0 && len(l.ready) > 0 {
			over = true
			l.ready = append(l.ready, j.topic)
			tx.Wake(fanoutTopic, 1)
		}
		return nil
	})
	if err != nil {
		j.todo = nil // whether the step was made is seen when they are read again
		return errors.Is(err, store.ErrAborted), err
	}
	for len(j.todo) > 0 && j.todo[0].number < j.first {
		j.todo = j.todo[1:]
	}
	return over, nil
}

// read reads the next messages.
func (j *Job) read() error {
	if len(j.todo) > 0 {
		return nil
	}
	return j.shard.View(func(v *store.View) error {
		size := 0
		for n := j.first; n < j.next && len(j.todo) < readMessages && size < stepBytes; n++ {
			value, _, err := v.Get(keptKey(j.topic, n))
			if err != nil {
				return err
			}
			o := &outgoing{number: n}
			if m, err := decodeMessage(value); err == nil {
				o.message = &m
				m.signatures = j.core.signaturesOf()
			}
			size += len(value)
			j.todo = append(j.todo, o)
		}
		return nil
	})
}

// match finds who gets a message. The first one may have gone to some already.
func (j *Job) match(o *outgoing) {
	o.matched = true
	if o.message == nil {
		return
	}
	if j.sortedOf != j.audience {
		j.sorted, j.sortedOf = j.sorted[:0:0], j.audience
		j.audience.all.each(func(m *member) { j.sorted = append(j.sorted, m) })
		byID(j.sorted)
	}
	filtered, out := j.audience.filtered(o.message)
	o.out = out
	cursor := ID{}
	if o.number == j.first {
		cursor = j.cursor
	}
	o.to = make([]*member, 0, len(j.sorted)+len(filtered))
	merge(j.sorted, filtered, func(m *member) {
		if m.since <= o.number && (m.heldFrom == 0 || o.number < m.heldFrom) && bytes.Compare(m.id[:], cursor[:]) > 0 {
			o.to = append(o.to, m)
		}
	})
}

// merge calls fn with the members of two lists that are sorted by id, in order.
func merge(a, b []*member, fn func(*member)) {
	for len(a) > 0 && len(b) > 0 {
		next := &a
		if bytes.Compare(b[0].id[:], a[0].id[:]) < 0 {
			next = &b
		}
		fn((*next)[0])
		*next = (*next)[1:]
	}
	for _, rest := range [][]*member{a, b} {
		for _, m := range rest {
			fn(m)
		}
	}
}

// portion is deliveries of one message.
type portion struct {
	*outgoing
	n          int // of its members
	deliveries []delivery.Delivery
}

// prepare prepares the deliveries of a step.
func (j *Job) prepare() (batch []portion) {
	room, size := stepDeliveries, stepBytes
	for _, o := range j.todo {
		if room <= 0 || size <= 0 {
			break
		}
		if !o.matched {
			j.match(o)
		}
		p := portion{outgoing: o}
		if o.message != nil {
			r := renderer{audience: j.audience, message: o.message}
			for p.n < len(o.to) && p.n < room && size > 0 {
				size -= r.bytes(o.to[p.n : p.n+1])
				p.n++
			}
			p.deliveries = r.deliveries(j.core.outbox, o.to[:p.n])
		}
		room -= max(p.n, 1)
		batch = append(batch, p)
		if p.n < len(o.to) {
			break
		}
	}
	return batch
}

// send sends what was prepared, and moves the cursor.
func (j *Job) send(tx *store.Tx, batch []portion) error {
	f, count := j.fanout, j.core.meterOf(j.audience.name)
	for _, p := range batch {
		for i := range p.deliveries {
			if p.to[i].now() == nil {
				continue // unsubscribed meanwhile
			}
			d := &p.deliveries[i]
			d.AcceptedAt = tx.Now()
			result, err := j.core.outbox.Send(tx, d)
			if err != nil {
				return err
			}
			if result.Outcome == delivery.Delivered {
				count.Delivered(1)
				j.core.sent(tx, j.audience, p.message, d)
			}
			j.core.counts.matched.Add(1)
			f.sent++
		}
		if p.n < len(p.to) {
			f.cursor = p.to[p.n-1].id
			break
		}
		if err := tx.Delete(keptKey(j.topic, p.number)); err != nil {
			return err
		}
		if p.message != nil {
			if err := j.core.note(tx, j.audience, p.message, trailGoneOut, f.sent); err != nil {
				return err
			}
		}
		count.FilteredOut(p.out)
		f.first, f.cursor, f.sent = p.number+1, ID{}, 0
		j.core.counts.goneOut.Add(1)
	}
	for _, p := range batch {
		p.to = p.to[p.n:]
	}
	return tx.Set(numbered(progressSpace, j.topic), f.encode())
}

// purgeStep is how many messages of a deleted topic go at a time.
const purgeStep = 500

// purge removes messages of a topic that was deleted: it goes to nobody.
func (j *Job) purge(tx *store.Tx, _ *lively) error {
	f := j.fanout
	for n := 0; n < purgeStep && f.waits(); n++ {
		if err := tx.Delete(keptKey(j.topic, f.first)); err != nil {
			return err
		}
		f.first++
	}
	f.cursor, f.sent = ID{}, 0
	if !f.waits() {
		return tx.Delete(numbered(progressSpace, j.topic))
	}
	return tx.Set(numbered(progressSpace, j.topic), f.encode())
}
