package cloudevent

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/carillon-events/carillon/internal/event"
)

// inEnvelope is the event as a bus writes it.
func inEnvelope(e *Event) []byte {
	out := event.Event{
		ID: "ours", DetailType: e.Type, Source: e.Source, Account: "111122223333", Time: e.At(), Region: "eu-west-1",
		Resources: e.Resources(), Detail: e.Detail(), CloudEvent: e.Member(),
	}
	return out.Append(nil)
}

func TestWhereThePartsOfACloudEventGo(t *testing.T) {
	for name, c := range map[string]struct{ event, envelope string }{
		"an object is the detail": {
			`{"specversion":"1.0","id":"7","source":"/shop","type":"order.paid","time":"2026-01-02T03:04:05.678+02:00","subject":"orders/7","tenant":"x","n":5,"b":true,"data":{ "total": 1.50 }}`,
			`{"version":"0","id":"ours","detail-type":"order.paid","source":"/shop","account":"111122223333","time":"2026-01-02T01:04:05Z","region":"eu-west-1","resources":["orders/7"],"detail":{ "total": 1.50 },` +
				`"cloudevent":{"specversion":"1.0","id":"7","time":"2026-01-02T03:04:05.678+02:00","subject":"orders/7","b":true,"n":5,"tenant":"x"}}`},
		"a list": {`{"specversion":"1.0","id":"7","source":"s","type":"t","time":"2026-01-02T03:04:05Z","data":[1, 2]}`,
			`"resources":[],"detail":{"data":[1, 2]},"cloudevent":{"specversion":"1.0","id":"7","time":"2026-01-02T03:04:05Z","data":"json"}}`},
		"text": {`{"specversion":"1.0","id":"7","source":"s","type":"t","datacontenttype":"text/plain","data":"a\"b"}`,
			`"detail":{"data":"a\"b"},"cloudevent":{"specversion":"1.0","id":"7","datacontenttype":"text/plain","data":"text"}}`},
		"a JSON string": {`{"specversion":"1.0","id":"7","source":"s","type":"t","data":"a\u0041"}`,
			`"detail":{"data":"a\u0041"},"cloudevent":{"specversion":"1.0","id":"7","data":"json"}}`},
		"bytes": {`{"specversion":"1.0","id":"7","source":"s","type":"t","datacontenttype":"image/png","data_base64":"AAE="}`,
			`"detail":{"data_base64":"AAE="},"cloudevent":{"specversion":"1.0","id":"7","datacontenttype":"image/png","data":"binary"}}`},
		"nothing": {`{"specversion":"1.0","id":"7","source":"s","type":"t","subject":null}`,
			`"detail":{},"cloudevent":{"specversion":"1.0","id":"7","data":"none"}}`},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := ParseJSON([]byte(c.event))
			if err != nil {
				t.Fatal(err)
			}
			if got := string(inEnvelope(&e)); !strings.HasSuffix(got, c.envelope) {
				t.Errorf("%s\nwant %s", got, c.envelope)
			}
		})
	}
}

func TestAnEventThatWasNoCloudEventBecomesOne(t *testing.T) {
	e := event.Event{ID: "1", DetailType: "Order <Paid>", Source: "shop", Account: "1", Time: time.Unix(0, 0), Region: "r", Resources: []string{"arn:a"}, Detail: `{"n" : 1.0}`}
	got, err := Append([]byte("x"), e.Append(nil))
	want := `x{"specversion":"1.0","source":"shop","type":"Order <Paid>","id":"1","time":"1970-01-01T00:00:00Z","subject":"arn:a","datacontenttype":"application/json","data":{"n" : 1.0}}`
	if err != nil || string(got) != want {
		t.Errorf("%s, %v\nwant %s", got, err, want)
	}
	e.Resources = []string{"arn:a", "arn:b"}
	if got, err = Append(nil, e.Append(nil)); err != nil || strings.Contains(string(got), "subject") {
		t.Errorf("two resources: %s, %v", got, err)
	}
}

