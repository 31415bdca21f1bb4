package events

import (
	"context"

	"github.com/carillon-events/carillon/internal/archive"
	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// CreateArchive makes an archive, which gets the bus's events from then on. Its
// KmsKeyIdentifier is kept and shown; nothing is encrypted with it yet.
func (s *Service) CreateArchive(ctx context.Context, c *wire.Call, in *model.CreateArchiveInput) (*model.CreateArchiveOutput, error) {
	n, err := busOf(c, "EventSourceArn", in.EventSourceArn)
	if err != nil {
		return nil, err
	}
	if err := checkPattern(in.EventPattern.V); err != nil {
		return nil, err
	}
	if err := c.Authorize(ctx, in.EventSourceArn); err != nil {
		return nil, err
	}
	settings := archive.Settings{
		Description: in.Description.V, Pattern: in.EventPattern.V, RetentionDays: int(in.RetentionDays.V), Key: in.KmsKeyIdentifier.V,
	}
	var a archive.Archive
	err = s.changeKept(ctx, kept{names: n, archive: in.ArchiveName}, func(tx *store.Tx) error {
		// Before Create writes: a closure checks first.
		if _, err := bus.GetBus(tx, n.bus); err != nil {
			return err
		}
		if a, err = s.archives.Create(tx, archiveIn(c, in.ArchiveName), n.bus.ARN(), settings); err != nil {
			return err
		}
		rule, err := managedRule(a)
		if err != nil {
			return err
		}
		return s.core.PutManaged(tx, n.bus, rule)
	})
	if err != nil {
		return nil, err
	}
	return &model.CreateArchiveOutput{
		ArchiveArn: wire.Some(a.Name.ARN().String()), State: wire.Some(archiveEnabled), CreationTime: wire.Some(a.CreatedAt),
	}, nil
}
