package edge_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/carillon-events/carillon/internal/access"
	"github.com/carillon-events/carillon/internal/edge"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/seal"
	"github.com/carillon-events/carillon/internal/session"
)

func noon() time.Time { return time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC) }

const ordersKey = "credentials:\n  - {accessKeyId: AKIAORDERS, secretAccessKey: hush, account: \"123456789012\", user: orders}\n"

func strict(t testing.TB) (*sample, *edge.Handler) { return strictWith(t, ordersKey) }

func strictWith(t testing.TB, keys string) (*sample, *edge.Handler) {
	t.Helper()
	credentials, err := access.ParseCredentials([]byte(keys))
	if err != nil {
		t.Fatal(err)
	}
	return front(t, edge.Options{Credentials: credentials, Now: noon, Admin: map[string]http.Handler{
		"/_carillon/backup": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(200) }),
	}})
}

func sign(t testing.TB, r *http.Request, body, key, secret, service string, at time.Time) *http.Request {
	t.Helper()
	sum := sha256.Sum256([]byte(body))
	r.URL.Host, r.URL.Scheme = r.Host, "http"
	err := v4.NewSigner().SignHTTP(t.Context(), aws.Credentials{AccessKeyID: key, SecretAccessKey: secret}, r,
		hex.EncodeToString(sum[:]), service, "eu-west-1", at)
	if err != nil {
		t.Fatal(err)
	}
	r.URL.Host, r.URL.Scheme = "", ""
	return r
}

func TestStrictModeKnowsItsCallers(t *testing.T) {
	s, h := strict(t)
	ask(h, sign(t, post(sendTarget, "{}"), "{}", "AKIAORDERS", "hush", "sqs", noon())).want(t, 200)
	if c := s.call; c.Account != "123456789012" || c.Region != "eu-west-1" || c.Principal != "arn:aws:iam::123456789012:user/orders" || c.AccessKey != "AKIAORDERS" {
		t.Errorf("call %+v", c)
	}
	const sent = "Action=SendMessage&Version=2012-11-05"
	ask(h, sign(t, form("/", sent), sent, "AKIAORDERS", "hush", "sqs", noon())).want(t, 200)
	zip := zipped(t, "{}")
	ask(h, sign(t, post(sendTarget, zip, "Content-Encoding", "gzip"), zip, "AKIAORDERS", "hush", "sqs", noon())).want(t, 200)
}

func TestStrictModeRefusesWithTheCodesOfTheProtocol(t *testing.T) {
	const sent = "Action=SendMessage&Version=2012-11-05"
	for _, c := range []struct {
		name                  string
		key, secret, service  string
		at                    time.Time
		tamper                bool
		json, query, sentence string
		queryStatus           int
	}{
		{"unknown key", "AKIANOBODY", "hush", "sqs", noon(), false, "UnrecognizedClientException", "InvalidClientTokenId", "The security token included in the request is invalid.", 403},
		{"wrong secret", "AKIAORDERS", "guess", "sqs", noon(), false, "InvalidSignatureException", "SignatureDoesNotMatch", "The request signature we calculated does not match", 403},
		{"tampered body", "AKIAORDERS", "hush", "sqs", noon(), true, "InvalidSignatureException", "SignatureDoesNotMatch", "The request signature we calculated does not match", 403},
		{"another service", "AKIAORDERS", "hush", "sns", noon(), false, "InvalidSignatureException", "SignatureDoesNotMatch", "correct service: 'sqs'", 403},
		{"old", "AKIAORDERS", "hush", "sqs", noon().Add(-6 * time.Minute), false, "InvalidSignatureException", "SignatureDoesNotMatch", "Signature expired: 20260601T115400Z is now earlier than 20260601T115500Z (20260601T120000Z - 5 min.)", 403},
		{"unsigned", "", "", "", noon(), false, "MissingAuthenticationTokenException", "MissingAuthenticationToken", "missing Authentication Token", 403},
	} {
		s, h := strict(t)
		body := map[bool]string{false: "{}", true: "{ }"}[c.tamper]
		r := post(sendTarget, body)
		if c.key != "" {
			sign(t, r, "{}", c.key, c.secret, c.service, c.at)
			r.ContentLength = int64(len(body))
		}
		a := ask(h, r)
		a.want(t, 400, `"__type":"com.amazonaws.sqs#`+c.json+`"`, c.sentence)
		if got := a.header.Get("x-amzn-query-error"); got != c.query+";Sender" {
			t.Errorf("%s: x-amzn-query-error %q", c.name, got)
		}
		body = sent + strings.Repeat("&X=1", map[bool]int{true: 1}[c.tamper])
		r = form("/", body)
		if c.key != "" {
			sign(t, r, sent, c.key, c.secret, c.service, c.at)
			r.ContentLength = int64(len(body))
		}
		ask(h, r).want(t, c.queryStatus, "<Code>"+c.query+"</Code>", c.sentence)
		if s.call != nil {
			t.Errorf("%s: the operation ran", c.name)
		}
	}
}

func TestAnAdministrativeRequestIsSignedForCarillonInStrictMode(t *testing.T) {
	_, h := strict(t)
	ask(h, form("/_carillon/backup", "")).want(t, 400, "MissingAuthenticationTokenException")
	ask(h, sign(t, form("/_carillon/backup", ""), "", "AKIAORDERS", "hush", "sqs", noon())).want(t, 400, "correct service: 'carillon'")
	ask(h, sign(t, form("/_carillon/backup", ""), "", "AKIAORDERS", "hush", edge.AdminService, noon())).want(t, 200)
}

