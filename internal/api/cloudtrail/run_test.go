package cloudtrail

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/carillon-events/carillon/internal/audit"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/store/storetest"
	"github.com/carillon-events/carillon/internal/wire"
)

// recording is a recorder on a store, that tells no bus.
func recording(t *testing.T) (r *Recorder, records func() []record) {
	s := storetest.Open(t)
	n := 0
	r = New(Options{Shard: s.Shard, Log: audit.New(audit.Options{For: time.Hour, MaxBytes: 1 << 30}), Now: time.Now,
		NewID: func() string { n++; return fmt.Sprint("id", n) }, Logger: slog.New(slog.DiscardHandler)})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	stopped := false
	stop := func() {
		if !stopped {
			stopped = true
			cancel()
			<-ended
		}
	}
	t.Cleanup(stop)
	return r, func() (all []record) {
		stop()
		err := s.View(func(v *store.View) error {
			page, err := audit.Find(v, &audit.Query{OldestFirst: true, Limit: 1 << 20})
			for _, e := range page.Entries {
				var one record
				if err := json.Unmarshal(e.Record, &one); err != nil {
					return err
				}
				all = append(all, one)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
}

func denied(principal, resource string) *wire.Answered {
	c := &wire.Call{Account: "111122223333", Region: "eu-west-1", Principal: principal, SourceIP: "10.0.0.1", RequestID: "r"}
	c.Seen = wire.Seen{In: &struct{ QueueUrl string }{resource}, Resource: func(*wire.Call, any) string { return resource }}
	return &wire.Answered{Call: c, Service: "sqs", Operation: "SendMessage", Denied: true, Data: true, Err: &wire.Error{Code: "AccessDenied", Message: "User: ann is not authorized"}}
}

func TestAFloodOfDenialsIsCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, records := recording(t)
		for range 5000 {
			if err := r.Record(t.Context(), denied("arn:aws:iam::111122223333:user/ann", "arn:aws:sqs:eu-west-1:111122223333:q")); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(countFor + time.Second)
		all := records()
		if len(all) != 2 || all[0].AdditionalEventData["repeats"] != nil || all[1].AdditionalEventData["repeats"] != 4999.0 || all[0].EventID == all[1].EventID {
			t.Errorf("%+v", all)
		}
	})
}

func TestDenialsThatAllDifferAreBoundedAndTheGapIsRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, records := recording(t)
		for i := range 3 * maxDenials {
			if err := r.Record(t.Context(), denied("arn:aws:iam::111122223333:user/ann", fmt.Sprint("arn:aws:sqs:eu-west-1:111122223333:q", i))); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		all := records()
		last := all[len(all)-1]
		if len(all) != maxDenials+1 || last.EventName != "DenialsNotRecorded" || last.AdditionalEventData["count"] != float64(2*maxDenials) || r.Counts().Dropped != 2*maxDenials {
			t.Errorf("%d records, the last %+v, %+v", len(all), last, r.Counts())
		}
	})
}

func TestACallAcrossAccountsIsInBothLogs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, records := recording(t)
		a := denied("arn:aws:iam::111122223333:user/x/ann", "arn:aws:sqs:eu-west-1:999999999999:q")
		if err := r.Record(t.Context(), a); err != nil {
			t.Fatal(err)
		}
		all := records()
		if len(all) != 2 || all[0].SharedEventID == "" || all[0].SharedEventID != all[1].SharedEventID || all[0].EventID == all[1].EventID {
			t.Fatalf("%+v", all)
		}
		mine, theirs := all[0], all[1]
		if mine.RecipientAccountID != "111122223333" || mine.UserIdentity.Type != "IAMUser" || mine.UserIdentity.UserName != "ann" {
			t.Errorf("%+v", mine)
		}
		if theirs.RecipientAccountID != "999999999999" || theirs.UserIdentity.Type != "AWSAccount" || theirs.UserIdentity.ARN != "" || theirs.UserIdentity.AccountID != "111122223333" {
			t.Errorf("%+v", theirs)
		}
	})
}

func TestADenialBetweenServicesIsRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, records := recording(t)
		d := Denial{By: "events.amazonaws.com", Action: "sqs:SendMessage", Account: "111122223333", Region: "eu-west-1",
			Source: "arn:aws:events:eu-west-1:111122223333:rule/r", Target: "arn:aws:sqs:eu-west-1:111122223333:q", Reason: "no statement of the queue's policy allows it"}
		r.Deny(d)
		r.Deny(d)
		all := records()
		if len(all) != 2 || all[0].UserIdentity.Type != "AWSService" || all[0].UserIdentity.InvokedBy != d.By || all[0].EventName != "SendMessage" ||
			all[0].AdditionalEventData["sourceArn"] != d.Source || !strings.Contains(all[0].ErrorMessage, "policy") || all[1].AdditionalEventData["repeats"] != 1.0 {
			t.Errorf("%+v", all)
		}
	})
}

func TestWhoCalledIsSaidInTheFormOfItsKind(t *testing.T) {
	for principal, want := range map[string]string{
		"arn:aws:iam::111122223333:root":               `{"type":"Root","principalId":"111122223333","arn":"arn:aws:iam::111122223333:root","accountId":"111122223333"}`,
		"arn:aws:sts::111122223333:assumed-role/r/s":   `"type":"AssumedRole"`,
		"arn:aws:sts::111122223333:federated-user/bob": `"type":"FederatedUser"`,
		"arn:aws:iam::111122223333:user/division/ann":  `"userName":"ann"`,
		"": `{"type":"Unknown"}`,
	} {
		text, err := json.Marshal(identityOf(&wire.Call{Principal: principal, Account: "111122223333"}))
		if err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s: %s, %v", principal, text, err)
		}
	}
	text, _ := json.Marshal(identityOf(&wire.Call{Principal: "arn:aws:sts::111122223333:assumed-role/r/s"}))
	if !strings.Contains(string(text), `"sessionIssuer":{"type":"Role"`) || !strings.Contains(string(text), `"arn":"arn:aws:iam::111122223333:role/r"`) {
		t.Error(string(text))
	}
}
