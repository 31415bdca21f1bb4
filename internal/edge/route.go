package edge

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/awsquery"
	"github.com/carillon-events/carillon/internal/throttle"
	"github.com/carillon-events/carillon/internal/wire"
)

// protocol is how a request speaks, and so how an error must look.
type protocol byte

const (
	protocolQuery protocol = iota // also where nothing else is known
	protocolJSON
	protocolCBOR // understood only so far that it can be refused
)

// route is where a request goes.
type route struct {
	protocol  protocol
	service   *wire.Service // nil before one is found
	operation string
	entry     *entry     // nil: the service has no such operation
	form      url.Values // of the query protocol

	page, data bool // it is no operation; of one, it is about what flows
}

// table finds the operation. It never changes after newTable.
type table struct {
	byTarget map[string]*target // "AmazonSQS"
	byAction map[actionName]*entry
	versions map[string]*wire.Service // a service of that query version
	queues   *wire.Service            // what /{account}/{name} belongs to
	names    string                   // for messages: "sqs (AmazonSQS, 2012-11-05), …"
}

type target struct {
	service *wire.Service
	entries map[string]*entry
}

type actionName struct{ version, action string }

// entry is an operation with its metrics.
type entry struct {
	operation *wire.Operation
	service   *wire.Service
	data      bool          // it is about what flows, not how it is set up
	rate      throttle.Rate // of each account in a region; zero: no limit
	rated     string        // what that counts: this operation, or several
	observed
}

func newTable(services []*wire.Service, m *metrics, limits *Throttles) table {
	t := table{byTarget: map[string]*target{}, byAction: map[actionName]*entry{}, versions: map[string]*wire.Service{}}
	var names []string
	for _, s := range services {
		entries := make(map[string]*entry, len(s.Operations))
		for name, op := range s.Operations {
			e := &entry{operation: op, service: s, data: s.DataPlane[name], observed: observed{metrics: m, service: s.Name, operation: name}}
			e.rate, e.rated = limits.rateOf(s.Name, name)
			entries[name] = e
			if s.QueryVersion != "" {
				t.byAction[actionName{s.QueryVersion, name}] = e
			}
		}
		if s.TargetPrefix != "" {
			t.byTarget[s.TargetPrefix] = &target{s, entries}
		}
		if s.QueryVersion != "" {
			t.versions[s.QueryVersion] = s
		}
		if s.Name == "sqs" {
			t.queues = s
		}
		names = append(names, describe(s))
	}
	t.names = strings.Join(names, ", ")
	return t
}

func describe(s *wire.Service) string {
	var how []string
	if s.TargetPrefix != "" {
		how = append(how, "X-Amz-Target "+s.TargetPrefix+".*")
	}
	if s.QueryVersion != "" {
		how = append(how, "Version "+s.QueryVersion)
	}
	return s.Name + " (" + strings.Join(how, ", ") + ")"
}

// operation is an operation of a service, or nil.
func (t *table) operation(service, name string) *entry {
	for _, target := range t.byTarget {
		if target.service.Name == service {
			return target.entries[name]
		}
	}
	return nil
}

// spoken is the protocol that a request's headers alone tell of.
func spoken(r *http.Request) protocol {
	switch {
	case len(r.Header["X-Amz-Target"]) > 0:
		return protocolJSON
	case len(r.Header["Smithy-Protocol"]) > 0:
		return protocolCBOR
	}
	return protocolQuery
}

// find fills in to. The order is that of the signs by which AWS's services can
// be told apart on one port, surest first.
func (t *table) find(r *http.Request, body []byte, baseURL string, to *route) error {
	switch to.protocol {
	case protocolJSON:
		return t.findTarget(r, r.Header["X-Amz-Target"][0], to)
	case protocolCBOR:
		return &wire.Error{Code: "UnknownOperationException", Status: http.StatusNotFound,
			Message: fmt.Sprintf("No service of this Carillon speaks %.64q; it speaks AWS JSON and AWS query: %s.", r.Header["Smithy-Protocol"][0], t.names)}
	}
	return t.findAction(r, body, baseURL, to)
}

