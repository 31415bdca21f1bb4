package events

import (
	"context"

	"github.com/carillon-events/carillon/internal/archive"
	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// UpdateArchive changes what the request names of an archive. Events that it
// has stay, whatever the new pattern is. As with a bus, a key that is not named
// goes: "If you do not specify a customer managed key identifier, EventBridge
// uses an AWS owned key to encrypt the archive".
//
// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_UpdateArchive.html
func (s *Service) UpdateArchive(ctx context.Context, c *wire.Call, in *model.UpdateArchiveInput) (*model.UpdateArchiveOutput, error) {
	if err := checkPattern(in.EventPattern.V); err != nil {
		return nil, err
	}
	n := archiveIn(c, in.ArchiveName)
	var a archive.Archive
	err := s.changeKept(ctx, kept{archive: in.ArchiveName}, func(tx *store.Tx) (err error) {
		if a, err = archive.Get(tx, n); err != nil {
			return err
		}
		a.Settings = archive.Settings{
			Description: in.Description.Or(a.Settings.Description), Pattern: in.EventPattern.Or(a.Settings.Pattern),
			RetentionDays: int(in.RetentionDays.Or(int32(a.Settings.RetentionDays))), Key: in.KmsKeyIdentifier.V,
		}
		rule, err := managedRule(a)
		if err != nil {
			return err
		}
		if err := s.core.PutManaged(tx, archivedBus(a), rule); err != nil {
			return err
		}
		return s.archives.Update(tx, n, a.Settings)
	})
	if err != nil {
		return nil, err
	}
	return &model.UpdateArchiveOutput{
		ArchiveArn: wire.Some(a.Name.ARN().String()), State: wire.Some(archiveEnabled), CreationTime: wire.Some(a.CreatedAt),
	}, nil
}

// archivedBus is the bus whose events an archive gets.
func archivedBus(a archive.Archive) bus.Name {
	name, _ := a.Bus.BusName()
	return bus.Name{Account: a.Bus.Account, Region: a.Bus.Region, Bus: name}
}
