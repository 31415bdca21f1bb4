package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/carillon-events/carillon/internal/edge"
	"github.com/carillon-events/carillon/internal/server"
)

func urlFromEnvironment() string {
	if url := os.Getenv("AWS_ENDPOINT_URL"); url != "" {
		return url
	}
	return "http://" + server.DefaultListen
}

// postAdmin sends an administrative request and returns the answer's body. The
// error of a server that is not there wraps ECONNREFUSED.
func postAdmin(ctx context.Context, endpoint, path string) (io.ReadCloser, error) {
	return send(ctx, request{endpoint: endpoint, path: path, service: edge.AdminService})
}

// getAdmin is postAdmin of a request that only reads.
func getAdmin(ctx context.Context, endpoint, path string) (io.ReadCloser, error) {
	return send(ctx, request{method: http.MethodGet, endpoint: endpoint, path: path, service: edge.AdminService})
}

// request is what send sends.
type request struct {
	method         string // POST where empty
	endpoint, path string
	service        string // that it is signed for; empty: it is not signed
	target         string // X-Amz-Target, of an AWS operation
	body           []byte
}

// ask sends a request with a JSON body, and decodes the answer into out.
func ask(ctx context.Context, r request, in, out any) (err error) {
	if r.body, err = json.Marshal(in); err != nil {
		return err
	}
	body, err := send(ctx, r)
	if err != nil {
		return err
	}
	defer body.Close()
	if err := json.NewDecoder(body).Decode(out); err != nil {
		return fmt.Errorf("the server says what this carillon does not understand: %w", err)
	}
	return nil
}

func send(ctx context.Context, r request) (io.ReadCloser, error) {
	endpoint := r.endpoint
	if err := checkEndpoint(endpoint); err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, cmp.Or(r.method, http.MethodPost), strings.TrimSuffix(endpoint, "/")+r.path, bytes.NewReader(r.body))
	if err != nil {
		return nil, fmt.Errorf("endpoint %q: %w", endpoint, err)
	}
	if r.target != "" {
		req.Header.Set("X-Amz-Target", r.target)
		req.Header.Set("Content-Type", "application/x-amz-json-1.1")
	}
	if err := sign(ctx, req, r); err != nil {
		return nil, err
	}
	resp, err := webClient(ctx).Do(req)
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, errInterrupted
	case errors.Is(err, syscall.ECONNREFUSED):
		return nil, notThere{endpoint}
	case err != nil:
		return nil, explained(err)
	case resp.StatusCode != http.StatusOK:
		defer resp.Body.Close()
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 4096))
		return nil, fmt.Errorf("the server at %s refuses: %s: %s", endpoint, resp.Status, messageOf(text))
	}
	return resp.Body, nil
}

// messageOf is what an error's body says to people.
func messageOf(text []byte) string {
	var e struct {
		Code    string `json:"__type"`
		Message string `json:"message"`
	}
	if json.Unmarshal(text, &e) == nil && e.Code != "" && e.Message != "" {
		return e.Code + ": " + e.Message
	}
	return strings.TrimSpace(string(text))
}

// notThere is what a refused connection means to people.
type notThere struct{ endpoint string }

func (e notThere) Error() string {
	return "nothing answers at " + e.endpoint + ": is it running?"
}

func (notThere) Unwrap() error { return syscall.ECONNREFUSED }

func checkEndpoint(endpoint string) error {
	if u, err := url.Parse(endpoint); err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return fmt.Errorf("endpoint %q: want http://host:port or https://host:port", endpoint)
	}
	return nil
}

// sign signs a request if there are keys to sign with.
func sign(ctx context.Context, req *http.Request, r request) error {
	keys := aws.Credentials{
		AccessKeyID: os.Getenv("AWS_ACCESS_KEY_ID"), SecretAccessKey: os.Getenv("AWS_SECRET_ACCESS_KEY"), SessionToken: os.Getenv("AWS_SESSION_TOKEN"),
	}
	if keys.AccessKeyID == "" || r.service == "" {
		return nil
	}
	region := os.Getenv("AWS_REGION")
	if region == "" {
		region = edge.DefaultRegion
	}
	sum := sha256.Sum256(r.body)
	err := v4.NewSigner().SignHTTP(ctx, keys, req, hex.EncodeToString(sum[:]), r.service, region, time.Now())
	if err != nil {
		return fmt.Errorf("sign the request: %w", err)
	}
	return nil
}
