package transform

import (
	"errors"
	"strings"
	"testing"
	"time"
)

const shipped = `{"version":"0","id":"e-1","detail-type":"Parcel \"shipped\"","source":"shop.parcels","account":"111122223333",` +
	`"time":"2026-11-30T08:15:00Z","region":"eu-central-1","resources":["arn:aws:s3:::labels"],` +
	`"detail":{"parcel-id":"p-77","state":"SHIPPED","weight":1.50,"count":10000000000000000000001,"fragile":true,"note":null,` +
	`"said":"it's \"fine\"\n\u00e9\\","to":{ "city": "Ghent",
		"zip": "9000" },"items":[{"sku":"a","n":1},{"sku":"b"},{"n":3}],"empty":"","tags":{"a.b":"dotted","c/d":"slashed","x y":"spaced"}}}`

var at = Context{
	RuleARN:    "arn:aws:events:eu-central-1:111122223333:rule/shop/parcels",
	RuleName:   "parcels",
	IngestedAt: time.Date(2026, 11, 30, 9, 15, 0, 123456789, time.FixedZone("", 3600)),
}

var paths = map[string]string{
	"id": "$.detail.parcel-id", "state": "$.detail.state", "weight": "$.detail.weight", "count": "$.detail.count",
	"fragile": "$.detail.fragile", "note": "$.detail.note", "said": "$.detail.said", "to": "$.detail.to",
	"skus": "$.detail.items[*].sku", "none": "$.detail.nobody", "empty": "$.detail.empty", "when": "$.time",
	"type": "$.detail-type", "first": "$.resources[0]", "to-2": "$.detail.to", "all": "$",
}

func ptr(s string) *string { return &s }

func template(text string) Spec {
	return Spec{Target: "T", Transformer: &Transformer{Paths: paths, Template: text}}
}

func apply(t *testing.T, s Spec, event string) (string, error) {
	t.Helper()
	tr, err := Compile(s)
	if err != nil {
		t.Fatalf("refused: %v", err)
	}
	got, err := tr.Apply([]byte("before "), []byte(event), at)
	rest, ok := strings.CutPrefix(string(got), "before ")
	if !ok {
		t.Fatalf("Apply overwrote what it should append to: %q", got)
	}
	return rest, err
}

