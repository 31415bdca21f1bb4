package awsquery

import (
	"context"
	"net/url"

	"github.com/carillon-events/carillon/internal/wire"
)

const declaration = `<?xml version="1.0"?>`

// Answer is the envelope of an operation's answers.
type Answer struct {
	Operation string // "ListQueues": the document is a ListQueuesResponse
	Result    string // "ListQueuesResult"; empty for an operation without output
	Namespace string
}

// Bind makes an operation's query entry: decode the form, run, append the
// answer's document to dst. encode appends the members of the output; it may
// be nil for an operation without one.
func Bind[I, O any](
	answer Answer,
	decode func(*Params, *I),
	run wire.Method[I, O],
	encode func([]byte, *O) []byte,
) func(ctx context.Context, c *wire.Call, values url.Values, dst []byte) ([]byte, error) {
	return func(ctx context.Context, c *wire.Call, values url.Values, dst []byte) ([]byte, error) {
		in := new(I)
		form := NewForm(values)
		root := form.Root()
		decode(&root, in)
		if err := form.Finish(); err != nil {
			return dst, err
		}
		out, err := run(ctx, c, in)
		if err != nil {
			return dst, err
		}
		if out == nil {
			out = new(O)
		}
		dst = append(dst, declaration...)
		dst = append(dst, '<')
		dst = append(dst, answer.Operation...)
		dst = append(dst, `Response xmlns="`...)
		dst = AppendText(dst, answer.Namespace)
		dst = append(dst, `">`...)
		if encode != nil {
			dst = AppendOpen(dst, answer.Result)
			dst = encode(dst, out)
			dst = AppendClose(dst, answer.Result)
		}
		dst = append(dst, `<ResponseMetadata><RequestId>`...)
		dst = AppendText(dst, c.RequestID)
		dst = append(dst, `</RequestId></ResponseMetadata></`...)
		dst = append(dst, answer.Operation...)
		return append(dst, `Response>`...), nil
	}
}

// AppendError appends the document of an error answer, whose status is
// e.HTTPStatus(svc):
//
//	<ErrorResponse xmlns="..."><Error><Type>Sender</Type><Code>AWS.SimpleQueueService.NonExistentQueue</Code>
//	<Message>...</Message><Detail/></Error><RequestId>...</RequestId></ErrorResponse>
//
// svc may be nil: a request that reached no service.
func AppendError(dst []byte, svc *wire.Service, e *wire.Error, requestID string) []byte {
	dst = append(dst, declaration...)
	dst = append(dst, `<ErrorResponse`...)
	if svc != nil && svc.XMLNamespace != "" {
		dst = append(dst, ` xmlns="`...)
		dst = AppendText(dst, svc.XMLNamespace)
		dst = append(dst, '"')
	}
	dst = append(dst, `><Error><Type>`...)
	dst = append(dst, e.Fault(svc)...)
	dst = append(dst, `</Type><Code>`...)
	dst = AppendText(dst, e.QueryCode(svc))
	dst = append(dst, `</Code><Message>`...)
	dst = AppendText(dst, e.Message)
	dst = append(dst, `</Message><Detail/></Error><RequestId>`...)
	dst = AppendText(dst, requestID)
	return append(dst, `</RequestId></ErrorResponse>`...)
}
