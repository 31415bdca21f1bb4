package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	awssns "github.com/aws/aws-sdk-go-v2/service/sns"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/carillon-events/carillon/internal/awsjson"
	"github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/awsmodel/sns"
	"github.com/carillon-events/carillon/internal/awsmodel/sqs"
	"github.com/carillon-events/carillon/internal/awsmodel/sts"
	"github.com/carillon-events/carillon/internal/awsquery"
	"github.com/carillon-events/carillon/internal/wire"
)

// loopback is an HTTP transport that hands what the SDK sends to a service's
// table, in place of a network and an edge.
type loopback struct{ service *wire.Service }

func (l loopback) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	call := &wire.Call{RequestID: "r-1", Service: l.service.Name}
	header := http.Header{}
	var answer []byte
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		_, name, _ := strings.Cut(target, ".")
		answer, err = l.service.Operations[name].JSON(r.Context(), call, body, nil)
	} else {
		values, bad := url.ParseQuery(string(body))
		if bad != nil {
			return nil, bad
		}
		answer, err = l.service.Operations[values.Get("Action")].Query(r.Context(), call, values, nil)
	}
	status := 200
	var failure *wire.Error
	if errors.As(err, &failure) {
		status = failure.HTTPStatus(l.service)
		if l.service.JSONVersion != "" {
			answer = awsjson.AppendError(nil, l.service, failure)
			if code := awsjson.QueryErrorHeader(l.service, failure); code != "" {
				header.Set("x-amzn-query-error", code)
			}
		} else {
			answer = awsquery.AppendError(nil, l.service, failure, call.RequestID)
		}
	} else if err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(bytes.NewReader(answer)), Request: r}, nil
}

func config(service *wire.Service) aws.Config {
	return aws.Config{
		Region:       "us-east-1",
		BaseEndpoint: aws.String("http://127.0.0.1:1"),
		HTTPClient:   &http.Client{Transport: loopback{service}},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
		}),
		Retryer: func() aws.Retryer { return aws.NopRetryer{} },
	}
}

// sdk is one service beside the SDK's client for it.
type sdk struct {
	model  *model
	double *double
	client any
}

func clients(t *testing.T) []sdk {
	var queue, bus, topic, token double
	return []sdk{
		{mustLoad(t, "sqs"), &queue, awssqs.NewFromConfig(config(sqs.New(sqsDouble{&queue}, nil)), func(o *awssqs.Options) {
			o.DisableMessageChecksumValidation = true
		})},
		{mustLoad(t, "events"), &bus, eventbridge.NewFromConfig(config(events.New(eventsDouble{&bus}, nil)))},
		{mustLoad(t, "sns"), &topic, awssns.NewFromConfig(config(sns.New(snsDouble{&topic}, nil)))},
		{mustLoad(t, "sts"), &token, awssts.NewFromConfig(config(sts.New(stsDouble{&token}, nil)))},
	}
}

