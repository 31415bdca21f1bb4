package server_test

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/carillon-events/carillon/internal/server"
	"github.com/carillon-events/carillon/internal/throttle"
)

func TestTheSDKKnowsWhenItIsThrottledAndTriesAgain(t *testing.T) {
	c := quick()
	once := throttle.Rate{PerSecond: 0.001, Burst: 1}
	c.Limits.Throttles.Operations = throttle.Rates{"sqs:ListQueues": once, "events:*": once, "sns:ListTopics": once, "sts:*": once}
	r := start(t, c)
	client := configured(t, r, "000000000000", "x")
	for code, call := range map[string]func() error{
		"RequestThrottled": func() error {
			_, err := sqs.NewFromConfig(client).ListQueues(t.Context(), &sqs.ListQueuesInput{})
			return err
		},
		"ThrottlingException": func() error {
			_, err := eventbridge.NewFromConfig(client).ListEventBuses(t.Context(), &eventbridge.ListEventBusesInput{})
			return err
		},
		"ThrottlingException of SNS": func() error {
			_, err := sns.NewFromConfig(client).ListTopics(t.Context(), &sns.ListTopicsInput{})
			return err
		},
		"ThrottlingException of STS": func() error {
			_, err := sts.NewFromConfig(client).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
			return err
		},
	} {
		want, _, _ := strings.Cut(code, " ")
		if err := call(); err != nil {
			t.Error(code, err)
		}
		err := call()
		if codeOf(err) != want || !retry.NewStandard().IsErrorRetryable(err) {
			t.Errorf("%s: %v", code, err)
		}
	}
	if text := metricsOf(t, r); !strings.Contains(text, `carillon_requests_throttled_total{by="operation",operation="ListQueues",service="sqs"} 1`) {
		t.Error("it is not counted")
	}
}

func TestAThrottleOfNoOperationStopsTheStart(t *testing.T) {
	c := quick()
	c.Limits.Throttles.Operations = throttle.Rates{"sqs:SendMail": {PerSecond: 1, Burst: 1}}
	if r, err := server.Start(t.Context(), c); err == nil || !strings.Contains(err.Error(), `sqs has no operation "SendMail"`) {
		t.Errorf("%v", err)
		_ = r.Stop()
	}
}

func TestConnectionsBeyondTheLimitAreClosed(t *testing.T) {
	c := quick()
	c.Limits.Connections = 2
	r := start(t, c)
	dial := func() net.Conn {
		conn, err := net.Dial("tcp", r.Addr.String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
		return conn
	}
	answered := func(conn net.Conn) bool {
		if _, err := conn.Write([]byte(marker)); err != nil {
			return false
		}
		n, _ := conn.Read(make([]byte, 1))
		return n == 1
	}
	first, second := dial(), dial()
	if !answered(first) || !answered(second) {
		t.Fatal("connections within the limit are closed")
	}
	if answered(dial()) {
		t.Error("a third is answered")
	}
	first.Close()
	for deadline := time.Now().Add(10 * time.Second); !answered(dial()); { // until the server has seen it
		if time.Now().After(deadline) {
			t.Fatal("one that ended makes no room")
		}
	}
}