func TestBinaryModeIsRead(t *testing.T) {
	ce := func(more ...string) http.Header {
		h := http.Header{"Ce-Specversion": {"1.0"}, "Ce-Id": {"7"}, "Ce-Source": {"/s"}, "Ce-Type": {"t"}}
		for i := 0; i < len(more); i += 2 {
			h.Set(more[i], more[i+1])
		}
		return h
	}
	for name, c := range map[string]struct {
		header http.Header
		body   string
		want   Event
	}{
		"JSON": {ce("Content-Type", "application/json; charset=utf-8"), " {\"a\":1}\n",
			Event{DataContentType: "application/json; charset=utf-8", Kind: JSON, Data: `{"a":1}`}},
		"a format of JSON": {ce("Content-Type", "application/vnd.x+json"), `[1]`, Event{DataContentType: "application/vnd.x+json", Kind: JSON, Data: `[1]`}},
		"text":             {ce("Content-Type", "text/plain"), `{"a":1}`, Event{DataContentType: "text/plain", Kind: Text, Data: `{"a":1}`}},
		"broken text":      {ce("Content-Type", "text/plain"), "\xff", Event{DataContentType: "text/plain", Kind: Binary, Data: "\xff"}},
		"bytes":            {ce("Content-Type", "image/png"), "\x00\x01", Event{DataContentType: "image/png", Kind: Binary, Data: "\x00\x01"}},
		"no type, JSON":    {ce(), `{"a":1}`, Event{Kind: JSON, Data: `{"a":1}`}},
		"no type, no JSON": {ce(), `1,"b":2`, Event{Kind: Binary, Data: `1,"b":2`}},
		"no body":          {ce("Content-Type", "application/json"), "", Event{DataContentType: "application/json", Kind: None}},
		"attributes": {ce("ce-Subject", "Euro%20%E2%82%AC%25", "ce-tenant", `"a \"b\""`, "ce-n", "5", "ce-time", "2026-01-02T03:04:05Z", "ce-dataschema", "urn:x"), "",
			Event{Subject: "Euro €%", DataSchema: "urn:x", Time: "2026-01-02T03:04:05Z", Extensions: map[string]any{"tenant": `a "b"`, "n": "5"}, Kind: None}},
	} {
		t.Run(name, func(t *testing.T) {
			c.want.ID, c.want.Source, c.want.Type = "7", "/s", "t"
			got, err := Read(c.header, []byte(c.body))
			if err != nil || !reflect.DeepEqual(got, []Event{c.want}) {
				t.Errorf("%+v, %v\nwant %+v", got, err, c.want)
			}
		})
	}
}