func TestWhereSomeKeysAreOperatorsTheOthersAdministerNothing(t *testing.T) {
	_, h := strictWith(t, ordersKey+"  - {accessKeyId: AKIAOPS, secretAccessKey: hush, account: \"999999999999\", operator: true}\n")
	backup := func(key, secret string) *http.Request {
		return sign(t, form("/_carillon/backup", ""), "", key, secret, edge.AdminService, noon())
	}
	ask(h, backup("AKIAOPS", "hush")).want(t, 200)
	ask(h, backup("AKIAORDERS", "hush")).want(t, 403, "AccessDeniedException",
		"User: arn:aws:iam::123456789012:user/orders is not authorized to perform: carillon:Backup: it is no key of an operator")
	ask(h, backup("AKIAORDERS", "guess")).want(t, 400, "InvalidSignatureException")
	ask(h, sign(t, post(sendTarget, "{}"), "{}", "AKIAORDERS", "hush", "sqs", noon())).want(t, 200)
}

// issue is a session of a key of the file, and an edge that knows it.
func issue(t testing.TB, now func() time.Time) (*sample, *edge.Handler, aws.Credentials) {
	t.Helper()
	box, err := seal.New(seal.Master{1}, "sessions")
	if err != nil {
		t.Fatal(err)
	}
	keys, err := access.ParseCredentials([]byte(ordersKey))
	if err != nil {
		t.Fatal(err)
	}
	sealer := session.NewSealer(box)
	key, secret := session.NewKey("123456789012")
	const orders = "arn:aws:iam::123456789012:user/orders"
	token, err := sealer.Seal(key, &session.Session{Kind: session.User, Account: "123456789012", Secret: secret, Principal: orders, Behind: orders,
		Key: "AKIAORDERS", Issued: noon().Unix(), Expires: noon().Add(time.Hour).Unix()})
	if err != nil {
		t.Fatal(err)
	}
	sessions := access.NewSessions(access.SessionOptions{Sealer: sealer, Entities: new(identity.Directory), Key: keys.Lookup, Now: now})
	s, h := front(t, edge.Options{Credentials: keys, Sessions: sessions, Now: now})
	return s, h, aws.Credentials{AccessKeyID: key, SecretAccessKey: secret, SessionToken: token}
}

func signAs(t testing.TB, r *http.Request, body string, who aws.Credentials, at time.Time) *http.Request {
	t.Helper()
	sum := sha256.Sum256([]byte(body))
	r.URL.Host, r.URL.Scheme = r.Host, "http"
	if err := v4.NewSigner().SignHTTP(t.Context(), who, r, hex.EncodeToString(sum[:]), "sqs", "eu-west-1", at); err != nil {
		t.Fatal(err)
	}
	r.URL.Host, r.URL.Scheme = "", ""
	return r
}

func TestASessionIsRefusedWithTheCodesOfTheProtocol(t *testing.T) {
	at := noon()
	s, h, who := issue(t, func() time.Time { return at })
	const sent = "Action=SendMessage&Version=2012-11-05"
	ask(h, signAs(t, post(sendTarget, "{}"), "{}", who, at)).want(t, 200)
	if c := s.call; c.Account != "123456789012" || c.Principal != "arn:aws:iam::123456789012:user/orders" || c.AccessKey != who.AccessKeyID {
		t.Errorf("call %+v", c)
	}
	ask(h, signAs(t, form("/", sent), sent, who, at)).want(t, 200)

	nobody := who
	nobody.SessionToken = "nonsense"
	ask(h, signAs(t, post(sendTarget, "{}"), "{}", nobody, at)).want(t, 400, `"__type":"com.amazonaws.sqs#UnrecognizedClientException"`)
	ask(h, signAs(t, form("/", sent), sent, nobody, at)).want(t, 403, "<Code>InvalidClientTokenId</Code>")

	at = at.Add(time.Hour)
	const over = "The security token included in the request is expired"
	a := ask(h, signAs(t, post(sendTarget, "{}"), "{}", who, at))
	a.want(t, 400, `"__type":"com.amazonaws.sqs#ExpiredTokenException"`, over)
	if got := a.header.Get("x-amzn-query-error"); got != "ExpiredToken;Sender" {
		t.Errorf("x-amzn-query-error %q", got)
	}
	ask(h, signAs(t, form("/", sent), sent, who, at)).want(t, 403, "<Code>ExpiredToken</Code>", over)
}

func BenchmarkARequestOfASession(b *testing.B) {
	_, h, who := issue(b, noon)
	body := strings.Repeat("x", 1024)
	signed := signAs(b, post(sendTarget, body, "Content-Type", "application/x-amz-json-1.0"), body, who, noon())
	benchmark(b, h, signed, body)
}

func BenchmarkARequestThroughTheEdge(b *testing.B) {
	_, h := strict(b)
	body := strings.Repeat("x", 1024)
	signed := sign(b, post(sendTarget, body, "Content-Type", "application/x-amz-json-1.0"), body, "AKIAORDERS", "hush", "sqs", noon())
	benchmark(b, h, signed, body)
}

func benchmark(b *testing.B, h http.Handler, signed *http.Request, body string) {
	signed.ContentLength = int64(len(body))
	w := &discard{header: http.Header{}}
	in := bytes.NewReader(nil)
	signed.Body = readCloser{in}
	b.ReportAllocs()
	for b.Loop() {
		in.Reset([]byte(body))
		clear(w.header)
		h.ServeHTTP(w, signed)
		if w.status != 200 {
			b.Fatal(w.status)
		}
	}
}

type readCloser struct{ *bytes.Reader }

func (readCloser) Close() error { return nil }

type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) WriteHeader(status int)      { d.status = status }
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }
