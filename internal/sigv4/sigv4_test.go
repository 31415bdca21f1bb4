package sigv4_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"pgregory.net/rapid"

	"github.com/carillon-events/carillon/internal/sigv4"
)

var exampleCredentials = aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: exampleSecret}

func hashOf(body string) string {
	sum := sha256.Sum256([]byte(body))
	return hex.EncodeToString(sum[:])
}

// signed is a request as aws-sdk-go-v2 signs and sends it, read back as the server sees it.
func signed(t rapid.TB, method, target, body string, header http.Header, at time.Time) *http.Request {
	t.Helper()
	r, err := http.NewRequest(method, "http://sqs.us-east-1.amazonaws.com"+target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range header {
		r.Header[k] = v
	}
	if err := v4.NewSigner().SignHTTP(context.Background(), exampleCredentials, r, hashOf(body), "sqs", "us-east-1", at); err != nil {
		t.Fatal(err)
	}
	return received(t, r)
}

func received(t rapid.TB, r *http.Request) *http.Request {
	t.Helper()
	var wire bytes.Buffer
	if err := r.Write(&wire); err != nil {
		t.Fatal(err)
	}
	head, _, _ := strings.Cut(wire.String(), "\r\n\r\n")
	got, err := http.ReadRequest(newReader(head + "\r\n\r\n"))
	if err != nil {
		t.Fatalf("%v in %q", err, head)
	}
	return got
}

func TestWhatTheSDKSignsVerifies(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		method := rapid.SampledFrom([]string{"GET", "POST", "PUT", "DELETE"}).Draw(t, "method")
		segments := rapid.SliceOfN(rapid.StringN(0, 8, -1), 0, 4).Draw(t, "path")
		for i := range segments {
			segments[i] = url.PathEscape(segments[i])
		}
		query := url.Values{}
		for range rapid.IntRange(0, 5).Draw(t, "parameters") {
			query.Add(rapid.String().Draw(t, "name"), rapid.String().Draw(t, "value"))
		}
		header := http.Header{"X-Amz-Target": {"AmazonSQS.SendMessage"}}
		for i := range rapid.IntRange(0, 3).Draw(t, "headers") {
			value := rapid.StringMatching(`[a-zA-Z0-9"=;,./ -]{0,20}`).Draw(t, "header")
			header[fmt.Sprintf("X-Amz-Meta-%d", i)] = []string{value}
		}
		body := ""
		if method == "POST" || method == "PUT" {
			body = rapid.String().Draw(t, "body")
		}
		target := "/" + strings.Join(segments, "/")
		if q := query.Encode(); q != "" {
			target += "?" + q
		}
		r := signed(t, method, target, body, header, exampleTime())
		if err := verifyAt(exampleTime(), r, body, exampleSecret); err != nil {
			t.Fatalf("%s %s: %v", method, target, err)
		}
		if err := verifyAt(exampleTime(), r, body+"x", exampleSecret); err == nil {
			t.Fatal("another body verifies too")
		}
		if err := verifyAt(exampleTime(), r, body, exampleSecret+"x"); err == nil {
			t.Fatal("another secret verifies too")
		}
	})
}

func presigned(t *testing.T, expires string, at time.Time) *http.Request {
	t.Helper()
	target := "http://sts.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15"
	if expires != "" {
		target += "&X-Amz-Expires=" + expires
	}
	r, err := http.NewRequest("GET", target, nil)
	if err != nil {
		t.Fatal(err)
	}
	link, _, err := v4.NewSigner().PresignHTTP(t.Context(), exampleCredentials, r, hashOf(""), "sts", "us-east-1", at)
	if err != nil {
		t.Fatal(err)
	}
	if r, err = http.NewRequest("GET", link, nil); err != nil {
		t.Fatal(err)
	}
	return received(t, r)
}

