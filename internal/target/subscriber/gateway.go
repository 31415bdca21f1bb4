package subscriber

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/mobile"
	"github.com/carillon-events/carillon/internal/notification"
	"github.com/carillon-events/carillon/internal/store"
)

// Gateway is the URL of a server of the operator's that passes messages on. It
// may have a user and a password, and prints without them.
type Gateway string

func (g Gateway) String() string {
	if u, err := url.Parse(string(g)); err == nil {
		return u.Redacted()
	}
	return ""
}

// GoString is String.
func (g Gateway) GoString() string { return g.String() }

// Check refuses what is no URL of a gateway.
func (g Gateway) Check() error {
	u, err := url.Parse(string(g))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.Fragment != "" {
		return errors.New("want http://host:port/path or https://…")
	}
	return nil
}

// newGatewayClient calls gateways, which the operator has chosen: any address.
func newGatewayClient(roots *x509.CertPool) *http.Client {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.Proxy = nil
	t.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	return &http.Client{
		Transport:     t,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// toGateway is what gateways are sent. docs/sns.md is its documentation.
type toGateway struct {
	MessageID    string               `json:"messageId"`
	Account      string               `json:"account"`
	Region       string               `json:"region"`
	Topic        string               `json:"topicArn,omitempty"`
	Subscription string               `json:"subscriptionArn,omitempty"`
	Phone        string               `json:"phoneNumber,omitempty"`
	Settings     map[string]string    `json:"settings,omitempty"` // of the account, for text messages
	Endpoint     string               `json:"endpointArn,omitempty"`
	Platform     string               `json:"platform,omitempty"`
	Application  string               `json:"application,omitempty"`
	Token        string               `json:"token,omitempty"`
	UserData     string               `json:"userData,omitempty"`
	Subject      string               `json:"subject,omitempty"`
	Message      string               `json:"message"`
	Attributes   map[string]attribute `json:"attributes,omitempty"`
}

type attribute struct {
	Type  string `json:"type"`
	Text  string `json:"text,omitempty"`
	Bytes []byte `json:"bytes,omitempty"`
}

func newToGateway(p mobile.Place, n *notification.Notification, subscription string) *toGateway {
	m := &toGateway{
		MessageID: n.MessageID, Account: p.Account, Region: p.Region, Topic: n.TopicARN, Subscription: subscription,
		Subject: n.Subject, Message: n.Message,
	}
	for _, a := range n.Attributes {
		if m.Attributes == nil {
			m.Attributes = map[string]attribute{}
		}
		v := attribute{Type: a.Type}
		if a.Binary() {
			v.Bytes = a.Value
		} else {
			v.Text = string(a.Value)
		}
		m.Attributes[a.Name] = v
	}
	return m
}

// pass hands a message to a gateway. gone: it says that there is nobody any more.
func (s *Sender) pass(ctx context.Context, g Gateway, m *toGateway) (a delivery.Answer, gone bool) {
	body, err := json.Marshal(m)
	if err != nil {
		return refused("the message is no text"), false
	}
	header := http.Header{"Content-Type": {"application/json"}, "User-Agent": {"Carillon"}}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	_, a = once(ctx, s.gateways, string(g), header, body)
	return a, a.Code == http.StatusGone
}

// text sends a text message to a number, unless it wants none.
func (s *Sender) text(ctx context.Context, p mobile.Place, number string, n *notification.Notification, subscription string) delivery.Answer {
	if s.SMS == "" {
		return unavailable("there is no gateway for text messages: set --sms-gateway")
	}
	m := newToGateway(p, n, subscription)
	m.Phone = number
	out := false
	err := s.Shard.View(func(v *store.View) (err error) {
		if out, err = mobile.OptedOut(v, p, number); err != nil || out {
			return err
		}
		m.Settings, err = mobile.TextSettings(v, p)
		return err
	})
	switch {
	case err != nil:
		return unavailable(err.Error())
	case out:
		return refused("the phone number has opted out")
	}
	a, gone := s.pass(ctx, s.SMS, m)
	if gone {
		a.Err = fmt.Errorf("%w: the phone number has opted out", delivery.ErrRefused)
		s.note(ctx, "a phone number's wish", func(tx *store.Tx) error { return mobile.OptOut(tx, p, number) })
	}
	return a
}

// push sends a message to an app on a device, unless that is switched off.
func (s *Sender) push(ctx context.Context, device arn.ARN, n *notification.Notification, subscription string) delivery.Answer {
	if s.Push == "" {
		return unavailable("there is no gateway to apps: set --push-gateway")
	}
	parts := strings.Split(device.Resource, "/")
	if len(parts) != 4 || parts[0] != "endpoint" {
		return refused("the endpoint is no app on a device")
	}
	id, ok := mobile.ParseID(parts[3])
	if !ok {
		return refused("the endpoint is no app on a device")
	}
	p := mobile.Place{Account: device.Account, Region: device.Region}
	app := mobile.App{Place: p, Platform: parts[1], Name: parts[2]}
	var e mobile.Endpoint
	err := s.Shard.View(func(v *store.View) (err error) {
		e, err = mobile.GetEndpoint(v, app, id)
		return err
	})
	switch {
	case errors.Is(err, mobile.ErrNoEndpoint):
		return refused("the endpoint does not exist")
	case err != nil:
		return unavailable(err.Error())
	case e.Disabled:
		return refused("the endpoint is disabled")
	}
	m := newToGateway(p, n, subscription)
	m.Endpoint, m.Platform, m.Application, m.Token, m.UserData = device.String(), app.Platform, app.Name, e.Token, e.UserData
	a, gone := s.pass(ctx, s.Push, m)
	if gone {
		a.Err = fmt.Errorf("%w: the device has no such app any more: the endpoint is now disabled", delivery.ErrRefused)
		s.note(ctx, "a device's endpoint", func(tx *store.Tx) error {
			err := mobile.ChangeEndpoint(tx, app, id, func(d *mobile.Device) {
				d.Disabled = d.Disabled || d.Token == e.Token // another token may be good
			})
			if errors.Is(err, mobile.ErrNoEndpoint) {
				return nil
			}
			return err
		})
	}
	return a
}

// note writes what a gateway has told. If that fails, it tells so again.
func (s *Sender) note(ctx context.Context, what string, write func(tx *store.Tx) error) {
	if err := s.Shard.Update(ctx, write); err != nil && ctx.Err() == nil {
		s.Logger.Error("what a gateway told could not be stored", "about", what, "error", err)
	}
}
