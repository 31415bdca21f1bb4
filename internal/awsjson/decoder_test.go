package awsjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/carillon-events/carillon/internal/wire"
)

// read decodes a whole document into what encoding/json would make of it with
// UseNumber: the same calls as generated code makes.
func read(data string) (any, error) {
	var d Decoder
	d.Reset([]byte(data))
	v := readValue(&d)
	return v, d.Finish()
}

func readValue(d *Decoder) any {
	switch c := d.peek(); c {
	case '{':
		m := map[string]any{}
		for ok := d.Object(); ok && d.Next(); {
			name := d.Name()
			m[name] = readValue(d)
		}
		return m
	case '[':
		list := []any{}
		for ok := d.Array(); ok && d.More(len(list)); {
			list = append(list, readValue(d))
		}
		return list
	case '"':
		var s string
		d.String(&s)
		return s
	case 't', 'f':
		var b bool
		d.Bool(&b)
		return b
	case 'n':
		d.literal("null")
		return nil
	default:
		return json.Number(d.number())
	}
}

func message(err error) string {
	var e *wire.Error
	if !errors.As(err, &e) {
		return fmt.Sprint(err)
	}
	if e.Code != "SerializationException" {
		return "code " + e.Code
	}
	return e.Message
}

func TestADocumentIsReadAsEncodingJSONReadsIt(t *testing.T) {
	for _, doc := range []string{
		`{}`, `[]`, ` { "a" : [ 1 , -0 , 2.5e-3 , "x" ] , "b" : { } } `, `null`, `"x"`, `0`,
		`{"a":1,"a":2}`, `"\"\\\/\b\f\n\r\t"`, `"\u00e9\u20AC\ud83d\ude00"`, `"é€😀"`,
		`"` + strings.Repeat("plain text, ", 20) + `\n` + strings.Repeat("and more", 20) + `"`,
		`{"\u0061":"key with an escape"}`, `[true,false,null]`, strings.Repeat("[", 64) + strings.Repeat("]", 64),
	} {
		var want any
		decoder := json.NewDecoder(strings.NewReader(doc))
		decoder.UseNumber()
		if err := decoder.Decode(&want); err != nil {
			t.Fatal(doc, err)
		}
		if got, err := read(doc); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %#v, %v; want %#v", doc, got, err, want)
		}
	}
}

func TestAMalformedDocumentIsRefusedWithItsPlace(t *testing.T) {
	for doc, want := range map[string]string{
		``:                         "Unexpected end of the document",
		`{`:                        "Unexpected end of the document",
		`{"a":`:                    "Unexpected end of the document",
		`"abc`:                     "Unexpected end of the document",
		`{} x`:                     `Unexpected character 'x' at offset 3`,
		"{}\x00":                   `Unexpected character '\x00' at offset 2`,
		`{"a":1,}`:                 `Unexpected character '}' at offset 7 at 'a'`,
		`[1,]`:                     `Unexpected character ']' at offset 3 at '2'`,
		`[,1]`:                     `Unexpected character ',' at offset 1 at '1'`,
		`{"a" 1}`:                  `Unexpected character '1' at offset 5 at 'a'`,
		`{a:1}`:                    `Unexpected character 'a' at offset 1`,
		`[01]`:                     `Unexpected character '1' at offset 2 at '1'`,
		`[1.]`:                     `Unexpected character ']' at offset 3 at '1'`,
		`[.5]`:                     `Unexpected character '.' at offset 1 at '1'`,
		`[1e]`:                     `Unexpected character ']' at offset 3 at '1'`,
		`[+1]`:                     `Unexpected character '+' at offset 1 at '1'`,
		`[nul]`:                    `Unexpected character 'n' at offset 1 at '1'`,
		`{"a":[{"b":tru}]}`:        `Unexpected character 't' at offset 11 at 'a.1.b'`,
		`["\x41"]`:                 `Unknown escape in a string at offset 2 at '1'`,
		`["\u12g4"]`:               `Bad \u escape in a string at offset 2 at '1'`,
		`["\ud800"]`:               `Bad \u escape in a string at offset 2 at '1'`,
		`["\ud800\u0041"]`:         `Bad \u escape in a string at offset 2 at '1'`,
		`["\udc00\ud800"]`:         `Bad \u escape in a string at offset 2 at '1'`,
		"[\"a\nb\"]":               `Unescaped control character '\n' in a string at '1'`,
		"[\"\\n\tb\"]":             `Unescaped control character '\t' in a string at '1'`,
		"{\"k\":\"\xff\"}":         `A string is not valid UTF-8 at 'k'`,
		"{\"k\":\"\\n\xe2\\n\"}":   `A string is not valid UTF-8 at 'k'`,
		"{\"k\":\"\xed\xa0\x80\"}": `A string is not valid UTF-8 at 'k'`,
		strings.Repeat("[", 65):    "The document is nested deeper than 64 levels",
	} {
		if got, err := read(doc); err == nil {
			t.Errorf("%q: %#v, want an error", doc, got)
		} else if message(err) != want {
			t.Errorf("%q: %s; want %s", doc, message(err), want)
		}
	}
}

