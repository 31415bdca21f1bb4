package ingest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"time"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/webhook"
	"github.com/carillon-events/carillon/internal/wire"
)

// The operator's requests. Each is a POST with a JSON object; in strict mode it
// is signed for the service carillon.
const (
	PutWebhookPath    = "/_carillon/PutWebhook"
	ListWebhooksPath  = "/_carillon/ListWebhooks"
	DeleteWebhookPath = "/_carillon/DeleteWebhook"
)

// PutWebhook makes a webhook or replaces it, with its event source if there is
// none. Account and region are the caller's where empty.
type PutWebhook struct {
	Source  string `json:"source"`
	Account string `json:"account,omitempty"`
	Region  string `json:"region,omitempty"`
	webhook.Config
	Secret string `json:"secret"`
	Bus    bool   `json:"bus,omitempty"` // have the source's bus take its events, and make it if there is none
}

// Webhook is a webhook as it is shown: without its secret.
type Webhook struct {
	Source  string `json:"source"`
	Account string `json:"account"`
	Region  string `json:"region"`
	webhook.Config
	URL        string          `json:"url"`
	State      bus.SourceState `json:"state,omitempty"` // of the source; deleted if there is none
	CreatedAt  time.Time       `json:"createdAt,omitzero"`
	ModifiedAt time.Time       `json:"modifiedAt,omitzero"`
}

// ListWebhooks asks for webhooks by the beginning of their source's name, in the
// order of names, up to 100 of those after After.
type ListWebhooks struct {
	Prefix string `json:"prefix,omitempty"`
	After  string `json:"after,omitempty"`
}

// Webhooks is the answer.
type Webhooks struct {
	Webhooks []Webhook `json:"webhooks"`
	After    string    `json:"after,omitempty"` // to ask for the rest with; empty: there is none
}

// DeleteWebhook removes a webhook, and leaves its source.
type DeleteWebhook struct {
	Source  string `json:"source"`
	Account string `json:"account,omitempty"`
	Region  string `json:"region,omitempty"`
}

const listed = 100

// maxSourceName and isSource are those of AWS's API.
// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreatePartnerEventSource.html
const maxSourceName = 256

