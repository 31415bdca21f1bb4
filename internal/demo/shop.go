package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	bus "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	queue "github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

const (
	shopOrders  = 60
	shopNews    = 6  // new accounts
	poisonOrder = 13 // its total is no number
	tries       = 2  // that billing has at an order
)

var customers = []string{"anna", "ben", "clara", "dev", "emil"}

// order is the detail of an OrderPlaced.
type order struct {
	Order    int             `json:"order"`
	Customer string          `json:"customer"`
	Total    json.RawMessage `json:"total"`
}

func (o *order) total() (n int, err error) { return n, json.Unmarshal(o.Total, &n) }

// shopping is the shop's part of the story.
type shopping struct {
	*story
	bus, busARN, archive                       string
	billing, dead, warehouse, email, marketing aQueue
	analytics                                  aQueue
	analyticsRule                              string
	begin                                      time.Time
	marketingAt                                *clients
}

// shop: orders go to billing, a warehouse and e-mail; new accounts to marketing,
// in another account. Billing cannot read one of the orders. Analytics is added
// while orders flow, and catches up from the archive.
//
// Held: billing has every order once, the bad one after somebody mended the
// reader and took it out of the dead-letter queue; the warehouse has them in
// order for each customer; analytics has all; the producer noticed nothing.
func (s *story) shop(ctx context.Context) error {
	p := &shopping{story: s, begin: time.Now().Add(-time.Second)}
	if err := p.layOut(ctx); err != nil {
		return err
	}
	if err := p.produce(ctx); err != nil {
		return err
	}
	s.breathe(ctx, 2*time.Second)
	for _, check := range []func(context.Context) error{p.checkBilling, p.checkWarehouse, p.checkEmail, p.checkMarketing, p.checkAnalytics} {
		if err := check(ctx); err != nil {
			return err
		}
	}
	return nil
}

const placed = `{"source":["shop"],"detail-type":["OrderPlaced"]}`

func (p *shopping) layOut(ctx context.Context) (err error) {
	if p.bus, p.busARN, err = p.story.bus(ctx, p.aws, "shop"); err != nil {
		return err
	}
	p.archive = p.named("shop")
	if _, err := p.aws.events.CreateArchive(ctx, &eventbridge.CreateArchiveInput{ArchiveName: &p.archive, EventSourceArn: &p.busARN}); err != nil {
		return fmt.Errorf("create the archive: %w", err)
	}
	p.later("delete the archive", func(ctx context.Context) error {
		_, err := p.aws.events.DeleteArchive(ctx, &eventbridge.DeleteArchiveInput{ArchiveName: &p.archive})
		return err
	})
	if err := p.queues(ctx); err != nil {
		return err
	}
	receipt := &bus.InputTransformer{
		InputPathsMap: map[string]string{"customer": "$.detail.customer", "order": "$.detail.order"},
		InputTemplate: aws.String(`"Dear <customer>, thank you for order <order>."`),
	}
	for name, t := range map[string]bus.Target{
		"billing":   {Arn: &p.billing.arn},
		"warehouse": {Arn: &p.warehouse.arn, SqsParameters: &bus.SqsParameters{MessageGroupId: aws.String("$.detail.customer")}},
		"email":     {Arn: &p.email.arn, InputTransformer: receipt},
	} {
		if _, err := p.rule(ctx, p.aws, p.bus, name+p.suffix, placed, t); err != nil {
			return err
		}
	}
	p.say.step("the bus shop with an archive; OrderPlaced goes to billing, to the warehouse in order per customer, and to e-mail")
	return p.market(ctx)
}

func (p *shopping) queues(ctx context.Context) (err error) {
	if p.dead, err = p.queue(ctx, p.aws, "billing-dead", nil); err != nil {
		return err
	}
	redrive := fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":"%d"}`, p.dead.arn, tries)
	if p.billing, err = p.queue(ctx, p.aws, "billing", map[string]string{"RedrivePolicy": redrive, "VisibilityTimeout": "0"}); err != nil {
		return err
	}
	if p.warehouse, err = p.queue(ctx, p.aws, "warehouse.fifo", nil); err != nil {
		return err
	}
	p.email, err = p.queue(ctx, p.aws, "email", nil)
	return err
}

