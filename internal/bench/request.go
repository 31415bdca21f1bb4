package bench

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"strconv"
	"strings"
	"time"

	"github.com/carillon-events/carillon/internal/sigv4"
)

// operation is what a request names.
type operation struct {
	service string // credential scope: "sqs"
	target  string // X-Amz-Target: "AmazonSQS.SendMessage"; empty for a form
	version string // of awsJson: "1.0"
}

func sqsOperation(name string) operation { return operation{"sqs", "AmazonSQS." + name, "1.0"} }

func eventsOperation(name string) operation { return operation{"events", "AWSEvents." + name, "1.1"} }

// snsForm is any operation of SNS, which the form in the body names.
var snsForm = operation{service: "sns"}

func (op operation) contentType() string {
	if op.target == "" {
		return "application/x-www-form-urlencoded"
	}
	return "application/x-amz-json-" + op.version
}

// signed is what is signed of a request.
func (op operation) signed() string {
	if op.target == "" {
		return strings.TrimSuffix(signedHeaders, ";x-amz-target")
	}
	return signedHeaders
}

// signedHeaders is what the AWS SDK for Go signs, less its own invocation ids.
const signedHeaders = "content-length;content-type;host;x-amz-date;x-amz-target"

// request writes the signed requests of one operation. It is for one
// goroutine. What does not change from one request to the next is formatted
// once: a request costs two SHA-256 (one over the body), one HMAC and a copy.
type request struct {
	t  Target
	op operation

	second int64  // that date, day and mac are of
	date   []byte // 20260102T030405Z
	day    []byte // 20260102
	mac    hash.Hash

	canonical []byte // scratch
	signature []byte // scratch
	head      []byte // request line and the headers that never change
	kind      string // its Content-Type
	signed    string // names of the signed headers
}

func newRequest(t Target, op operation) *request {
	head := "POST / HTTP/1.1\r\nHost: " + t.Host +
		"\r\nUser-Agent: carillon-bench\r\nContent-Type: " + op.contentType() + "\r\n"
	if op.target != "" {
		head += "X-Amz-Target: " + op.target + "\r\n"
	}
	return &request{t: t, op: op, head: []byte(head), kind: op.contentType(), signed: op.signed()}
}

// append appends the request with this body, signed at now, to dst.
func (r *request) append(dst []byte, now time.Time, body []byte) []byte {
	r.at(now)
	dst = append(dst, r.head...)
	dst = append(append(dst, "X-Amz-Date: "...), r.date...)
	dst = append(dst, "\r\nAuthorization: AWS4-HMAC-SHA256 Credential="...)
	dst = append(append(dst, r.t.AccessKey...), '/')
	dst = r.appendScope(dst)
	dst = append(append(append(dst, ", SignedHeaders="...), r.signed...), ", Signature="...)
	dst = r.appendSignature(dst, body)
	dst = append(dst, "\r\nContent-Length: "...)
	dst = strconv.AppendInt(dst, int64(len(body)), 10)
	dst = append(dst, "\r\n\r\n"...)
	return append(dst, body...)
}

// at brings the date up to now and, on a new day, the key.
func (r *request) at(now time.Time) {
	if now.Unix() == r.second {
		return
	}
	r.second = now.Unix()
	r.date = now.UTC().AppendFormat(r.date[:0], "20060102T150405Z")
	if string(r.day) != string(r.date[:8]) {
		r.day = append(r.day[:0], r.date[:8]...)
		key := sigv4.SigningKey(r.t.Secret, string(r.day), r.t.Region, r.op.service)
		r.mac = hmac.New(sha256.New, key[:])
	}
}

func (r *request) appendScope(dst []byte) []byte {
	dst = append(append(dst, r.day...), '/')
	dst = append(append(dst, r.t.Region...), '/')
	return append(append(dst, r.op.service...), "/aws4_request"...)
}

// appendSignature appends the signature in hex. The scratch holds first the
// canonical request, then the string to sign.
func (r *request) appendSignature(dst, body []byte) []byte {
	b := append(r.canonical[:0], "POST\n/\n\ncontent-length:"...)
	b = strconv.AppendInt(b, int64(len(body)), 10)
	b = append(append(b, "\ncontent-type:"...), r.kind...)
	b = append(append(b, "\nhost:"...), r.t.Host...)
	b = append(append(b, "\nx-amz-date:"...), r.date...)
	if r.op.target != "" {
		b = append(append(b, "\nx-amz-target:"...), r.op.target...)
	}
	b = append(append(append(b, "\n\n"...), r.signed...), '\n')
	sum := sha256.Sum256(body)
	b = hex.AppendEncode(b, sum[:])

	sum = sha256.Sum256(b)
	b = append(append(b[:0], "AWS4-HMAC-SHA256\n"...), r.date...)
	b = r.appendScope(append(b, '\n'))
	b = hex.AppendEncode(append(b, '\n'), sum[:])
	r.canonical = b

	r.mac.Reset()
	r.mac.Write(b)
	r.signature = r.mac.Sum(r.signature[:0])
	return hex.AppendEncode(dst, r.signature)
}