func TestAValueOfTheWrongKindNamesItsMember(t *testing.T) {
	type reader func(*Decoder) bool
	var (
		text reader = func(d *Decoder) bool { var v string; return d.String(&v) }
		i32  reader = func(d *Decoder) bool { var v int32; return d.Int32(&v) }
		i64  reader = func(d *Decoder) bool { var v int64; return d.Int64(&v) }
		flag reader = func(d *Decoder) bool { var v bool; return d.Bool(&v) }
		when reader = func(d *Decoder) bool { var v time.Time; return d.Time(&v) }
		blob reader = func(d *Decoder) bool { var v []byte; return d.Blob(&v) }
	)
	for _, test := range []struct {
		read        reader
		value, want string
	}{
		{text, `1`, "NUMBER_VALUE can not be converted to a String at 'Name'"},
		{text, `true`, "TRUE_VALUE can not be converted to a String at 'Name'"},
		{text, `{"a":1}`, "Start of structure or map found where not expected at 'Name'"},
		{text, `[1]`, "Start of list found where not expected at 'Name'"},
		{i32, `"1"`, "STRING_VALUE can not be converted to an Integer at 'Name'"},
		{i32, `1.5`, "NUMBER_VALUE can not be converted to an Integer at 'Name'"},
		{i32, `2147483648`, "NUMBER_VALUE can not be converted to an Integer at 'Name'"},
		{i64, `9223372036854775808`, "NUMBER_VALUE can not be converted to a Long at 'Name'"},
		{i64, `1e400`, "NUMBER_VALUE can not be converted to a Long at 'Name'"},
		{i64, `9007199254740993.5e0`, "NUMBER_VALUE can not be converted to a Long at 'Name'"},
		{flag, `"true"`, "STRING_VALUE can not be converted to a Boolean at 'Name'"},
		{when, `"2024-01-01T00:00:00Z"`, "STRING_VALUE can not be converted to a Timestamp at 'Name'"},
		{when, `1e300`, "NUMBER_VALUE can not be converted to a Timestamp at 'Name'"},
		{when, `99999999999999`, "NUMBER_VALUE can not be converted to a Timestamp at 'Name'"},
		{blob, `"***"`, "A Blob must be base64 at 'Name'"},
		{blob, `7`, "NUMBER_VALUE can not be converted to a Blob at 'Name'"},
		{(*Decoder).Object, `7`, "Expected a structure or null at 'Name'"},
		{(*Decoder).Object, `[]`, "Start of list found where not expected at 'Name'"},
		{(*Decoder).Array, `"x"`, "Expected list or null at 'Name'"},
		{(*Decoder).Array, `{}`, "Start of structure or map found where not expected at 'Name'"},
	} {
		var d Decoder
		d.Reset([]byte(`{"Name":` + test.value + `}`))
		if !d.Object() || !d.Next() {
			t.Fatal("the object was not entered")
		}
		if test.read(&d) {
			t.Errorf("%s was read", test.value)
		}
		if got := message(d.Finish()); got != test.want {
			t.Errorf("%s: %s; want %s", test.value, got, test.want)
		}
	}
}

