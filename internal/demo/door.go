package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	bus "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
)

// doorEvents is how often the door says something, besides the repeat.
const doorEvents = 20

const (
	doorKeyTag    = "carillon:idempotency-key-path"
	doorWindowTag = "carillon:idempotency-window"
)

// door: the lock publishes what its door does. One rule tells a phone, another
// starts identification; the lock knows of neither. The phone's service is down
// for a while, and an event is sent twice.
//
// Held: the phone is told of every event (at least once, as HTTP is);
// identification has every event exactly once; the repeat is acknowledged with
// the first one's id, and nobody sees it.
func (s *story) door(ctx context.Context) error {
	home, _, err := s.bus(ctx, s.aws, "home", bus.Tag{Key: aws.String(doorKeyTag), Value: aws.String("$.detail.key")},
		bus.Tag{Key: aws.String(doorWindowTag), Value: aws.String("10m")})
	if err != nil {
		return err
	}
	identification, err := s.queue(ctx, s.aws, "identification", nil)
	if err != nil {
		return err
	}
	const pattern = `{"source":["smart.lock"],"detail-type":["Door Status"]}`
	if _, err := s.rule(ctx, s.aws, home, "identify"+s.suffix, pattern, bus.Target{Arn: &identification.arn}); err != nil {
		return err
	}
	var p *phone
	if s.nearby() {
		if p, err = newPhone(); err != nil {
			return err
		}
		defer p.down()
		if err := s.notify(ctx, home, pattern, p); err != nil {
			return err
		}
		s.say.step("the bus home; the rule notify posts to a phone, the rule identify fills a queue")
	} else {
		s.say.step("the bus home; the rule identify fills a queue. (That server could not reach a phone of ours.)")
	}
	if err := s.openDoors(ctx, home, p); err != nil {
		return err
	}
	return s.checkDoor(ctx, identification, p)
}

// nearby tells whether the server can call a service on this machine.
func (s *story) nearby() bool {
	u, err := url.Parse(s.endpoint)
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return s.other != nil && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback())
}

// notify makes the rule that tells the phone.
func (s *story) notify(ctx context.Context, home, pattern string, p *phone) error {
	name := s.named("phone")
	connection, err := s.aws.events.CreateConnection(ctx, &eventbridge.CreateConnectionInput{
		Name: &name, AuthorizationType: bus.ConnectionAuthorizationTypeApiKey,
		AuthParameters: &bus.CreateConnectionAuthRequestParameters{ApiKeyAuthParameters: &bus.CreateConnectionApiKeyAuthRequestParameters{
			ApiKeyName: aws.String("X-Api-Key"), ApiKeyValue: aws.String(phoneKey),
		}},
	})
	if err != nil {
		return fmt.Errorf("create the connection %s: %w", name, err)
	}
	s.later("delete the connection "+name, func(ctx context.Context) error {
		_, err := s.aws.events.DeleteConnection(ctx, &eventbridge.DeleteConnectionInput{Name: &name})
		return err
	})
	destination, err := s.aws.events.CreateApiDestination(ctx, &eventbridge.CreateApiDestinationInput{
		Name: &name, ConnectionArn: connection.ConnectionArn, HttpMethod: bus.ApiDestinationHttpMethodPost,
		InvocationEndpoint: aws.String("http://" + p.address + "/notify"),
	})
	if err != nil {
		return fmt.Errorf("create the API destination %s: %w", name, err)
	}
	s.later("delete the API destination "+name, func(ctx context.Context) error {
		_, err := s.aws.events.DeleteApiDestination(ctx, &eventbridge.DeleteApiDestinationInput{Name: &name})
		return err
	})
	_, err = s.rule(ctx, s.aws, home, "notify"+s.suffix, pattern, bus.Target{Arn: destination.ApiDestinationArn})
	return err
}

// openDoors publishes everything, with the phone down for the middle of it.
func (s *story) openDoors(ctx context.Context, home string, p *phone) error {
	ids := make([]string, 0, doorEvents)
	for n := range doorEvents {
		switch {
		case p != nil && n == doorEvents/4:
			if _, err := p.await(ctx, n); err != nil {
				return err
			}
			p.down()
			s.say.step("the notification service is down; the door does not notice")
		case p != nil && n == 3*doorEvents/4:
			told := p.notified()
			if err := p.up(); err != nil {
				return err
			}
			s.say.step("it is up again: it was told of %d events, and %d wait for it", told, n-told)
		}
		id, err := s.openDoor(ctx, home, n)
		if err != nil {
			return err
		}
		ids = append(ids, id)
	}
	again, err := s.openDoor(ctx, home, 0)
	if err != nil {
		return err
	}
	if err := s.hold(again == ids[0], "an event that is sent twice is acknowledged as the first one"); err != nil {
		return err
	}
	if p == nil {
		return nil
	}
	took, err := p.await(ctx, doorEvents)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnsound, err)
	}
	s.say.step("the phone caught up %.1f s after the last event", took.Seconds())
	return nil
}

// openDoor publishes event n of the door.
func (s *story) openDoor(ctx context.Context, home string, n int) (string, error) {
	status := []string{"opened", "closed"}[n%2]
	detail := fmt.Sprintf(`{"door":"front","status":%q,"number":%d,"key":"front-%d"}`, status, n, n)
	return s.put(ctx, s.aws, bus.PutEventsRequestEntry{
		EventBusName: &home, Source: aws.String("smart.lock"), DetailType: aws.String("Door Status"), Detail: &detail,
	})
}

// put puts one event and returns its id.
func (s *story) put(ctx context.Context, c *clients, e bus.PutEventsRequestEntry) (string, error) {
	s.breathe(ctx, 60*time.Millisecond)
	out, err := c.events.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []bus.PutEventsRequestEntry{e}})
	if err != nil {
		return "", fmt.Errorf("put an event: %w", err)
	}
	if len(out.Entries) != 1 || out.Entries[0].EventId == nil {
		return "", fmt.Errorf("put an event: it was refused: %s", aws.ToString(out.Entries[0].ErrorMessage))
	}
	return *out.Entries[0].EventId, nil
}

// checkDoor compares what came with what was published.
func (s *story) checkDoor(ctx context.Context, identification aQueue, p *phone) error {
	bodies, err := drain(ctx, s.aws, identification)
	if err != nil {
		return err
	}
	seen := map[int]int{}
	for _, body := range bodies {
		var e struct{ Detail struct{ Number int } }
		if err := json.Unmarshal([]byte(body), &e); err != nil {
			return fmt.Errorf("a message of %s: %w", identification.name, err)
		}
		seen[e.Detail.Number]++
	}
	if p != nil {
		if err := s.hold(p.notified() == doorEvents, "the phone was told of all %d events", doorEvents); err != nil {
			return err
		}
	}
	return s.hold(len(seen) == doorEvents && len(bodies) == doorEvents, "identification has each of the %d events once", doorEvents)
}
