// Package wire is what the edge, the generated models and the services share:
// one call, one service's table of operations, and the error a client is told.
//
// It knows no AWS service. The codecs live beside it (awsjson, awsquery,
// sigv4), the generated tables in awsmodel/<service>. The edge fills in a Call
// and runs an Operation; the Operation decodes, checks the model's
// constraints, asks Call.Authorize, runs the service's method and appends the
// encoded answer.
package wire

import (
	"context"
	"net/http"
	"net/url"

	"github.com/carillon-events/carillon/internal/trace"
)

// Call is one request as a service sees it, after the edge has authenticated it.
type Call struct {
	RequestID string // x-amzn-RequestId
	Service   string // "sqs": the Service's Name
	Operation string // "SendMessage"
	Account   string // 12 digits
	Region    string // "us-east-1"
	Principal string // ARN of the caller
	AccessKey string
	SourceIP  string // without port
	BaseURL   string // "http://127.0.0.1:4566": the request's own host, or the configured external URL; no slash at the end
	Secure    bool   // came over TLS

	Header http.Header // of the request, not to be changed; nil: nobody knows
	Rights *Rights     // of the operation; nil: there is only its name
	// About is what of the request is asked about now: the decoded input, or a part
	// of it (Ask).
	About any
	// BothSides is Question.BothSides of what is asked now.
	BothSides bool
	// Refused is the last question that was answered with no; nil: there was none.
	Refused *Refusal

	// Caller is who calls, as internal/access knows it: an *access.Identity. It is
	// not changed. Nil: nobody, or somebody who follows a link.
	Caller any
	// CallerID is what UserID answers, if somebody knows it.
	CallerID string

	// Trace is where in a trace the request's headers say that the caller is.
	Trace trace.Context
	// Span is the request's own, for an operation to fill in that sends or receives
	// messages; nil: nobody records it.
	Span *trace.Span

	// Seen is what became known of the call as it ran, for the audit log.
	Seen Seen

	// Decide is the authorisation decision; nil allows everything.
	// resource is an ARN, or "*" where the operation has none.
	Decide func(ctx context.Context, c *Call, action, resource string) error
}

// TraceHeader is what a message takes along that the call sends and that has no
// trace header of its own: a trace.Header; empty if the call is in no trace. An
// operation that uses it fills in Span.
func (c *Call) TraceHeader() string {
	if c.Span == nil {
		return c.Trace.Header()
	}
	at := c.Span.Context
	at.From = trace.SpanID{}
	return at.Header()
}

// Service is the table by which the edge finds an operation. Generated.
type Service struct {
	Name         string // endpoint prefix: "sqs", "events", "sts"
	TargetPrefix string // X-Amz-Target before the dot: "AmazonSQS"; empty if the service speaks no awsJson
	JSONVersion  string // "1.0" or "1.1"

	// ErrorNamespace goes before the # of an awsJson error's __type:
	// "com.amazonaws.sqs". Empty: __type is the bare code.
	ErrorNamespace string

	// QueryCompatible services also put an error's awsQuery code in the header
	// x-amzn-query-error of an awsJson answer.
	QueryCompatible bool

	QueryVersion string // "2012-11-05"; empty if the service speaks no awsQuery
	XMLNamespace string // of awsQuery answers
	Operations   map[string]*Operation

	// What the audit log has to know of operations: DataPlane are about what flows,
	// not how it is set up, and ReadOnly change nothing.
	DataPlane, ReadOnly map[string]bool

	Errors map[string]ErrorInfo // by shape name, which is Error.Code
}

// Operation is one AWS operation, bound to the service's implementation.
//
// JSON and Query append the encoded answer to dst and return it. Decoded
// strings may point into body, which must therefore never be written again.
// An error is a *Error, or anything else, which is an InternalFailure.
type Operation struct {
	Name   string
	Rights Rights
	JSON   func(ctx context.Context, c *Call, body, dst []byte) ([]byte, error)
	Query  func(ctx context.Context, c *Call, form url.Values, dst []byte) ([]byte, error)
}

// ErrorInfo is what the model says of an error shape.
type ErrorInfo struct {
	Status    int    // HTTP status; 0 means 400
	QueryCode string // the code that awsQuery clients know: "AWS.SimpleQueueService.NonExistentQueue"; empty if equal to the shape's name
	Receiver  bool   // the fault is ours (5xx)
}

// Error is what a client is told: AWS's code and AWS's sentence.
type Error struct {
	Code    string // shape name as in the model: "QueueDoesNotExist"; or a common code: "InvalidParameterValue"
	Message string
	Status  int // 0: as the model's ErrorInfo says, else 400

	// Explained is why, sealed for STS's DecodeAuthorizationMessage: it goes into a
	// header of the answer. Empty: there is no more to say.
	Explained string
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Errorf-like constructors are deliberately absent: a service's errors.go is
// the only table of its codes.

// NotImplemented is the answer for an operation that the model has and
// Carillon lacks.
func NotImplemented(service, operation string) error {
	return &Error{
		Code:    "NotImplemented",
		Message: "Carillon does not implement " + service + ":" + operation + " yet.",
		Status:  501,
	}
}

// Opt is an optional scalar of a request or an answer: unlike a pointer it
// costs no allocation.
type Opt[T any] struct {
	V  T
	OK bool // present
}

// Some is a present V.
func Some[T any](v T) Opt[T] { return Opt[T]{V: v, OK: true} }

// Or is the value, or def where there is none.
func (o Opt[T]) Or(def T) T {
	if o.OK {
		return o.V
	}
	return def
}
