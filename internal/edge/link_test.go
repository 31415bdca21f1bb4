package edge_test

import (
	"context"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/carillon-events/carillon/internal/access"
	"github.com/carillon-events/carillon/internal/edge"
	"github.com/carillon-events/carillon/internal/wire"
)

func TestALinkNeedsNoSignatureAndNothingElseComesIn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "credentials.yaml")
	if err := os.WriteFile(path, []byte("credentials:\n  - {accessKeyId: AKIAORDERS, secretAccessKey: hush, account: \"123456789012\", user: orders}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	keys, err := access.LoadCredentials(path)
	if err != nil {
		t.Fatal(err)
	}
	s, h := front(t, edge.Options{
		Credentials: keys, Links: map[string]edge.Link{"SendMessage": {Service: "sqs", Resource: "Queue"}, "ReceiveMessage": {Service: "sqs", Resource: "Queue", Post: true}},
		Decide: func(context.Context, *wire.Call, string, string) error {
			return &wire.Error{Code: "AccessDenied", Status: 403}
		},
	})
	const link = "/?Action=SendMessage&Queue=arn:aws:sqs:eu-west-1:123456789012:q"
	const posted = "/?Action=ReceiveMessage&Queue=arn:aws:sqs:eu-west-1:123456789012:q"
	for _, c := range []struct {
		name, method, target string
		header               []string
		in                   bool
	}{
		{"a link", "GET", link, nil, true},
		{"on another site", "GET", link, []string{"Sec-Fetch-Site", "cross-site"}, true},
		{"with its version", "GET", link + "&Version=2012-11-05", nil, true},
		{"of another version", "GET", link + "&Version=2010-03-31", nil, false},
		{"of another operation", "GET", "/?Action=DeleteQueue&Version=2012-11-05", nil, false},
		{"elsewhere", "GET", "/x" + link[1:], nil, false},
		{"a POST", "POST", link + "&Version=2012-11-05", nil, false},
		{"signed by nobody", "GET", link, []string{"Authorization", "AWS4-HMAC-SHA256 Credential=x"}, false},
		{"signed in the query", "GET", link + "&Version=2012-11-05&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=0", nil, false},
		{"a POST where one may", "POST", posted, nil, true},
		{"a POST with its version", "POST", posted + "&Version=2012-11-05", nil, true},
		{"a POST of another version", "POST", posted + "&Version=2010-03-31", nil, false},
		{"a POST on another site", "POST", posted, []string{"Sec-Fetch-Site", "cross-site"}, false},
		{"a POST signed by nobody", "POST", posted, []string{"Authorization", "AWS4-HMAC-SHA256 Credential=x"}, false},
		{"a POST signed in the old way", "POST", posted + "&Signature=x", nil, false},
		{"a POST elsewhere", "POST", "/x" + posted[1:], nil, false},
		{"a PUT", "PUT", posted, nil, false},
		{"with a target", "GET", link, []string{"X-Amz-Target", "AmazonSQS.SendMessage"}, false},
	} {
		s.call = nil
		r := httptest.NewRequest(c.method, c.target, nil)
		if c.method == "POST" { // as a form: in the body, what the query has
			path, form, _ := strings.Cut(c.target, "?")
			r = httptest.NewRequest(c.method, path, strings.NewReader(form))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
		}
		r.Host = "127.0.0.1:4566"
		for i := 0; i+1 < len(c.header); i += 2 {
			r.Header.Set(c.header[i], c.header[i+1])
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if in := w.Code == 200 && s.call != nil; in != c.in {
			t.Errorf("%s: %d %s", c.name, w.Code, w.Body)
		} else if in && (s.call.Region != "eu-west-1" || s.call.AccessKey != "" || s.call.Account != "") {
			t.Errorf("%s: %+v", c.name, s.call)
		}
	}
}