func TestAPresignedURLLivesAsLongAsItSays(t *testing.T) {
	at := exampleTime()
	for _, c := range []struct {
		expires string
		age     time.Duration
		ok      bool
	}{
		{"3600", 0, true}, {"3600", time.Hour, true}, {"3600", time.Hour + time.Second, false},
		{"3600", -5 * time.Minute, true}, {"3600", -6 * time.Minute, false},
		{"", 5 * time.Minute, true}, {"", 6 * time.Minute, false},
		{"604801", 0, false}, {"0", 0, false}, {"soon", 0, false}, {"-1", 0, false},
	} {
		err := verifyAt(at.Add(c.age), presigned(t, c.expires, at), "", exampleSecret)
		if (err == nil) != c.ok {
			t.Errorf("expires %q, age %s: %v", c.expires, c.age, err)
		}
	}
}

func TestAnExpiredSignatureIsToldTheServersTime(t *testing.T) {
	at := exampleTime()
	r := signed(t, "POST", "/", "{}", nil, at)
	err := verifyAt(at.Add(time.Hour), r, "{}", exampleSecret)
	want := "Signature expired: 20150830T123600Z is now earlier than 20150830T133100Z (20150830T133600Z - 5 min.)"
	if reasonOf(t, err) != sigv4.Expired || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("got %v; want %s", err, want)
	}
	err = verifyAt(at.Add(-time.Hour), r, "{}", exampleSecret)
	want = "Signature not yet current: 20150830T123600Z is still later than 20150830T114100Z (20150830T113600Z + 5 min.)"
	if reasonOf(t, err) != sigv4.Expired || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("got %v; want %s", err, want)
	}
}

func TestTheClockMayBeFiveMinutesOffAndNoMore(t *testing.T) {
	at := exampleTime()
	for off, ok := range map[time.Duration]bool{
		0: true, 5 * time.Minute: true, -5 * time.Minute: true,
		5*time.Minute + time.Second: false, -5*time.Minute - time.Second: false,
	} {
		err := verifyAt(at.Add(off), signed(t, "POST", "/", "{}", nil, at), "{}", exampleSecret)
		if (err == nil) != ok {
			t.Errorf("off by %s: %v", off, err)
		}
	}
}

