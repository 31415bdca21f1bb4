package sigv4_test

import (
	"bufio"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/carillon-events/carillon/internal/sigv4"
)

const exampleSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

func exampleTime() time.Time { return time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC) }

// read parses a raw request as net/http's server does.
func read(t testing.TB, raw string) *http.Request {
	t.Helper()
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(strings.ReplaceAll(raw, "\n", "\r\n"))))
	if err != nil {
		t.Fatalf("%v in %q", err, raw)
	}
	return r
}

func verifyAt(now time.Time, r *http.Request, body, secret string) error {
	s, err := sigv4.Parse(r)
	if err != nil {
		return err
	}
	return sigv4.NewVerifier(func() time.Time { return now }).Verify(r, &s, []byte(body), secret)
}

func TestSigningKeysAreThoseOfTheAWSDocumentation(t *testing.T) {
	for date, want := range map[string]string{
		"20120215": "f4780e2d9f65fa895f9c67b32ce1baf0b0d8a43505a000a1a9e090d414db404d",
		"20150830": "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9",
	} {
		key := sigv4.SigningKey(exampleSecret, date, "us-east-1", "iam")
		if got := hex.EncodeToString(key[:]); got != want {
			t.Errorf("key of %s is %s; want %s", date, got, want)
		}
	}
}

// The requests and signatures that AWS publishes as its Signature Version 4 examples.
func TestThePublishedExamplesVerify(t *testing.T) {
	const credential = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders="
	for name, c := range map[string]struct{ request, headers, signature, body string }{
		"get-vanilla": {
			"GET / HTTP/1.1\nHost:example.amazonaws.com\nX-Amz-Date:20150830T123600Z\n", "host;x-amz-date",
			"5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31", ""},
		"post-vanilla": {
			"POST / HTTP/1.1\nHost:example.amazonaws.com\nX-Amz-Date:20150830T123600Z\n", "host;x-amz-date",
			"5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b", ""},
		"get-vanilla-query-order-key-case": {
			"GET /?Param2=value2&Param1=value1 HTTP/1.1\nHost:example.amazonaws.com\nX-Amz-Date:20150830T123600Z\n", "host;x-amz-date",
			"b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500", ""},
		"get-unreserved": {
			"GET /-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz HTTP/1.1\nHost:example.amazonaws.com\nX-Amz-Date:20150830T123600Z\n", "host;x-amz-date",
			"07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f", ""},
		"get-header-value-trim": {
			"GET / HTTP/1.1\nHost:example.amazonaws.com\nMy-Header1: value1\nMy-Header2: \"a   b   c\"\nX-Amz-Date:20150830T123600Z\n", "host;my-header1;my-header2;x-amz-date",
			"acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736", ""},
		"get-header-key-duplicate": {
			"GET / HTTP/1.1\nHost:example.amazonaws.com\nMy-Header1:value2\nMy-Header1:value2\nMy-Header1:value1\nX-Amz-Date:20150830T123600Z\n", "host;my-header1;x-amz-date",
			"c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea", ""},
		"get-slashes": {
			"GET //example// HTTP/1.1\nHost:example.amazonaws.com\nX-Amz-Date:20150830T123600Z\n", "host;x-amz-date",
			"9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84", ""},
		"get-relative-relative": {
			"GET /example1/example2/../.. HTTP/1.1\nHost:example.amazonaws.com\nX-Amz-Date:20150830T123600Z\n", "host;x-amz-date",
			"5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31", ""},
		"post-x-www-form-urlencoded": {
			"POST / HTTP/1.1\nContent-Type:application/x-www-form-urlencoded\nHost:example.amazonaws.com\nX-Amz-Date:20150830T123600Z\n", "content-type;host;x-amz-date",
			"ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a", "Param1=value1"},
	} {
		t.Run(name, func(t *testing.T) {
			r := read(t, c.request+"Authorization: "+credential+c.headers+", Signature="+c.signature+"\n\n")
			if err := verifyAt(exampleTime(), r, c.body, exampleSecret); err != nil {
				t.Error(err)
			}
			if err := verifyAt(exampleTime(), r, c.body+" ", exampleSecret); err == nil {
				t.Error("verifies with another body too")
			}
		})
	}
}

func TestTheDocumentedListUsersExampleVerifies(t *testing.T) {
	r := read(t, "GET /?Action=ListUsers&Version=2010-05-08 HTTP/1.1\n"+
		"Host: iam.amazonaws.com\n"+
		"Content-Type: application/x-www-form-urlencoded; charset=utf-8\n"+
		"X-Amz-Date: 20150830T123600Z\n"+
		"Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, SignedHeaders=content-type;host;x-amz-date, "+
		"Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7\n\n")
	if err := verifyAt(exampleTime(), r, "", exampleSecret); err != nil {
		t.Fatal(err)
	}
}

func reasonOf(t *testing.T, err error) sigv4.Reason {
	t.Helper()
	var e *sigv4.Error
	if !errors.As(err, &e) {
		t.Fatalf("error %v is no *sigv4.Error", err)
	}
	return e.Reason
}

func newReader(s string) *bufio.Reader { return bufio.NewReader(strings.NewReader(s)) }
