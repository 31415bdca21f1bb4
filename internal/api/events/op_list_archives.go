package events

import (
	"context"

	"github.com/carillon-events/carillon/internal/archive"
	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// ListArchives lists the archives of the account in the region by name.
func (s *Service) ListArchives(_ context.Context, c *wire.Call, in *model.ListArchivesInput) (*model.ListArchivesOutput, error) {
	if err := exclusive(c.Operation, in.NamePrefix, in.EventSourceArn, in.State); err != nil {
		return nil, err
	}
	after, most, err := page(c.Operation, in.NextToken, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &model.ListArchivesOutput{Archives: []model.Archive{}}
	if in.State.OK && in.State.V != archiveEnabled {
		return out, nil
	}
	err = s.readKept(kept{}, func(v *store.View) error {
		filter := archive.Filter{Prefix: in.NamePrefix.V, Bus: in.EventSourceArn.V}
		found, more, err := archive.List(v, archiveIn(c, ""), filter, after, most)
		for _, a := range found {
			out.Archives = append(out.Archives, model.Archive{
				ArchiveName: wire.Some(a.Name.Name), EventSourceArn: wire.Some(a.Bus.String()), State: wire.Some(archiveEnabled),
				RetentionDays: wire.Some(int32(a.Settings.RetentionDays)), SizeBytes: wire.Some(int64(a.Bytes)),
				EventCount: wire.Some(int64(a.Events)), CreationTime: wire.Some(a.CreatedAt),
			})
			out.NextToken = nextToken(c.Operation, more, a.Name.Name)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
