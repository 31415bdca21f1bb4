// Package sns is Amazon SNS on top of topics: what the API calls things, the
// shapes of its requests and answers, and its error codes.
//
// One file holds one operation. Each checks the request before the transaction,
// calls a core inside one, and words the outcome; reads go through a view.
// errors.go is the only table of codes.
//
// It refuses what AWS refuses, with AWS's code and a sentence that names the
// parameter, and by name what Carillon does not do yet (functions and Firehose
// as endpoints), rather than to accept and ignore it. A refused request has
// changed nothing.
//
// Invariants:
//
//  1. A topic's and a subscription's attributes are kept as Labels of their
//     settings, in the words in which they are echoed, but for filter policies,
//     which the core has; what the core knows is always made of those.
//  2. Ids are made here and handed down.
package sns

import (
	"cmp"
	"context"
	"net/url"
	"time"

	"github.com/google/uuid"

	model "github.com/carillon-events/carillon/internal/awsmodel/sns"
	"github.com/carillon-events/carillon/internal/policy"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/topic"
	"github.com/carillon-events/carillon/internal/wire"
)

// Options of the service.
type Options struct {
	Shard *store.Shard
	Core  *topic.Core

	// CheckURL refuses the URL of an endpoint that could never be called; nil: none.
	CheckURL func(u *url.URL) error

	// Unsubscribe is the URL at which a subscription is ended, but for its ARN, as
	// it stands in documents. The host of a request will not do: who publishes would
	// choose where others are led.
	Unsubscribe string

	Policies *policy.Book // of topics, for decisions; nil: nobody decides
}

// Service implements the operations of SNS that there are.
type Service struct {
	model.NotImplemented
	shard *store.Shard
	core  *topic.Core
	check func(u *url.URL) error // Options.CheckURL
	newID func() [16]byte
	now   func() time.Time

	unsubscribe string // Options.Unsubscribe
	policies    *policy.Book

	// newMessageID makes ids that begin with their time, by which the trail finds
	// what became of a message.
	newMessageID func() [16]byte

	newCode func() string // that a number of the SMS sandbox is verified with
}

// knownCode verifies a number of the SMS sandbox where no code can be sent.
const knownCode = "000000"

var _ model.Operations = (*Service)(nil)

// New is the table of SNS's operations on a shard.
func New(o Options) *wire.Service {
	s := &Service{
		shard: o.Shard, core: o.Core, unsubscribe: o.Unsubscribe, check: o.CheckURL, policies: o.Policies,
		newID:        func() [16]byte { return uuid.New() },
		now:          time.Now,
		newMessageID: func() [16]byte { return uuid.Must(uuid.NewV7()) },
		newCode:      newCode,
	}
	service := model.New(s, resource)
	for _, op := range service.Operations {
		op.Rights.Keys = s.keys
	}
	return service
}

// change runs fn in a transaction and words its error.
func (s *Service) change(ctx context.Context, fn func(tx *store.Tx) error) error {
	return explain(s.shard.Update(ctx, fn))
}

// read runs fn on a view and words its error.
func (s *Service) read(fn func(v *store.View) error) error { return explain(s.shard.View(fn)) }

// some is a present string, unless it is empty.
func some(s string) wire.Opt[string] { return wire.Opt[string]{V: s, OK: s != ""} }

// resource is what a request is about, for the authorisation decision.
func resource(c *wire.Call, in any) string {
	switch in := in.(type) {
	case *model.CreateTopicInput:
		return topic.Name{Account: c.Account, Region: c.Region, Topic: in.Name}.ARN().String()
	case *model.DeleteTopicInput:
		return in.TopicArn
	case *model.GetTopicAttributesInput:
		return in.TopicArn
	case *model.SetTopicAttributesInput:
		return in.TopicArn
	case *model.AddPermissionInput:
		return in.TopicArn
	case *model.RemovePermissionInput:
		return in.TopicArn
	case *model.SubscribeInput:
		return in.TopicArn
	case *model.ConfirmSubscriptionInput:
		return in.TopicArn
	case *model.ListSubscriptionsByTopicInput:
		return in.TopicArn
	case *model.GetDataProtectionPolicyInput:
		return in.ResourceArn
	case *model.PutDataProtectionPolicyInput:
		return in.ResourceArn
	case *model.GetSubscriptionAttributesInput:
		return in.SubscriptionArn
	case *model.SetSubscriptionAttributesInput:
		return in.SubscriptionArn
	case *model.UnsubscribeInput:
		return in.SubscriptionArn
	case *model.TagResourceInput:
		return in.ResourceArn
	case *model.UntagResourceInput:
		return in.ResourceArn
	case *model.ListTagsForResourceInput:
		return in.ResourceArn
	case *model.PublishInput: // of a phone number AWS says so in refusals, too
		return cmp.Or(in.TopicArn.V, in.TargetArn.V, in.PhoneNumber.V, "*")
	case *model.PublishBatchInput:
		return in.TopicArn
	}
	return mobileResource(in)
}

// mobileResource is resource for what is about devices.
func mobileResource(in any) string {
	switch in := in.(type) {
	case *model.CreatePlatformEndpointInput:
		return in.PlatformApplicationArn
	case *model.DeletePlatformApplicationInput:
		return in.PlatformApplicationArn
	case *model.GetPlatformApplicationAttributesInput:
		return in.PlatformApplicationArn
	case *model.SetPlatformApplicationAttributesInput:
		return in.PlatformApplicationArn
	case *model.ListEndpointsByPlatformApplicationInput:
		return in.PlatformApplicationArn
	case *model.DeleteEndpointInput:
		return in.EndpointArn
	case *model.GetEndpointAttributesInput:
		return in.EndpointArn
	case *model.SetEndpointAttributesInput:
		return in.EndpointArn
	}
	return "*"
}
