package server_test

import "testing"

func TestHostileHTTPOverEachProtocol(t *testing.T) {
	for _, d := range []dialect{
		{name: "json", line: "POST / HTTP/1.1", head: "X-Amz-Target: AmazonSQS.CreateQueue\r\nContent-Type: application/x-amz-json-1.0\r\n", body: `{"QueueName":"/"}`},
		{name: "query", line: "POST / HTTP/1.1", head: "Content-Type: application/x-www-form-urlencoded\r\nAuthorization: AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/sns/aws4_request\r\n", body: `Action=CreateTopic&Name=%2F&Version=2010-03-31`},
		{name: "webhook", line: "POST /ingest/nobody HTTP/1.1", head: "Content-Type: application/json\r\n", body: `{"a":1}`},
		{name: "cloudevents", line: "POST /cloudevents/default HTTP/1.1", head: "Content-Type: application/cloudevents+json\r\n", body: `{"a":1}`},
		{name: "admin", line: "POST /_carillon/PutWebhook HTTP/1.1", head: "Content-Type: application/json\r\n", body: `{"a":1}`},
	} {
		t.Run(d.name, func(t *testing.T) { withstand(t, start(t, quick()), 100, framing(d)) })
	}
}
