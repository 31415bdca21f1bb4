package subscriber

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/carillon-events/carillon/internal/notification"
	"github.com/carillon-events/carillon/internal/topic"
)

// knocker is an endpoint that lets user and secret in, and asks as it is told.
func (w *world) knocker(asks ...string) {
	w.web.asks = asks
	w.web.answers(func(c *call) int {
		if c.user == "user secret" || digested(c.header.Get("Authorization")) {
			return 200
		}
		return 401
	})
}

// digested tells whether an Authorization is a right digest, computed as RFC
// 7616 writes it.
func digested(authorization string) bool {
	field := func(name string) string {
		m := regexp.MustCompile(`[ ,]` + name + `="?([^",]*)`).FindStringSubmatch(authorization)
		if m == nil {
			return ""
		}
		return m[1]
	}
	hash := func(s string) string { sum := md5.Sum([]byte(s)); return hex.EncodeToString(sum[:]) }
	if field("algorithm") == "SHA-256" {
		hash = func(s string) string { sum := sha256.Sum256([]byte(s)); return hex.EncodeToString(sum[:]) }
	}
	want := hash(strings.Join([]string{
		hash("user:" + field("realm") + ":secret"), field("nonce"), field("nc"), field("cnonce"), field("qop"), hash("POST:/hook?a=1"),
	}, ":"))
	return strings.HasPrefix(authorization, "Digest ") && field("username") == "user" && field("uri") == "/hook?a=1" &&
		field("opaque") == "o" && field("cnonce") != "" && field("response") == want
}

func TestAnEndpointGetsItsPasswordAsItAsksForIt(t *testing.T) {
	const (
		md5d   = `Digest realm="r", nonce="n1", opaque="o", qop="auth", algorithm=MD5`
		sha256 = `Digest realm="r", nonce="n2", opaque="o", qop="auth, auth-int", algorithm=SHA-256`
		basic  = `Basic realm="r"`
	)
	for _, c := range []struct {
		name     string
		endpoint string
		asks     []string
		want     []string // how each request of two messages is authorised
		arrives  bool
	}{
		{"Basic, which is remembered", "user:secret@", []string{basic}, []string{"", "Basic", "Basic"}, true},
		{"Digest by MD5", "user:secret@", []string{md5d}, []string{"", "Digest", "", "Digest"}, true},
		{"Digest by SHA-256", "user:secret@", []string{sha256}, []string{"", "Digest", "", "Digest"}, true},
		{"Digest rather than Basic", "user:secret@", []string{basic, sha256, md5d}, []string{"", "Digest", "", "Digest"}, true},
		{"an algorithm that nobody knows", "user:secret@", []string{strings.Replace(md5d, "MD5", "MD6", 1), basic}, []string{"", "Basic", "Basic"}, true},
		{"a wrong password", "user:wrong@", []string{md5d}, []string{"", "Digest", "", "Digest"}, false},
		{"a wrong password by Basic", "user:wrong@", []string{basic}, []string{"", "Basic", "Basic"}, false},
		{"no challenge", "user:secret@", nil, []string{"", ""}, false},
		{"a challenge that nobody understands", "user:secret@", []string{"Negotiate", "Digest"}, []string{"", ""}, false},
		{"no user", "", []string{basic, md5d}, []string{"", ""}, false},
	} {
		bubble(t, func(t *testing.T, w *world) {
			w.knocker(c.asks...)
			s := w.subscribe(topic.HTTPS, "https://"+c.endpoint+"shop.example.com/hook?a=1", topic.Subscribed{})
			for range 2 {
				w.publish(s, notification.Notification{Message: "m"})
				synctest.Wait()
			}
			calls := w.web.take()
			var got []string
			for _, made := range calls {
				scheme, _, _ := strings.Cut(made.header.Get("Authorization"), " ")
				got = append(got, scheme)
				if strings.Contains(made.url, "@") {
					t.Errorf("%s: the URL is %s", c.name, made.url)
				}
				if w.read(made.body).Message != "m" {
					t.Errorf("%s: %s", c.name, made.body)
				}
			}
			if strings.Join(got, ",") != strings.Join(c.want, ",") {
				t.Errorf("%s: %q, want %q", c.name, got, c.want)
			}
			if last := calls[len(calls)-1]; (last.user == "user secret" || digested(last.header.Get("Authorization"))) != c.arrives {
				t.Errorf("%s: it ends with %v", c.name, last.header)
			}
		})
	}
}

func TestAnEndpointThatWantsADigestAfterItWantedBasicGetsIt(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.knocker(`Basic realm="r"`)
		s := w.subscribe(topic.HTTPS, "https://user:secret@shop.example.com/hook?a=1", topic.Subscribed{})
		w.publish(s, notification.Notification{Message: "m"})
		synctest.Wait()
		w.web.take()
		w.web.asks = []string{`Digest realm="r", nonce="n", opaque="o", qop="auth", algorithm=MD5`}
		w.web.answers(func(c *call) int {
			if digested(c.header.Get("Authorization")) {
				return 200
			}
			return 401
		})
		for _, want := range []int{2, 2} {
			w.publish(s, notification.Notification{Message: "m"})
			synctest.Wait()
			if calls := w.web.take(); len(calls) != want || !digested(calls[want-1].header.Get("Authorization")) {
				t.Errorf("%+v", calls)
			}
		}
	})
}

func FuzzNoChallengeGetsAPasswordInAnythingButBasic(f *testing.F) {
	for _, s := range []string{
		`Digest realm="r", nonce="n", qop="auth"`, `Digest realm=r,nonce=n,algorithm=SHA-256,userhash=true`, "Digest", `Digest a="\"`, `Basic realm="r"`, "", "Basic",
	} {
		f.Add(s, s)
	}
	u := &url.URL{Scheme: "https", Host: "h", Path: "/"}
	f.Fuzz(func(t *testing.T, one, two string) {
		made, basic := credentialsFor(http.Header{"Www-Authenticate": {one, two}}, url.UserPassword("user", "xyzzy-password"), u, []byte("body"))
		if basic != strings.HasPrefix(made, "Basic ") || strings.Contains(made, "xyzzy") || made != "" && !basic && !strings.HasPrefix(made, "Digest ") {
			t.Errorf("%q, %q: %q", one, two, made)
		}
	})
}