// market sends new accounts to a bus of marketing's, in an account of its own if
// the server lets us have one.
func (p *shopping) market(ctx context.Context) error {
	p.marketingAt = p.other
	where := "in another account"
	if p.other == nil {
		p.marketingAt, where = p.aws, "of marketing's own"
	}
	name, arn, err := p.story.bus(ctx, p.marketingAt, "marketing")
	if err != nil {
		return err
	}
	_, err = p.marketingAt.events.PutPermission(ctx, &eventbridge.PutPermissionInput{
		EventBusName: &name, StatementId: aws.String("shop"), Action: aws.String("events:PutEvents"), Principal: &p.aws.account,
	})
	if err != nil {
		return fmt.Errorf("let the shop put events on the bus %s: %w", name, err)
	}
	if p.marketing, err = p.queue(ctx, p.marketingAt, "newsletter", nil); err != nil {
		return err
	}
	const accounts = `{"detail-type":["NewAccount"]}`
	if _, err := p.rule(ctx, p.marketingAt, name, "newsletter"+p.suffix, accounts, bus.Target{Arn: &p.marketing.arn}); err != nil {
		return err
	}
	if _, err := p.rule(ctx, p.aws, p.bus, "to-marketing"+p.suffix, accounts, bus.Target{Arn: &arn}); err != nil {
		return err
	}
	p.say.step("NewAccount goes to a bus %s", where)
	return nil
}

// produce places the orders. It knows of nobody who reads them.
func (p *shopping) produce(ctx context.Context) error {
	var shown string
	for n := range shopOrders {
		total := json.RawMessage(fmt.Sprint(20 + n))
		if n == poisonOrder {
			total = json.RawMessage(`"twelve"`)
		}
		id, err := p.event(ctx, "OrderPlaced", order{Order: n, Customer: customers[n%len(customers)], Total: total})
		if err != nil {
			return err
		}
		if n%(shopOrders/shopNews) == 0 {
			if _, err := p.event(ctx, "NewAccount", map[string]any{"customer": fmt.Sprint("new-", n)}); err != nil {
				return err
			}
		}
		if n == shopOrders-1 {
			shown = id
		}
		if n == shopOrders/2 {
			if err := p.addAnalytics(ctx); err != nil {
				return err
			}
		}
	}
	p.say.step("%d orders and %d new accounts. What became of the last order, says carillon events show:", shopOrders, shopNews)
	return p.trail(ctx, shown)
}

func (p *shopping) event(ctx context.Context, kind string, detail any) (string, error) {
	text, err := json.Marshal(detail)
	if err != nil {
		return "", err
	}
	return p.put(ctx, p.aws, bus.PutEventsRequestEntry{EventBusName: &p.bus, Source: aws.String("shop"), DetailType: &kind, Detail: aws.String(string(text))})
}

// addAnalytics adds a reader while orders flow.
func (p *shopping) addAnalytics(ctx context.Context) (err error) {
	if p.analytics, err = p.queue(ctx, p.aws, "analytics", nil); err != nil {
		return err
	}
	p.analyticsRule, err = p.rule(ctx, p.aws, p.bus, "analytics"+p.suffix, placed, bus.Target{Arn: &p.analytics.arn})
	p.say.step("analytics is added after order %d; the shop is not asked", shopOrders/2)
	return err
}

// checkBilling reads orders as billing does: what it cannot read it does not
// delete, and after some tries the queue puts it aside.
func (p *shopping) checkBilling(ctx context.Context) error {
	billed, err := p.bill(ctx, func(o *order) error { _, err := o.total(); return err })
	if err != nil {
		return err
	}
	if err := p.hold(billed[poisonOrder] == 0 && len(billed) == shopOrders-1, "billing has %d orders; it could not read order %d, which is in billing-dead", shopOrders-1, poisonOrder); err != nil {
		return err
	}
	if _, err := p.aws.sqs.StartMessageMoveTask(ctx, &sqs.StartMessageMoveTaskInput{SourceArn: &p.dead.arn}); err != nil {
		return fmt.Errorf("redrive: %w", err)
	}
	mended, err := p.await(ctx, p.billing)
	if err != nil {
		return err
	}
	p.say.step("the reader is mended, and the order redriven")
	for n, times := range mended {
		billed[n] += times
	}
	return p.hold(onceEach(billed, shopOrders), "billing has each of the %d orders once", shopOrders)
}

// bill reads the billing queue until nothing is left, and counts the orders that
// read could read.
func (p *shopping) bill(ctx context.Context, read func(o *order) error) (map[int]int, error) {
	billed := map[int]int{}
	for {
		got, err := receive(ctx, p.aws, p.billing, 0)
		if err != nil || len(got) == 0 {
			return billed, err
		}
		var done []queue.Message
		for _, m := range got {
			var e struct{ Detail order }
			if json.Unmarshal([]byte(aws.ToString(m.Body)), &e) == nil && read(&e.Detail) == nil {
				billed[e.Detail.Order]++
				done = append(done, m)
			}
		}
		if err := remove(ctx, p.aws, p.billing, done); err != nil {
			return nil, err
		}
	}
}

