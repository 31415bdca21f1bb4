package sts_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/aws/smithy-go"

	"github.com/carillon-events/carillon/internal/access"
	"github.com/carillon-events/carillon/internal/api/sts"
	"github.com/carillon-events/carillon/internal/edge"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/policy"
	"github.com/carillon-events/carillon/internal/seal"
	"github.com/carillon-events/carillon/internal/session"
	"github.com/carillon-events/carillon/internal/webidentity"
	"github.com/carillon-events/carillon/internal/wire"
)

const (
	ours, theirs = "111111111111", "222222222222"
	alice        = "arn:aws:iam::" + ours + ":user/alice"
	ourRole      = "arn:aws:iam::" + ours + ":role/team/ours"
	theirRole    = "arn:aws:iam::" + theirs + ":role/theirs"
)

const keyFile = `credentials:
  - {accessKeyId: AKIAALICE00000000000, secretAccessKey: hush, account: "` + ours + `", user: alice}
  - {accessKeyId: AKIAROOT000000000000, secretAccessKey: hush, account: "` + ours + `"}
`

// world is an edge with STS behind it, and a directory that the test fills.
type world struct {
	*testing.T
	mu      sync.Mutex // guards who, managed
	who     map[string]*identity.Entity
	managed map[string]*policy.Document
	issuers map[string][]string
	verify  *webidentity.Verifier
	handler *edge.Handler
	last    http.Header // of the last answer
}

func newWorld(t *testing.T, strict bool) *world {
	w := &world{T: t, who: map[string]*identity.Entity{}, managed: map[string]*policy.Document{}, issuers: map[string][]string{}}
	box, err := seal.New(seal.Master{7}, "sessions")
	if err != nil {
		t.Fatal(err)
	}
	sealer := session.NewSealer(box)
	keys, err := access.ParseCredentials([]byte(keyFile))
	if err != nil {
		t.Fatal(err)
	}
	holders := access.SessionOptions{Sealer: sealer, Entities: w, Managed: w.find, Now: time.Now}
	o := sts.Options{Role: w.Role, Sealer: sealer, Managed: w.find, Providers: w, Now: time.Now, Caller: w.caller,
		Account: func(key string) (string, bool) { id, ok := keys.Lookup(key); return id.Account, ok }}
	front := edge.Options{Region: "us-east-1", Now: time.Now, Unsigned: map[string]bool{"sts:AssumeRoleWithWebIdentity": true}}
	denials := access.NewDenials(box)
	o.Decode = denials.Open
	if strict {
		holders.Key = w.key(keys)
		front.Credentials = keys
		o.Trust = func(c *wire.Call, q sts.Question) error {
			w.settle(c)
			return access.Trust{Now: time.Now, Denials: denials}.Decide(c, access.Assumption(q))
		}
	}
	front.Sessions = access.NewSessions(holders)
	front.Services = []*wire.Service{sts.New(o)}
	w.handler = edge.New(front)
	return w
}

// settle gives a user of the file what the directory has of it, as IAM does.
func (w *world) settle(c *wire.Call) {
	id := c.Caller.(*access.Identity)
	if e, ok := w.User(ours, "alice"); ok && id.Principal == alice {
		id.Entity = e
	}
}

func (w *world) key(keys *access.Credentials) func(string) (access.Identity, bool) {
	return func(key string) (access.Identity, bool) { return keys.Lookup(key) }
}

func (w *world) caller(c *wire.Call) sts.Caller {
	id := c.Caller.(*access.Identity)
	w.settle(c)
	p, _ := policy.ParsePrincipal(id.Principal)
	caller := sts.Caller{Kind: p.Kind, Entity: id.Entity}
	if s := id.Session; s != nil {
		caller.Session, caller.Tags, caller.Transitive, caller.SourceIdentity = s.Kind, s.Tags, s.Transitive, s.SourceIdentity
	}
	return caller
}

func (w *world) find(arn string) (*policy.Document, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	d, ok := w.managed[arn]
	return d, ok
}

func (w *world) get(kind, account, name string) (*identity.Entity, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	e, ok := w.who[kind+account+name]
	return e, ok
}

func (w *world) User(account, name string) (*identity.Entity, bool) {
	return w.get("user", account, name)
}
func (w *world) Role(account, name string) (*identity.Entity, bool) {
	return w.get("role", account, name)
}

