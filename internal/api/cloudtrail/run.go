package cloudtrail

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/carillon-events/carillon/internal/audit"
	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/store"
)

// batchSize bounds what is written in one transaction.
const batchSize = 256

// Run writes what waits, until ctx ends: then what is left is written, too.
func (r *Recorder) Run(ctx context.Context) error {
	tick := time.NewTicker(countFor)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			r.rest()
			return nil
		case j := <-r.queue:
			r.try(ctx, r.gather(j))
		case <-tick.C:
			r.try(ctx, r.counted())
		}
	}
}

// gather is a job with those that wait behind it.
func (r *Recorder) gather(first job) []job {
	jobs := []job{first}
	for len(jobs) < batchSize {
		select {
		case j := <-r.queue:
			jobs = append(jobs, j)
		default:
			return jobs
		}
	}
	return jobs
}

// rest writes what is left at the end.
func (r *Recorder) rest() {
	for {
		select {
		case j := <-r.queue:
			r.try(context.Background(), r.gather(j))
		default:
			r.try(context.Background(), r.counted())
			return
		}
	}
}

// try writes jobs that nobody waits for. When the store has failed or is closed,
// it has said why, and the node stops.
func (r *Recorder) try(ctx context.Context, jobs []job) {
	for len(jobs) > 0 {
		n := min(len(jobs), batchSize)
		if err := r.write(ctx, jobs[:n]); err != nil {
			r.dropped.Add(uint64(n))
			if !errors.Is(err, store.ErrClosed) && !errors.Is(err, store.ErrFailed) {
				r.Logger.Error("audit records were lost", "records", n, "error", err)
			}
		}
		jobs = jobs[n:]
	}
}

// write puts jobs into the log and tells the buses, in one transaction.
func (r *Recorder) write(ctx context.Context, jobs []job) error {
	if len(jobs) == 0 {
		return nil
	}
	batch := bus.NewBatch(r.Now(), len(jobs))
	for _, j := range jobs {
		for _, e := range j.events {
			r.Core.AddCall(batch, e.bus, e.event, e.changes)
		}
	}
	const patience = 3
	for try := 1; ; try++ {
		err := r.Shard.Update(ctx, func(tx *store.Tx) error { return r.put(tx, jobs, batch, try > patience) })
		if errors.Is(err, bus.ErrStale) {
			r.Core.Refresh(batch)
			continue
		}
		if err == nil && r.Core != nil {
			r.Core.Learn(batch)
		}
		return err
	}
}

func (r *Recorder) put(tx *store.Tx, jobs []job, batch *bus.Batch, inside bool) error {
	for _, j := range jobs { // before anything is written
		for _, e := range j.entries {
			if len(e.Record) > audit.MaxRecord {
				return audit.ErrTooLarge
			}
		}
	}
	if r.Core != nil {
		if err := r.Core.Put(tx, batch, inside); err != nil {
			return err
		}
	}
	for _, j := range jobs {
		for _, e := range j.entries {
			if err := r.Log.Append(tx, e); err != nil {
				return err
			}
		}
	}
	return nil
}

// again is the record of how often a denial came again. No bus is told.
func (r *Recorder) again(d *repeats) job {
	var j job
	for _, e := range d.first.entries {
		var rec record
		if json.Unmarshal(e.Record, &rec) != nil {
			continue // it was encoded a moment ago
		}
		rec.EventTime, rec.EventID, rec.SharedEventID = timeText(d.last), r.NewID(), ""
		if rec.AdditionalEventData == nil {
			rec.AdditionalEventData = map[string]any{}
		}
		rec.AdditionalEventData["repeats"] = d.n
		again := *e // the first may be being written
		again.At, again.ID, again.Record = d.last, rec.EventID, rec.encode()
		j.entries = append(j.entries, &again)
	}
	return j
}

// gap is the record that there was no room for n denials.
func (r *Recorder) gap(n uint64) job {
	now, id := r.Now(), r.NewID()
	rec := &record{
		EventVersion: eventVersion, EventTime: timeText(now), EventSource: NodeService, EventName: "DenialsNotRecorded", AWSRegion: globalRegion,
		UserIdentity: userIdentity{Type: "AWSService", InvokedBy: NodeService}, SourceIPAddress: NodeService, UserAgent: NodeService,
		EventID: id, EventType: typeService, EventCategory: categorySetup, ManagementEvent: true,
		AdditionalEventData: map[string]any{"count": n},
	}
	return job{entries: []*audit.Entry{{
		At: now, Region: globalRegion, Principal: NodeService, Action: NodeService + ":" + rec.EventName, ID: id, Record: rec.encode(),
	}}}
}
