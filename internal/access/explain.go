package access

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/policy"
	"github.com/carillon-events/carillon/internal/wire"
)

// Asked is a question that nobody asked in earnest.
type Asked struct {
	Principal string // ARN, 12 digits for an account's root, an access key, or a service: events.amazonaws.com
	Action    string
	Resource  string            // "*" where empty
	Keys      map[string]string // condition keys that the request would have
}

// Explanation is the answer with its reasons, by the policies as they are now.
type Explanation struct {
	Principal string    `json:"principal"`
	Action    string    `json:"action"`
	Resource  string    `json:"resource"`
	Decision  string    `json:"decision"` // "allowed", "explicitDeny", "implicitDeny"
	Reason    string    `json:"reason"`
	Denial    string    `json:"denial,omitempty"` // what the client would be told
	Matched   []Matched `json:"matched"`
	Missing   []string  `json:"missingKeys,omitempty"` // condition keys that policies ask for and the question does not have
}

// Matched is a statement that decided.
type Matched struct {
	Policy string `json:"policy"`
	Sid    string `json:"sid,omitempty"`
	Effect string `json:"effect"`
	Line   int    `json:"line"`
}

// ErrNoPrincipal is of a principal that nobody is.
var ErrNoPrincipal = errors.New("there is nobody of that name")

// Explain answers a question and says why.
func (d *Decider) Explain(ctx context.Context, keys *Credentials, q Asked) (Explanation, error) {
	id, err := d.find(keys, q.Principal)
	if err != nil {
		return Explanation{}, err
	}
	if q.Resource == "" {
		q.Resource = "*"
	}
	c := &wire.Call{Account: id.Account, Principal: id.Principal, AccessKey: id.AccessKey, Rights: d.Rights(q.Action)}
	if a, err := arn.Parse(q.Resource); err == nil {
		c.Region = a.Region
	}
	t := d.begin(ctx, c, &id, q.Action, q.Resource)
	defer t.end()
	t.request.Context = given{t, q.Keys}
	e := Explanation{Principal: t.request.Principal.ARN, Action: q.Action, Resource: q.Resource, Matched: []Matched{}}
	s := policy.Simulate(&t.request, &t.set)
	if id.Operator && strings.HasPrefix(q.Action, AdminPrefix) {
		e.Decision, e.Reason = policy.Allowed.String(), "allowed: it is a key of an operator"
		return e, nil
	}
	e.Decision, e.Missing, e.Denial = s.Outcome.String(), s.Missing, s.Denial(&t.request)
	e.Reason = s.Reason(&t.request)
	if !s.Allows() {
		e.Reason = t.reason(&s.Decision)
	}
	for _, m := range s.Matched {
		e.Matched = append(e.Matched, Matched{Policy: m.Policy.Name, Sid: m.Sid, Effect: m.Effect.String(), Line: m.Start.Line})
	}
	return e, nil
}

// given are the keys of a question, over those that follow from it.
type given struct {
	*trial
	keys map[string]string
}

func (g given) Lookup(key string) policy.Value {
	for name, v := range g.keys {
		if strings.EqualFold(name, key) {
			return policy.One(v)
		}
	}
	if key == "aws:sourceaccount" { // follows from aws:SourceArn, if that is given
		if account := accountIn(g.keys["aws:SourceArn"]); account != "" {
			return policy.One(account)
		}
	}
	switch key {
	case "aws:sourceip", "aws:securetransport", "aws:useragent", "aws:referer": // there is no request
		return policy.Value{}
	}
	return g.trial.Lookup(key)
}

// Powerless are the users of a credentials file to whom nothing gives a
// permission, unless the policy of a resource does.
func (d *Decider) Powerless(keys *Credentials) []string {
	if keys == nil {
		return nil
	}
	var all []string
	for _, id := range keys.All() {
		t := d.begin(context.Background(), &wire.Call{Account: id.Account, Principal: id.Principal}, &id, "*:*", "*")
		if t.request.Principal.Kind == policy.User && !id.Operator && len(t.set.Identity) == 0 && !slices.Contains(all, id.Principal) {
			all = append(all, id.Principal)
		}
		t.end()
	}
	return all
}

// find is who somebody means by a principal.
func (d *Decider) find(keys *Credentials, name string) (Identity, error) {
	if isService(name) {
		return Identity{Principal: name}, nil
	}
	if arn.IsAccount(name) {
		return Identity{Account: name, Principal: arn.Root(name).String()}, nil
	}
	if keys != nil {
		if id, ok := keys.Lookup(name); ok {
			return id, nil
		}
		if id, ok := keys.OfPrincipal(name); ok {
			return id, nil
		}
	}
	if d.Directory != nil {
		if _, ok := d.Directory.Key(name); ok {
			return *d.known(&Identity{AccessKey: name}), nil
		}
	}
	return d.findARN(name)
}

func (d *Decider) findARN(name string) (Identity, error) {
	a, err := arn.Parse(name)
	if err != nil || !arn.IsAccount(a.Account) {
		return Identity{}, fmt.Errorf("principal %.200q: %w: want an ARN, an access key, or an account's 12 digits for its root", name, ErrNoPrincipal)
	}
	id := Identity{Account: a.Account, Principal: name}
	kind, rest, _ := strings.Cut(a.Resource, "/")
	ok := a.Resource == "root"
	if d.Directory != nil {
		switch a.Service + ":" + kind {
		case "iam:user":
			id.Entity, ok = d.Directory.User(a.Account, rest[strings.LastIndexByte(rest, '/')+1:])
		case "sts:assumed-role":
			role, session, _ := strings.Cut(rest, "/")
			id.Entity, ok = d.Directory.Role(a.Account, role)
			id.Session = &Session{Name: session, IssuedAt: d.Now()}
		}
	}
	if !ok {
		return id, fmt.Errorf("principal %.200q: %w", name, ErrNoPrincipal)
	}
	return id, nil
}
