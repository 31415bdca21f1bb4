package filterpolicy

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

func TestAttributesBecomeAnObjectOfTheirTypes(t *testing.T) {
	for _, c := range []struct {
		attr Attribute
		want string
	}{
		{str("a", "x"), `{"a":"x"}`},
		{Attribute{"a", "String.label", "x"}, `{"a":"x"}`},
		{str("größe", "weiß"), `{"größe":"weiß"}`},
		{str(`a"b\`, "x"), `{"a\"b\\":"x"}`},
		{str("a", "null"), `{"a":"null"}`},
		{str("a", `["x"]`), `{"a":"[\"x\"]"}`}, // only String.Array is an array

		// What was escaped for AWS is unescaped, what was not is taken as it is.
		{str("a", `say \"hi\"`), `{"a":"say \"hi\""}`},
		{str("a", `C:\\temp`), `{"a":"C:\\temp"}`},
		{str("a", `say "hi"`), `{"a":"say \"hi\""}`},
		{str("a", `C:\data`), `{"a":"C:\\data"}`},
		{str("a", "two\nlines\x01"), `{"a":"two\u000alines\u0001"}`},
		{str("a", `x","b":"y`), `{"a":"x\",\"b\":\"y"}`},
		{str("a", `\`), `{"a":"\\"}`},

		{num("a", "5"), `{"a":5}`},
		{Attribute{"a", "Number.int", "5"}, `{"a":5}`},
		{num("a", "-0012.500"), `{"a":-12.500}`},
		{num("a", "+.5"), `{"a":0.5}`},
		{num("a", "5."), `{"a":5}`},
		{num("a", "-0"), `{"a":-0}`},
		{num("a", "3.015E+2"), `{"a":3.015E+2}`},

		{list("a", ` [ "x" , 1.0, true,null ] `), `{"a":["x",1.0,true,null]}`},
		{list("a", `[]`), `{"a":[]}`},
		{list("a", `["\"]\\", "é"]`), `{"a":["\"]\\","é"]}`},
		{list("a", `["x", {"b": ["y", {"c": 1}], "d": "}"}, "z"]`), `{"a":["x","z"]}`},
		{list("a", `[["x", []], [[2]]]`), `{"a":["x",2]}`},
	} {
		got, err := AppendAttributes(nil, []Attribute{c.attr})
		if err != nil || string(got) != c.want {
			t.Errorf("%v: %s, %v, want %s", c.attr, got, err, c.want)
		}
	}
}

func TestAttributesAreAppendedAndBinaryIsIgnored(t *testing.T) {
	attrs := []Attribute{{"b", "Binary", "x"}, str("a", "1"), {"c", "Binary.gif", "x"}, num("d", "2")}
	got, err := AppendAttributes([]byte("before "), attrs)
	if err != nil || string(got) != `before {"a":"1","d":2}` {
		t.Errorf("%s, %v", got, err)
	}
}

// AWS counts these as FilteredOut-InvalidAttributes: one is enough for the
// message to reach no subscription with a policy of this scope.
// https://aws.amazon.com/blogs/compute/monitoring-your-amazon-sns-message-filtering-activity-with-amazon-cloudwatch/
func TestAnAttributeThatCannotBeReadIsAnError(t *testing.T) {
	for _, a := range []Attribute{
		list("a", ""), list("a", "x"), list("a", `"x"`), list("a", `{"x": 1}`), list("a", `["x"`),
		list("a", `['x']`), list("a", `["x"],["y"]`), list("a", `[01]`), list("a", "[\"\n\"]"),
		num("a", ""), num("a", "x"), num("a", "-"), num("a", "."), num("a", "1e"), num("a", "1e+"), num("a", "--1"),
		num("a", "+-1"), num("a", "1.2.3"), num("a", "0x10"), num("a", "NaN"), num("a", " 1"), num("a", "1,2"),
		{"a", "", "x"}, {"a", "string", "x"}, {"a", "Stringy", "x"}, {"a", "Boolean", "true"},
	} {
		got, err := AppendAttributes([]byte("before"), []Attribute{str("ok", "x"), a})
		if !errors.Is(err, ErrAttribute) || string(got) != "before" {
			t.Errorf("%v: %s, %v", a, got, err)
		}
	}
}

func FuzzAttributesBecomeAFlatObjectOrAnError(f *testing.F) {
	f.Add("a", "String", `say \"hi\"`)
	f.Add("a.b", "String.Array", `["x", {"b": [1]}, [true, null, -1.5e3]]`)
	f.Add("é", "Number", "+00.50E-7")
	f.Add("b", "Binary", "")
	f.Fuzz(func(t *testing.T, name, typ, value string) {
		event, err := AppendAttributes(nil, []Attribute{{name, typ, value}})
		if err != nil {
			return
		}
		var values map[string]any
		if err := json.Unmarshal(event, &values); err != nil || len(values) != 1 {
			// A number may be JSON and still no float64.
			if err == nil || !strings.Contains(err.Error(), "into Go value") {
				t.Fatalf("%q is an event with %d keys: %v", event, len(values), err)
			}
		}
		for _, v := range values {
			elements, _ := v.([]any)
			for _, e := range append(elements, v) {
				if _, nested := e.(map[string]any); nested {
					t.Fatalf("%q is not flat", event)
				}
			}
		}
		if most := 6*(len(name)+len(value)) + 16; len(event) > most {
			t.Fatalf("%d bytes of event from %d of attribute", len(event), len(name)+len(value))
		}
	})
}
