package server_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/carillon-events/carillon/internal/server"
)

func TestATextMessageWithoutATopicHasATrail(t *testing.T) {
	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	defer gateway.Close()
	n := tell(t, func(c *server.Config) { c.Outside.SMS = gateway.URL })
	topics := sns.NewFromConfig(configured(t, n.r, "000000000000", "x"))
	out, err := topics.Publish(t.Context(), &sns.PublishInput{PhoneNumber: aws.String("+14155550100"), Message: aws.String("a secret word")})
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); ; { // the gateway is called behind the answer
		text := n.ask(http.StatusOK, "/"+*out.MessageId, nil, nil)
		if strings.Contains(text, "a secret word") {
			t.Fatal(text)
		}
		if strings.Contains(text, `"outcome":"delivered"`) && strings.Contains(text, "+14155550100") && strings.Contains(text, `"fate":"published"`) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(text)
		}
	}
}
