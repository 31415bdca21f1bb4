package topic

import (
	"encoding/binary"

	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/timer"
)

// place is where a subscription lies.
type place struct {
	topic  uint64
	region string
	id     ID
}

// add, replace and remove are the only ways in which a subscription comes,
// changes and goes: they keep its keys, its timer and what is counted.

func add(tx *store.Tx, p place, rec *subscriptionRecord) error {
	if err := count(tx, p, nil, rec, false); err != nil {
		return err
	}
	if err := begins(tx, p.topic, rec); err != nil {
		return err
	}
	if err := changed(tx, p, rec); err != nil {
		return err
	}
	if err := tx.Set(endpointKey(p.topic, rec.Protocol, rec.Endpoint), append([]byte{recordVersion}, p.id[:]...)); err != nil {
		return err
	}
	if err := tx.Set(ownerKey(rec.Owner, p.region, p.topic, p.id), []byte{recordVersion}); err != nil {
		return err
	}
	if rec.Pending {
		if err := timer.Set(tx, timer.TopicSweep, rec.CreatedAt.Add(ConfirmFor), p.ref()); err != nil {
			return err
		}
	}
	return tx.Set(subKey(p.topic, p.id), encode(rec))
}

// replace writes rec in the place of old. Protocol, endpoint and owner of a
// subscription are for ever.
func replace(tx *store.Tx, p place, old, rec *subscriptionRecord) error {
	if err := count(tx, p, old, rec, false); err != nil {
		return err
	}
	if old.Pending {
		if err := begins(tx, p.topic, rec); err != nil {
			return err
		}
	}
	if err := changed(tx, p, rec); err != nil {
		return err
	}
	if old.Pending && !rec.Pending {
		if err := timer.Cancel(tx, timer.TopicSweep, old.CreatedAt.Add(ConfirmFor), p.ref()); err != nil {
			return err
		}
	}
	if rec.Pending && !old.Pending {
		if err := timer.Set(tx, timer.TopicSweep, rec.CreatedAt.Add(ConfirmFor), p.ref()); err != nil {
			return err
		}
	}
	return tx.Set(subKey(p.topic, p.id), encode(rec))
}

// remove takes a subscription away; topicGone says that its topic is gone, too,
// and does not count any more.
func remove(tx *store.Tx, p place, rec *subscriptionRecord, topicGone bool) error {
	if err := count(tx, p, rec, nil, topicGone); err != nil {
		return err
	}
	if err := changed(tx, p, nil); err != nil {
		return err
	}
	if err := forgetReplay(tx, p, rec); err != nil {
		return err
	}
	if rec.Pending {
		if err := timer.Cancel(tx, timer.TopicSweep, rec.CreatedAt.Add(ConfirmFor), p.ref()); err != nil {
			return err
		}
	}
	if err := tx.Delete(endpointKey(p.topic, rec.Protocol, rec.Endpoint)); err != nil {
		return err
	}
	if err := tx.Delete(ownerKey(rec.Owner, p.region, p.topic, p.id)); err != nil {
		return err
	}
	return tx.Delete(subKey(p.topic, p.id))
}

// ref is that of the timer that ends a subscription which waits.
func (p place) ref() []byte {
	return append(binary.BigEndian.AppendUint64([]byte{refPending}, p.topic), p.id[:]...)
}

// count counts that a subscription was old and is rec; nil where there is none.
func count(tx *store.Tx, p place, old, rec *subscriptionRecord, topicGone bool) error {
	topic := &Counts{}
	if !topicGone {
		var err error
		if topic, err = countsIn(tx, p.topic); err != nil {
			return err
		}
	}
	either := rec
	if rec == nil {
		either = old
		topic.Deleted++
	}
	owner, err := usageIn(tx, either.Owner, p.region)
	if err != nil {
		return err
	}
	if old != nil {
		old.counted(topic, owner, func(n *uint64) { *n-- })
	}
	if rec != nil {
		rec.counted(topic, owner, func(n *uint64) { *n++ })
	}
	return nil
}

// counted calls fn with everything that counts the subscription.
func (rec *subscriptionRecord) counted(topic *Counts, owner *Usage, fn func(n *uint64)) {
	fn(&owner.Subscriptions)
	if rec.Pending {
		fn(&topic.Pending)
		fn(&owner.Pending)
	} else {
		fn(&topic.Confirmed)
	}
	if rec.Settings.Filter != "" {
		fn(&topic.Filtered)
		fn(&owner.Filtered)
	}
}
