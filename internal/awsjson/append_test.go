package awsjson

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/carillon-events/carillon/internal/wire"
)

func TestAppendedStringsAreJSON(t *testing.T) {
	for in, want := range map[string]string{
		``:                       `""`,
		`plain`:                  `"plain"`,
		"a\"b\\c":                `"a\"b\\c"`,
		"\b\f\n\r\t\x00\x1f\x7f": "\"\\b\\f\\n\\r\\t\\u0000\\u001f\x7f\"",
		"é€😀":                    `"é€😀"`,
		"<a&b>":                  `"<a&b>"`,
		"bad\xffutf\xe2\x82":     `"bad` + "\uFFFD" + `utf` + "\uFFFD\uFFFD" + `"`,
		"long enough for a step of eight\nand another": `"long enough for a step of eight\nand another"`,
	} {
		if got := string(AppendString(nil, in)); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}

func FuzzAppendString(f *testing.F) {
	for _, seed := range []string{"", "plain", "\"\\\n", "\xff\xfe", "é😀", strings.Repeat("abcdefg\x01", 9)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		out := AppendString([]byte("["), s)
		var got []string
		if err := json.Unmarshal(append(out, ']'), &got); err != nil {
			t.Fatalf("%q: %s: %v", s, out, err)
		}
		if want := string([]rune(s)); got[0] != want {
			t.Fatalf("%q came back as %q", s, got[0])
		}
		var d Decoder
		d.Reset(out[1:])
		var back string
		if !d.String(&back) || d.Finish() != nil || back != got[0] {
			t.Fatalf("%q: the decoder reads %q, %v", s, back, d.Finish())
		}
	})
}

func TestTimesAreSecondsWithMilliseconds(t *testing.T) {
	for want, in := range map[string]time.Time{
		"0":              time.Unix(0, 0),
		"1700000000":     time.Unix(1700000000, 999),
		"1700000000.12":  time.Unix(1700000000, 120e6),
		"1700000000.007": time.Unix(1700000000, 7e6),
		"-1.5":           time.Unix(-2, 5e8),
	} {
		if got := string(AppendTime(nil, in)); got != want {
			t.Errorf("%v: %s, want %s", in, got, want)
		}
	}
}

func TestMembersAndElementsAreSeparated(t *testing.T) {
	dst := append([]byte(nil), '{')
	dst = AppendInt(AppendName(dst, "a"), int32(-1))
	dst = append(AppendName(dst, "b"), '[')
	dst = AppendBlob(AppendComma(dst), []byte{0xff, 0xfe})
	dst = AppendBlob(AppendComma(dst), nil)
	dst = append(dst, ']')
	dst = append(AppendInt(AppendKey(dst, `"`), int64(2)), '}')
	if want := `{"a":-1,"b":["//4=",""],"\"":2}`; string(dst) != want {
		t.Errorf("%s, want %s", dst, want)
	}
}

func TestAnErrorNamesItsCodeInTheBody(t *testing.T) {
	sqs := &wire.Service{
		ErrorNamespace:  "com.amazonaws.sqs",
		QueryCompatible: true,
		Errors: map[string]wire.ErrorInfo{
			"QueueDoesNotExist": {Status: 400, QueryCode: "AWS.SimpleQueueService.NonExistentQueue"},
		},
	}
	events := &wire.Service{Errors: map[string]wire.ErrorInfo{"InternalException": {Status: 500, Receiver: true}}}
	for _, test := range []struct {
		svc          *wire.Service
		err          *wire.Error
		body, header string
		status       int
	}{
		{sqs, &wire.Error{Code: "QueueDoesNotExist", Message: "The specified queue does not exist."},
			`{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"The specified queue does not exist."}`,
			"AWS.SimpleQueueService.NonExistentQueue;Sender", 400},
		{sqs, &wire.Error{Code: "InternalFailure", Status: 500},
			`{"__type":"com.amazonaws.sqs#InternalFailure","message":""}`, "InternalFailure;Receiver", 500},
		{events, &wire.Error{Code: "InternalException", Message: `a "b"`},
			`{"__type":"InternalException","message":"a \"b\""}`, "", 500},
		{nil, &wire.Error{Code: "UnknownOperationException"},
			`{"__type":"UnknownOperationException","message":""}`, "", 400},
	} {
		if got := string(AppendError(nil, test.svc, test.err)); got != test.body {
			t.Errorf("%s, want %s", got, test.body)
		}
		if got := QueryErrorHeader(test.svc, test.err); got != test.header {
			t.Errorf("%s: header %q, want %q", test.err.Code, got, test.header)
		}
		if got := test.err.HTTPStatus(test.svc); got != test.status {
			t.Errorf("%s: status %d, want %d", test.err.Code, got, test.status)
		}
	}
}

func BenchmarkString1KB(b *testing.B) {
	for name, text := range map[string]string{
		"plain":   strings.Repeat("sixteen letters ", 64),
		"escaped": strings.Repeat(`{"key":"value"},`, 64),
		"accents": strings.Repeat("quinze lettres é", 62),
	} {
		body := AppendString(nil, text)
		b.Run("decode/"+name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			var d Decoder
			for b.Loop() {
				d.Reset(body)
				var s string
				if !d.String(&s) {
					b.Fatal(d.Finish())
				}
			}
		})
		b.Run("append/"+name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			dst := make([]byte, 0, 4096)
			for b.Loop() {
				dst = AppendString(dst[:0], text)
			}
		})
	}
}
