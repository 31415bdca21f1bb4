package subscriber

import (
	"bytes"
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/icholy/digest"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/delivery"
)

// reach makes a POST to an endpoint. The user and password of its URL are sent
// to an endpoint that answers 401 and says how it wants them, in a second request
// of the same attempt, as AWS does: one that wants a digest must not get them in
// clear first. Of one that wants Basic this is remembered.
// https://docs.aws.amazon.com/sns/latest/dg/sns-http-https-endpoint-as-subscriber.html
func (s *Sender) reach(ctx context.Context, to *subscriber, header http.Header, body []byte) delivery.Answer {
	u, err := url.Parse(to.sub.Endpoint)
	if err != nil {
		return refused("the endpoint is no URL")
	}
	user := u.User
	u.User = nil
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	known := user != nil && s.wantsBasic(to.sub.ARN())
	if known {
		header = authorized(header, basicOf(user))
	}
	asked, a := once(ctx, s.client, u.String(), header, body)
	if asked == nil || a.Code != http.StatusUnauthorized || user == nil {
		return a
	}
	credentials, basic := credentialsFor(asked, user, u, body)
	s.setBasic(to.sub.ARN(), basic && !known)
	if credentials == "" || basic && known { // they are not what it wants
		return a
	}
	_, a = once(ctx, s.client, u.String(), authorized(header, credentials), body)
	return a
}

func authorized(header http.Header, credentials string) http.Header {
	header = header.Clone()
	header.Set("Authorization", credentials)
	return header
}

func basicOf(user *url.Userinfo) string {
	password, _ := user.Password()
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user.Username()+":"+password))
}

// credentialsFor answers the challenges of a 401, by a digest if one is wanted
// that can be made; empty if there is none to answer.
// https://www.rfc-editor.org/rfc/rfc7616 has MD5 and SHA-256.
func credentialsFor(asked http.Header, user *url.Userinfo, u *url.URL, body []byte) (credentials string, basic bool) {
	if challenge, err := digest.FindChallenge(asked); err == nil {
		password, _ := user.Password()
		made, err := digest.Digest(challenge, digest.Options{
			Method: http.MethodPost, URI: u.RequestURI(), Username: user.Username(), Password: password,
			GetBody: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil },
		})
		if err == nil {
			return made.String(), false
		}
	}
	for _, challenge := range asked.Values("Www-Authenticate") {
		if scheme, _, _ := strings.Cut(strings.TrimLeft(challenge, " "), " "); strings.EqualFold(scheme, "Basic") {
			return basicOf(user), true
		}
	}
	return "", false
}

// wantsBasic tells whether a subscription's endpoint has asked for Basic.
func (s *Sender) wantsBasic(sub arn.ARN) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.basic[sub]
}

func (s *Sender) setBasic(sub arn.ARN, wants bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !wants {
		delete(s.basic, sub)
		return
	}
	if len(s.basic) >= mostRates {
		clear(s.basic) // which costs each a request
	}
	s.basic[sub] = true
}
