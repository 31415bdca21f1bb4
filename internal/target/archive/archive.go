// Package archive is the target that keeps events in archives of the same
// shard: in the transaction that accepts the event, so exactly once.
//
// An archive that does not exist was deleted, and its number is not given
// again, so it refuses.
package archive

import (
	"errors"
	"fmt"

	"github.com/carillon-events/carillon/internal/archive"
	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/store"
)

// Service is the service in the ARNs of archives as targets.
const Service = archive.TargetService

// Target delivers to archives.
type Target struct{}

// Prepare has nothing to prepare: an archive keeps the body as it is.
func (Target) Prepare(*delivery.Delivery) any { return nil }

// Deliver keeps the event.
func (Target) Deliver(tx *store.Tx, d *delivery.Delivery, _ any) error {
	err := archive.Put(tx, d.Target, archive.Event{Trace: d.Trace, Envelope: d.Body})
	if errors.Is(err, archive.ErrNotFound) || errors.Is(err, archive.ErrNotEvent) {
		return fmt.Errorf("%w: %w", delivery.ErrRefused, err)
	}
	return err
}
