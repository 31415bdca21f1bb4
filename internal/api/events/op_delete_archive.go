package events

import (
	"context"

	"github.com/carillon-events/carillon/internal/archive"
	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// DeleteArchive removes an archive with its events. A replay of it that runs
// fails.
func (s *Service) DeleteArchive(ctx context.Context, c *wire.Call, in *model.DeleteArchiveInput) (*model.DeleteArchiveOutput, error) {
	n := archiveIn(c, in.ArchiveName)
	err := s.changeKept(ctx, kept{archive: in.ArchiveName}, func(tx *store.Tx) error {
		a, err := archive.Get(tx, n)
		if err != nil {
			return err
		}
		rule, err := managedRule(a)
		if err != nil {
			return err
		}
		if err := s.core.DeleteManaged(tx, archivedBus(a), rule.Name); err != nil {
			return err
		}
		return s.archives.Delete(tx, n)
	})
	if err != nil {
		return nil, err
	}
	return &model.DeleteArchiveOutput{}, nil
}
