package bench

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

var testTarget = Target{
	Address: "127.0.0.1:4566", Host: "127.0.0.1:4566", Region: "eu-west-1", AccessKey: "AKIDEXAMPLE", Secret: "not much of a secret",
}

// sdkAuthorization is what the AWS SDK for Go makes of the same request.
func sdkAuthorization(t *testing.T, got *http.Request, body []byte, op operation, now time.Time) string {
	t.Helper()
	want, err := http.NewRequest("POST", "http://"+testTarget.Host+"/", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	want.Header.Set("Content-Type", got.Header.Get("Content-Type"))
	want.Header.Set("X-Amz-Target", op.target)
	sum := sha256.Sum256(body)
	credentials := aws.Credentials{AccessKeyID: testTarget.AccessKey, SecretAccessKey: testTarget.Secret}
	err = v4.NewSigner().SignHTTP(context.Background(), credentials, want, hex.EncodeToString(sum[:]), op.service, testTarget.Region, now)
	if err != nil {
		t.Fatal(err)
	}
	return want.Header.Get("Authorization")
}

func TestARequestIsSignedAsTheSDKSignsIt(t *testing.T) {
	midnight := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	times := []time.Time{
		midnight.Add(-time.Second), midnight.Add(-time.Millisecond), midnight, midnight, midnight.Add(time.Hour).In(time.FixedZone("", -7200)),
	}
	for _, op := range []operation{sqsOperation("SendMessage"), eventsOperation("PutEvents")} {
		r := newRequest(testTarget, op)
		for i, now := range times {
			body := []byte(strings.Repeat("x", 1+i*700))
			raw := r.append(nil, now, body)
			got, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(raw)))
			if err != nil {
				t.Fatalf("net/http does not read the request: %v\n%s", err, raw)
			}
			if want := sdkAuthorization(t, got, body, op, now); got.Header.Get("Authorization") != want {
				t.Errorf("%s at %s:\n got %s\nwant %s", op.target, now, got.Header.Get("Authorization"), want)
			}
			if read, _ := io.ReadAll(got.Body); !bytes.Equal(read, body) {
				t.Errorf("the body arrived as %q", read)
			}
		}
	}
}

func TestAWarmRequestAllocatesNothing(t *testing.T) {
	r := newRequest(testTarget, sqsOperation("SendMessage"))
	body, now := bytes.Repeat([]byte{'x'}, 1024), time.Now()
	dst := r.append(nil, now, body)
	if n := testing.AllocsPerRun(100, func() { dst = r.append(dst[:0], now, body) }); n > 0 {
		t.Errorf("%v allocations for a request", n)
	}
}

func BenchmarkRequest(b *testing.B) {
	r := newRequest(testTarget, sqsOperation("SendMessage"))
	body, now := bytes.Repeat([]byte{'x'}, 1024), time.Now()
	var dst []byte
	for b.Loop() {
		dst = r.append(dst[:0], now, body)
	}
}