func TestWhatIsNoCloudEventIsRefusedByName(t *testing.T) {
	const structured, batch = "application/cloudevents+json; charset=utf-8", "application/cloudevents-batch+json"
	with := func(more string) string {
		return `{"specversion":"1.0","id":"7","source":"s","type":"t"` + more + `}`
	}
	binary := func(name, value string) http.Header {
		h := http.Header{"Ce-Specversion": {"1.0"}, "Ce-Id": {"7"}, "Ce-Source": {"/s"}, "Ce-Type": {"t"}}
		h.Set(name, value)
		return h
	}
	kind := func(t string) http.Header { return http.Header{"Content-Type": {t}} }
	for name, c := range map[string]struct {
		header       http.Header
		body, reason string
	}{
		"no mode":            {kind("application/json"), `{}`, "attribute specversion: it is missing"},
		"another format":     {kind("application/cloudevents+avro"), `x`, "not understood"},
		"no object":          {kind(structured), `[]`, "no JSON object"},
		"another version":    {kind(structured), strings.Replace(with(""), "1.0", "0.3", 1), "attribute specversion"},
		"no id":              {kind(structured), `{"specversion":"1.0","source":"s","type":"t"}`, "attribute id: it is missing"},
		"an empty source":    {kind(structured), `{"specversion":"1.0","id":"1","source":"","type":"t"}`, "attribute source: it is empty"},
		"a type of another":  {kind(structured), `{"specversion":"1.0","id":"1","source":"s","type":5}`, "attribute type: it is no string"},
		"null is nothing":    {kind(structured), `{"specversion":"1.0","id":"1","source":"s","type":null}`, "attribute type: it is missing"},
		"a bad time":         {kind(structured), with(`,"time":"yesterday"`), "attribute time"},
		"a capital":          {kind(structured), with(`,"Tenant":"x"`), `attribute "Tenant"`},
		"a long name":        {kind(structured), with(`,"` + strings.Repeat("x", 65) + `":"x"`), "attribute"},
		"an object":          {kind(structured), with(`,"tenant":{}`), `attribute "tenant": it is neither`},
		"a large number":     {kind(structured), with(`,"n":2147483648`), `attribute "n"`},
		"a fraction":         {kind(structured), with(`,"n":1.5`), `attribute "n"`},
		"two kinds of data":  {kind(structured), with(`,"data":1,"data_base64":"AA=="`), "attribute data"},
		"no base64":          {kind(structured), with(`,"data_base64":"?"`), "attribute data_base64"},
		"no array":           {kind(batch), `{}`, "no JSON array"},
		"one of a batch":     {kind(batch), `[` + with("") + `,` + with(`,"n":1.5`) + `]`, "(event 2 of the batch)"},
		"very many":          {kind(batch), `[` + strings.Repeat(with("")+`,`, 100) + with("") + `]`, "at most 100"},
		"a header twice":     {http.Header{"Ce-Specversion": {"1.0"}, "Ce-Id": {"7", "8"}, "Ce-Source": {"/s"}, "Ce-Type": {"t"}}, ``, "given 2 times"},
		"bad percents":       {binary("Ce-Subject", "%f"), ``, "percent"},
		"no UTF-8":           {binary("Ce-Subject", "%ff"), ``, "percent"},
		"data as a header":   {binary("Ce-Data", "x"), ``, `attribute "data"`},
		"its type, twice":    {binary("Ce-Datacontenttype", "text/plain"), ``, "Content-Type"},
		"JSON that is none":  {binary("Content-Type", "application/json"), `{"a":}`, "body is none"},
		"an array of others": {kind(batch), `[1]`, "no JSON object"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Read(c.header, []byte(c.body))
			var bad *Error
			if !errors.As(err, &bad) || !strings.Contains(err.Error(), c.reason) {
				t.Errorf("%v, want %q", err, c.reason)
			}
		})
	}
}

var anyText = rapid.StringMatching(`[a-z<>&"\\€ -]{1,8}`)

