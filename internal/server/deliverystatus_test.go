package server_test

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/carillon-events/carillon/internal/notification"
	"github.com/carillon-events/carillon/internal/server"
	"github.com/carillon-events/carillon/internal/target/loggroup"
)

// entry is an entry of a delivery status log.
type entry struct {
	Notification struct{ MessageMD5Sum, MessageID, TopicArn, Timestamp string }
	Delivery     struct {
		DeliveryID, Destination, ProviderResponse, Token string
		DwellTimeMs                                      *int64
		Attempts, StatusCode                             int
	}
	Status string
}

// entries polls the log groups of a data directory until they have so many
// entries in all.
func entries(t *testing.T, data string, want int) map[string][]entry {
	t.Helper()
	for began := time.Now(); ; {
		all, n := map[string][]entry{}, 0
		groups, err := loggroup.List(server.LogGroups(data))
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range groups {
			text, err := os.ReadFile(g.Path)
			if err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(string(text)) {
				var l loggroup.Line
				var e entry
				if !strings.HasSuffix(line, "\n") {
					continue // it is being written
				}
				if err := json.Unmarshal([]byte(line), &l); err != nil {
					t.Fatal(err, line)
				}
				if err := json.Unmarshal([]byte(l.Message), &e); err != nil {
					t.Fatal(err, line)
				}
				all[g.Name] = append(all[g.Name], e)
				n++
			}
		}
		if n >= want {
			return all
		}
		if time.Since(began) > 20*time.Second {
			t.Fatalf("%d entries, want %d: %+v", n, want, all)
		}
	}
}

func TestATopicThatWantsItHasItsDeliveriesLogged(t *testing.T) {
	confirmed := make(chan struct{}, 10)
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if n, err := notification.Parse(body); err == nil && n.Type == notification.Confirm {
			if status, text := visit(t, n.SubscribeURL); status != 200 {
				t.Error(status, text)
			}
			confirmed <- struct{}{}
		}
		if strings.HasPrefix(r.URL.Path, "/gone") {
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	t.Cleanup(web.Close)
	c := quick()
	c.Durability, c.Data, c.Outside.Push = "fsync", t.TempDir(), web.URL
	r := start(t, c)
	topics, queues := sns.NewFromConfig(configured(t, r, "000000000000", "x")), sqs.NewFromConfig(configured(t, r, "000000000000", "x"))
	if _, err := queues.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("q")}); err != nil {
		t.Fatal(err)
	}
	role := "arn:aws:iam::000000000000:role/feedback"
	app, err := topics.CreatePlatformApplication(t.Context(), &sns.CreatePlatformApplicationInput{Name: aws.String("shop"), Platform: aws.String("GCM"), Attributes: map[string]string{
		"PlatformCredential": "x", "SuccessFeedbackRoleArn": role, "SuccessFeedbackSampleRate": "100",
	}})
	if err != nil {
		t.Fatal(err)
	}
	device, err := topics.CreatePlatformEndpoint(t.Context(), &sns.CreatePlatformEndpointInput{PlatformApplicationArn: app.PlatformApplicationArn, Token: aws.String("token-1")})
	if err != nil {
		t.Fatal(err)
	}
	topicOf := func(name string, attributes map[string]string) string {
		t.Helper()
		made, err := topics.CreateTopic(t.Context(), &sns.CreateTopicInput{Name: &name, Attributes: attributes})
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range [][2]string{
			{"sqs", "arn:aws:sqs:eu-west-1:000000000000:q"}, {"sqs", "arn:aws:sqs:eu-west-1:000000000000:absent"},
			{"http", strings.Replace(web.URL, "://", "://user:hush@", 1) + "/here"}, {"http", web.URL + "/gone"}, {"application", *device.EndpointArn},
		} {
			_, err := topics.Subscribe(t.Context(), &sns.SubscribeInput{TopicArn: made.TopicArn, Protocol: &s[0], Endpoint: &s[1]})
			if err != nil {
				t.Fatal(err)
			}
			if s[0] == "http" {
				<-confirmed
			}
		}
		return *made.TopicArn
	}
	silent := topicOf("silent", map[string]string{"SQSSuccessFeedbackSampleRate": "100"}) // and no role
	none := topicOf("none", map[string]string{"SQSSuccessFeedbackRoleArn": role, "SQSSuccessFeedbackSampleRate": "0"})
	all := topicOf("all", map[string]string{
		"SQSSuccessFeedbackRoleArn": role, "SQSSuccessFeedbackSampleRate": "100", "SQSFailureFeedbackRoleArn": role,
		"HTTPSuccessFeedbackRoleArn": role, "HTTPFailureFeedbackRoleArn": role, "ApplicationSuccessFeedbackRoleArn": role,
	})
	id := ""
	for _, arn := range []string{silent, none, all} {
		out, err := topics.Publish(t.Context(), &sns.PublishInput{TopicArn: &arn, Message: aws.String("hello <&>")})
		if err != nil {
			t.Fatal(err)
		}
		id = *out.MessageId
	}
	got := entries(t, c.Data, 5+3) // the application has its log for all three topics
	sum := md5.Sum([]byte("hello <&>"))
	for group, want := range map[string][]string{
		"sns/eu-west-1/000000000000/all": {
			"SUCCESS 200 arn:aws:sqs:eu-west-1:000000000000:q", "SUCCESS 200 " + strings.Replace(web.URL, "://", "://user:****@", 1) + "/here", "SUCCESS 200 " + *device.EndpointArn,
		},
		"sns/eu-west-1/000000000000/all/Failure":  {"FAILURE 400 arn:aws:sqs:eu-west-1:000000000000:absent", "FAILURE 404 " + web.URL + "/gone"},
		"sns/eu-west-1/000000000000/app/GCM/shop": {"SUCCESS 200 " + *device.EndpointArn, "SUCCESS 200 " + *device.EndpointArn, "SUCCESS 200 " + *device.EndpointArn},
	} {
		said := map[string]int{}
		for _, e := range got[group] {
			said[e.Status+" "+http.StatusText(e.Delivery.StatusCode)+e.Delivery.Destination]++
			n, d := e.Notification, e.Delivery
			if _, err := time.Parse("2006-01-02 15:04:05.000", n.Timestamp); err != nil || n.MessageMD5Sum != hex.EncodeToString(sum[:]) ||
				n.MessageID == "" || d.DeliveryID == "" || d.ProviderResponse == "" || d.DwellTimeMs == nil || d.Attempts != 1 {
				t.Errorf("%s: %+v", group, e)
			}
			if strings.HasSuffix(group, "/all") && (n.MessageID != id || n.TopicArn != all) {
				t.Errorf("%s: %+v", group, e)
			}
			if (d.Destination == *device.EndpointArn) != (d.Token == "token-1") {
				t.Errorf("%s: %+v", group, e)
			}
		}
		for _, w := range want {
			status, rest, _ := strings.Cut(w, " ")
			code, destination, _ := strings.Cut(rest, " ")
			said[status+" "+map[string]string{"200": "OK", "400": "Bad Request", "404": "Not Found"}[code]+destination]--
		}
		for what, n := range said {
			if n != 0 {
				t.Errorf("%s: %d times %s", group, n, what)
			}
		}
		delete(got, group)
	}
	if len(got) != 0 {
		t.Errorf("and %+v", got)
	}
}
