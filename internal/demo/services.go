package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	bus "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	awsevents "github.com/carillon-events/carillon/examples/aws-events"
	"github.com/carillon-events/carillon/internal/ingest"
)

// services: sample events of AWS's services come as those put them, on the
// default bus of a server of our own; elsewhere somebody's rules may wait there.
//
// Held: each queue has the events that its rule is for, once and unchanged.
func (s *story) services(ctx context.Context) error {
	events, err := awsevents.All()
	if err != nil {
		return err
	}
	name := "default"
	if s.server == nil {
		if name, _, err = s.bus(ctx, s.aws, "aws"); err != nil {
			return err
		}
	}
	rules := []struct {
		name, pattern string
		matches       func(e *awsevents.Event) bool
		queue         aQueue
	}{
		{name: "failures", pattern: `{"detail-type":[{"wildcard":"*Unsuccessful"}, {"wildcard":"*Failed*"}]}`,
			matches: func(e *awsevents.Event) bool {
				return slices.Contains([]string{"EC2 Instance Launch Unsuccessful", "EC2 Instance Terminate Unsuccessful", "s3:Replication:OperationFailedReplication"}, e.DetailType)
			}},
		{name: "new-objects", pattern: `{"source":["aws.s3"],"detail":{"eventName":[{"prefix":"ObjectCreated:"}],"s3":{"object":{"size":[{"numeric":[">",0]}]}}}}`,
			matches: func(e *awsevents.Event) bool { return e.Source == "aws.s3" && e.DetailType == "ObjectCreated:Put" }},
		{name: "rows", pattern: `{"source":["aws.dynamodb"],"detail":{"eventName":["INSERT","MODIFY","REMOVE"]}}`,
			matches: func(e *awsevents.Event) bool { return e.Source == "aws.dynamodb" }},
	}
	for i := range rules {
		r := &rules[i]
		if r.queue, err = s.queue(ctx, s.aws, r.name, nil); err != nil {
			return err
		}
		if _, err := s.rule(ctx, s.aws, name, r.name+s.suffix, r.pattern, bus.Target{Arn: &r.queue.arn}); err != nil {
			return err
		}
	}
	in := ingest.PutEvents{Bus: name, Account: s.aws.account, Region: region}
	for _, e := range events {
		in.Events = append(in.Events, ingest.Envelope{Source: e.Source, DetailType: e.DetailType, Resources: e.Resources, Detail: e.Detail})
	}
	var ids ingest.EventIDs
	if err := s.ask(ctx, ingest.PutEventsPath, in, &ids); err != nil {
		return fmt.Errorf("put the events of services: %w", err)
	}
	s.say.step("%d sample events of S3, DynamoDB, SQS, CodeBuild and others, through three rules", len(ids.EventIDs))
	for _, r := range rules {
		bodies, err := drain(ctx, s.aws, r.queue)
		if err != nil {
			return err
		}
		var want []string
		for i := range events {
			if r.matches(&events[i]) {
				want = append(want, string(events[i].Detail))
			}
		}
		if err := s.hold(slices.Equal(details(bodies), sorted(want)), "%s has its %d events", r.queue.name, len(want)); err != nil {
			return err
		}
	}
	return nil
}

// details are the details of events, sorted.
func details(bodies []string) (all []string) {
	for _, body := range bodies {
		var e struct{ Detail json.RawMessage }
		_ = json.Unmarshal([]byte(body), &e) // what cannot be read equals nothing
		all = append(all, string(e.Detail))
	}
	return sorted(all)
}

func sorted(all []string) []string {
	slices.Sort(all)
	return all
}
