package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/event"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/webhook"
	"github.com/carillon-events/carillon/internal/wire"
)

// HookPath is where webhooks come in: what follows is the name of the source.
const HookPath = "/ingest/"

// bodyFor bounds how long a sender may take over a body.
const bodyFor = 30 * time.Second

// hookAnswer is what a sender is told.
type hookAnswer struct {
	EventID   string `json:"eventId,omitempty"`
	Repeated  bool   `json:"repeated,omitempty"`  // the event is an earlier one
	Discarded string `json:"discarded,omitempty"` // why nobody will see the event
	Challenge string `json:"challenge,omitempty"`
	Message   string `json:"message,omitempty"` // of an error
}

// refusal is an error that a sender is told.
type refusal struct {
	status  int
	message string
}

func (r *refusal) Error() string { return r.message }

// ServeHTTP is HookPath: the signature is all that says who calls.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer, err := s.hook(w, r)
	status := http.StatusOK
	if err != nil {
		var known *refusal
		if !errors.As(err, &known) {
			known = &refusal{http.StatusInternalServerError, "The event could not be accepted. Send it again."}
			if errors.Is(err, store.ErrClosed) || errors.Is(err, store.ErrFailed) {
				known.status = http.StatusServiceUnavailable
			} else if r.Context().Err() == nil {
				s.Logger.Error("a webhook failed", "path", fmt.Sprintf("%.300s", r.URL.Path), "error", err)
			}
		}
		status, answer = known.status, hookAnswer{Message: known.message}
	}
	text, err := encode(answer)
	if err != nil {
		panic("an answer does not encode: " + err.Error())
	}
	if status == http.StatusRequestEntityTooLarge {
		w.Header().Set("Connection", "close")
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n')) // a sender that is gone reads no error either
}

func (s *Service) hook(w http.ResponseWriter, r *http.Request) (hookAnswer, error) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return hookAnswer{}, &refusal{http.StatusMethodNotAllowed, "A webhook is a POST."}
	}
	found, err := s.find(strings.TrimPrefix(r.URL.Path, HookPath))
	if err != nil {
		return hookAnswer{}, err
	}
	body, err := readBody(w, r)
	if err != nil {
		return hookAnswer{}, err
	}
	hook, err := s.open(&found)
	if err != nil {
		return hookAnswer{}, err
	}
	d, err := hook.Receive(r.Header, body, s.Now())
	switch {
	case errors.Is(err, webhook.ErrSignature):
		s.counts.unauthorized.Add(1)
		s.Logger.Debug("a webhook was refused", "source", found.Source.Name, "error", err)
		return hookAnswer{}, &refusal{http.StatusUnauthorized, sentence(err)}
	case err != nil:
		s.counts.malformed.Add(1)
		return hookAnswer{}, &refusal{http.StatusBadRequest, sentence(err)}
	case d.Challenge != "":
		s.counts.challenged.Add(1)
		return hookAnswer{Challenge: d.Challenge}, nil
	}
	return s.accept(r.Context(), &found, &d)
}

// sentence makes one of an error's text.
func sentence(err error) string {
	text := err.Error()
	return strings.ToUpper(text[:1]) + text[1:] + "."
}

// find is the webhook of a source.
func (s *Service) find(source string) (found bus.Webhook, err error) {
	err = s.Shard.View(func(v *store.View) (err error) {
		found, err = bus.GetWebhook(v, source)
		return err
	})
	if errors.Is(err, bus.ErrWebhookNotFound) || strings.IndexByte(source, 0) >= 0 {
		s.counts.unknown.Add(1)
		return found, &refusal{http.StatusNotFound, fmt.Sprintf("There is no webhook of the event source %.256q.", source)}
	}
	return found, err
}

func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		return nil, &refusal{http.StatusUnsupportedMediaType, "Webhooks are taken without a Content-Encoding."}
	}
	if r.ContentLength > MaxBody {
		return nil, tooLarge()
	}
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyFor)) // not supported by test recorders only
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
	var large *http.MaxBytesError
	var busy *wire.Error // the edge's, which bounds what all requests hold
	switch {
	case errors.As(err, &busy):
		return nil, &refusal{busy.HTTPStatus(nil), busy.Message}
	case errors.As(err, &large):
		return nil, tooLarge()
	case err != nil:
		return nil, &refusal{http.StatusBadRequest, "The request's body did not arrive whole."}
	}
	return body, nil
}

func tooLarge() error {
	return &refusal{http.StatusRequestEntityTooLarge, fmt.Sprintf("A webhook's body may have %d bytes.", MaxBody)}
}

func sealedFor(source string) string { return "webhook " + source }

// open makes the hook of a webhook.
func (s *Service) open(w *bus.Webhook) (*webhook.Hook, error) {
	secret, err := s.Sealer.Open(w.Sealed, sealedFor(w.Source.Name))
	if err != nil {
		return nil, fmt.Errorf("open the secret of the webhook of %s: %w", w.Source.Name, err)
	}
	return webhook.New(w.Config, secret)
}

// accept puts the event of a delivery onto the bus of its source. While the
// source is pending the event goes nowhere, as PutPartnerEvents has it.
func (s *Service) accept(ctx context.Context, w *bus.Webhook, d *webhook.Delivery) (answer hookAnswer, err error) {
	var source bus.Source
	now := s.Now()
	err = s.Shard.View(func(v *store.View) (err error) {
		source, err = bus.GetSource(v, w.Source, now)
		return err
	})
	if errors.Is(err, bus.ErrSourceNotFound) || err == nil && source.State == bus.SourceDeleted {
		s.counts.unknown.Add(1)
		return answer, &refusal{http.StatusNotFound, fmt.Sprintf("The event source %s does not exist any more.", w.Source.Name)}
	}
	if err != nil {
		return answer, err
	}
	answer.EventID = s.NewID()
	batch := bus.Batch{ReceivedAt: now}
	pending := source.State == bus.SourcePending
	to, e := hookEvent(w, d, answer.EventID, now)
	if pending {
		batch.AddNowhere(to, e)
		answer.Discarded = "The event source is pending: it has no event bus, or the bus takes no events now."
	} else {
		s.Core.Add(&batch, to, e, "", onceKeys(d)...)
	}
	if err := s.Core.Accept(ctx, s.Shard, &batch); err != nil {
		return answer, err
	}
	if pending {
		s.counts.discarded.Add(1)
		return answer, nil
	}
	if first, repeat := batch.First(0); repeat {
		s.counts.repeated.Add(1)
		answer.EventID, answer.Repeated = first, true
		return answer, nil
	}
	s.counts.accepted.Add(1)
	return answer, nil
}

// hookEvent is the event of a delivery. The sender's id goes into the resources,
// webhook/{scheme}/{id}: the detail is the sender's own.
func hookEvent(w *bus.Webhook, d *webhook.Delivery, id string, now time.Time) (bus.Name, *event.Event) {
	e := &event.Event{
		ID: id, DetailType: d.Type, Source: w.Source.Name, Account: w.Source.Account, Region: w.Source.Region, Time: now, Detail: d.Detail,
	}
	if d.ID != "" {
		e.Resources = []string{"webhook/" + string(w.Config.Scheme) + "/" + d.ID}
	}
	return bus.Name{Account: w.Source.Account, Region: w.Source.Region, Bus: w.Source.Name}, e
}

// onceKeys are what the bus recognises a repeat of the delivery by.
func onceKeys(d *webhook.Delivery) []string {
	if d.Once == "" {
		return nil
	}
	return []string{d.Once}
}