var (
	isSource = regexp.MustCompile(`^aws\.partner(/[.\-_A-Za-z0-9]+){2,}$`)
	isRegion = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`)
)

// decode reads an operator's request.
func decode(body []byte, request any) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(request); err != nil {
		return bad(fmt.Sprintf("The request is not valid: %.300s.", err.Error()))
	}
	return nil
}

// sourceOf is the source that a request names.
func sourceOf(c *wire.Call, source, account, region string) (bus.SourceID, error) {
	id := bus.SourceID{Account: c.Account, Region: c.Region, Name: source}
	if account != "" {
		id.Account = account
	}
	if region != "" {
		id.Region = region
	}
	switch {
	case len(source) > maxSourceName || !isSource.MatchString(source):
		return id, bad(fmt.Sprintf("source %.300q is not valid: a name such as aws.partner/github.com/octocat, with at least two parts behind aws.partner.", source))
	case !arn.IsAccount(id.Account):
		return id, bad(fmt.Sprintf("account %.64q is not valid: it has 12 digits.", account))
	case !isRegion.MatchString(id.Region):
		return id, bad(fmt.Sprintf("region %.64q is not valid: a name such as us-east-1.", region))
	}
	return id, nil
}

// Put is PutWebhookPath.
func (s *Service) Put(c *wire.Call, r *http.Request, body []byte) ([]byte, error) {
	var in PutWebhook
	if err := decode(body, &in); err != nil {
		return nil, err
	}
	id, err := sourceOf(c, in.Source, in.Account, in.Region)
	if err != nil {
		return nil, err
	}
	hook, err := webhook.New(in.Config, []byte(in.Secret))
	if err != nil {
		return nil, bad(sentence(err))
	}
	sealed, err := s.Sealer.Seal([]byte(in.Secret), sealedFor(id.Name))
	if err != nil {
		return nil, err
	}
	w := bus.Webhook{Source: id, Config: hook.Config(), Sealed: sealed}
	err = s.Shard.Update(r.Context(), func(tx *store.Tx) error { return s.Core.PutWebhook(tx, w) })
	if err != nil {
		return nil, explain(id, err)
	}
	if in.Bus {
		// A change of its own: if the bus cannot be made, the webhook stands.
		err = s.Shard.Update(r.Context(), func(tx *store.Tx) error { return s.Core.OpenSource(tx, id) })
		if err != nil {
			return nil, explain(id, err)
		}
	}
	var shown Webhook
	err = s.Shard.View(func(v *store.View) error {
		kept, err := bus.GetWebhook(v, id.Name)
		if err == nil {
			shown, err = s.show(v, c, &kept)
		}
		return err
	})
	if err != nil {
		return nil, explain(id, err)
	}
	return encode(shown)
}

func (s *Service) show(r bus.Reader, c *wire.Call, w *bus.Webhook) (Webhook, error) {
	source, err := bus.GetSource(r, w.Source, s.Now())
	if errors.Is(err, bus.ErrSourceNotFound) {
		source.State, err = bus.SourceDeleted, nil
	}
	return Webhook{
		Source: w.Source.Name, Account: w.Source.Account, Region: w.Source.Region, Config: w.Config,
		URL: c.BaseURL + HookPath + w.Source.Name, State: source.State, CreatedAt: w.CreatedAt, ModifiedAt: w.ModifiedAt,
	}, err
}

// List is ListWebhooksPath.
func (s *Service) List(c *wire.Call, _ *http.Request, body []byte) ([]byte, error) {
	var in ListWebhooks
	if err := decode(body, &in); err != nil {
		return nil, err
	}
	out := Webhooks{Webhooks: []Webhook{}}
	err := s.Shard.View(func(v *store.View) error {
		all, more, err := bus.ListWebhooks(v, in.Prefix, in.After, listed)
		for i := range all {
			shown, err := s.show(v, c, &all[i])
			if err != nil {
				return err
			}
			out.Webhooks = append(out.Webhooks, shown)
		}
		if more {
			out.After = all[len(all)-1].Source.Name
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return encode(out)
}

// Delete is DeleteWebhookPath.
func (s *Service) Delete(c *wire.Call, r *http.Request, body []byte) ([]byte, error) {
	var in DeleteWebhook
	if err := decode(body, &in); err != nil {
		return nil, err
	}
	id, err := sourceOf(c, in.Source, in.Account, in.Region)
	if err != nil {
		return nil, err
	}
	err = s.Shard.Update(r.Context(), func(tx *store.Tx) error { return s.Core.DeleteWebhook(tx, id) })
	if err != nil {
		return nil, explain(id, err)
	}
	return []byte("{}"), nil
}

// explain words an error of the core.
func explain(id bus.SourceID, err error) error {
	taken := func(message string) error {
		return &wire.Error{Code: "ResourceAlreadyExistsException", Message: message}
	}
	switch {
	case errors.Is(err, bus.ErrWebhookNotFound):
		return notFound(fmt.Sprintf("Account %s has no webhook of the event source %s in %s.", id.Account, id.Name, id.Region))
	case errors.Is(err, bus.ErrWebhookElsewhere):
		return taken("Another account or region has a webhook of the event source " + id.Name + ": on a server a source's name has one.")
	case errors.Is(err, bus.ErrSourceExists):
		return taken("The event source " + id.Name + " belongs to another partner account.")
	case errors.Is(err, bus.ErrBusExists):
		return taken("The webhook is set. Its event bus was not made: there is one of the name " + id.Name + " already.")
	case errors.Is(err, bus.ErrTooManyBuses):
		return &wire.Error{Code: "LimitExceededException", Message: "The webhook is set. Its event bus was not made: the account has as many as it may."}
	case errors.Is(err, bus.ErrTooManySources):
		return &wire.Error{Code: "LimitExceededException", Message: "The account has as many event sources as it may."}
	}
	return err
}
