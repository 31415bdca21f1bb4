package events

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// ListEventSources lists the event sources that partners made for the account,
// by name.
func (s *Service) ListEventSources(_ context.Context, c *wire.Call, in *model.ListEventSourcesInput) (*model.ListEventSourcesOutput, error) {
	after, most, err := page(c.Operation, in.NextToken, in.Limit)
	if err != nil {
		return nil, err
	}
	var found []bus.Source
	var more bool
	err = s.read(names{}, func(v *store.View) error {
		found, more, err = bus.ListSources(v, c.Account, c.Region, in.NamePrefix.V, after, most, s.now())
		return err
	})
	if err != nil {
		return nil, err
	}
	out := &model.ListEventSourcesOutput{EventSources: []model.EventSource{}}
	last := ""
	for _, f := range found {
		last = f.ID.Name
		out.EventSources = append(out.EventSources, sourceAs(f))
	}
	out.NextToken = nextToken(c.Operation, more, last)
	return out, nil
}
