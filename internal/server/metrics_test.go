package server_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/carillon-events/carillon/internal/server"
)

func metricsOf(t *testing.T, r *server.Running) string {
	t.Helper()
	return metricsBy(t, r, http.DefaultClient)
}

func metricsBy(t *testing.T, r *server.Running, web *http.Client) string {
	t.Helper()
	resp, err := web.Get(r.URL + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	defer web.CloseIdleConnections()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestTheMetricsSayHowDeepTheQueuesAreAndHowTheStoreIs(t *testing.T) {
	r := start(t, quick())
	client := sqs.NewFromConfig(configured(t, r, "000000000000", "x"))
	for _, name := range []string{"full", "empty"} {
		q, err := client.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: &name})
		if err != nil {
			t.Fatal(err)
		}
		if name == "empty" {
			continue
		}
		for _, delay := range []int32{0, 0, 60} {
			if _, err := client.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: q.QueueUrl, MessageBody: aws.String("x"), DelaySeconds: delay}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := client.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: q.QueueUrl}); err != nil {
			t.Fatal(err)
		}
	}
	text := metricsOf(t, r)
	const labels = `{account="000000000000",queue="full",region="eu-west-1"`
	for _, want := range []string{
		"carillon_queues 2", "carillon_messages 3",
		"carillon_queue_messages" + labels + `,state="ready"} 1`,
		"carillon_queue_messages" + labels + `,state="in_flight"} 1`,
		"carillon_queue_messages" + labels + `,state="delayed"} 1`,
		"carillon_queue_oldest_message_age_seconds" + labels + "}",
		"carillon_store_commit_seconds_count", "carillon_store_commit_calls_count",
		"carillon_store_waiting_calls", `carillon_build_info{durability="memory"`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	if strings.Contains(text, `queue="empty"`) {
		t.Error("an empty queue has time series")
	}
}

func TestTheMetricsAreNamedAsPrometheusNamesThem(t *testing.T) {
	problems, err := promlint.New(strings.NewReader(metricsOf(t, start(t, quick())))).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		if strings.HasPrefix(p.Metric, "carillon_") {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
	}
}
