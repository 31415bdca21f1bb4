package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// orders is how many are placed; the total of order poison is a word.
const orders, poison = 12, 5

var customers = []string{"anna", "ben", "clara"}

// order is what readers see of an OrderPlaced.
type order struct {
	Detail struct {
		Order    int
		Customer string
		Total    json.RawMessage
	}
}

func parse(body string) (o order, err error) { return o, json.Unmarshal([]byte(body), &o) }

// sell places the orders. Analytics comes after half of them, and what places
// them does not change.
func (s *shop) sell(ctx context.Context) (err error) {
	for n := range orders {
		if n == orders/2 {
			if s.analytics, err = s.own.queue(ctx, "analytics", nil); err != nil {
				return err
			}
			s.analyticsRule, err = s.own.rule(ctx, s.bus, "analytics", "OrderPlaced", types.Target{Arn: &s.analytics.arn})
			if err != nil {
				return err
			}
		}
		if n < len(customers) {
			if err := s.put(ctx, "NewAccount", fmt.Sprintf(`{"customer": %q}`, customers[n])); err != nil {
				return err
			}
		}
		total := strconv.Itoa(20 + n)
		if n == poison {
			total = `"twelve"`
		}
		detail := fmt.Sprintf(`{"order": %d, "customer": %q, "total": %s}`, n, customers[n%len(customers)], total)
		if err := s.put(ctx, "OrderPlaced", detail); err != nil {
			return err
		}
	}
	return nil
}

// bill reads orders as billing does, first with a reader that knows only
// numbers, and then with one that is mended.
func (s *shop) bill(ctx context.Context) error {
	billed := map[int]int{}
	reader := func(words map[string]int) func(string) error {
		return func(body string) error {
			o, err := parse(body)
			if err != nil {
				return err
			}
			total, isWord := words[string(o.Detail.Total)]
			if !isWord && json.Unmarshal(o.Detail.Total, &total) != nil {
				return errUnreadable
			}
			billed[o.Detail.Order] = total
			return nil
		}
	}
	if err := s.own.read(ctx, s.billing, 1, reader(nil)); err != nil {
		return err
	}
	_, is := billed[poison]
	if err := s.check(!is && len(billed) == orders-1, "billing has %d orders; it cannot read order %d", len(billed), poison); err != nil {
		return err
	}
	// What is in the dead-letter queue goes back to where it came from.
	if _, err := s.own.sqs.StartMessageMoveTask(ctx, &sqs.StartMessageMoveTaskInput{SourceArn: &s.dead.arn}); err != nil {
		return err
	}
	if err := s.own.read(ctx, s.billing, 3, reader(map[string]int{`"twelve"`: 12})); err != nil {
		return err
	}
	return s.check(len(billed) == orders && billed[poison] == 12, "billing has all %d orders, order %d redriven", len(billed), poison)
}

// pack reads the warehouse's queue.
func (s *shop) pack(ctx context.Context) error {
	byCustomer := map[string][]int{}
	err := s.own.read(ctx, s.warehouse, 1, func(body string) error {
		o, err := parse(body)
		byCustomer[o.Detail.Customer] = append(byCustomer[o.Detail.Customer], o.Detail.Order)
		return err
	})
	if err != nil {
		return err
	}
	want := map[string][]int{"anna": {0, 3, 6, 9}, "ben": {1, 4, 7, 10}, "clara": {2, 5, 8, 11}}
	return s.check(reflect.DeepEqual(byCustomer, want), "the warehouse has them in order for each customer")
}

// write reads the letters that the input transformer made.
func (s *shop) write(ctx context.Context) error {
	var letters, want []string
	if err := s.own.read(ctx, s.email, 1, func(body string) error { letters = append(letters, body); return nil }); err != nil {
		return err
	}
	for n := range orders {
		want = append(want, fmt.Sprintf(`"Dear %s, thank you for order %d."`, customers[n%len(customers)], n))
	}
	return s.check(slices.Equal(sorted(letters), sorted(want)), "%d letters are written: %s", len(letters), slices.Min(want))
}

// announce reads what marketing has got, in its own account.
func (s *shop) announce(ctx context.Context) error {
	var names []string
	err := s.marketing.read(ctx, s.newsletter, 1, func(body string) error {
		o, err := parse(body)
		names = append(names, o.Detail.Customer)
		return err
	})
	if err != nil {
		return err
	}
	names = sorted(names)
	return s.check(slices.Equal(names, customers), "marketing, in another account, knows the new accounts: %s", strings.Join(names, ", "))
}

// catchUp has the archive replayed to the rule of analytics alone: billing does
// not see the orders again.
func (s *shop) catchUp(ctx context.Context) error {
	known := map[int]bool{}
	learn := func(body string) error {
		o, err := parse(body)
		known[o.Detail.Order] = true
		return err
	}
	if err := s.own.read(ctx, s.analytics, 1, learn); err != nil {
		return err
	}
	live, name := len(known), "catch-up-"+s.own.run
	_, err := s.own.events.StartReplay(ctx, &eventbridge.StartReplayInput{ReplayName: &name, EventSourceArn: &s.archive,
		EventStartTime: &s.opened, EventEndTime: aws.Time(time.Now()),
		Destination: &types.ReplayDestination{Arn: &s.busARN, FilterArns: []string{s.analyticsRule}}})
	if err != nil {
		return err
	}
	for state := types.ReplayStateStarting; state == types.ReplayStateStarting || state == types.ReplayStateRunning; {
		replay, err := s.own.events.DescribeReplay(ctx, &eventbridge.DescribeReplayInput{ReplayName: &name})
		if err != nil {
			return err
		}
		state = replay.State
	}
	if err := s.own.read(ctx, s.analytics, 1, learn); err != nil { // some come again: the map does not mind
		return err
	}
	all := slices.Equal(slices.Sorted(maps.Keys(known)), []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11})
	if err := s.check(all, "analytics saw %d orders live, and knows all %d after the replay", live, len(known)); err != nil {
		return err
	}
	again := 0
	if err := s.own.read(ctx, s.billing, 1, func(string) error { again++; return nil }); err != nil {
		return err
	}
	return s.check(again == 0, "nobody else was bothered by the replay")
}