// await reads one order with a long poll and everything behind it.
func (p *shopping) await(ctx context.Context, q aQueue) (map[int]int, error) {
	got, err := receive(ctx, p.aws, q, 20)
	if err != nil {
		return nil, err
	}
	var bodies []string
	for _, m := range got {
		bodies = append(bodies, aws.ToString(m.Body))
	}
	if err := remove(ctx, p.aws, q, got); err != nil {
		return nil, err
	}
	return p.orders(bodies)
}

// orders counts the orders in messages.
func (p *shopping) orders(bodies []string) (map[int]int, error) {
	seen := map[int]int{}
	for _, body := range bodies {
		var e struct{ Detail order }
		if err := json.Unmarshal([]byte(body), &e); err != nil {
			return nil, fmt.Errorf("read an order: %w", err)
		}
		seen[e.Detail.Order]++
	}
	return seen, nil
}

// onceEach tells whether 0 to n-1 are there once.
func onceEach(seen map[int]int, n int) bool {
	return len(seen) == n && !slices.ContainsFunc(slices.Collect(maps.Values(seen)), func(times int) bool { return times != 1 })
}

func (p *shopping) checkWarehouse(ctx context.Context) error {
	bodies, err := drain(ctx, p.aws, p.warehouse)
	if err != nil {
		return err
	}
	last, ordered := map[string]int{}, true
	for _, body := range bodies {
		var e struct{ Detail order }
		if err := json.Unmarshal([]byte(body), &e); err != nil {
			return fmt.Errorf("read an order: %w", err)
		}
		before, is := last[e.Detail.Customer]
		ordered = ordered && (!is || before < e.Detail.Order)
		last[e.Detail.Customer] = e.Detail.Order
	}
	seen, err := p.orders(bodies)
	if err != nil {
		return err
	}
	return p.hold(ordered && onceEach(seen, shopOrders), "the warehouse has each order once, in order for each of %d customers", len(last))
}

func (p *shopping) checkEmail(ctx context.Context) error {
	bodies, err := drain(ctx, p.aws, p.email)
	if err != nil {
		return err
	}
	var want []string
	for n := range shopOrders {
		want = append(want, fmt.Sprintf(`"Dear %s, thank you for order %d."`, customers[n%len(customers)], n))
	}
	return p.hold(slices.Equal(sorted(bodies), sorted(want)), "%d receipts are written", shopOrders)
}

func (p *shopping) checkMarketing(ctx context.Context) error {
	bodies, err := drain(ctx, p.marketingAt, p.marketing)
	if err != nil {
		return err
	}
	return p.hold(len(bodies) == shopNews, "marketing knows the %d new accounts", shopNews)
}

// checkAnalytics has the archive replayed to the late reader.
func (p *shopping) checkAnalytics(ctx context.Context) error {
	live, err := drain(ctx, p.aws, p.analytics)
	if err != nil {
		return err
	}
	name := p.named("analytics-catches-up")
	_, err = p.aws.events.StartReplay(ctx, &eventbridge.StartReplayInput{
		ReplayName: &name, EventSourceArn: p.archiveARN(), EventStartTime: &p.begin, EventEndTime: aws.Time(time.Now().Add(time.Second)),
		Destination: &bus.ReplayDestination{Arn: &p.busARN, FilterArns: []string{p.analyticsRule}},
	})
	if err != nil {
		return fmt.Errorf("start the replay: %w", err)
	}
	if err := p.replayed(ctx, name); err != nil {
		return err
	}
	again, err := drain(ctx, p.aws, p.analytics)
	if err != nil {
		return err
	}
	seen, err := p.orders(slices.Concat(live, again))
	if err != nil {
		return err
	}
	p.say.step("analytics got %d orders live, and %d of the archive by a replay to its rule alone", len(live), len(again))
	return p.hold(len(seen) == shopOrders && len(again) == shopOrders, "analytics knows all %d orders", shopOrders)
}

func (p *shopping) archiveARN() *string {
	return aws.String("arn:aws:events:" + region + ":" + p.aws.account + ":archive/" + p.archive)
}

// replayed waits until the replay has ended.
func (p *shopping) replayed(ctx context.Context, name string) error {
	for {
		r, err := p.aws.events.DescribeReplay(ctx, &eventbridge.DescribeReplayInput{ReplayName: &name})
		switch {
		case err != nil:
			return fmt.Errorf("ask for the replay: %w", err)
		case r.State == bus.ReplayStateCompleted:
			return nil
		case r.State == bus.ReplayStateFailed || r.State == bus.ReplayStateCancelled:
			return fmt.Errorf("the replay ended as %s: %s", r.State, aws.ToString(r.StateReason))
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("wait for the replay: %w", ctx.Err())
		}
	}
}

// trail shows what became of an event.
func (s *story) trail(ctx context.Context, id string) error {
	s.say.line("")
	err := s.o.Trail(ctx, s.endpoint, id, s.say.indented())
	s.say.line("")
	return err
}