func TestWhateverIsTamperedWithNoLongerVerifies(t *testing.T) {
	header := http.Header{"X-Amz-Target": {"AmazonSQS.SendMessage"}, "Content-Type": {"application/x-amz-json-1.0"}}
	for name, tamper := range map[string]func(r *http.Request){
		"method":          func(r *http.Request) { r.Method = "PUT" },
		"path":            func(r *http.Request) { r.URL.Path += "x" },
		"query":           func(r *http.Request) { r.URL.RawQuery = "a=2" },
		"query, added":    func(r *http.Request) { r.URL.RawQuery += "&b=1" },
		"host":            func(r *http.Request) { r.Host = "example.com" },
		"target":          func(r *http.Request) { r.Header.Set("X-Amz-Target", "AmazonSQS.DeleteQueue") },
		"target, twice":   func(r *http.Request) { r.Header.Add("X-Amz-Target", "AmazonSQS.DeleteQueue") },
		"content type":    func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") },
		"date":            func(r *http.Request) { r.Header.Set("X-Amz-Date", "20150830T123601Z") },
		"content length":  func(r *http.Request) { r.ContentLength++ },
		"claimed hash":    func(r *http.Request) { r.Header.Set("X-Amz-Content-Sha256", hashOf("other")) },
		"unsigned body":   func(r *http.Request) { r.Header.Set("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD") },
		"region":          replaceAuth("us-east-1", "us-east-2"),
		"service":         replaceAuth("/sqs/", "/sns/"),
		"access key":      replaceAuth("AKIDEXAMPLE", "AKIDEXAMPL2"),
		"signed headers":  replaceAuth("content-type;", ""),
		"no target":       replaceAuth(";x-amz-target", ""),
		"no host":         replaceAuth("host;", ""),
		"terminator":      replaceAuth("aws4_request", "aws5_request"),
		"scope's date":    replaceAuth("20150830/", "20150831/"),
		"signature":       replaceAuth("Signature=", "Signature=0"),
		"short signature": func(r *http.Request) { h := r.Header.Get("Authorization"); r.Header.Set("Authorization", h[:len(h)-2]) },
	} {
		r := signed(t, "POST", "/x?a=1", "{}", header, exampleTime())
		if err := verifyAt(exampleTime(), r, "{}", exampleSecret); err != nil {
			t.Fatalf("untouched: %v", err)
		}
		tamper(r)
		err := verifyAt(exampleTime(), r, "{}", exampleSecret)
		// The access key only says which secret to take; the caller looks it up.
		if name == "access key" {
			continue
		}
		if err == nil {
			t.Errorf("%s: still verifies", name)
		} else if reason := reasonOf(t, err); reason != sigv4.Mismatch {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func replaceAuth(old, new string) func(*http.Request) {
	return func(r *http.Request) {
		h := r.Header.Get("Authorization")
		if !strings.Contains(h, old) {
			panic(h + " has no " + old)
		}
		r.Header.Set("Authorization", strings.Replace(h, old, new, 1))
	}
}

func TestARequestThatCannotBeReadIsToldWhatIsMissing(t *testing.T) {
	const date = "X-Amz-Date: 20150830T123600Z\n"
	const full = "Credential=A/20150830/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=00"
	for _, c := range []struct {
		query, header, want string
		reason              sigv4.Reason
	}{
		{"", "", "missing Authentication Token", sigv4.Missing},
		{"", "Authorization: Bearer x\n", "AWS4-HMAC-SHA256", sigv4.Incomplete},
		{"", "Authorization: AWS4-HMAC-SHA256 x\n" + date, "missing equal-sign", sigv4.Incomplete},
		{"", "Authorization: AWS4-HMAC-SHA256 Credential=x\n" + date, "requires 'Signature'", sigv4.Incomplete},
		{"", "Authorization: AWS4-HMAC-SHA256 Signature=x\n" + date, "requires 'SignedHeaders'", sigv4.Incomplete},
		{"", "Authorization: AWS4-HMAC-SHA256 SignedHeaders=x\n" + date, "requires 'Credential'", sigv4.Incomplete},
		{"", "Authorization: AWS4-HMAC-SHA256 " + full + "\n", "'X-Amz-Date'", sigv4.Incomplete},
		{"", "Authorization: AWS4-HMAC-SHA256 " + full + "\nX-Amz-Date: now\n", "ISO-8601", sigv4.Incomplete},
		{"", "Authorization: AWS4-HMAC-SHA256 " + strings.Replace(full, "A/", "", 1) + "\n" + date, "5 slash-delimited", sigv4.Incomplete},
		{"", "Authorization: AWS4-HMAC-SHA256 " + strings.Replace(full, "A/", "/", 1) + "\n" + date, "empty element", sigv4.Incomplete},
		{"", "Authorization: AWS4-HMAC-SHA256 " + full + "\nAuthorization: AWS4-HMAC-SHA256 " + full + "\n" + date, "more than one", sigv4.Incomplete},
		{"?X-Amz-Algorithm=x", "Authorization: AWS4-HMAC-SHA256 " + full + "\n" + date, "Only one auth", sigv4.Incomplete},
		{"?X-Amz-Algorithm=x", "", "Unsupported", sigv4.Incomplete},
		{"?X-Amz-Algorithm=AWS4-HMAC-SHA256", "", "'X-Amz-Credential'", sigv4.Incomplete},
		{"?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=x&X-Amz-SignedHeaders=host&X-Amz-Signature=0", "", "'X-Amz-Date'", sigv4.Incomplete},
	} {
		_, err := sigv4.Parse(read(t, "GET /"+c.query+" HTTP/1.1\nHost: h\n"+c.header+"\n"))
		if err == nil || !strings.Contains(err.Error(), c.want) || reasonOf(t, err) != c.reason {
			t.Errorf("%q %q: %v; want %q", c.query, c.header, err, c.want)
		}
	}
}

func TestTheHTTPDateStandsInForTheAmazonDate(t *testing.T) {
	r := read(t, "GET / HTTP/1.1\nHost: h\nDate: Sun, 30 Aug 2015 12:36:00 GMT\n"+
		"Authorization: AWS4-HMAC-SHA256 Credential=A/20150830/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=00\n\n")
	if _, err := sigv4.Parse(r); err != nil {
		t.Fatal(err)
	}
}

func TestDevModeReadsKeyAndRegionFromWhateverIsThere(t *testing.T) {
	for _, c := range []struct{ query, header, key, region string }{
		{"", "", "", ""},
		{"", "Authorization: Bearer abc\n", "", ""},
		{"", "Authorization: AWS4-HMAC-SHA256 Credential=123456789012/20150830/eu-west-1/sqs/aws4_request, SignedHeaders=host, Signature=00\n", "123456789012", "eu-west-1"},
		{"", "Authorization: AWS4-HMAC-SHA256 Credential=test\n", "test", ""},
		{"", "Authorization: AWS4-ECDSA-P256-SHA256 Credential=test/20150830/events/aws4_request, SignedHeaders=host, Signature=00\n", "test", ""},
		{"?X-Amz-Credential=test%2F20150830%2Feu-west-1%2Fsqs%2Faws4_request", "", "test", "eu-west-1"},
	} {
		key, region := sigv4.Scope(read(t, "GET /"+c.query+" HTTP/1.1\nHost: h\n"+c.header+"\n"))
		if key != c.key || region != c.region {
			t.Errorf("%q %q: key %q, region %q", c.query, c.header, key, region)
		}
	}
}

func TestRefusalsCarryTheCodesOfTheProtocol(t *testing.T) {
	for _, c := range []struct {
		reason      sigv4.Reason
		json, query string
		status      int
	}{
		{sigv4.Missing, "MissingAuthenticationTokenException", "MissingAuthenticationToken", 403},
		{sigv4.Incomplete, "IncompleteSignatureException", "IncompleteSignature", 400},
		{sigv4.UnknownKey, "UnrecognizedClientException", "InvalidClientTokenId", 403},
		{sigv4.Expired, "InvalidSignatureException", "SignatureDoesNotMatch", 403},
		{sigv4.Mismatch, "InvalidSignatureException", "SignatureDoesNotMatch", 403},
	} {
		e := &sigv4.Error{Reason: c.reason}
		if code, status := e.JSONCode(); code != c.json || status != 400 {
			t.Errorf("reason %d over JSON: %s %d", c.reason, code, status)
		}
		if code, status := e.QueryCode(); code != c.query || status != c.status {
			t.Errorf("reason %d over query: %s %d", c.reason, code, status)
		}
	}
}

func FuzzParseNeverPanicsAndVerifiesNothingForged(f *testing.F) {
	f.Add("AWS4-HMAC-SHA256 Credential=A/20150830/us-east-1/sqs/aws4_request, SignedHeaders=host;x-amz-date, Signature=00", "20150830T123600Z", "")
	f.Add("", "", "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=A%2F20150830%2Fr%2Fs%2Faws4_request&X-Amz-Date=20150830T123600Z&X-Amz-SignedHeaders=host&X-Amz-Signature=00&X-Amz-Expires=1")
	f.Add("AWS4-HMAC-SHA256 =,=,,,;", "x", "%&=+%zz")
	v := sigv4.NewVerifier(exampleTime)
	f.Fuzz(func(t *testing.T, authorization, date, query string) {
		r := &http.Request{Method: "POST", Host: "h", URL: &url.URL{Path: "/", RawQuery: query}, Header: http.Header{}}
		if authorization != "" {
			r.Header.Set("Authorization", authorization)
		}
		r.Header.Set("X-Amz-Date", date)
		sigv4.Scope(r)
		s, err := sigv4.Parse(r)
		if err == nil {
			err = v.Verify(r, &s, nil, "a secret that nobody guesses")
		}
		if err == nil {
			t.Fatalf("forged: %q %q %q", authorization, date, query)
		}
		reasonOf(t, err)
	})
}

func BenchmarkVerifyOfA1KBPost(b *testing.B) {
	body := strings.Repeat("x", 1024)
	r := signed(b, "POST", "/", body, http.Header{
		"X-Amz-Target": {"AmazonSQS.SendMessage"}, "Content-Type": {"application/x-amz-json-1.0"},
	}, exampleTime())
	v := sigv4.NewVerifier(exampleTime)
	b.ReportAllocs()
	for b.Loop() {
		s, err := sigv4.Parse(r)
		if err == nil {
			err = v.Verify(r, &s, []byte(body), exampleSecret)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}
