package edge

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/carillon-events/carillon/internal/throttle"
	"github.com/carillon-events/carillon/internal/wire"
)

// Throttles is who may call how often. Its zero value limits nobody.
type Throttles struct {
	Principal  throttle.Rate  // of each caller, over all operations; zero: no limit
	Operations throttle.Rates // of each account in a region, by "sqs:SendMessage", or "events:*" for what has no rate of its own
}

func (t *Throttles) off() bool { return t.Principal == throttle.Rate{} && len(t.Operations) == 0 }

// Check refuses a rate of what is no operation of the services.
func (t *Throttles) Check(services []*wire.Service) error {
	byName := map[string]*wire.Service{}
	var names []string
	for _, s := range services {
		byName[s.Name] = s
		names = append(names, s.Name)
	}
	for name := range t.Operations {
		service, operation, _ := strings.Cut(name, ":")
		s := byName[service]
		if s == nil {
			return fmt.Errorf("throttle %s: there is no service %q; there are %s", name, service, strings.Join(names, ", "))
		}
		if s.Operations[operation] == nil && operation != "*" {
			return fmt.Errorf("throttle %s: %s has no operation %q", name, service, operation)
		}
	}
	return nil
}

// maxBuckets bounds how many callers and accounts are told apart at one time.
const maxBuckets = 10_000

// throttler refuses calls that come too often. It is nil where nobody is limited.
type throttler struct {
	Throttles
	principals, accounts *throttle.Table
	began                time.Time
	refused              *prometheus.CounterVec
}

func newThrottler(t Throttles, now time.Time, r *prometheus.Registry) *throttler {
	if t.off() {
		return nil
	}
	refused := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "carillon_requests_throttled_total",
		Help: "Requests refused by --throttle-principal (by principal) or --throttle (by operation).",
	}, []string{"service", "operation", "by"})
	r.MustRegister(refused)
	return &throttler{
		Throttles: t, principals: throttle.NewTable(maxBuckets), accounts: throttle.NewTable(maxBuckets),
		began: now, refused: refused,
	}
}

// allow asks the caller's own rate first: who is refused by it takes nothing from
// the others of the account.
func (t *throttler) allow(c *wire.Call, e *entry, now time.Time) error {
	since := now.Sub(t.began)
	if t.Principal != (throttle.Rate{}) && !t.principals.Take(throttle.Key{Who: caller(c)}, t.Principal, since) {
		return t.refuse(e, "principal")
	}
	if e.rate != (throttle.Rate{}) && !t.accounts.Take(throttle.Key{Who: c.Account, In: c.Region, What: e.rated}, e.rate, since) {
		return t.refuse(e, "operation")
	}
	return nil
}

// caller is whose requests count as one's. The name of a role's session, or of a
// federated user, is one that callers choose: as many as they like. Who shows no
// key is known by the address.
func caller(c *wire.Call) string {
	if c.Principal == "" {
		return addressKey(c.SourceIP)
	}
	if i := strings.LastIndexByte(c.Principal, '/'); i > 0 && strings.Contains(c.Principal[:i], ":sts:") {
		return c.Principal[:i]
	}
	return c.Principal
}

// addressKey is what counts as one address: of IPv6, the network that one
// customer gets (RFC 6177), who would else have 2^64 of them.
func addressKey(ip string) string {
	a, err := netip.ParseAddr(ip)
	if err != nil || !a.Is6() || a.Is4In6() {
		return ip
	}
	p, _ := a.WithZone("").Prefix(64)
	return p.String()
}

func (t *throttler) refuse(e *entry, by string) error {
	t.refused.WithLabelValues(e.observed.service, e.operation.Name, by).Inc()
	return throttled(e.service)
}

// throttled is AWS's answer to who calls too often. Every service documents
// ThrottlingException with 400 among its common errors, such as
// https://docs.aws.amazon.com/eventbridge/latest/APIReference/CommonErrors.html,
// and SNS says "Rate exceeded" with it
// (https://repost.aws/knowledge-center/sns-throttling-exception-errors). SQS's
// operations declare a RequestThrottled instead; botocore's rules (data/_retry.json,
// sqs) know that it comes with 403, and without it do not try again.
func throttled(s *wire.Service) error {
	if _, declared := s.Errors["RequestThrottled"]; declared {
		return &wire.Error{Code: "RequestThrottled", Status: http.StatusForbidden, Message: "Rate exceeded"}
	}
	return &wire.Error{Code: "ThrottlingException", Status: http.StatusBadRequest, Message: "Rate exceeded"}
}

// throttle is nil where the call may go on.
func (x *exchange) throttle(c *wire.Call, e *entry) error {
	if x.h.throttler == nil || e == nil {
		return nil
	}
	return x.h.throttler.allow(c, e, x.h.now())
}

// rateOf is the rate of an operation, and by which name it is counted.
func (t *Throttles) rateOf(service, operation string) (throttle.Rate, string) {
	for _, name := range []string{service + ":" + operation, service + ":*"} {
		if r, ok := t.Operations[name]; ok {
			return r, name
		}
	}
	return throttle.Rate{}, ""
}
