package awsjson

import "github.com/carillon-events/carillon/internal/wire"

// AppendError appends the body of an error answer:
//
//	{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"..."}
//
// Clients take the code from the body's __type and drop what is before the #;
// the x-amzn-ErrorType header alone does not reach boto3. Every SDK reads
// "message" (some "Message" as well). The edge writes e.HTTPStatus(svc) as the
// status and, if QueryErrorHeader is not empty, that header. svc may be nil: a
// request that reached no service.
func AppendError(dst []byte, svc *wire.Service, e *wire.Error) []byte {
	code := e.Code
	if svc != nil && svc.ErrorNamespace != "" {
		code = svc.ErrorNamespace + "#" + code
	}
	dst = append(dst, '{')
	dst = AppendName(dst, "__type")
	dst = AppendString(dst, code)
	dst = AppendName(dst, "message")
	dst = AppendString(dst, e.Message)
	return append(dst, '}')
}

// QueryErrorHeader is the value of x-amzn-query-error, from which the clients
// of a service that used to speak awsQuery take the error's code:
// "AWS.SimpleQueueService.NonExistentQueue;Sender". Empty for other services.
func QueryErrorHeader(svc *wire.Service, e *wire.Error) string {
	if svc == nil || !svc.QueryCompatible {
		return ""
	}
	return e.QueryCode(svc) + ";" + e.Fault(svc)
}
