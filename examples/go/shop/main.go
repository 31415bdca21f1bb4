// Shop takes orders, with aws-sdk-go-v2.
//
// Orders go to billing, to a warehouse that keeps the order of each customer,
// and to e-mail; new accounts to marketing, in an account of its own. Analytics
// comes late and catches up from the archive. Billing cannot read one of the
// orders: the queue puts it aside, and it is redriven once the reader is mended.
//
//	go run ./examples/go/shop
package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
)

// Without keys of yours, a 12-digit access key id is the account that calls.
const shopAccount, marketingAccount, region = "111111111111", "222222222222", "us-east-1"

func main() {
	endpoint := cmp.Or(os.Getenv("AWS_ENDPOINT_URL"), "http://127.0.0.1:4566")
	as := func(account string) aws.Config {
		return aws.Config{Region: region, BaseEndpoint: &endpoint,
			Credentials: credentials.NewStaticCredentialsProvider(account, "any", "")}
	}
	if err := run(context.Background(), as(shopAccount), as(marketingAccount), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// run tells the story, and takes away what it made.
func run(ctx context.Context, shop, marketing aws.Config, out io.Writer) (err error) {
	s := newShop(shop, marketing, out)
	defer func() { err = errors.Join(err, s.close()) }()
	if err := s.open(ctx); err != nil {
		return err
	}
	if err := s.sell(ctx); err != nil {
		return err
	}
	for _, chapter := range []func(context.Context) error{s.bill, s.pack, s.write, s.announce, s.catchUp} {
		if err := chapter(ctx); err != nil {
			return err
		}
	}
	return nil
}

// shop is what this program has on the server.
type shop struct {
	own, marketing *account
	bus            string // a name of this run's own, so that you can run it again at once
	busARN         string
	archive        string // ARN
	opened         time.Time
	out            io.Writer

	billing, dead, warehouse, email, newsletter, analytics queue

	analyticsRule string // ARN
}

func newShop(own, marketing aws.Config, out io.Writer) *shop {
	name := strings.ToLower(rand.Text()[:8])
	return &shop{own: newAccount(own, shopAccount, name), marketing: newAccount(marketing, marketingAccount, name), bus: "shop-" + name, out: out}
}

func (s *shop) close() error { return errors.Join(s.own.close(), s.marketing.close()) }

// open makes the bus, with an archive of all its events for readers that do not
// exist yet, and who listens from the start.
func (s *shop) open(ctx context.Context) (err error) {
	s.opened = time.Now().Add(-time.Second)
	if s.busARN, err = s.own.bus(ctx, s.bus); err != nil {
		return err
	}
	archive, err := s.own.events.CreateArchive(ctx, &eventbridge.CreateArchiveInput{ArchiveName: &s.bus, EventSourceArn: &s.busARN})
	if err != nil {
		return err
	}
	s.archive = *archive.ArchiveArn
	s.own.later(func() error {
		_, err := s.own.events.DeleteArchive(ctx, &eventbridge.DeleteArchiveInput{ArchiveName: &s.bus})
		return err
	})
	if err := s.queues(ctx); err != nil {
		return err
	}
	for name, target := range map[string]types.Target{
		"billing": {Arn: &s.billing.arn},
		// Order within a customer, and customers side by side: the message group is read from each event.
		"warehouse": {Arn: &s.warehouse.arn, SqsParameters: &types.SqsParameters{MessageGroupId: aws.String("$.detail.customer")}},
		"email": {Arn: &s.email.arn, InputTransformer: &types.InputTransformer{
			InputPathsMap: map[string]string{"customer": "$.detail.customer", "order": "$.detail.order"},
			InputTemplate: aws.String(`"Dear <customer>, thank you for order <order>."`),
		}},
	} {
		if _, err := s.own.rule(ctx, s.bus, name, "OrderPlaced", target); err != nil {
			return err
		}
	}
	return s.openMarketing(ctx)
}

func (s *shop) queues(ctx context.Context) (err error) {
	if s.dead, err = s.own.queue(ctx, "billing-dead", nil); err != nil {
		return err
	}
	// Billing has two tries at an order. It gets them again at once, so that this story does not wait.
	s.billing, err = s.own.queue(ctx, "billing", map[string]string{"VisibilityTimeout": "0",
		"RedrivePolicy": fmt.Sprintf(`{"deadLetterTargetArn": %q, "maxReceiveCount": 2}`, s.dead.arn)})
	if err != nil {
		return err
	}
	s.warehouse, err = s.own.queue(ctx, "warehouse", map[string]string{"FifoQueue": "true", "ContentBasedDeduplication": "true"})
	if err != nil {
		return err
	}
	s.email, err = s.own.queue(ctx, "email", nil)
	return err
}

// openMarketing sends new accounts to another account, whose bus takes events
// only from whom it lets in.
func (s *shop) openMarketing(ctx context.Context) (err error) {
	arn, err := s.marketing.bus(ctx, s.bus)
	if err != nil {
		return err
	}
	_, err = s.marketing.events.PutPermission(ctx, &eventbridge.PutPermissionInput{EventBusName: &s.bus, StatementId: aws.String("shop"),
		Action: aws.String("events:PutEvents"), Principal: aws.String(shopAccount)})
	if err != nil {
		return err
	}
	if s.newsletter, err = s.marketing.queue(ctx, "newsletter", nil); err != nil {
		return err
	}
	if _, err = s.marketing.rule(ctx, s.bus, "newsletter", "NewAccount", types.Target{Arn: &s.newsletter.arn}); err != nil {
		return err
	}
	_, err = s.own.rule(ctx, s.bus, "to-marketing", "NewAccount", types.Target{Arn: &arn})
	return err
}

// put tells the bus of something. The shop knows of nobody who listens.
func (s *shop) put(ctx context.Context, kind, detail string) error {
	put, err := s.own.events.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{
		{EventBusName: &s.bus, Source: aws.String("shop"), DetailType: &kind, Detail: &detail},
	}})
	if err == nil && put.FailedEntryCount > 0 {
		err = fmt.Errorf("%s was refused: %s", kind, aws.ToString(put.Entries[0].ErrorMessage))
	}
	return err
}

func (s *shop) check(is bool, format string, args ...any) error {
	what := fmt.Sprintf(format, args...)
	if !is {
		return fmt.Errorf("not so: %s", what)
	}
	fmt.Fprintln(s.out, "ok  ", what)
	return nil
}

func sorted[T cmp.Ordered](of []T) []T { return slices.Sorted(slices.Values(of)) }
