package events

import (
	"context"

	"github.com/carillon-events/carillon/internal/arn"
	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// ListPartnerEventSources lists the event sources that the caller, a partner,
// made, by name.
func (s *Service) ListPartnerEventSources(_ context.Context, c *wire.Call, in *model.ListPartnerEventSourcesInput) (*model.ListPartnerEventSourcesOutput, error) {
	after, most, err := page(c.Operation, in.NextToken, in.Limit)
	if err != nil {
		return nil, err
	}
	var found []string
	var more bool
	err = s.read(names{}, func(v *store.View) error {
		found, more, err = bus.PartnerSources(v, c.Account, c.Region, in.NamePrefix, after, most, s.now())
		return err
	})
	if err != nil {
		return nil, err
	}
	out := &model.ListPartnerEventSourcesOutput{PartnerEventSources: []model.PartnerEventSource{}}
	last := ""
	for _, name := range found {
		last = name
		out.PartnerEventSources = append(out.PartnerEventSources, model.PartnerEventSource{
			Arn: wire.Some(arn.EventSource(c.Region, name).String()), Name: wire.Some(name),
		})
	}
	out.NextToken = nextToken(c.Operation, more, last)
	return out, nil
}
