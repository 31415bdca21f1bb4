package event

import (
	"encoding/json"
	"testing"
	"time"
)

func TestAnEnvelopeTellsItsTime(t *testing.T) {
	e := Event{ID: "1", DetailType: `,"time":"2001-01-01T00:00:00Z"`, Source: `,\","time":"`, Time: time.Date(2017, 12, 22, 18, 43, 48, 999, time.UTC), Detail: `{"a":1,"time":"2002-01-01T00:00:00Z"}`}
	at, err := Time(e.Append(nil))
	if want := time.Date(2017, 12, 22, 18, 43, 48, 0, time.UTC); err != nil || !at.Equal(want) {
		t.Errorf("%v, %v; want %v", at, err, want)
	}
	for _, bad := range []string{"", "{}", `{"id":"1","time":"2017-12-22"}`, `{"id":"1","time":"2017-13-22T18:43:48Z"}`} {
		if at, err := Time([]byte(bad)); err == nil {
			t.Errorf("%q has the time %v", bad, at)
		}
	}
}

func TestAReplayedEnvelopeIsTheOldOneWithTheReplaysName(t *testing.T) {
	e := Event{ID: "1", Detail: `{"a": 1.50 }`}
	old := string(e.Append(nil))
	got, err := AppendReplayed([]byte("x"), []byte(old), "again")
	if want := "x" + old[:len(old)-1] + `,"replay-name":"again"}`; err != nil || string(got) != want {
		t.Errorf("got  %s, %v\nwant %s", got, err, want)
	}
	if _, err := AppendReplayed(nil, nil, "again"); err == nil {
		t.Error("nothing is an envelope")
	}
}

// FuzzTime: whatever the strings of an event are, its envelope tells its time.
func FuzzTime(f *testing.F) {
	f.Add(`a`, `","time":"`, int64(1))
	f.Add(`\`, `,"time":"`, int64(1<<33))
	f.Fuzz(func(t *testing.T, source, kind string, at int64) {
		if at < 0 || at > 253402300799 { // years of four digits
			return
		}
		e := Event{Source: source, DetailType: kind, Time: time.Unix(at, 0), Detail: `{}`}
		got, err := Time(e.Append(nil))
		if err != nil || got.Unix() != at {
			t.Fatalf("%v, %v; want %v", got, err, e.Time)
		}
		again, err := AppendReplayed(nil, e.Append(nil), kind)
		if err != nil || !json.Valid(again) {
			t.Fatalf("%s, %v", again, err)
		}
	})
}

func TestOnlyAReplaysEventIsTakenForOne(t *testing.T) {
	for _, e := range []Event{
		{Detail: `{}`}, {Detail: `{"replay-name":"x"}`}, {Detail: ` {"a":"b"} `}, {Detail: `{}`, CloudEvent: `{"id":"7"}`},
	} {
		envelope := e.Append(nil)
		replayed, err := AppendReplayed(nil, envelope, "r")
		if err != nil || Replayed(envelope) || !Replayed(replayed) {
			t.Errorf("%s: %v; %s: %v; %v", envelope, Replayed(envelope), replayed, Replayed(replayed), err)
		}
	}
}
