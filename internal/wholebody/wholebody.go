// Package wholebody is the HTTP client for the AWS SDK for Go where a lost
// answer would be mistaken for a fault of the server's: in tests and in the demo.
//
// smithy-go closes a request's body as soon as the answer's headers are there,
// and its closed body answers WriteTo with io.EOF. net/http looks for surplus
// bytes with that very call after it has sent the body, so an answer that is
// faster than this look makes the client close the connection, and a large answer
// breaks off: "use of closed network connection". A server that is fast meets
// this once in a few hundred requests. The SDK tries again, which for a
// ReceiveMessage means that the first answer's messages come back only after
// their visibility timeout.
package wholebody

import (
	"bytes"
	"io"
	"net/http"
)

// Client sends request bodies from memory that is there at once, and stays.
type Client struct{ *http.Client }

// Do implements aws.HTTPClient.
func (c Client) Do(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	return c.Client.Do(r)
}
