package events

import (
	"context"

	"github.com/carillon-events/carillon/internal/archive"
	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// DescribeArchive describes an archive. EventCount and SizeBytes are what is in
// it now; on AWS they follow within a day.
func (s *Service) DescribeArchive(_ context.Context, c *wire.Call, in *model.DescribeArchiveInput) (*model.DescribeArchiveOutput, error) {
	var a archive.Archive
	err := s.readKept(kept{archive: in.ArchiveName}, func(v *store.View) (err error) {
		a, err = archive.Get(v, archiveIn(c, in.ArchiveName))
		return err
	})
	if err != nil {
		return nil, err
	}
	return &model.DescribeArchiveOutput{
		ArchiveArn: wire.Some(a.Name.ARN().String()), ArchiveName: wire.Some(a.Name.Name), EventSourceArn: wire.Some(a.Bus.String()),
		Description: some(a.Settings.Description), EventPattern: some(a.Settings.Pattern), KmsKeyIdentifier: some(a.Settings.Key), State: wire.Some(archiveEnabled),
		RetentionDays: wire.Some(int32(a.Settings.RetentionDays)), SizeBytes: wire.Some(int64(a.Bytes)),
		EventCount: wire.Some(int64(a.Events)), CreationTime: wire.Some(a.CreatedAt),
	}, nil
}
