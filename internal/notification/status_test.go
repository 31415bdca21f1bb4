package notification_test

import (
	"testing"
	"time"

	"github.com/carillon-events/carillon/internal/notification"
)

func TestAStatusHasAWSsMembers(t *testing.T) {
	at := time.Date(2026, 11, 25, 10, 0, 0, 5_000_000, time.UTC)
	for _, c := range []struct {
		name   string
		status notification.Status
		want   string
	}{
		{"delivered", notification.Status{
			MessageMD5: "00ff", MessageID: "m", TopicARN: "arn:aws:sns:eu-west-1:111122223333:t", PublishedAt: at, DeliveryID: "d",
			Destination: "https://u:****@h/?a=1&b=2", Response: `{"sqsMessageId":"x"}`, Dwell: 1500 * time.Microsecond, Attempts: 2, Code: 200,
		}, `{"notification":{"messageMD5Sum":"00ff","messageId":"m","topicArn":"arn:aws:sns:eu-west-1:111122223333:t","timestamp":"2026-11-25 10:00:00.005"},` +
			`"delivery":{"deliveryId":"d","destination":"https://u:****@h/?a=1&b=2","providerResponse":"{\"sqsMessageId\":\"x\"}","dwellTimeMs":1,"attempts":2,"statusCode":200},"status":"SUCCESS"}`},
		{"failed without an answer, by a clock that went back", notification.Status{
			MessageID: "m", PublishedAt: at, DeliveryID: "d", Destination: "e", Dwell: -time.Second, Attempts: 1, Token: "t", Failed: true,
		}, `{"notification":{"messageId":"m","timestamp":"2026-11-25 10:00:00.005"},"delivery":{"deliveryId":"d","destination":"e","dwellTimeMs":0,"attempts":1,"token":"t"},"status":"FAILURE"}`},
	} {
		if got := string(c.status.JSON()); got != c.want {
			t.Errorf("%s:\n%s, want\n%s", c.name, got, c.want)
		}
	}
}