func TestTemplates(t *testing.T) {
	for _, c := range []struct{ name, template, want string }{
		// The examples of the user guide, with data of ours.
		// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html#eb-transform-input-examples
		{"a string template stays a quoted string", `"parcel <id> is <state>"`, `"parcel p-77 is SHIPPED"`},
		{"escaped quotes in a string template stay escaped", `"parcel \"<id>\" is <state>"`, `"parcel \"p-77\" is SHIPPED"`},
		{"strings get quotes where a value belongs", "{\n  \"parcel\" : <id>,\n  \"state\": <state>\n}\n", "{\n  \"parcel\" : \"p-77\",\n  \"state\": \"SHIPPED\"\n}\n"},
		{"quotes around a string variable are not doubled", `{"a":<id>,"b":"<state>","c":"parcel \"<id>\" is <state>"}`,
			`{"a":"p-77","b":"SHIPPED","c":"parcel \"p-77\" is SHIPPED"}`},
		{"variables stand among constants, also in arrays", `{"parcel":<id>,"state":[9,<state>,true],"done":"Yes"}`, `{"parcel":"p-77","state":[9,"SHIPPED",true],"done":"Yes"}`},
		{"reserved variables in JSON", `{"arn":<aws.events.rule-arn>,"name":<aws.events.rule-name>,"at":<aws.events.event.ingestion-time>}`,
			`{"arn":"arn:aws:events:eu-central-1:111122223333:rule/shop/parcels","name":"parcels","at":"2026-11-30T08:15:00Z"}`},
		{"reserved variables in a string", `"<aws.events.rule-name> triggered at <aws.events.event.ingestion-time>"`, `"parcels triggered at 2026-11-30T08:15:00Z"`},
		{"a log group gets a time and a message", `{"timestamp":<when>,"message":"parcel \"<id>\" is <state>"}`, `{"timestamp":"2026-11-30T08:15:00Z","message":"parcel \"p-77\" is SHIPPED"}`},
		{"aws.events.event is the event without its detail", `{"e":<aws.events.event>}`,
			`{"e":{"version":"0","id":"e-1","detail-type":"Parcel \"shipped\"","source":"shop.parcels","account":"111122223333","time":"2026-11-30T08:15:00Z","region":"eu-central-1","resources":["arn:aws:s3:::labels"]}}`},
		{"an object in a string loses its quotes", `"going to <to>"`, `"going to {city:Ghent,zip:9000}"`},
		{"an object is inserted where a value belongs", `{"to":<to>}`, `{"to":{"city":"Ghent","zip":"9000"}}`},
		{"a path that leads nowhere adds nothing to a string", `"<id>: <none>."`, `"p-77: ."`},

		// What the guide leaves open: ADR 17.
		{"a path that leads nowhere is the empty string as a value", `{"a":<none>,"b":[<none>],"c":"<none>"}`, `{"a":"","b":[""],"c":""}`},
		{"numbers keep their spelling", `{"w":<weight>,"c":<count>,"s":"<weight> kg"}`, `{"w":1.50,"c":10000000000000000000001,"s":"1.50 kg"}`},
		{"booleans and null are what they are", `{"f":<fragile>,"n":<note>,"s":"<fragile> <note>"}`, `{"f":true,"n":null,"s":"true null"}`},
		{"what is escaped in the event stays escaped", `{"a":<said>,"b":"<said>"}`, `{"a":"it's \"fine\"\n\u00e9\\","b":"it's \"fine\"\n\u00e9\\"}`},
		{"the empty string stays empty", `[<empty>,"<empty>"]`, `["",""]`},
		{"a wildcard makes an array of what is there", `{"s":<skus>,"t":"<skus>"}`, `{"s":["a","b"],"t":"[a,b]"}`},
		{"a variable may be used often, and two may share a path", `[<to>,<to-2>,"<id><id>"]`, `[{"city":"Ghent","zip":"9000"},{"city":"Ghent","zip":"9000"},"p-77p-77"]`},
		{"a text of many lines is one string a line", "\"parcel <id>\"\n\"is <state>\"\n", "\"parcel p-77\"\n\"is SHIPPED\"\n"},
		{"a template may be nothing but a variable", `<to>`, `{"city":"Ghent","zip":"9000"}`},
		{"a variable within an escaped JSON text", `{"body":"{\"id\":\"<id>\"}"}`, `{"body":"{\"id\":\"p-77\"}"}`},
		{"an angle bracket that encloses no name is text", `"a < b, a <= <weight>, <> </b> < id>"`, `"a < b, a <= 1.50, <> </b> < id>"`},
		{"an escaped angle bracket is text", `"\u003cid\u003e is <id>"`, `"\u003cid\u003e is p-77"`},
		{"a template without variables is a constant", ` {"a": [1, -2.5e+3, {}, [], null, false]} `, ` {"a": [1, -2.5e+3, {}, [], null, false]} `},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, err := apply(t, template(c.template), shipped); err != nil || got != c.want {
				t.Errorf("%v\ngot  %s\nwant %s", err, got, c.want)
			}
		})
	}
}

func TestTheWholeEventIsAValueToo(t *testing.T) {
	event := `{ "id" : "x" , "detail" : { "a" : "b c" } }`
	for tpl, want := range map[string]string{
		`{"e":<aws.events.event.json>}`: `{"e":{"id":"x","detail":{"a":"b c"}}}`,
		`{"e":<all>}`:                   `{"e":{"id":"x","detail":{"a":"b c"}}}`,
		`"<aws.events.event.json>"`:     `"{id:x,detail:{a:b c}}"`,
		`"<aws.events.event>"`:          `"{id:x}"`,
	} {
		if got, err := apply(t, template(tpl), event); err != nil || got != want {
			t.Errorf("%s: %v\ngot  %s\nwant %s", tpl, err, got, want)
		}
	}
	if got, _ := apply(t, template(`<aws.events.event>`), `{"detail":{}}`); got != `{}` {
		t.Errorf("an event that has only a detail is %s", got)
	}
}

func TestConstantsAndTheEventItself(t *testing.T) {
	for _, text := range []string{` {"a": "<id>"} `, `"text"`, "\"two\"\n\"lines\"", `7`, `null`} {
		if got, err := apply(t, Spec{Input: &text}, shipped); err != nil || got != text {
			t.Errorf("input %q becomes %q, %v", text, got, err)
		}
	}
	if got, err := apply(t, Spec{}, shipped); err != nil || got != shipped {
		t.Errorf("without a transform the event becomes %s, %v", got, err)
	}
}

