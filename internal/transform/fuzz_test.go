package transform

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzTransform tries any path, template and event: nothing panics, and whatever
// is accepted makes JSON of JSON.
func FuzzTransform(f *testing.F) {
	f.Add("$.detail.a", `{"a":<a>,"b":"<b> \u003c <aws.events.event>"}`, `{"id":"x","detail":{"a":[1,{"b":"\"\\"}]}}`)
	f.Add("$.detail[*].a", "\"<a>\"\n<aws.events.event.json>\n", `{"detail":[{"a":"x"},{"\u0061":null}]}`)
	f.Add("$['a'][0]", `"<aws.events.rule-name>"`, `{"a":[`)
	f.Add("$", `<a>`, ` { "detail" : { } , "detail" : 1 } `)
	f.Fuzz(func(t *testing.T, path, text, event string) {
		valid := json.Valid([]byte(event)) && len(event) < MaxOutput/2
		for _, s := range []Spec{
			{Input: &text},
			{InputPath: &path},
			{Transformer: &Transformer{Paths: map[string]string{"a": path}, Template: text}},
			{Transformer: &Transformer{Paths: map[string]string{"a": "$.detail", "b": "$.detail.a"}, Template: text}},
		} {
			tr, err := Compile(s)
			if err != nil {
				continue
			}
			got, err := tr.Apply(nil, []byte(event), at)
			if err == nil && valid {
				checkJSON(t, got)
			}
		}
	})
}

// FuzzInput compares which constants are taken with encoding/json.
func FuzzInput(f *testing.F) {
	f.Add(`{"a":[1,-2.5e+3,"\u00e9\n",true,null]}`)
	f.Add(`"a" "b"`)
	f.Fuzz(func(t *testing.T, text string) {
		_, err := Compile(Spec{Input: &text})
		if json.Valid([]byte(text)) && len(text) <= maxInput && strings.Count(text, "[")+strings.Count(text, "{") < maxDepth {
			if err != nil {
				t.Fatalf("%q is refused: %v", text, err)
			}
		} else if err == nil {
			checkJSON(t, []byte(text))
		} else if utf8.ValidString(text) && !utf8.ValidString(err.Error()) {
			t.Fatalf("%q has an error that is not UTF-8: %q", text, err)
		}
	})
}

// benchEvent is an event of about size bytes, in which the detail has what the
// benchmarks look for at its end.
func benchEvent(size int) []byte {
	var b strings.Builder
	b.WriteString(`{"version":"0","id":"6a7e8feb-b491-4cf7-a9f1-bf3703467718","detail-type":"Order placed","source":"shop.orders",` +
		`"account":"111122223333","time":"2026-11-30T08:15:00Z","region":"eu-central-1","resources":[],"detail":{"lines":[`)
	for i := 0; b.Len() < size-200; i++ {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"sku":"SKU-%06d","quantity":%d,"text":"a line of an order, \"quoted\"","price":{"amount":%d.50,"currency":"EUR"}}`, i, i%9, i)
	}
	b.WriteString(`],"order":{"id":"o-1","total":99.50,"customer":{"id":"c-1","name":"Ada"}}}}`)
	return []byte(b.String())
}

func BenchmarkApply(b *testing.B) {
	transforms := []struct {
		name string
		spec Spec
	}{
		{"path", Spec{InputPath: ptr("$.detail.order")}},
		{"template", Spec{Transformer: &Transformer{
			Paths:    map[string]string{"id": "$.detail.order.id", "total": "$.detail.order.total", "who": "$.detail.order.customer", "when": "$.time"},
			Template: `{"order":<id>,"total":<total>,"customer":<who>,"text":"<who> ordered <id> at <when>","rule":<aws.events.rule-name>}`,
		}}},
		{"wildcard", Spec{Transformer: &Transformer{Paths: map[string]string{"skus": "$.detail.lines[*].sku"}, Template: `{"skus":<skus>}`}}},
		{"whole", Spec{Transformer: &Transformer{Template: `{"event":<aws.events.event.json>}`}}},
	}
	for _, size := range []int{1 << 10, 256 << 10} {
		event := benchEvent(size)
		for _, tr := range transforms {
			b.Run(fmt.Sprintf("%s/%dKB", tr.name, size>>10), func(b *testing.B) {
				compiled, err := Compile(tr.spec)
				if err != nil {
					b.Fatal(err)
				}
				var dst []byte
				b.SetBytes(int64(len(event)))
				b.ReportAllocs()
				for b.Loop() {
					if dst, err = compiled.Apply(dst[:0], event, at); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