func TestNullIsAbsentForEveryReader(t *testing.T) {
	s, n32, n64, b, when, blob := "x", int32(1), int64(1), true, time.Now(), []byte("x")
	for name, read := range map[string]func(*Decoder) bool{
		"String": func(d *Decoder) bool { return d.String(&s) || s != "" },
		"Int32":  func(d *Decoder) bool { return d.Int32(&n32) || n32 != 0 },
		"Int64":  func(d *Decoder) bool { return d.Int64(&n64) || n64 != 0 },
		"Bool":   func(d *Decoder) bool { return d.Bool(&b) || b },
		"Time":   func(d *Decoder) bool { return d.Time(&when) || !when.IsZero() },
		"Blob":   func(d *Decoder) bool { return d.Blob(&blob) || blob != nil },
		"Object": (*Decoder).Object,
		"Array":  (*Decoder).Array,
	} {
		var d Decoder
		d.Reset([]byte("null"))
		if read(&d) {
			t.Errorf("%s found something", name)
		}
		if err := d.Finish(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNumbersAreReadExactly(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "-0": 0, "12": 12, "-9223372036854775808": math.MinInt64,
		"9223372036854775807": math.MaxInt64, "5.0": 5, "1e3": 1000, "1.5e1": 15,
	} {
		var d Decoder
		d.Reset([]byte(text))
		var got int64
		if !d.Int64(&got) || d.Finish() != nil || got != want {
			t.Errorf("%s: %d, %v", text, got, d.Finish())
		}
	}
}

func TestTimestampsKeepTheirFraction(t *testing.T) {
	for text, want := range map[string]time.Time{
		"0":                    time.Unix(0, 0),
		"1700000000":           time.Unix(1700000000, 0),
		"1700000000.123":       time.Unix(1700000000, 123e6),
		"1700000000.123456789": time.Unix(1700000000, 123456789),
		"1.7E9":                time.Unix(1700000000, 0),
		"1.700000000123e9":     time.Unix(1700000000, 123e6),
		"-1.5":                 time.Unix(-2, 5e8),
	} {
		var d Decoder
		d.Reset([]byte(text))
		var got time.Time
		if !d.Time(&got) || d.Finish() != nil || !got.Equal(want) {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
}

func TestAListHasAtMostTenThousandElements(t *testing.T) {
	if _, err := read("[" + strings.Repeat("1,", 9_999) + "1]"); err != nil {
		t.Errorf("10,000 elements: %v", err)
	}
	_, err := read(`{"Entries":[` + strings.Repeat("1,", 10_000) + "1]}")
	if want := "More than 10000 elements at 'Entries.10001'"; message(err) != want {
		t.Errorf("10,001 elements: %s; want %s", message(err), want)
	}
}

func TestStringsWithoutEscapesPointIntoTheBody(t *testing.T) {
	body := []byte(`{"a":"` + strings.Repeat("x", 1000) + `"}`)
	var d Decoder
	allocations := testing.AllocsPerRun(100, func() {
		d.Reset(body)
		var s string
		if !d.Object() || !d.Next() || !d.String(&s) || len(s) != 1000 || d.Next() || d.Finish() != nil {
			t.Fatal("not read")
		}
	})
	if allocations != 0 {
		t.Errorf("%v allocations", allocations)
	}
}

func TestStringsWithEscapesShareOneArena(t *testing.T) {
	body := []byte(`["a\n","b\n","c\n","d\u00e9"]`)
	var d Decoder
	got := make([]string, 4)
	allocations := testing.AllocsPerRun(100, func() {
		d.Reset(body)
		d.Array()
		for i := 0; d.More(i); i++ {
			d.String(&got[i])
		}
		if d.Finish() != nil {
			t.Fatal(d.Finish())
		}
	})
	if want := []string{"a\n", "b\n", "c\n", "dé"}; !reflect.DeepEqual(got, want) {
		t.Errorf("%q", got)
	}
	if allocations != 1 {
		t.Errorf("%v allocations", allocations)
	}
}

// FuzzDecoder holds the decoder against encoding/json: what the one takes the
// other takes, and reads as the same.
func FuzzDecoder(f *testing.F) {
	for _, seed := range []string{
		`{"a":[1,2.5e3,{"b":null}],"c":"x\n\u00e9\ud83d\ude00"}`, `[`, `"\ud800"`, "\"\xff\"", `{"a":1}{`,
		`"` + strings.Repeat("é\\\"", 30) + `"`, strings.Repeat("[", 70) + strings.Repeat("]", 70), `-0.0e-0`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		before := bytes.Clone(data)
		var skipped Decoder
		skipped.Reset(data)
		skipped.Skip()
		skipErr := skipped.Finish()
		got, err := read(string(data))
		if !bytes.Equal(before, data) {
			t.Fatal("the body was written")
		}
		var want any
		decoder := json.NewDecoder(bytes.NewReader(data))
		decoder.UseNumber()
		if err == nil {
			if !json.Valid(data) {
				t.Fatalf("%q was taken", data)
			}
			if err := decoder.Decode(&want); err != nil || !reflect.DeepEqual(got, want) {
				t.Fatalf("%q: %#v, want %#v (%v)", data, got, want, err)
			}
			if skipErr != nil {
				t.Fatalf("%q: skipping it: %v", data, skipErr)
			}
			return
		}
		if json.Valid(data) && utf8.Valid(data) && !strings.Contains(message(err), `Bad \u escape`) &&
			!strings.Contains(message(err), "nested deeper") && !strings.Contains(message(err), "elements") {
			t.Fatalf("%q was refused: %v", data, err)
		}
	})
}