// findTarget reads X-Amz-Target: "AmazonSQS.SendMessage".
func (t *table) findTarget(r *http.Request, name string, to *route) error {
	prefix, operation, _ := strings.Cut(name, ".")
	target := t.byTarget[prefix]
	if target == nil {
		return &wire.Error{Code: "UnknownOperationException", Status: http.StatusNotFound,
			Message: fmt.Sprintf("X-Amz-Target %.128q is of no service of this Carillon; it has %s.", name, t.names)}
	}
	to.service, to.operation, to.entry = target.service, operation, target.entries[operation]
	if r.Method != http.MethodPost {
		return &wire.Error{Code: "MethodNotAllowed", Status: http.StatusMethodNotAllowed,
			Message: "A request with X-Amz-Target must be a POST, not a " + r.Method + "."}
	}
	return nil
}

// findAction reads Action and Version from the form or the query string.
func (t *table) findAction(r *http.Request, body []byte, baseURL string, to *route) error {
	form, err := readForm(r, body)
	if err != nil {
		return err
	}
	to.form = form
	action, version := form.Get("Action"), form.Get("Version")
	if t.queues != nil && isQueuePath(r.URL.Path) {
		if version == "" {
			version = t.queues.QueryVersion
		}
		// Older clients name the queue by where they send the request.
		if version == t.queues.QueryVersion && form.Get("QueueUrl") == "" {
			form.Set("QueueUrl", baseURL+r.URL.Path)
		}
	}
	to.service, to.operation = t.versions[version], action
	switch {
	case action == "" && version == "" && r.URL.Path != "/" && r.URL.Path != "":
		return &wire.Error{Code: "UnknownOperationException", Status: http.StatusNotFound,
			Message: fmt.Sprintf("No service of this Carillon has the path %.128q. %s", r.URL.Path, t.wanted())}
	case action == "":
		return &wire.Error{Code: "MissingAction", Message: "The request must contain the parameter Action. " + t.wanted()}
	case version == "":
		return &wire.Error{Code: "MissingParameter", Message: "The request must contain the parameter Version. " + t.wanted()}
	case to.service == nil:
		return &wire.Error{Code: "NoSuchVersion",
			Message: fmt.Sprintf("Version %.64q is of no service of this Carillon; it has %s.", version, t.names)}
	case r.Method != http.MethodPost && r.Method != http.MethodGet:
		return &wire.Error{Code: "MethodNotAllowed", Status: http.StatusMethodNotAllowed,
			Message: "A request with Action must be a POST or a GET, not a " + r.Method + "."}
	}
	if to.entry = t.byAction[actionName{version, action}]; to.entry != nil {
		to.service = to.entry.service
	}
	return nil
}

// wanted says how a request names its service.
func (t *table) wanted() string {
	return "An AWS request has a header X-Amz-Target, or the parameters Action and Version; this Carillon has " + t.names + "."
}

// isQueuePath tells whether path is /{12 digits}/{name}.
func isQueuePath(path string) bool {
	if len(path) < 15 || path[0] != '/' || path[13] != '/' || !arn.IsAccount(path[1:13]) {
		return false
	}
	return strings.IndexByte(path[14:], '/') < 0
}

// readForm is the form in the body over that of the query string.
func readForm(r *http.Request, body []byte) (url.Values, error) {
	form := url.Values{}
	if len(body) > 0 && strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		var err error
		if form, err = awsquery.ParseForm(string(body)); err != nil {
			return nil, malformed("body", err)
		}
	}
	if r.URL.RawQuery == "" {
		return form, nil
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, malformed("query string", err)
	}
	for name, values := range query {
		if _, ok := form[name]; !ok {
			form[name] = values
		}
	}
	return form, nil
}

func malformed(where string, err error) error {
	return &wire.Error{Code: "MalformedQueryString", Status: http.StatusNotFound,
		Message: fmt.Sprintf("The %s is no form: %.200s.", where, err.Error())}
}

// unknown is the answer for an operation that the service does not have.
func (r *route) unknown() error {
	if r.protocol == protocolJSON {
		return &wire.Error{Code: "UnknownOperationException",
			Message: fmt.Sprintf("The service %s has no operation %.128q.", r.service.Name, r.operation)}
	}
	return &wire.Error{Code: "InvalidAction",
		Message: fmt.Sprintf("Could not find operation %.128q for version %s.", r.operation, r.service.QueryVersion)}
}

func (r *route) serviceName() string {
	if r.service == nil {
		return ""
	}
	return r.service.Name
}
