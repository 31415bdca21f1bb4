package server_test

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/carillon-events/carillon/internal/server"
	"github.com/carillon-events/carillon/internal/store"
)

// receiver is an HTTP server that events are sent to, and an OAuth server. Its
// first token is refused once, as if it had been withdrawn.
type receiver struct {
	*httptest.Server
	tokens chan string
	got    chan string
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{tokens: make(chan string, 10), got: make(chan string, 10)}
	issued := 0
	mux := http.NewServeMux()
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, q *http.Request) {
		issued++
		r.tokens <- q.FormValue("client_secret") + " " + q.FormValue("audience")
		fmt.Fprintf(w, `{"access_token":"access-%d","expires_in":3600}`, issued)
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, q *http.Request) {
		if q.Header.Get("Authorization") == "Bearer access-1" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		body, _ := io.ReadAll(q.Body)
		r.got <- q.Method + " " + q.URL.RequestURI() + " " + q.Header.Get("X-Shop") + " " + string(body)
	})
	r.Server = httptest.NewServer(mux)
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) next(t *testing.T) string {
	t.Helper()
	select {
	case got := <-r.got:
		return got
	case <-time.After(20 * time.Second):
		t.Fatal("nothing arrived")
		return ""
	}
}

func TestAnEventReachesAnAPIDestinationWithATokenAndNoSecretIsOnDisk(t *testing.T) {
	r := newReceiver(t)
	var log bytes.Buffer
	c := quick()
	c.Durability, c.Data = store.Fsync, filepath.Join(t.TempDir(), "data")
	c.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	running, err := server.Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	eb := eventbridge.NewFromConfig(configured(t, running, "111122223333", "x"))
	connection, err := eb.CreateConnection(t.Context(), &eventbridge.CreateConnectionInput{
		Name: aws.String("shop"), AuthorizationType: ebtypes.ConnectionAuthorizationTypeOauthClientCredentials,
		AuthParameters: &ebtypes.CreateConnectionAuthRequestParameters{
			OAuthParameters: &ebtypes.CreateConnectionOAuthRequestParameters{
				AuthorizationEndpoint: aws.String(r.URL + "/token"), HttpMethod: ebtypes.ConnectionOAuthHttpMethodPost,
				ClientParameters:    &ebtypes.CreateConnectionOAuthClientRequestParameters{ClientID: aws.String("id"), ClientSecret: aws.String("very-secret")},
				OAuthHttpParameters: &ebtypes.ConnectionHttpParameters{BodyParameters: []ebtypes.ConnectionBodyParameter{{Key: aws.String("audience"), Value: aws.String("hidden-audience"), IsValueSecret: true}}},
			},
			InvocationHttpParameters: &ebtypes.ConnectionHttpParameters{HeaderParameters: []ebtypes.ConnectionHeaderParameter{{Key: aws.String("X-Shop"), Value: aws.String("hidden-header"), IsValueSecret: true}}},
		},
	})
	if err != nil || connection.ConnectionState != ebtypes.ConnectionStateAuthorized || <-r.tokens != "very-secret hidden-audience" {
		t.Fatalf("%+v, %v", connection, err)
	}
	to, err := eb.CreateApiDestination(t.Context(), &eventbridge.CreateApiDestinationInput{
		Name: aws.String("shop"), ConnectionArn: connection.ConnectionArn, HttpMethod: ebtypes.ApiDestinationHttpMethodPut, InvocationEndpoint: aws.String(r.URL + "/orders/*"),
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := eb.PutRule(t.Context(), &eventbridge.PutRuleInput{Name: aws.String("r"), EventPattern: aws.String(`{"source":["shop"]}`)}); err != nil {
		t.Fatal(err)
	}
	put, err := eb.PutTargets(t.Context(), &eventbridge.PutTargetsInput{Rule: aws.String("r"), Targets: []ebtypes.Target{{
		Id: aws.String("t"), Arn: to.ApiDestinationArn, InputPath: aws.String("$.detail"),
		HttpParameters: &ebtypes.HttpParameters{PathParameterValues: []string{"$.detail.id"}, QueryStringParameters: map[string]string{"type": "$.detail-type"}},
	}}})
	if err != nil || put.FailedEntryCount != 0 {
		t.Fatalf("%+v, %v", put, err)
	}
	if _, err := eb.PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: []ebtypes.PutEventsRequestEntry{{
		Source: aws.String("shop"), DetailType: aws.String("paid"), Detail: aws.String(`{"id": "a/1", "n": 1.50}`),
	}}}); err != nil {
		t.Fatal(err)
	}
	if got, want := r.next(t), `PUT /orders/a%2F1?type=paid hidden-header {"id": "a/1", "n": 1.50}`; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	if err := running.Stop(); err != nil {
		t.Fatal(err)
	}
	noSecretIn(t, c.Data, log.String(), "very-secret", "hidden-audience", "hidden-header", "access-1", "access-2")
}

// noSecretIn looks into every file of the data directory, as it is on disk.
func noSecretIn(t *testing.T, dir, log string, secrets ...string) {
	t.Helper()
	all := map[string]string{"the log": log}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		all[path] = string(b)
		return err
	})
	if err != nil || len(all) < 3 {
		t.Fatalf("%d files, %v", len(all), err)
	}
	for where, text := range all {
		for _, s := range secrets {
			if strings.Contains(text, s) {
				t.Errorf("%s has %s", where, s)
			}
		}
	}
}

func TestWhereOthersCanReachUsAPIDestinationsDoNotCallThisMachine(t *testing.T) {
	c := quick()
	c.Auth, c.Credentials = server.AuthStrict, credentialsFile(t)
	r := newReceiver(t)
	create := func(c server.Config, url string) error {
		running := start(t, c)
		eb := eventbridge.NewFromConfig(configured(t, running, "AKIAORDERS", "hush"))
		made, err := eb.CreateConnection(t.Context(), &eventbridge.CreateConnectionInput{
			Name: aws.String("c"), AuthorizationType: ebtypes.ConnectionAuthorizationTypeApiKey,
			AuthParameters: &ebtypes.CreateConnectionAuthRequestParameters{ApiKeyAuthParameters: &ebtypes.CreateConnectionApiKeyAuthRequestParameters{ApiKeyName: aws.String("k"), ApiKeyValue: aws.String("v")}},
		})
		if err != nil {
			t.Fatal(err)
		}
		_, err = eb.CreateApiDestination(t.Context(), &eventbridge.CreateApiDestinationInput{
			Name: aws.String("d"), ConnectionArn: made.ConnectionArn, HttpMethod: ebtypes.ApiDestinationHttpMethodPost, InvocationEndpoint: &url,
		})
		return err
	}
	secure := strings.Replace(r.URL, "http:", "https:", 1)
	if err := create(c, secure); err == nil || !strings.Contains(err.Error(), "--http-targets-allow") {
		t.Error(err)
	}
	c.HTTPTargets = []string{"127.0.0.1"}
	if err := create(c, r.URL); err != nil {
		t.Error(err)
	}
	c.HTTPTargets = []string{"169.254.169.254"}
	if _, err := server.Start(t.Context(), c); err == nil || !strings.Contains(err.Error(), "http-targets-allow") {
		t.Error(err)
	}
}