// call runs one operation through the SDK.
func (s sdk) call(t *testing.T, op string, in reflect.Value) (any, error) {
	method := reflect.ValueOf(s.client).MethodByName(op)
	if !method.IsValid() {
		t.Fatalf("the SDK has no %s", op)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	results := method.Call([]reflect.Value{reflect.ValueOf(ctx), in})
	err, _ := results[1].Interface().(error)
	return results[0].Interface(), err
}

func (s sdk) newInput(op string) reflect.Value {
	return reflect.New(reflect.ValueOf(s.client).MethodByName(op).Type().In(1).Elem())
}

// outputType is the Go type of an operation's answer, ours.
func (s sdk) outputType(op string) reflect.Type {
	of := map[string]reflect.Type{
		"sqs":    reflect.TypeFor[sqs.Operations](),
		"events": reflect.TypeFor[events.Operations](),
		"sns":    reflect.TypeFor[sns.Operations](),
		"sts":    reflect.TypeFor[sts.Operations](),
	}[s.model.name]
	method, _ := of.MethodByName(op)
	return method.Type.Out(0).Elem()
}

// rounds is how often each operation is tried with other values.
const rounds = 8

// The SDK wants a signer of its own where EndpointId is set; the token
// operations of STS that are not signed are not different otherwise.
var leftAlone = map[string]bool{"EndpointId": true}

func TestWhatTheSDKSendsIsWhatTheServiceSees(t *testing.T) {
	for _, s := range clients(t) {
		for _, op := range s.model.operationNames() {
			if !reflect.ValueOf(s.client).MethodByName(op).IsValid() {
				t.Errorf("%s: the SDK has no %s", s.model.name, op)
				continue
			}
			for seed := range uint64(rounds) {
				skip := leftAlone
				if op != "PutEvents" {
					skip = nil
				}
				f := &filler{t: t, m: s.model, rand: rand.New(rand.NewPCG(seed, 1)), strict: true, skip: skip, full: !s.model.json()}
				in := s.newInput(op)
				f.fill(in.Elem(), s.model.Operations[op].Input.Shape)
				s.double.input, s.double.output = nil, nil
				if _, err := s.call(t, op, in); err != nil {
					t.Errorf("%s: %v", op, err)
					break
				}
				if d := difference(op, plain(reflect.ValueOf(s.double.input)), plain(in)); d != "" {
					t.Error(d)
					break
				}
			}
		}
	}
}

func TestWhatTheServiceAnswersIsWhatTheSDKSees(t *testing.T) {
	for _, s := range clients(t) {
		for _, op := range s.model.operationNames() {
			if s.model.Operations[op].Output == nil || !reflect.ValueOf(s.client).MethodByName(op).IsValid() {
				continue
			}
			for seed := range uint64(rounds) {
				f := &filler{t: t, m: s.model, rand: rand.New(rand.NewPCG(seed, 2)), strict: true, skip: leftAlone, full: !s.model.json()}
				in := s.newInput(op)
				f.fill(in.Elem(), s.model.Operations[op].Input.Shape)
				f.strict, f.skip = false, nil
				out := reflect.New(s.outputType(op))
				f.fill(out.Elem(), s.model.Operations[op].Output.Shape)
				s.double.output = out.Interface()
				got, err := s.call(t, op, in)
				if err != nil {
					t.Errorf("%s: %v", op, err)
					break
				}
				if d := difference(op, plain(reflect.ValueOf(got)), plain(out)); d != "" {
					t.Error(d)
					break
				}
			}
		}
	}
}

func TestTheSDKReadsOurErrors(t *testing.T) {
	for _, s := range clients(t) {
		for want, failure := range map[string]*wire.Error{
			"Odd": {Code: "Odd", Message: `no "x" <here>`},
			"AWS.SimpleQueueService.NonExistentQueue": {Code: "QueueDoesNotExist", Message: "The specified queue does not exist."},
			"ResourceNotFoundException":               {Code: "ResourceNotFoundException", Message: "Rule a does not exist on EventBus default."},
			"FilterPolicyLimitExceeded":               {Code: "FilterPolicyLimitExceededException", Message: "too many"},
			"MalformedPolicyDocument":                 {Code: "MalformedPolicyDocumentException", Message: "bad"},
		} {
			op := map[string]string{"sqs": "ListQueues", "events": "ListRules", "sns": "ListTopics", "sts": "GetCallerIdentity"}[s.model.name]
			if s.model.Shapes[failure.Code] == nil && failure.Code != "Odd" {
				continue
			}
			if s.model.name == "sns" && want == "ResourceNotFoundException" {
				want = "ResourceNotFound" // a code of its own for a shape of the same name
			}
			s.double.err = failure
			_, err := s.call(t, op, s.newInput(op))
			var got smithy.APIError
			if !errors.As(err, &got) || got.ErrorCode() != want || got.ErrorMessage() != failure.Message {
				t.Errorf("%s: %v, want %s: %s", s.model.name, err, want, failure.Message)
			}
		}
	}
}