func TestAnInputPathTakesTheBytesAsTheyWereSent(t *testing.T) {
	for path, want := range map[string]string{
		"$":                                shipped,
		"$.":                               shipped,
		"$.detail.to":                      "{ \"city\": \"Ghent\",\n\t\t\"zip\": \"9000\" }",
		"$.detail-type":                    `"Parcel \"shipped\""`,
		"$.detail.weight":                  `1.50`,
		"$.detail.note":                    `null`,
		"$.detail.items[1]":                `{"sku":"b"}`,
		"$.detail.items[0].sku":            `"a"`,
		"$['detail'][\"items\"][2]['n']":   `3`,
		"$.detail.tags['a.b']":             `"dotted"`,
		"$.detail.tags.c/d":                `"slashed"`,
		"$.detail.tags['x y']":             `"spaced"`,
		"$.detail.items[*].n":              `[1,3]`,
		"$.detail.items[*].*":              `["a",1,"b",3]`,
		"$.detail.items[*].nothing":        `[]`,
		"$.detail.to.*":                    `["Ghent","9000"]`,
		"$.detail.*[0].sku":                `["a"]`,
		"$.detail.state[*]":                `[]`,
		"$.detail.items[*]":                `[{"sku":"a","n":1},{"sku":"b"},{"n":3}]`,
		"$.resources[0]":                   `"arn:aws:s3:::labels"`,
		"$.nowhere":                        "",
		"$.nowhere[*]":                     "",
		"$.detail.items[3]":                "",
		"$.detail.items.sku":               "",
		"$.detail.to[0]":                   "",
		"$.detail.state.x":                 "",
		"$.detail.tags['it\\'s a \\\\.*']": "",
	} {
		got, err := apply(t, Spec{Target: "T", InputPath: &path}, shipped)
		if want == "" {
			if !errors.Is(err, ErrPathMissing) || got != "" {
				t.Errorf("%s: %q, %v", path, got, err)
			}
		} else if err != nil || got != want {
			t.Errorf("%s: %q, %v", path, got, err)
		}
	}
}

func TestTheLastOfTheSameKeysIsMeant(t *testing.T) {
	for path, want := range map[string]string{
		"$.a":      `{"c":2}`,
		"$.a.c":    `2`,
		"$.a.b":    ``, // only the first a had it
		"$[*].b":   `[1]`,
		"$.d[*].b": `[2]`,
		"$.é":      `"acute"`,
		"$.😀":      `1`,
	} {
		event := `{"a":{"b":1,"c":1},"a":{"c":2},"d":[{"b":1,"b":2}],"\u00e9":"acute","\ud83d\ude00":1,"\ud83d":3,"\u00zz":4}`
		got, _ := apply(t, Spec{InputPath: &path}, event)
		if got != want {
			t.Errorf("%s is %q", path, got)
		}
	}
}

func TestNamesOfRulesAreEscaped(t *testing.T) {
	tr, err := Compile(template(`[<aws.events.rule-name>,"<aws.events.rule-name>"]`))
	if err != nil {
		t.Fatal(err)
	}
	got, _ := tr.Apply(nil, []byte(`{}`), Context{RuleName: "a\"\\\x01\x1fé"})
	if want := `["a\"\\\u0001\u001fé","a\"\\\u0001\u001fé"]`; string(got) != want {
		t.Errorf("got %s", got)
	}
}

func TestResultsAreBounded(t *testing.T) {
	big := `{"detail":"` + strings.Repeat("x", MaxOutput/2) + `"}`
	for _, s := range []Spec{
		{Transformer: &Transformer{Paths: map[string]string{"d": "$.detail"}, Template: `"<d><d>"`}},
		{Transformer: &Transformer{Paths: map[string]string{"d": "$.detail"}, Template: `"` + strings.Repeat("<d>", 2000) + `"`}},
	} {
		if got, err := apply(t, s, big); !errors.Is(err, ErrTooLarge) || got != "" {
			t.Errorf("%d bytes, %v", len(got), err)
		}
	}
	huge := `{"detail":["` + strings.Repeat("x", MaxOutput) + `"]}`
	for _, s := range []Spec{{}, {InputPath: ptr("$.detail")}, {InputPath: ptr("$.detail[*]")}} {
		if got, err := apply(t, s, huge); !errors.Is(err, ErrTooLarge) || got != "" {
			t.Errorf("%d bytes, %v", len(got), err)
		}
	}
}