// put adds an entity with its policies: of a role, the first is its trust policy.
func (w *world) put(arn, id string, documents ...string) *identity.Entity {
	w.Helper()
	kind := "user"
	if strings.Contains(arn, ":role/") {
		kind = "role"
	}
	e := &identity.Entity{ARN: arn, ID: id, Account: arn[13:25], Name: arn[strings.LastIndexByte(arn, '/')+1:], MaxSession: time.Hour}
	if kind == "role" {
		e.Kind, e.Trust = identity.Role, w.parse(policy.Trust, documents[0])
		documents = documents[1:]
	}
	for _, d := range documents {
		e.Policies = append(e.Policies, policy.Policy{Document: w.parse(policy.Identity, d)})
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.who[kind+e.Account+e.Name] = e
	return e
}

func (w *world) parse(kind policy.Kind, text string) *policy.Document {
	w.Helper()
	d, err := policy.Parse(kind, text)
	if err != nil {
		w.Fatal(err)
	}
	return d
}

// trusting is a trust policy.
func trusting(principal, actions, condition string) string {
	if condition != "" {
		condition = `,"Condition":` + condition
	}
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + principal + `"},"Action":[` + actions + `]` + condition + `}]}`
}

const assume = `"sts:AssumeRole"`

func may(effect, actions string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"` + effect + `","Action":[` + actions + `],"Resource":"*"}]}`
}

func (w *world) as(key, secret, token string) *awssts.Client {
	return awssts.New(awssts.Options{
		Region: "us-east-1", BaseEndpoint: aws.String("http://127.0.0.1:4566"), HTTPClient: w, RetryMaxAttempts: 1,
		Credentials: aws.NewCredentialsCache(credentials.NewStaticCredentialsProvider(key, secret, token)),
	})
}

func (w *world) alice() *awssts.Client { return w.as("AKIAALICE00000000000", "hush", "") }
func (w *world) root() *awssts.Client  { return w.as("AKIAROOT000000000000", "hush", "") }
func (w *world) session(c *types.Credentials) *awssts.Client {
	return w.as(*c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken)
}

// Do implements aws.HTTPClient: no network, so that time may be virtual.
func (w *world) Do(r *http.Request) (*http.Response, error) {
	in := r.Clone(context.WithoutCancel(r.Context()))
	in.RequestURI, in.Host, in.RemoteAddr = r.URL.RequestURI(), r.URL.Host, "127.0.0.1:1"
	if in.Body == nil {
		in.Body = io.NopCloser(strings.NewReader(""))
	}
	out := httptest.NewRecorder()
	w.handler.ServeHTTP(out, in)
	w.last = out.Header()
	return out.Result(), nil
}

func (w *world) assume(c *awssts.Client, role string, with ...func(*awssts.AssumeRoleInput)) (*awssts.AssumeRoleOutput, error) {
	in := &awssts.AssumeRoleInput{RoleArn: aws.String(role), RoleSessionName: aws.String("night")}
	for _, f := range with {
		f(in)
	}
	return c.AssumeRole(w.Context(), in)
}

// get is a session, or the end.
func (w *world) assumed(c *awssts.Client, role string, with ...func(*awssts.AssumeRoleInput)) *awssts.AssumeRoleOutput {
	w.Helper()
	out, err := w.assume(c, role, with...)
	if err != nil {
		w.Fatal(err)
	}
	return out
}

func (w *world) whoIs(c *awssts.Client) (arn, id string) {
	w.Helper()
	out, err := c.GetCallerIdentity(w.Context(), nil)
	if err != nil {
		w.Fatal(err)
	}
	return *out.Arn, *out.UserId
}

// refused wants an error with a code and a part of its message.
func refused(t *testing.T, what string, err error, code, part string) {
	t.Helper()
	var e smithy.APIError
	if !errors.As(err, &e) || e.ErrorCode() != code || !strings.Contains(e.ErrorMessage(), part) {
		t.Errorf("%s: %v; want %s with %q", what, err, code, part)
	}
}

// Audiences and Verify implement sts.Providers.
func (w *world) Audiences(_, issuer string) ([]string, bool) {
	a, ok := w.issuers[issuer]
	return a, ok
}

func (w *world) Verify(ctx context.Context, issuer, token string) (*webidentity.Claims, error) {
	return w.verify.Verify(ctx, issuer, token)
}
