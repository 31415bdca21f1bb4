package subscriber

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/mobile"
	"github.com/carillon-events/carillon/internal/notification"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/topic"
)

var place = mobile.Place{Account: account, Region: region}

func (w *world) posted(t *testing.T) (m toGateway) {
	t.Helper()
	calls := w.web.take()
	if len(calls) != 1 {
		t.Fatalf("%d calls", len(calls))
	}
	if err := json.Unmarshal([]byte(calls[0].body), &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestATextMessageGoesToTheGatewayUnlessTheNumberWantsNone(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.update(func(tx *store.Tx) error {
			return mobile.SetTextSettings(tx, place, map[string]string{"DefaultSenderID": "shop"})
		})
		s := w.subscribe(topic.Text, "+15550100", topic.Subscribed{})
		attempt := func(target arn.ARN) delivery.Answer {
			return w.sender.Attempt(t.Context(), w.message(target, notification.Notification{
				Message: "hi", Attributes: []notification.Attribute{{Name: "AWS.SNS.SMS.SMSType", Type: "String", Value: []byte("Promotional")}, {Name: "b", Type: "Binary", Value: []byte{1}}},
			}))
		}
		if a := attempt(s.ARN()); a.Err != nil {
			t.Fatal(a.Err)
		}
		m := w.posted(t)
		if m.Phone != "+15550100" || m.Message != "hi" || m.Subscription != s.ARN().String() || m.Topic != news.ARN().String() || m.MessageID == "" ||
			m.Settings["DefaultSenderID"] != "shop" || m.Attributes["AWS.SNS.SMS.SMSType"].Text != "Promotional" || string(m.Attributes["b"].Bytes) != "\x01" {
			t.Errorf("%+v", m)
		}
		alone := arn.ARN{Partition: "aws", Service: "sns", Region: region, Account: account, Resource: "sms/+15550199"}
		if a := attempt(alone); a.Err != nil || w.posted(t).Topic != "" {
			t.Error(a)
		}
		w.web.answers(func(*call) int { return 410 })
		if a := attempt(s.ARN()); !errors.Is(a.Err, delivery.ErrRefused) {
			t.Error(a)
		}
		w.web.take()
		if a := attempt(s.ARN()); !errors.Is(a.Err, delivery.ErrRefused) || !strings.Contains(a.Err.Error(), "opted out") || len(w.web.take()) != 0 {
			t.Error(a)
		}
		w.sender.SMS = ""
		if a := attempt(s.ARN()); !errors.Is(a.Err, delivery.ErrUnavailable) || !strings.Contains(a.Err.Error(), "--sms-gateway") {
			t.Error(a)
		}
	})
}

func TestAMessageGoesToAnAppUnlessItIsSwitchedOff(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		app, id := mobile.App{Place: place, Platform: "GCM", Name: "shop"}, mobile.ID{7}
		w.update(func(tx *store.Tx) error {
			if err := mobile.CreateApp(tx, app, nil, nil); err != nil {
				return err
			}
			_, err := mobile.Register(tx, app, id, mobile.Device{Token: "token", UserData: "u"})
			return err
		})
		device := arn.ARN{Partition: "aws", Service: "sns", Region: region, Account: account, Resource: "endpoint/GCM/shop/" + id.String()}
		s := w.subscribe(topic.Application, device.String(), topic.Subscribed{})
		attempt := func(target arn.ARN) delivery.Answer {
			return w.sender.Attempt(t.Context(), w.message(target, notification.Notification{Message: `{"data":{}}`}))
		}
		for _, target := range []arn.ARN{s.ARN(), device} {
			if a := attempt(target); a.Err != nil {
				t.Fatal(a.Err)
			}
			m := w.posted(t)
			if m.Token != "token" || m.Platform != "GCM" || m.Application != "shop" || m.Endpoint != device.String() || m.UserData != "u" || m.Message != `{"data":{}}` {
				t.Errorf("%+v", m)
			}
		}
		w.web.answers(func(*call) int { return 503 })
		if a := attempt(device); !errors.Is(a.Err, delivery.ErrUnavailable) {
			t.Error(a)
		}
		w.web.answers(func(*call) int { return 410 })
		if a := attempt(device); !errors.Is(a.Err, delivery.ErrRefused) {
			t.Error(a)
		}
		w.web.take()
		if a := attempt(device); !errors.Is(a.Err, delivery.ErrRefused) || !strings.Contains(a.Err.Error(), "disabled") || len(w.web.take()) != 0 {
			t.Error(a)
		}
		w.update(func(tx *store.Tx) error { return mobile.Unregister(tx, app, id) })
		if a := attempt(s.ARN()); !errors.Is(a.Err, delivery.ErrRefused) || !strings.Contains(a.Err.Error(), "does not exist") {
			t.Error(a)
		}
		w.sender.Push = ""
		if a := attempt(device); !errors.Is(a.Err, delivery.ErrUnavailable) || !strings.Contains(a.Err.Error(), "--push-gateway") {
			t.Error(a)
		}
	})
}

func TestAGatewayThatIsNoneIsRefused(t *testing.T) {
	for text, good := range map[string]bool{"http://h": true, "https://u:p@h:1/x?y": true, "": false, "h": false, "ftp://h": false, "http://": false, "http://h/#f": false} {
		if err := Gateway(text).Check(); (err == nil) != good {
			t.Errorf("%q: %v", text, err)
		}
	}
}
