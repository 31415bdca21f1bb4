package meter_test

import (
	"fmt"
	"testing"

	"github.com/carillon-events/carillon/internal/meter"
)

func TestWhatBecomesOfMessagesIsCountedByTopicUpToTheLimit(t *testing.T) {
	b := meter.NewBook(1)
	for i := range 3 {
		m := b.Topic(meter.TopicKey{Topic: fmt.Sprint(i)})
		m.Published(100)
		m.FilteredOut(meter.FilteredOut{Attributes: 2, OfAttributes: meter.NoAttributes, Body: 3, AsToBody: meter.InvalidBody})
		m.Delivered(4)
		m.Retried()
		m.Ended(meter.Arrived)
		m.Ended(meter.DeadLettered)
		m.Ended(meter.Dropped)
	}
	got := b.Snapshot().Topics
	want := meter.TopicCounts{
		Key: meter.TopicKey{Topic: "0"}, Published: 1, Bytes: 100, Delivered: 5, Retried: 1, DeadLettered: 1, Dropped: 1,
		Filtered: [len(meter.Filters)]uint64{meter.NoAttributes: 2, meter.InvalidBody: 3},
	}
	if len(got) != 2 || got[0] != want || !got[1].Other || got[1].Published != 2 || got[1].Delivered != 10 {
		t.Errorf("%+v", got)
	}
	b.ForgetTopic(meter.TopicKey{Topic: "0"})
	if got := b.Snapshot().Topics; len(got) != 1 {
		t.Errorf("forgotten: %+v", got)
	}
}

func TestTheDeliveriesOfTopicsAreNotThoseOfARule(t *testing.T) {
	b := meter.NewBook(1)
	b.Found("arn:aws:sns:eu-west-1:111122223333:t", "s")
	b.Counted()
	b.Waiting("arn:aws:sns:eu-west-1:111122223333:t", "s").Ended(meter.Arrived, 0)
	if got := b.Snapshot(); len(got.Targets) != 0 {
		t.Errorf("%+v", got)
	}
	var none *meter.Book
	none.ForgetTopic(meter.TopicKey{})
	m := none.Topic(meter.TopicKey{})
	m.Published(1)
	m.FilteredOut(meter.FilteredOut{Body: 1})
	m.Delivered(1)
	m.Retried()
	m.Ended(meter.Dropped)
}
