package events

import (
	"context"
	"strings"

	"github.com/carillon-events/carillon/internal/arn"
	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// The states of an event source, in AWS's words.
var sourceStateAs = map[bus.SourceState]string{bus.SourcePending: "PENDING", bus.SourceActive: "ACTIVE", bus.SourceDeleted: "DELETED"}

func sourceID(account string, c *wire.Call, name string) bus.SourceID {
	return bus.SourceID{Account: account, Region: c.Region, Name: name}
}

// changeSource runs fn in a transaction and words its error.
func (s *Service) changeSource(ctx context.Context, id bus.SourceID, fn func(tx *store.Tx) error) error {
	return explainSource(id.Name, s.shard.Update(ctx, fn))
}

func sourceAs(s bus.Source) model.EventSource {
	return model.EventSource{
		Arn: wire.Some(arn.EventSource(s.ID.Region, s.ID.Name).String()), Name: wire.Some(s.ID.Name),
		CreatedBy: some(partnerName(s.ID.Name)), CreationTime: known(s.CreatedAt), ExpirationTime: known(s.ExpiresAt),
		State: wire.Some(sourceStateAs[s.State]),
	}
}

// partnerName is who a source is of: aws.partner/{partner name}/{namespace}/{name}.
func partnerName(source string) string {
	parts := strings.SplitN(source, "/", 3)
	if len(parts) < 2 {
		return ""
	}
	return parts[1]
}
