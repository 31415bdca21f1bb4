package notification

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/carillon-events/carillon/internal/queue"
)

var at = time.Date(2026, 11, 25, 18, 0, 0, 719_000_000, time.UTC)

func TestADocumentLooksAsAWSSendsIt(t *testing.T) {
	n := Notification{
		Type: Message, MessageID: "m", TopicARN: "arn:aws:sns:us-east-1:000000000000:t", Subject: "s", Message: "a \"b\"\n\x01ü",
		Timestamp: at, UnsubscribeURL: "http://h/?Action=Unsubscribe&SubscriptionArn=x",
		Attributes: []Attribute{{"a", "String", []byte("v")}, {"b", "Binary", []byte{1, 2}}},
	}
	const want = `{
  "Type" : "Notification",
  "MessageId" : "m",
  "TopicArn" : "arn:aws:sns:us-east-1:000000000000:t",
  "Subject" : "s",
  "Message" : "a \"b\"\n\u0001ü",
  "Timestamp" : "2026-11-25T18:00:00.719Z",
  "UnsubscribeURL" : "http://h/?Action=Unsubscribe&SubscriptionArn=x",
  "MessageAttributes" : {
    "a" : {"Type":"String","Value":"v"},
    "b" : {"Type":"Binary","Value":"AQI="}
  }
}`
	doc, open := n.AppendOpen(nil)
	if string(doc) != want {
		t.Errorf("got %s", doc)
	}
	if !strings.HasPrefix(string(doc[open:]), "\",\n  \"MessageAttributes\"") {
		t.Errorf("it is open at %q", doc[open:])
	}
}

func TestAFIFOTopicsDocumentHasItsSequenceNumber(t *testing.T) {
	n := Notification{Type: Message, MessageID: "m", Sequence: "10000000000000000001", TopicARN: "t", Timestamp: at}
	if doc := string(n.Append(nil)); !strings.Contains(doc, "\"m\",\n  \"SequenceNumber\" : \"10000000000000000001\",\n  \"TopicArn\"") {
		t.Errorf("got %s", doc)
	}
}

func FuzzADocumentIsReadAsItWasWritten(f *testing.F) {
	f.Add("s", "m\x00\"\\ \xff", "a", "String", []byte("v"))
	f.Add("", "", "b", "Binary", []byte{0xff})
	f.Fuzz(func(t *testing.T, subject, message, name, kind string, value []byte) {
		n := Notification{Type: Message, MessageID: "m", Subject: subject, Message: message, Timestamp: at, Attributes: []Attribute{{name, kind, value}}}
		doc := n.Append(nil)
		if !json.Valid(doc) {
			t.Fatalf("not JSON: %q", doc)
		}
		got, err := Parse(doc)
		if err != nil {
			t.Fatal(err)
		}
		// What is no UTF-8 becomes U+FFFD once.
		if again := got.Append(nil); string(again) != string(doc) {
			t.Errorf("%q became %q", doc, again)
		}
	})
}

func FuzzADocumentFromOutsideIsReadOrRefused(f *testing.F) {
	f.Add([]byte(`{"Type":"Notification","Timestamp":"2026-11-25T18:00:00.719Z","MessageAttributes":{"a":{"Type":"Binary","Value":"AQI="}}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if n, err := Parse(text); err == nil && !json.Valid(n.Append(nil)) {
			t.Errorf("%q is read as %+v", text, n)
		}
	})
}

func TestAttributesAreEncodedAsQueuesStoreThem(t *testing.T) {
	list := []Attribute{{"a", "String", []byte("v")}, {"b", "Binary.gif", []byte{1, 2}}, {"c", "Number", []byte("7")}}
	var want []byte
	for _, a := range list {
		want = queue.AppendAttribute(want, a.Name, a.Type, a.Binary(), a.Value)
	}
	got := AppendAttributes(nil, list)
	if string(got) != string(want) {
		t.Errorf("got %x, want %x", got, want)
	}
	if read, ok := ReadAttributes(got); !ok || !reflect.DeepEqual(read, list) {
		t.Errorf("read %v %t", read, ok)
	}
}

func FuzzAttributesAndExtrasAreReadOrRefused(f *testing.F) {
	f.Add(AppendAttributes(nil, []Attribute{{"a", "String", []byte("v")}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		ReadAttributes(b)
		e := ReadExtras(b)
		if again := ReadExtras(e.Encode()); again.Dedup != e.Dedup || string(again.Attributes) != string(e.Attributes) {
			t.Errorf("%+v became %+v", e, again)
		}
	})
}
