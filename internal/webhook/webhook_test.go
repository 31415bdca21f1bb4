package webhook

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"hash"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/carillon-events/carillon/internal/event"
)

var now = time.Unix(1614265330, 0)

func sign(algorithm func() hash.Hash, secret, text string) []byte {
	mac := hmac.New(algorithm, []byte(secret))
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

func hexOf(secret, text string) string { return hex.EncodeToString(sign(sha256.New, secret, text)) }

func headers(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		h.Add(pairs[i], pairs[i+1])
	}
	return h
}

func hook(t testing.TB, c Config, secret string) *Hook {
	t.Helper()
	h, err := New(c, []byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// What the senders' own documentation gives as examples.
func TestTheSendersOwnExamplesVerify(t *testing.T) {
	github := headers("X-Hub-Signature-256", "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17")
	if err := hook(t, Config{Scheme: GitHub}, "It's a Secret to Everybody").verify(github, []byte("Hello, World!"), now); err != nil {
		t.Error("GitHub: ", err)
	}
	const command = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
	slack := headers("X-Slack-Request-Timestamp", "1531420618", "X-Slack-Signature", "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503", "Content-Type", "application/x-www-form-urlencoded")
	d, err := hook(t, Config{Scheme: Slack}, "8f742231b10e8888abcd99yyyzzz85a5").Receive(slack, []byte(command), time.Unix(1531420618, 0))
	if err != nil || d.Type != "slash_command" || !strings.Contains(d.Detail, `"command":"/webhook-collect"`) || !strings.Contains(d.Detail, `"text":""`) {
		t.Errorf("Slack: %+v, %v", d, err)
	}
}

// Each scheme with what it takes, and with each part of it changed.
func TestOnlyWhatTheSenderSignedIsTaken(t *testing.T) {
	const secret, body = "hush", `{"type":"invoice.paid","id":"evt_1"}`
	standardSecret := base64.StdEncoding.EncodeToString([]byte(secret))
	at := func(off time.Duration) string { return strconv.FormatInt(now.Add(off).Unix(), 10) }
	stripe := func(off time.Duration) string { return "t=" + at(off) + ",v1=" + hexOf(secret, at(off)+"."+body) }
	standard := func(id string, off time.Duration) string {
		return "v1," + base64.StdEncoding.EncodeToString(sign(sha256.New, secret, id+"."+at(off)+"."+body))
	}
	slack := func(off time.Duration) string { return "v0=" + hexOf(secret, "v0:"+at(off)+":"+body) }
	gitHub, stripeHook, slackHook := Config{Scheme: GitHub}, Config{Scheme: Stripe}, Config{Scheme: Slack}
	own := Config{Scheme: HMAC, Header: "X-Sig"}
	for name, c := range map[string]struct {
		config Config
		header http.Header
		reason string // empty: verified
	}{
		"github":                        {gitHub, headers("X-Hub-Signature-256", "sha256="+hexOf(secret, body)), ""},
		"github, upper case":            {gitHub, headers("X-Hub-Signature-256", "sha256="+strings.ToUpper(hexOf(secret, body))), ""},
		"github, nothing":               {gitHub, headers(), "no signature"},
		"github, another secret":        {gitHub, headers("X-Hub-Signature-256", "sha256="+hexOf("guess", body)), "not the one"},
		"github, another body":          {gitHub, headers("X-Hub-Signature-256", "sha256="+hexOf(secret, body+" ")), "not the one"},
		"github, cut":                   {gitHub, headers("X-Hub-Signature-256", "sha256="+hexOf(secret, body)[:62]), "not the one"},
		"github, only the prefix":       {gitHub, headers("X-Hub-Signature-256", "sha256="), "not the one"},
		"github, sha1":                  {gitHub, headers("X-Hub-Signature-256", "sha1="+hexOf(secret, body)), "does not begin"},
		"github, not hex":               {gitHub, headers("X-Hub-Signature-256", "sha256=zz"), "not hex"},
		"stripe":                        {stripeHook, headers("Stripe-Signature", stripe(0)), ""},
		"stripe, five minutes ago":      {stripeHook, headers("Stripe-Signature", stripe(-Tolerance)), ""},
		"stripe, five minutes to come":  {stripeHook, headers("Stripe-Signature", stripe(Tolerance)), ""},
		"stripe, too long ago":          {stripeHook, headers("Stripe-Signature", stripe(-Tolerance-time.Second)), "more than 5m0s"},
		"stripe, too far to come":       {stripeHook, headers("Stripe-Signature", stripe(Tolerance+time.Second)), "more than 5m0s"},
		"stripe, two, the second right": {stripeHook, headers("Stripe-Signature", "t="+at(0)+",v1=00,v1="+hexOf(secret, at(0)+"."+body)+",v0=11"), ""},
		"stripe, v0 alone":              {stripeHook, headers("Stripe-Signature", "t="+at(0)+",v0="+hexOf(secret, at(0)+"."+body)), "not the one"},
		"stripe, another time":          {stripeHook, headers("Stripe-Signature", "t="+at(1e9)+",v1="+hexOf(secret, at(0)+"."+body)), "not the one"},
		"stripe, no time":               {stripeHook, headers("Stripe-Signature", "v1="+hexOf(secret, "."+body)), "does not say when"},
		"stripe, very many":             {stripeHook, headers("Stripe-Signature", stripe(0)+strings.Repeat(",v1=00", 16)), "more than 16"},
		"stripe, nothing":               {stripeHook, headers(), "no signature"},
		"slack":                         {slackHook, headers("X-Slack-Signature", slack(0), "X-Slack-Request-Timestamp", at(0)), ""},
		"slack, old":                    {slackHook, headers("X-Slack-Signature", slack(-6*time.Minute), "X-Slack-Request-Timestamp", at(-6*time.Minute)), "more than"},
		"slack, another time":           {slackHook, headers("X-Slack-Signature", slack(0), "X-Slack-Request-Timestamp", at(time.Second)), "not the one"},
		"slack, nothing":                {slackHook, headers(), "no signature"},
		"slack, time that is no number": {slackHook, headers("X-Slack-Signature", slack(0), "X-Slack-Request-Timestamp", "now"), "does not say when"},
		"hmac":                          {own, headers("x-sig", hexOf(secret, body)), ""},
		"hmac, base64 and a prefix":     {Config{Scheme: HMAC, Header: "X-Sig", Encoding: "base64", Prefix: "mac "}, headers("X-Sig", "mac "+base64.StdEncoding.EncodeToString(sign(sha256.New, secret, body))), ""},
		"hmac, sha512":                  {Config{Scheme: HMAC, Header: "X-Sig", Algorithm: "sha512"}, headers("X-Sig", hex.EncodeToString(sign(sha512.New, secret, body))), ""},
		"hmac, sha1":                    {Config{Scheme: HMAC, Header: "X-Sig", Algorithm: "sha1"}, headers("X-Sig", hex.EncodeToString(sign(sha1.New, secret, body))), ""},
		"hmac, another algorithm":       {own, headers("X-Sig", hex.EncodeToString(sign(sha1.New, secret, body))), "not the one"},
		"standard":                      {Config{Scheme: Standard}, headers("webhook-id", "m", "webhook-timestamp", at(0), "webhook-signature", standard("m", 0)), ""},
		"standard, several":             {Config{Scheme: Standard}, headers("webhook-id", "m", "webhook-timestamp", at(0), "webhook-signature", "v1a,AAAA v1,AAAA "+standard("m", 0)), ""},
		"standard, another id":          {Config{Scheme: Standard}, headers("webhook-id", "n", "webhook-timestamp", at(0), "webhook-signature", standard("m", 0)), "not the one"},
		"standard, old":                 {Config{Scheme: Standard}, headers("webhook-id", "m", "webhook-timestamp", at(-time.Hour), "webhook-signature", standard("m", -time.Hour)), "more than"},
		"standard, no id":               {Config{Scheme: Standard}, headers("webhook-timestamp", at(0), "webhook-signature", standard("", 0)), "no webhook-id"},
		"standard, nothing":             {Config{Scheme: Standard}, headers(), "no signature"},
	} {
		t.Run(name, func(t *testing.T) {
			s := secret
			if c.config.Scheme == Standard {
				s = "whsec_" + standardSecret
			}
			_, err := hook(t, c.config, s).Receive(c.header, []byte(body), now)
			if c.reason == "" && err != nil || c.reason != "" && (!errors.Is(err, ErrSignature) || !strings.Contains(err.Error(), c.reason)) {
				t.Errorf("%v, want %q", err, c.reason)
			}
			if err != nil && (strings.Contains(err.Error(), hexOf(secret, body)) || strings.Contains(err.Error(), secret)) {
				t.Errorf("the error tells too much: %v", err)
			}
		})
	}
}

func TestWhatADeliveryIs(t *testing.T) {
	form := "application/x-www-form-urlencoded"
	for name, c := range map[string]struct {
		config Config
		header http.Header
		body   string
		want   Delivery
	}{
		"github": {Config{Scheme: GitHub}, headers("X-GitHub-Event", "push", "X-GitHub-Delivery", "72d3"), " {\"ref\" : 1.0}\n",
			Delivery{Type: "push", ID: "72d3", Detail: `{"ref" : 1.0}`}},
		"github, as a form": {Config{Scheme: GitHub}, headers("X-GitHub-Event", "push", "Content-Type", form), "payload=%7B%22a%22%3A%22%2B%22%7D",
			Delivery{Type: "push", Detail: `{"a":"+"}`}},
		"stripe": {Config{Scheme: Stripe}, headers(), `{"id":"evt_1","type":"invoice.paid"}`,
			Delivery{Type: "invoice.paid", ID: "evt_1", Detail: `{"id":"evt_1","type":"invoice.paid"}`}},
		"slack, an event": {Config{Scheme: Slack}, headers(), `{"type":"event_callback","event_id":"Ev1","event":{"type":"app_mention"}}`,
			Delivery{Type: "app_mention", ID: "Ev1", Detail: `{"type":"event_callback","event_id":"Ev1","event":{"type":"app_mention"}}`}},
		"slack, an event of no type": {Config{Scheme: Slack}, headers(), `{"type":"event_callback","event":3}`,
			Delivery{Type: "event_callback", Detail: `{"type":"event_callback","event":3}`}},
		"slack, an interaction": {Config{Scheme: Slack}, headers("Content-Type", form+"; charset=utf-8"), `payload={"type":"block_actions"}`,
			Delivery{Type: "block_actions", Detail: `{"type":"block_actions"}`}},
		"slack, the challenge": {Config{Scheme: Slack}, headers(), `{"type":"url_verification","challenge":"c3"}`,
			Delivery{Type: "url_verification", Challenge: "c3", Detail: `{"type":"url_verification","challenge":"c3"}`}},
		"standard": {Config{Scheme: Standard}, headers("webhook-id", "msg_1"), `{"type":"user.created"}`,
			Delivery{Type: "user.created", ID: "msg_1", Once: "msg_1", Detail: `{"type":"user.created"}`}},
		"hmac": {Config{Scheme: HMAC, Header: "S"}, headers(), `{"type":"x"}`, Delivery{Type: "Webhook", Detail: `{"type":"x"}`}},
		"configured": {Config{Scheme: HMAC, Header: "S", TypeHeader: "X-Topic", TypePath: "$.a.b", IDHeader: "X-Id"}, headers("X-Id", "7"), `{"a":{"b":"orders/paid"}}`,
			Delivery{Type: "orders/paid", ID: "7", Detail: `{"a":{"b":"orders/paid"}}`}},
		"the header goes before the path": {Config{Scheme: HMAC, Header: "S", TypeHeader: "X-Topic", TypePath: "$.a"}, headers("X-Topic", "h"), `{"a":"p"}`,
			Delivery{Type: "h", Detail: `{"a":"p"}`}},
		"a path to no text": {Config{Scheme: GitHub, TypePath: "$.a"}, headers("X-GitHub-Event", "push"), `{"a":{}}`, Delivery{Type: "push", Detail: `{"a":{}}`}},
		"a list":            {Config{Scheme: HMAC, Header: "S"}, headers(), `[1, 2]`, Delivery{Type: "Webhook", Detail: `{"body":[1, 2]}`}},
		"a form":            {Config{Scheme: HMAC, Header: "S"}, headers("Content-Type", form), "b=2&a=1&b=%22", Delivery{Type: "Webhook", Detail: `{"a":"1","b":["2","\""]}`}},
		"JSON called text":  {Config{Scheme: HMAC, Header: "S"}, headers("Content-Type", "text/plain"), "{}", Delivery{Type: "Webhook", Detail: `{}`}},
		"a long type": {Config{Scheme: GitHub}, headers("X-GitHub-Event", strings.Repeat("é", 200), "X-GitHub-Delivery", strings.Repeat("i", 300)), "{}",
			Delivery{Type: strings.Repeat("é", 128), ID: strings.Repeat("i", 256), Detail: `{}`}},
	} {
		t.Run(name, func(t *testing.T) {
			secret := base64.StdEncoding.EncodeToString([]byte("s"))
			got, err := hook(t, c.config, secret).read(c.header, []byte(c.body))
			if err != nil || got != c.want {
				t.Errorf("%+v, %v\nwant %+v", got, err, c.want)
			}
		})
	}
}

func TestABodyThatIsNoEventIsRefused(t *testing.T) {
	for body, contentType := range map[string]string{
		"": "", "hello": "text/plain", `{"a":}`: "", `1,"x":2`: "", "\xff": "", "%zz": "application/x-www-form-urlencoded",
		"payload=hello": "application/x-www-form-urlencoded", "{\"a\":\"\xff\"}": "",
		strings.Repeat(`{"a":`, 2000) + "1" + strings.Repeat("}", 2000): "",
	} {
		if d, err := hook(t, Config{Scheme: GitHub}, "s").read(headers("Content-Type", contentType), []byte(body)); err == nil {
			t.Errorf("%.40q is %+v", body, d)
		}
	}
}

func TestAConfigThatCannotWorkIsRefused(t *testing.T) {
	for want, c := range map[string]struct {
		Config
		secret string
	}{
		"scheme":      {Config{Scheme: "gitlab"}, "s"},
		"1 to 4096":   {Config{Scheme: GitHub}, ""},
		"4096 bytes":  {Config{Scheme: GitHub}, strings.Repeat("x", 4097)},
		"needs":       {Config{Scheme: HMAC}, "s"},
		"no name":     {Config{Scheme: HMAC, Header: "a b"}, "s"},
		"algorithm":   {Config{Scheme: HMAC, Header: "h", Algorithm: "md5"}, "s"},
		"encoding":    {Config{Scheme: HMAC, Header: "h", Encoding: "base32"}, "s"},
		"prefix":      {Config{Scheme: HMAC, Header: "h", Prefix: "a\nb"}, "s"},
		"has its own": {Config{Scheme: GitHub, Header: "h"}, "s"},
		"type path":   {Config{Scheme: GitHub, TypePath: "action"}, "s"},
		"type header": {Config{Scheme: GitHub, TypeHeader: "a:b"}, "s"},
		"whsec_":      {Config{Scheme: Standard}, "not base64"},
		"asymmetric":  {Config{Scheme: Standard}, "whpk_AAAA"},
	} {
		if _, err := New(c.Config, []byte(c.secret)); err == nil || !strings.Contains(err.Error(), want) || len(c.secret) > 9 && strings.Contains(err.Error(), c.secret) {
			t.Errorf("%+v: %v, want %q", c.Config, err, want)
		}
	}
}

// Whatever is sent, a detail is an object, and nothing unsigned is read.
func FuzzReceive(f *testing.F) {
	for i := range Schemes {
		f.Add(uint8(i), "application/x-www-form-urlencoded", "t=1614265330,v1=00", `payload={"type":"event_callback","event":{"type":"x"}}`)
		f.Add(uint8(i), "application/json", "v1,AAAA", `{"type":"x","id":"y"}`)
	}
	f.Fuzz(func(t *testing.T, scheme uint8, contentType, signature, body string) {
		c := Config{Scheme: Schemes[int(scheme)%len(Schemes)]}
		if c.Scheme == HMAC {
			c.Header = "X-Sig"
		}
		h := hook(t, c, base64.StdEncoding.EncodeToString([]byte("secret")))
		header := http.Header{}
		for _, name := range []string{"X-Hub-Signature-256", "Stripe-Signature", "X-Slack-Signature", "X-Slack-Request-Timestamp", "Webhook-Id", "Webhook-Timestamp", "Webhook-Signature", "X-Sig"} {
			header.Set(name, signature)
		}
		header.Set("Content-Type", contentType)
		if _, err := h.Receive(header, []byte(body), now); !errors.Is(err, ErrSignature) {
			t.Errorf("a guessed signature: %v", err)
		}
		d, err := h.read(header, []byte(body))
		if err == nil && (event.CheckObject(d.Detail) != nil || d.Type == "") {
			t.Errorf("%+v", d)
		}
	})
}
