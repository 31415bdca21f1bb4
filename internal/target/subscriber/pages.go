package subscriber

import (
	"errors"
	"html/template"
	"net/http"
	"net/url"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/topic"
)

// Paths of the pages that links in mails lead to, as AWS has them. A link only
// shows what it is about: programs that read mail follow links. The button does
// it.
const (
	ConfirmPath     = "/confirmation.html"
	UnsubscribePath = "/unsubscribe.html"
)

func confirmPage(base, topicARN, token string) string {
	return base + ConfirmPath + "?TopicArn=" + url.QueryEscape(topicARN) + "&Token=" + url.QueryEscape(token)
}

func unsubscribePage(base, subscriptionARN string) string {
	return base + UnsubscribePath + "?SubscriptionArn=" + url.QueryEscape(subscriptionARN)
}

// Pages confirms and ends subscriptions of people. Whoever has the address of a
// page may: a token or the ARN of a subscription is all that AWS asks for.
type Pages struct {
	Shard *store.Shard
	Core  *topic.Core
}

// maxForm bounds a request.
const maxForm = 8 << 10

var page = template.Must(template.New("").Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{{.Title}}</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:36em;margin:4em auto;padding:0 1em}code{overflow-wrap:anywhere}button{font:inherit;padding:.4em 1.2em}</style>
<h1>{{.Title}}</h1>
<p>{{.Text}}</p>
{{with .About}}<p><code>{{.}}</code></p>{{end}}
{{if .Button}}<form method="post">{{range $name, $value := .Fields}}<input type="hidden" name="{{$name}}" value="{{$value}}">{{end}}<button>{{.Button}}</button></form>{{end}}
`))

type shown struct {
	status                     int
	Title, Text, About, Button string
	Fields                     map[string]string
}

// ServeHTTP serves both pages.
func (p *Pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var s shown
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != http.MethodPost:
		w.Header().Set("Allow", "GET, HEAD, POST")
		s = shown{status: http.StatusMethodNotAllowed, Title: "Not like this", Text: "It must be a GET or a POST."}
	case r.ParseForm() != nil:
		s = shown{status: http.StatusBadRequest, Title: "This link is broken", Text: "It cannot be read."}
	case r.URL.Path == ConfirmPath:
		s = p.confirm(r)
	case r.URL.Path == UnsubscribePath:
		s = p.unsubscribe(r)
	default:
		s = shown{status: http.StatusNotFound, Title: "There is nothing here", Text: "No page has this address."}
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	h.Set("Referrer-Policy", "no-referrer") // the address has the token
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(s.status)
	_ = page.Execute(w, s) // the client may be gone
}

func (p *Pages) confirm(r *http.Request) shown {
	topicARN, token := r.Form.Get("TopicArn"), r.Form.Get("Token")
	a, err := arn.Parse(topicARN)
	name, ok := a.TopicName()
	if err != nil || !ok || token == "" {
		return broken
	}
	if r.Method != http.MethodPost {
		return shown{
			status: http.StatusOK, Title: "Do you want these messages?", Text: "What is published to this topic would be sent to you:", About: topicARN,
			Button: "Yes, subscribe", Fields: map[string]string{"TopicArn": topicARN, "Token": token},
		}
	}
	n := topic.Name{Account: a.Account, Region: a.Region, Topic: name}
	var confirmed topic.Subscription
	err = p.Shard.Update(r.Context(), func(tx *store.Tx) (err error) {
		confirmed, err = p.Core.Confirm(tx, n, token, false, false)
		return err
	})
	switch {
	case errors.Is(err, topic.ErrToken), errors.Is(err, topic.ErrNotFound):
		return shown{status: http.StatusNotFound, Title: "This link does not hold any more", Text: "It holds for two days, and until the subscription ends."}
	case err != nil:
		return down
	}
	return shown{status: http.StatusOK, Title: "You are subscribed", Text: "This is your subscription:", About: confirmed.ARN().String()}
}

func (p *Pages) unsubscribe(r *http.Request) shown {
	text := r.Form.Get("SubscriptionArn")
	a, err := arn.Parse(text)
	name, idText, ok := a.SubscriptionName()
	id, valid := topic.ParseID(idText)
	if err != nil || !ok || !valid {
		return broken
	}
	if r.Method != http.MethodPost {
		return shown{
			status: http.StatusOK, Title: "No more of these messages?", Text: "This subscription would end:", About: text,
			Button: "Yes, unsubscribe", Fields: map[string]string{"SubscriptionArn": text},
		}
	}
	n := topic.Name{Account: a.Account, Region: a.Region, Topic: name}
	err = p.Shard.Update(r.Context(), func(tx *store.Tx) error {
		return p.Core.Leave(tx, n, id)
	})
	switch {
	case errors.Is(err, topic.ErrOwnersOnly):
		return shown{status: http.StatusForbidden, Title: "Not from here", Text: "Only its owner may end this subscription, in a request that is signed."}
	case err != nil && !errors.Is(err, topic.ErrNotSubscribed) && !errors.Is(err, topic.ErrNotFound):
		return down
	}
	return shown{status: http.StatusOK, Title: "You are unsubscribed", Text: "Nothing more is sent to you. This subscription has ended:", About: text}
}

var (
	broken = shown{status: http.StatusBadRequest, Title: "This link is broken", Text: "It is not whole. Copy all of it from the mail."}
	down   = shown{status: http.StatusServiceUnavailable, Title: "Not now", Text: "It could not be stored. Try again in a while."}
)
