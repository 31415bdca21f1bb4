package explain

import (
	"encoding/json"
	"strings"
	"testing"
)

func explain(t *testing.T, pattern, event string) *Result {
	t.Helper()
	r, err := Explain(pattern, []byte(event))
	if err != nil {
		t.Fatalf("pattern %s, event %s: %v", pattern, event, err)
	}
	return r
}

func text(t *testing.T, r *Result) string {
	t.Helper()
	var b strings.Builder
	if err := Text(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestAnExplanationReadsAsAPersonWouldSayIt(t *testing.T) {
	for name, c := range map[string]struct{ pattern, event, want string }{
		"fields that fail": {
			`{"source": ["shop"], "detail": {"status": ["done", {"prefix": "do"}], "total": [{"numeric": [">", 100]}], "orderId": [5]}}`,
			`{"source": "shop", "detail": {"status": "pending", "Total": 250, "orderId": "5"}}`,
			`
✗ The event does not match: detail.orderId, detail.status and detail.total did not match.

✗ detail.orderId
    5  ✗ "5" is a string, and the pattern wants the number 5
✗ detail.status
    "done"            ✗ "pending" is not "done"
    {"prefix": "do"}  ✗ "pending" does not begin with "do"
✗ detail.total
    {"numeric": [">", 100]}  ✗ the field is missing
    → the event has detail.Total, which differs only in case
✓ source: "shop" is equal
`},
		"elements that do not go together": {
			`{"detail": {"items": {"sku": ["A"], "qty": [{"numeric": [">", 5]}]}, "x": [{"exists": false}]}}`,
			`{"detail": {"items": [{"sku": "A", "qty": 1}, {"sku": "B", "qty": 10}]}}`,
			`
✗ The event does not match: detail.items.qty and detail.items.sku match, but not within one element of detail.items.

✓ detail.items[1].qty: 10 is > 5
✓ detail.items[0].sku: "A" is equal
✓ detail.x: the field is missing
✗ detail.items.qty and detail.items.sku match, but not within one element of detail.items
    detail.items.qty matches in detail.items[1]
    detail.items.sku matches in detail.items[0]
`},
		"elements that do not go together where absence is asked for": {
			`{"a": {"p": [{"numeric": [">", 5]}], "q": [{"exists": false}], "r": ["A"]}}`,
			`{"a": [{"r": "A", "p": 1}, {"r": "B", "p": 10}, {"r": "A", "p": 7, "q": true}]}`,
			`
✗ The event does not match: a.p, a.q and a.r match, but not within one element of a.

✓ a[1].p: 10 is > 5
✓ a.q
    → it is missing in some array elements
✓ a[0].r: "A" is equal
✗ a.p, a.q and a.r match, but not within one element of a
    a.p matches in a[1], a[2]
    a.q must be missing, and is there in a[2]
    a.r matches in a[0], a[2]
`},
		"a way through $or": {
			`{"detail": {"$or": [{"a": [1]}, {"b": ["x", {"wildcard": "a*z*"}]}]}}`,
			`{"detail": {"a": [2, "1", null, true], "b": "azz"}}`,
			`
✓ The event matches: by branch 2 of 2.

✗ branch 1
  ✗ detail.a
      1  ✗ detail.a[0]: 2 is not 1
         ✗ detail.a[1]: "1" is a string, and the pattern wants the number 1
         ✗ detail.a[2]: null is not 1
         ✗ detail.a[3]: true is a boolean, and the pattern wants the number 1

✓ branch 2
  ✓ detail.b: "azz" fits "a*z*"
`},
		"absence in the element that was taken": {
			`{"a": {"x": [1], "y": [{"exists": false}]}}`,
			`{"a": [{"x": 1}, {"x": 2, "y": 3}]}`,
			`
✓ The event matches.

✓ a[0].x: 1 is equal
✓ a.y
    → it is missing in the array elements that the other fields take, and that counts
`},
		"no absence in the element that was taken": {
			`{"a": {"x": [1], "y": [{"exists": false}]}}`,
			`{"a": [{"x": 1, "y": 2}, {"x": 2, "y": 3}]}`,
			`
✗ The event does not match: a.y must be missing, and is there in the array elements that the fields before it take.

✓ a[0].x: 1 is equal
✗ a.y
    {"exists": false}  ✗ a[0].y: the field exists (1 more alike)
✗ a.y must be missing, and is there in the array elements that the fields before it take
    a.x matches in a[0]
    a.y must be missing, and is there in a[0], a[1]
`},
	} {
		t.Run(name, func(t *testing.T) {
			if got := "\n" + text(t, explain(t, c.pattern, c.event)); got != c.want {
				t.Errorf("got%s\nwant%s", got, c.want)
			}
		})
	}
}

func TestATestSaysWhyItAcceptsAValueOrNot(t *testing.T) {
	for _, c := range []struct{ test, value, want string }{
		{`"a"`, `"a"`, `"a" is equal`},
		{`"done"`, `"Done"`, `"Done" is not "done": it differs only in case`},
		{`"done"`, `"done "`, `"done " is not "done": it differs only in space around it`},
		{`"a*"`, `"ab"`, `"ab" is not "a*": * stands for itself without {"wildcard": …}`},
		{`"5"`, `5`, `5 is a number, and the pattern wants the string "5"`},
		{`true`, `"true"`, `"true" is a string, and the pattern wants true`},
		{`true`, `false`, `false is not true`},
		{`null`, `""`, `"" is not null`},
		{`"null"`, `null`, `null is not "null"`},
		{`300`, `3e2`, `3e2 is equal to 300`},
		{`9007199254740993`, `9007199254740993.0`, `9007199254740993.0 is not written as 9007199254740993, and numbers of more than 17 digits are compared as text`},
		{`{"numeric": [">", 0, "<=", 5]}`, `12`, `12 is not > 0 and <= 5`},
		{`{"numeric": ["=", 5]}`, `5.0`, `5.0 is equal to 5`},
		{`{"numeric": [">", 100]}`, `"12"`, `"12" is a string, and numeric compares only numbers`},
		{`{"numeric": [">", 100]}`, `1e400`, `1e400 has more digits than AWS compares (17), so it is in no range`},
		{`{"prefix": "do"}`, `"Done"`, `"Done" does not begin with "do": it differs only in case`},
		{`{"prefix": {"equals-ignore-case": "do"}}`, `"Done"`, `"Done" begins with "do", whatever the case`},
		{`{"suffix": "ne"}`, `7`, `7 is a number, and suffix looks only at strings`},
		{`{"equals-ignore-case": "Straße"}`, `"strasse"`, `"strasse" is not "Straße", whatever the case`},
		{`{"equals-ignore-case": "σ"}`, `"ς"`, `"ς" is not "σ", whatever the case (AWS takes the two cases of the pattern's character, not Unicode's)`},
		{`{"wildcard": "a*b*c"}`, `"axc"`, `"axc" does not fit "a*b*c": there is no "b" in it`},
		{`{"wildcard": "a*c"}`, `"axd"`, `"axd" does not fit "a*c": it does not end with "c"`},
		{`{"wildcard": "a*a"}`, `"a"`, `"a" does not fit "a*a": the pieces do not come in this order, one after the other`},
		{`{"cidr": "10.1.2.3/8"}`, `"10.9.9.9"`, `"10.9.9.9" is in 10.0.0.0/8`},
		{`{"cidr": "10.0.0.0/8"}`, `"11.0.0.1"`, `"11.0.0.1" is not in 10.0.0.0/8`},
		{`{"cidr": "10.0.0.0/8"}`, `"::1"`, `"::1" is IPv6, and the pattern wants IPv4`},
		{`{"cidr": "10.0.0.0/8"}`, `"here"`, `"here" is not an IP address`},
		{`"10.0.0.1"`, `"010.0.0.1"`, `"010.0.0.1" is the address 10.0.0.1`},
		{`{"anything-but": ["a", "b"]}`, `"c"`, `"c" is none of "a", "b"`},
		{`{"anything-but": ["a", "b"]}`, `"b"`, `"b" is excluded`},
		{`{"anything-but": 5}`, `"5"`, `"5" is not a number, and only numbers are excluded`},
		{`{"anything-but": {"prefix": ["a", "b"]}}`, `"bc"`, `"bc" begins with "b", which is excluded`},
		{`{"anything-but": {"wildcard": "a*"}}`, `"b"`, `"b" does not fit "a*"`},
		{`{"exists": true}`, `null`, `the field exists`},
		{`{"exists": false}`, `null`, `the field exists`},
	} {
		r := explain(t, `{"v": [`+c.test+`]}`, `{"v": `+c.value+`}`)
		if got := r.Branches[0].Fields[0].Tests[0].Findings[0].Why; got != c.want {
			t.Errorf("%s of %s: got  %s\nwant %s", c.test, c.value, got, c.want)
		}
	}
}

func TestAMissingFieldComesWithWhatMayBeMeant(t *testing.T) {
	for _, c := range []struct{ pattern, event, want string }{
		{`{"detail-type": ["x"]}`, `{"detailType": "x"}`, `the event has detailType, which differs only in case and hyphens`},
		{`{"detail": {"a-b": [1]}}`, `{"detail": {"a_b": 1}}`, `the event has detail.a_b, which differs only in hyphens or underscores`},
		{`{"detail": {"status": [1]}}`, `{"detail": {"statsu": 1}}`, `the event has detail.statsu: a misspelling?`},
		{`{"source": [1]}`, `{"soruce": 1}`, `the event has soruce: a misspelling?`},
		{`{"status": [1]}`, `{"detail": {"status": 1}}`, `the event has such a key elsewhere: detail.status`},
		{`{"a": {"b": [1]}}`, `{"a": 5}`, `a is a number, not an object`},
		{`{"a": {"b": [1]}}`, `{"a": "{\"b\": 1}"}`, `a is a string that holds JSON, and patterns do not look into strings`},
		{`{"a": [1]}`, `{"a": {"b": 1}}`, `there is an object, and tests look at single values: name a key in it, such as b`},
		{`{"a": [1]}`, `{"a": []}`, `there is an empty array, which counts as missing`},
		{`{"a": {"b": [1]}}`, `{"a": {"x": 1, "y": 2}}`, `a has no b; it has x, y`},
	} {
		f := explain(t, c.pattern, c.event).Branches[0].Fields[0]
		if f.Hint != c.want || !f.Missing {
			t.Errorf("%s of %s: got %q, missing %v, want %q", c.pattern, c.event, f.Hint, f.Missing, c.want)
		}
	}
}

func TestAConflictNamesOnlyTheFieldsThatDisagree(t *testing.T) {
	r := explain(t, `{"a": {"p": [1], "q": [1], "r": [1]}, "b": {"x": [1], "y": [1]}}`,
		`{"a": [{"p": 1, "r": 1}, {"q": 1, "r": 1}], "b": [{"x": 1, "y": 1}]}`)
	c := r.Branches[0].Conflict
	if c == nil || len(c.Fields) != 2 || c.Fields[0].Path != "a.p" || c.Fields[1].Path != "a.q" {
		t.Fatalf("got %+v", c)
	}
	if strings.Join(c.Fields[0].Elements, " ") != "a[0]" || strings.Join(c.Fields[1].Elements, " ") != "a[1]" {
		t.Errorf("got %+v", c.Fields)
	}
}

func TestAMatchNamesTheValuesItTakes(t *testing.T) {
	r := explain(t, `{"a": {"x": [1], "y": [2]}}`, `{"a": [{"x": 1, "y": 1}, {"x": 1, "y": 2}]}`)
	var taken []string
	for _, f := range r.Branches[0].Fields {
		for _, v := range f.Values {
			if v.Taken {
				taken = append(taken, v.At)
			}
		}
	}
	if got := strings.Join(taken, " "); got != "a[1].x a[1].y" {
		t.Errorf("got %s", got)
	}
}

func TestWhatIsRefusedIsRefusedInTheOraclesWords(t *testing.T) {
	if _, err := Explain(`{"a": 1}`, []byte(`{}`)); err == nil || !strings.HasPrefix(err.Error(), `"a" must be an object or an array`) {
		t.Errorf("got %v", err)
	}
	for _, event := range []string{``, `[]`, `{"a":`, strings.Repeat(`{"a":`, 2000)} {
		if _, err := Explain(`{"a": [1]}`, []byte(event)); err == nil {
			t.Errorf("event %.40q is read", event)
		}
	}
}

func TestAResultIsJSONWithNamesThatAConsoleCanRelyOn(t *testing.T) {
	b, err := json.Marshal(explain(t, `{"a": ["x"]}`, `{"a": "y"}`))
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"matched":false,"summary":"The event does not match: a did not match.","branches":[{"number":1,"matched":false,` +
		`"fields":[{"path":"a","matched":false,"tests":[{"test":"\"x\"","accepted":false,"findings":[{"at":"a","accepted":false,` +
		`"why":"\"y\" is not \"x\""}]}],"values":[{"at":"a","value":"\"y\"","type":"string","accepted":false}]}]}]}`
	if string(b) != want {
		t.Errorf("got  %s\nwant %s", b, want)
	}
}
