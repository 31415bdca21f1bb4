package outbound

import (
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestAPasswordInAURLIsMaskedAndNothingElse(t *testing.T) {
	for text, want := range map[string]string{
		"https://user:secret@host/path?a=b:c@d": "https://user:****@host/path?a=b:c@d",
		"http://user:se@cret:x@host:8080":       "http://user:****@host:8080",
		"https://user:@host/":                   "https://user:****@host/",
		"https://:secret@host/":                 "https://:****@host/",
		"https://user@host/a:b@c":               "https://user@host/a:b@c",
		"https://host/a:b@c":                    "https://host/a:b@c",
		"https://host?x=a:b@c":                  "https://host?x=a:b@c",
		"arn:aws:sqs:eu-west-1:1:q":             "arn:aws:sqs:eu-west-1:1:q",
		"a:b@c.example":                         "a:b@c.example",
		"":                                      "",
	} {
		if got := Masked(text); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func TestNoPasswordGetsThroughTheMask(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		password := "xyzzy" + rapid.StringMatching(`[a-z:@*%&=!-]{0,12}`).Draw(t, "password")
		u := url.URL{Scheme: "https", User: url.UserPassword("user", password), Host: "host", Path: rapid.SampledFrom([]string{"", "/", "/a@b"}).Draw(t, "path")}
		if got := Masked(u.String()); strings.Contains(got, "xyzzy") || !strings.HasSuffix(got, "@host"+u.Path) {
			t.Fatalf("%s: %s", u.String(), got)
		}
	})
}
