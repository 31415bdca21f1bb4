package events

import (
	"context"
	"errors"
	"fmt"

	"github.com/carillon-events/carillon/internal/arn"
	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/destination"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// destinationStateAs: one whose connection is gone or not authorized is inactive.
func destinationStateAs(active bool) string {
	if active {
		return "ACTIVE"
	}
	return "INACTIVE"
}

// connectionOf is the connection that a request names, by ARN. Who may have an
// API destination call with it is asked about both: its owner's credentials go
// wherever the destination says. One of another account is not found.
func (s *Service) connectionOf(ctx context.Context, c *wire.Call, text string) (arn.ARN, error) {
	a, err := arn.Parse(text)
	if err != nil {
		return a, invalid("ConnectionArn", "Provided Arn is not in correct format.")
	}
	n, ok := destination.ReadConnectionARN(a)
	if !ok {
		return a, invalid("ConnectionArn", "Must contain the ARN of a connection.")
	}
	if a.Account != c.Account || a.Region != c.Region {
		return a, web{connection: text}.explain(destination.ErrConnectionNotFound)
	}
	return a, c.Authorize(ctx, connectionResource(n))
}

// Resources of the authorisation decision have no id, since requests have none:
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridge.html
func connectionResource(n destination.Name) string {
	return arn.ARN{Partition: arn.Partition(n.Region), Service: "events", Region: n.Region, Account: n.Account, Resource: "connection/" + n.Name}.String()
}

func destinationResource(n destination.Name) string {
	return arn.ARN{Partition: arn.Partition(n.Region), Service: "events", Region: n.Region, Account: n.Account, Resource: "api-destination/" + n.Name}.String()
}

// setDestinationTarget checks and sets what is of a target that is an API
// destination. It is of the rule's account and region: others' credentials are
// not for a rule to use.
func (s *Service) setDestinationTarget(out *bus.Target, n bus.Name, t *model.Target) error {
	if _, ok := destination.ReadARN(out.ARN); !ok {
		return invalid(t.Arn, "Provided Arn is not in correct format.")
	}
	if out.ARN.Account != n.Account || out.ARN.Region != n.Region {
		return invalid("Arn", "The API destination must be in the account and region of the rule (target "+t.Id+": "+t.Arn+").")
	}
	if t.SqsParameters != nil {
		return invalid("SqsParameters", "It is not supported for API destination targets (target "+t.Id+").")
	}
	if p := t.HttpParameters; p != nil {
		out.HTTP = &bus.HTTP{Path: p.PathParameterValues, Headers: p.HeaderParameters, Query: p.QueryStringParameters}
		if err := out.HTTP.Check(); err != nil {
			return invalid("HttpParameters", err.Error()+" (target "+t.Id+").")
		}
	}
	return s.checkWildcards(out)
}

// checkWildcards compares the path parameters with the endpoint, if there is
// one. It may change later; then deliveries say so.
func (s *Service) checkWildcards(t *bus.Target) error {
	var d destination.Destination
	err := s.shard.View(func(v *store.View) (err error) {
		d, err = destination.Of(v, t.ARN)
		return err
	})
	if errors.Is(err, destination.ErrNotFound) {
		return nil
	}
	have := 0
	if t.HTTP != nil {
		have = len(t.HTTP.Path)
	}
	if want := d.Settings.Wildcards(); err == nil && have != want {
		return invalid("HttpParameters.PathParameterValues", fmt.Sprintf("The endpoint of the API destination has %d wildcards, and there are %d values (target %s).", want, have, t.ID))
	}
	return err
}

// shownHTTP is a target's HttpParameters as they were put.
func shownHTTP(h *bus.HTTP) *model.HttpParameters {
	if h == nil {
		return nil
	}
	return &model.HttpParameters{PathParameterValues: h.Path, HeaderParameters: h.Headers, QueryStringParameters: h.Query}
}
