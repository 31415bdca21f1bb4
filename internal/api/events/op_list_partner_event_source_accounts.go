package events

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// ListPartnerEventSourceAccounts lists the accounts for which the caller, a
// partner, made an event source, and what has become of it there.
func (s *Service) ListPartnerEventSourceAccounts(_ context.Context, c *wire.Call, in *model.ListPartnerEventSourceAccountsInput) (*model.ListPartnerEventSourceAccountsOutput, error) {
	after, most, err := page(c.Operation, in.NextToken, in.Limit)
	if err != nil {
		return nil, err
	}
	var found []bus.Source
	err = s.shard.View(func(v *store.View) (err error) {
		found, err = bus.PartnerSource(v, c.Account, c.Region, in.EventSourceName, s.now())
		return err
	})
	if err != nil {
		return nil, explainSource(in.EventSourceName, err)
	}
	out := &model.ListPartnerEventSourceAccountsOutput{PartnerEventSourceAccounts: []model.PartnerEventSourceAccount{}}
	last := ""
	for _, f := range found { // of one name there are few
		if f.ID.Account <= after {
			continue
		}
		if len(out.PartnerEventSourceAccounts) == most {
			out.NextToken = nextToken(c.Operation, true, last)
			break
		}
		last = f.ID.Account
		as := sourceAs(f)
		out.PartnerEventSourceAccounts = append(out.PartnerEventSourceAccounts, model.PartnerEventSourceAccount{
			Account: wire.Some(last), CreationTime: as.CreationTime, ExpirationTime: as.ExpirationTime, State: as.State,
		})
	}
	return out, nil
}
