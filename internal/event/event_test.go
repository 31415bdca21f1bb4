package event

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestTheEnvelopeIsWrittenAsAWSWritesIt(t *testing.T) {
	e := Event{
		ID: "6a7e8feb-b491-4cf7-a9f1-bf3703467718", DetailType: `State "change"`, Source: "app\\é\x01\n",
		Account: "111122223333", Region: "us-west-1",
		Time:      time.Date(2017, 12, 22, 19, 43, 48, 999, time.FixedZone("", 3600)),
		Resources: []string{"a", "b\xff"},
		Detail:    "{ \"x\": 1.50 }\n",
	}
	const want = `{"version":"0","id":"6a7e8feb-b491-4cf7-a9f1-bf3703467718","detail-type":"State \"change\"","source":"app\\é\u0001\n",` +
		`"account":"111122223333","time":"2017-12-22T18:43:48Z","region":"us-west-1","resources":["a","b` + "\uFFFD" + `"],"detail":{ "x": 1.50 }` + "\n}"
	if got := string(e.Append([]byte("x"))); got != "x"+want {
		t.Errorf("got  %s\nwant x%s", got, want)
	}
}

func TestTheIdComesBackOutOfAnEnvelope(t *testing.T) {
	if got := IDOf((&Event{ID: "6a7e8feb", Detail: `{"id":"x"}`}).Append(nil)); got != "6a7e8feb" {
		t.Errorf("%q", got)
	}
	for _, other := range []string{``, `{}`, `{"version":"0","id":"`, `{"version":"0","id":"a\"b"}`, `{"id":"x","version":"0"}`} {
		if got := IDOf([]byte(other)); got != "" {
			t.Errorf("%s: %q", other, got)
		}
	}
}

func TestAnEventCountsItsStringsAndItsTime(t *testing.T) {
	if got := Size(true, "sé", "dt", "{}", []string{"r1", "r22"}); got != 14+3+2+2+5 {
		t.Errorf("size is %d", got)
	}
	if got := Size(false, "s", "", "", nil); got != 1 {
		t.Errorf("size without time is %d", got)
	}
}

func TestOnlyJSONObjectsAreDetails(t *testing.T) {
	for _, text := range []string{
		`{}`, " {\"a\" : [ ] , \"b\":[{},-0.5e+7,\"\\u00e9\\n\",true,false,null]} \n", `{"a":1,"a":2}`, `{"é":"😀"}`,
		`{"a":` + strings.Repeat("[", MaxDepth-1) + `1` + strings.Repeat("]", MaxDepth-1) + `}`,
	} {
		if err := CheckObject(text); err != nil {
			t.Errorf("%.40q is refused: %v", text, err)
		}
	}
	for _, text := range []string{
		``, ` `, `null`, `[]`, `"x"`, `{`, `}`, `{"a"}`, `{"a":}`, `{"a":1,}`, `{a:1}`, `{'a':1}`, `{"a":1}x`, `{"a":1}{}`,
		`{"a":01}`, `{"a":1.}`, `{"a":.5}`, `{"a":+1}`, `{"a":1e}`, `{"a":-}`, `{"a":tru}`, `{"a":truex}`, `{"a":"`, "{\"a\":\"\n\"}",
		`{"a":"\x"}`, `{"a":"\u00g0"}`, `{"a":"\u00`, `{"a":[1,]}`, `{"a":[1 2]}`, `{"a":[1}`, "{\"a\":\"\xff\"}", "{\"a\":\x001}", `{"a":NaN}`,
	} {
		if err := CheckObject(text); err == nil {
			t.Errorf("%q is accepted", text)
		}
	}
	if err := CheckObject(strings.Repeat(`{"a":`, MaxDepth+1)); !errors.Is(err, ErrTooDeep) {
		t.Errorf("%d levels: %v", MaxDepth+1, err)
	}
}

// FuzzCheckObject compares with encoding/json, which is slower, looser about
// UTF-8, and bounded elsewhere.
func FuzzCheckObject(f *testing.F) {
	f.Add(`{"a":[1,{"b":"\u0000"}],"c":-1.5E-3}`)
	f.Add(` {"a" : tru}`)
	f.Fuzz(func(t *testing.T, text string) {
		err := CheckObject(text)
		var want map[string]any
		wantErr := json.Unmarshal([]byte(text), &want)
		var syntax *json.SyntaxError
		valid := wantErr == nil && want != nil || wantErr != nil && !errors.As(wantErr, &syntax) && !isWrongType(wantErr)
		if err == nil && !valid {
			t.Fatalf("%q is accepted, encoding/json says %v", text, wantErr)
		}
		if err != nil && valid && strings.ToValidUTF8(text, "") == text && !errors.Is(err, ErrTooDeep) {
			t.Fatalf("%q is refused: %v", text, err)
		}
	})
}

func isWrongType(err error) bool {
	var wrong *json.UnmarshalTypeError
	return errors.As(err, &wrong) && wrong.Type == reflect.TypeFor[map[string]any]()
}

func BenchmarkCheckObject1KB(b *testing.B) {
	text := `{"a":"` + strings.Repeat("x", 500) + `","b":[` + strings.Repeat(`{"k":1},`, 60) + `{}]}`
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if err := CheckObject(text); err != nil {
			b.Fatal(err)
		}
	}
}