// drawn is any event.
func drawn(rt *rapid.T) Event {
	maybe := func(g *rapid.Generator[string], name string) string {
		if rapid.Bool().Draw(rt, "has "+name) {
			return g.Draw(rt, name)
		}
		return ""
	}
	e := Event{
		ID: anyText.Draw(rt, "id"), Source: anyText.Draw(rt, "source"), Type: anyText.Draw(rt, "type"),
		Subject: maybe(anyText, "subject"), DataSchema: maybe(anyText, "schema"),
		Time: maybe(rapid.StringMatching(`20[0-9]{2}-0[1-9]-1[0-9]T1[0-9]:[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?(Z|[+-]0[0-9]:30)`), "time"),
		Kind: rapid.SampledFrom([]Kind{None, JSON, Text, Binary}).Draw(rt, "kind"),
	}
	for _, name := range rapid.SliceOfDistinct(rapid.StringMatching(`x[a-z0-9]{0,3}`), rapid.ID).Draw(rt, "extensions") {
		if e.Extensions == nil {
			e.Extensions = map[string]any{}
		}
		switch rapid.IntRange(0, 2).Draw(rt, "of type") {
		case 0:
			e.Extensions[name] = maybe(anyText, name)
		case 1:
			e.Extensions[name] = rapid.Int32().Draw(rt, name)
		default:
			e.Extensions[name] = rapid.Bool().Draw(rt, name)
		}
	}
	switch e.Kind {
	case JSON:
		e.DataContentType = maybe(rapid.SampledFrom([]string{"application/json", "text/json", "application/x+json; v=1"}), "content type")
		e.Data = rapid.SampledFrom([]string{`{}`, `{ "a" : [1.0, "\u0041"] }`, `[1, {"data":2}]`, `"text"`, `1.50`, `null`, `true`, `{"data":1,"data_base64":"x","cloudevent":{}}`}).Draw(rt, "data")
	case Text:
		e.DataContentType, e.Data = "text/plain", maybe(anyText, "data")
	case Binary:
		e.DataContentType, e.Data = maybe(rapid.SampledFrom([]string{"image/png", "application/json"}), "content type"), string(rapid.SliceOf(rapid.Byte()).Draw(rt, "data"))
	default:
		e.DataContentType = maybe(rapid.SampledFrom([]string{"image/png", "application/json"}), "content type")
	}
	return e
}

// Through the JSON format, through an envelope and out again, also replayed.
func TestAnEventComesBackAsItWas(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		e := drawn(rt)
		read, err := ParseJSON(e.AppendJSON(nil))
		if err != nil || !reflect.DeepEqual(read, e) {
			rt.Fatalf("read %+v, %v\nwant %+v", read, err, e)
		}
		envelope := inEnvelope(&e)
		if err := event.CheckObject(string(envelope)); err != nil {
			rt.Fatalf("%s: %v", envelope, err)
		}
		replayed, err := event.AppendReplayed(nil, envelope, "r")
		if err != nil {
			rt.Fatal(err)
		}
		for _, envelope := range [][]byte{envelope, replayed} {
			out, err := Append(nil, envelope)
			if err != nil {
				rt.Fatalf("%s: %v", envelope, err)
			}
			back, err := ParseJSON(out)
			if err != nil || !reflect.DeepEqual(back, e) {
				rt.Fatalf("by %s\ncame %s\nas   %+v, %v\nwant %+v", envelope, out, back, err, e)
			}
		}
	})
}

// Whatever comes, it is refused with an Error, or is an event that the bus can
// carry and give back.
func FuzzRead(f *testing.F) {
	f.Add("application/cloudevents+json", "", `{"specversion":"1.0","id":"7","source":"s","type":"t","data":{"a":1}}`)
	f.Add("application/cloudevents-batch+json", "", `[{"specversion":"1.0","id":"7","source":"s","type":"t","data_base64":"AA=="}]`)
	f.Add("application/json", "%20", `1`)
	f.Add("text/plain", `"a\"b"`, `text`)
	f.Fuzz(func(t *testing.T, contentType, subject, body string) {
		header := http.Header{"Content-Type": {contentType}, "Ce-Specversion": {"1.0"}, "Ce-Id": {"7"}, "Ce-Source": {"/s"}, "Ce-Type": {"t"}, "Ce-Subject": {subject}}
		events, err := Read(header, []byte(body))
		if err != nil {
			if bad := new(Error); !errors.As(err, &bad) {
				t.Fatalf("%v is no Error", err)
			}
			return
		}
		for _, e := range events {
			envelope := inEnvelope(&e)
			if err := event.CheckObject(string(envelope)); err != nil {
				t.Fatalf("%s: %v", envelope, err)
			}
			if back, err := OfEnvelope(envelope); err != nil || fmt.Sprintf("%q", back) != fmt.Sprintf("%q", e) {
				t.Fatalf("%+v, %v, want %+v", back, err, e)
			}
		}
	})
}
