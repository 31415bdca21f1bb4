package server

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/carillon-events/carillon/internal/api/sns"
	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/mobile"
	"github.com/carillon-events/carillon/internal/notification"
	"github.com/carillon-events/carillon/internal/outbound"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/target/loggroup"
	targetqueue "github.com/carillon-events/carillon/internal/target/queue"
	"github.com/carillon-events/carillon/internal/topic"
)

// statusLog writes what attempts at deliveries came to into log groups, for the
// topics and applications that want it. Lines wait in memory, so that no commit
// waits for a file; what is too much, or is there when the process dies, is lost.
type statusLog struct {
	shard  *store.Shard
	groups *loggroup.Target
	log    *slog.Logger
	lost   prometheus.Counter

	arrived chan struct{} // something waits

	mu      sync.Mutex // guards what follows
	waiting []*topic.Attempted
	bytes   int
	last    string // the text that was counted last: a fan-out shares it
}

// What waits for the log at most, and how much of it is written together.
const (
	statusEntries = 50_000
	statusBytes   = 64 << 20
	statusBatch   = 512
)

func newStatusLog(shard *store.Shard, groups *loggroup.Target, log *slog.Logger, registry *prometheus.Registry) *statusLog {
	s := &statusLog{shard: shard, groups: groups, log: log, arrived: make(chan struct{}, 1)}
	s.lost = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "carillon_delivery_status_lost_total", Help: "Entries of delivery status logs that were not written, since more came than could be.",
	})
	registry.MustRegister(s.lost)
	return s
}

// tell has an attempt written.
func (s *statusLog) tell(a *topic.Attempted) {
	s.mu.Lock()
	size := len(a.Delivery.Body)
	if a.Text != s.last {
		size += len(a.Text)
	}
	full := len(s.waiting) >= statusEntries || s.bytes+size > statusBytes
	if !full {
		s.waiting, s.bytes, s.last = append(s.waiting, a), s.bytes+size, a.Text
	}
	s.mu.Unlock()
	if full {
		s.lost.Inc()
	}
	select {
	case s.arrived <- struct{}{}:
	default:
	}
}

func (s *statusLog) take() []*topic.Attempted {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.waiting
	s.waiting, s.bytes, s.last = nil, 0, ""
	return all
}

// Run writes until ctx ends, and then what is left.
func (s *statusLog) Run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			s.write(context.WithoutCancel(ctx), s.take())
			return nil
		case <-s.arrived:
			s.write(ctx, s.take())
		}
	}
}

func (s *statusLog) write(ctx context.Context, all []*topic.Attempted) {
	for len(all) > 0 {
		n := min(len(all), statusBatch)
		lines := map[arn.ARN][]loggroup.Line{}
		for _, a := range all[:n] {
			s.add(lines, a)
		}
		for group, of := range lines {
			if err := s.groups.Write(context.WithoutCancel(ctx), group, of); err != nil {
				s.lost.Add(float64(len(of)))
				s.log.Error("delivery status could not be written", "group", group.String(), "error", err)
			}
		}
		all = all[n:]
	}
}

// add adds an attempt to the lines of the groups that want it.
func (s *statusLog) add(lines map[arn.ARN][]loggroup.Line, a *topic.Attempted) {
	d, failed := &a.Delivery, a.Failure != nil
	protocol, endpoint := s.endpoint(a)
	line := loggroup.Line{Timestamp: a.At.UnixMilli(), EventID: d.EventID, ID: d.Key.String()}
	place := mobile.Place{Account: d.Target.Account, Region: d.Target.Region}
	if a.Topic.Topic != "" {
		place = mobile.Place{Account: a.Topic.Account, Region: a.Topic.Region}
	}
	var token string
	var app mobile.App
	var ofApp topic.Feedback
	if protocol == topic.Application {
		app, token, ofApp = s.app(endpoint)
	}
	add := func(name string) {
		if line.Message == "" {
			line.Message = string(status(a, protocol, endpoint, token).JSON())
		}
		group := statusGroup(place, name, failed)
		lines[group] = append(lines[group], line)
	}
	if a.Topic.Topic != "" && a.Config.FeedbackFor(protocol).Wants(d.EventID, failed) {
		add(a.Topic.Topic)
	}
	if ofApp.Wants(d.EventID, failed) {
		add("app/" + app.Platform + "/" + app.Name)
	}
}

