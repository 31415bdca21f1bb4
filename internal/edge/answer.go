package edge

import (
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/carillon-events/carillon/internal/awsjson"
	"github.com/carillon-events/carillon/internal/awsquery"
	"github.com/carillon-events/carillon/internal/sigv4"
	"github.com/carillon-events/carillon/internal/wire"
)

// Header values that are shared by all answers: net/http only reads them.
var (
	typeJSON10 = []string{"application/x-amz-json-1.0"}
	typeJSON11 = []string{"application/x-amz-json-1.1"}
	typeXML    = []string{"text/xml"}
	typeCBOR   = []string{"application/cbor"}
	cborHeader = []string{"rpc-v2-cbor"}
)

// autoLength is the size up to which net/http finds out the Content-Length itself.
const autoLength = 2048

// write sends an answer in the protocol of the request.
func (x *exchange) write(status int, body []byte) {
	h := x.w.Header()
	h["Content-Type"] = x.route.contentType()
	if len(body) > autoLength {
		h["Content-Length"] = []string{strconv.Itoa(len(body))}
	}
	x.wrote = true
	x.w.WriteHeader(status)
	if len(body) > 0 {
		// A client that is gone needs no answer, and nobody else would read the error.
		_, _ = x.w.Write(body)
	}
}

func (r *route) contentType() []string {
	switch {
	case r.protocol == protocolCBOR:
		return typeCBOR
	case r.protocol == protocolQuery:
		return typeXML
	case r.service != nil && r.service.JSONVersion == "1.1":
		return typeJSON11
	}
	return typeJSON10
}

// explainedHeader is where a refusal is explained, sealed: to whom it is none of
// their business it says nothing, and clients of AWS do not look at it.
const explainedHeader = "X-Carillon-Authorization-Message"

// fail answers with the error in the protocol of the request.
func (x *exchange) fail(err error) {
	e, queryCode := x.refusal(err)
	svc := x.route.service
	status := e.HTTPStatus(svc)
	x.h.metrics.failed(&x.route, e.Code, time.Since(x.began))
	if x.h.log.Enabled(x.r.Context(), slog.LevelDebug) {
		x.logDone(e.Code)
	}
	if status == http.StatusRequestEntityTooLarge {
		x.w.Header()["Connection"] = []string{"close"} // the rest of the body is not wanted
	}
	if e.Explained != "" {
		x.w.Header()[explainedHeader] = []string{e.Explained}
	}
	switch x.route.protocol {
	case protocolJSON:
		if header := awsjson.QueryErrorHeader(svc, e); header != "" {
			if queryCode != "" {
				header = queryCode + ";" + e.Fault(svc)
			}
			x.w.Header()["X-Amzn-Query-Error"] = []string{header}
		}
		x.w.Header()["X-Amzn-Errortype"] = []string{e.Code}
		x.write(status, awsjson.AppendError(nil, svc, e))
	case protocolCBOR:
		x.w.Header()["Smithy-Protocol"] = cborHeader
		x.write(status, appendCBORError(nil, e))
	default:
		x.write(status, awsquery.AppendError(nil, svc, e, x.id))
	}
}

// refusal is the error that the client is told, and the code by which the
// query protocol knows it where that is not the service's to say.
func (x *exchange) refusal(err error) (e *wire.Error, queryCode string) {
	var s *sigv4.Error
	if !errors.As(err, &s) {
		return x.known(err), ""
	}
	queryCode, queryStatus := s.QueryCode()
	if x.route.protocol == protocolQuery {
		return &wire.Error{Code: queryCode, Status: queryStatus, Message: s.Message}, queryCode
	}
	code, status := s.JSONCode()
	return &wire.Error{Code: code, Status: status, Message: s.Message}, queryCode
}

// appendCBORError appends {"__type": code, "message": message} (RFC 8949), so
// that a client of a protocol that is not spoken here can still say why.
func appendCBORError(b []byte, e *wire.Error) []byte {
	b = append(b, 0xa2)
	for _, text := range []string{"__type", e.Code, "message", e.Message} {
		switch n := len(text); {
		case n < 24:
			b = append(b, 0x60|byte(n))
		case n < 1<<8:
			b = append(b, 0x78, byte(n))
		default:
			b = append(b, 0x79, byte(n>>8), byte(n))
		}
		b = append(b, text...)
	}
	return b
}
