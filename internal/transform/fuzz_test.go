package transform

import (
	"encoding/json"
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
	f.Add("$", strings.Repeat("\xba", 600), `{}`)
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
	f.Add(strings.Repeat("\x9f", 600))
	f.Fuzz(func(t *testing.T, text string) {
		_, err := Compile(Spec{Input: &text})
		if json.Valid([]byte(text)) && utf8.ValidString(text) && len(text) <= maxInput && strings.Count(text, "[")+strings.Count(text, "{") < maxDepth {
			if err != nil {
				t.Fatalf("%q is refused: %v", text, err)
			}
		} else if err == nil {
			checkJSON(t, []byte(text))
		} else if !utf8.ValidString(err.Error()) {
			t.Fatalf("%q has an error that is not UTF-8: %q", text, err)
		}
	})
}