// statusGroup is the log group of a topic or an application. What has failed
// has a group of its own.
func statusGroup(p mobile.Place, name string, failed bool) arn.ARN {
	name = "sns/" + p.Region + "/" + p.Account + "/" + name
	if failed {
		name += "/Failure"
	}
	return arn.ARN{Partition: arn.Partition(p.Region), Service: loggroup.Service, Region: p.Region, Account: p.Account, Resource: "log-group:" + name}
}

// endpoint is where a delivery goes; empty if that is not known any more.
func (s *statusLog) endpoint(a *topic.Attempted) (p topic.Protocol, endpoint string) {
	target := a.Delivery.Target
	if target.Service == targetqueue.Service {
		return topic.Queue, target.String()
	}
	if strings.HasPrefix(target.Resource, "endpoint/") {
		return topic.Application, target.String()
	}
	id, ok := topic.ParseID(a.Delivery.TargetID)
	if !ok {
		return "", ""
	}
	err := s.shard.View(func(v *store.View) error {
		sub, err := topic.GetSubscription(v, a.Topic, id)
		p, endpoint = sub.Protocol, outbound.Masked(sub.Endpoint)
		return err
	})
	if err != nil { // it has ended
		return "", ""
	}
	return p, endpoint
}

// app is the application of an endpoint on a device, with the device's token.
func (s *statusLog) app(endpoint string) (app mobile.App, token string, f topic.Feedback) {
	a, err := arn.Parse(endpoint)
	parts := strings.Split(a.Resource, "/")
	if err != nil || len(parts) != 4 {
		return app, "", f
	}
	app = mobile.App{Place: mobile.Place{Account: a.Account, Region: a.Region}, Platform: parts[1], Name: parts[2]}
	id, _ := mobile.ParseID(parts[3])
	_ = s.shard.View(func(v *store.View) error { // what is gone wants nothing
		if known, err := mobile.GetApp(v, app); err == nil {
			f = sns.AppFeedback(known.Labels)
		}
		if e, err := mobile.GetEndpoint(v, app, id); err == nil {
			token = e.Token
		}
		return nil
	})
	return app, token, f
}

// status is what is written of an attempt.
func status(a *topic.Attempted, p topic.Protocol, endpoint, token string) *notification.Status {
	d := &a.Delivery
	text, published := a.Text, a.PublishedAt
	if d.Body != nil {
		text, published = string(d.Body), d.AcceptedAt // of what queues get raw
		if n, err := notification.Parse(d.Body); err == nil && n.MessageID == d.EventID {
			text, published = n.Message, n.Timestamp
		}
	}
	sum := md5.Sum([]byte(text))
	s := &notification.Status{
		MessageMD5: hex.EncodeToString(sum[:]), MessageID: d.EventID, PublishedAt: published, DeliveryID: d.Key.String(),
		Destination: endpoint, Dwell: a.At.Sub(published), Attempts: a.Attempts, Token: token, Code: a.Code, Failed: a.Failure != nil,
	}
	if a.Topic.Topic != "" {
		s.TopicARN = a.Topic.ARN().String()
	}
	if p == topic.Queue {
		s.Response, s.Code = queueResponse(a)
		return s
	}
	if s.Response = a.Says; a.Failure != nil && a.Code == 0 {
		s.Response = clipped(a.Failure.Error())
	}
	return s
}

// queueResponse is what a queue said, in the members that AWS's logs have. There
// is no request that could have an id.
func queueResponse(a *topic.Attempted) (text string, code int) {
	said := struct {
		ErrorCode    string `json:",omitempty"`
		ErrorMessage string `json:",omitempty"`
		MessageID    string `json:"sqsMessageId,omitempty"`
	}{MessageID: a.Delivery.Key.String()}
	code = http.StatusOK
	if a.Failure != nil {
		said.MessageID, code = "", http.StatusBadRequest
		said.ErrorCode, said.ErrorMessage = targetqueue.TopicErrorCode(a.Failure), clipped(a.Failure.Error())
		if said.ErrorCode == "ServiceUnavailable" {
			code = http.StatusServiceUnavailable
		}
	}
	b, err := json.Marshal(said)
	if err != nil {
		panic("server: texts that are not JSON: " + err.Error())
	}
	return string(b), code
}

// clipped is a text of at most 1 KB.
func clipped(text string) string {
	const most = 1024
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "")
	}
	return text
}
