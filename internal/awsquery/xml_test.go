package awsquery

import (
	"context"
	"encoding/xml"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/carillon-events/carillon/internal/wire"
)

func TestTextCarriesEverythingThatXMLCan(t *testing.T) {
	for in, want := range map[string]string{
		"plain":                "plain",
		`<a href="x">&'`:       "&lt;a href=&quot;x&quot;&gt;&amp;'",
		"tab\tline\nreturn\r":  "tab\tline\nreturn&#xD;",
		"é€😀":                  "é€😀",
		"\x00\x1b\uFFFE\uFFFF": "\uFFFD\uFFFD\uFFFD\uFFFD",
		"\uFFFD":               "\uFFFD",
		"bad\xff":              "bad\uFFFD",
		"\x7f\u0085":           "\x7f\u0085",
	} {
		if got := string(AppendText(nil, in)); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// FuzzAppendText holds AppendText against encoding/xml's parser: what XML can
// carry comes back as it was.
func FuzzAppendText(f *testing.F) {
	for _, seed := range []string{"", "<&>\"'\r\n\t", "\x00\xff", "é😀\uFFFE", "]]>"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		doc := AppendClose(AppendText(AppendOpen(nil, "a"), s), "a")
		var got string
		if err := xml.Unmarshal(doc, &got); err != nil {
			t.Fatalf("%q: %s: %v", s, doc, err)
		}
		want := strings.Map(func(r rune) rune {
			if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
				return utf8.RuneError
			}
			return r
		}, s)
		if got != want {
			t.Fatalf("%q came back as %q, want %q", s, got, want)
		}
	})
}

func TestATimeIsISO8601(t *testing.T) {
	at := time.Date(2024, 1, 2, 3, 4, 5, 678e6, time.FixedZone("", 3600))
	if got, want := string(AppendTime(nil, at)), "2024-01-02T02:04:05.678Z"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

type input struct{ Name string }
type output struct{ Name string }

func TestAnAnswerHasItsEnvelope(t *testing.T) {
	answer := Answer{Operation: "Greet", Result: "GreetResult", Namespace: "http://example.com/doc/"}
	decode := func(p *Params, in *input) { p.String("Name", &in.Name) }
	greet := func(_ context.Context, _ *wire.Call, in *input) (*output, error) {
		return &output{"<" + in.Name + ">"}, nil
	}
	encode := func(dst []byte, out *output) []byte {
		return AppendClose(AppendText(AppendOpen(dst, "Name"), out.Name), "Name")
	}
	call := &wire.Call{RequestID: "r-1"}
	got, err := Bind(answer, decode, greet, encode)(t.Context(), call, url.Values{"Name": {"you"}}, []byte("before "))
	want := `before <?xml version="1.0"?><GreetResponse xmlns="http://example.com/doc/"><GreetResult><Name>&lt;you&gt;</Name></GreetResult>` +
		`<ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></GreetResponse>`
	if err != nil || string(got) != want {
		t.Errorf("%s, %v\nwant %s", got, err, want)
	}
	silent := func(context.Context, *wire.Call, *input) (*output, error) { return nil, nil }
	got, err = Bind(answer, decode, silent, nil)(t.Context(), call, nil, nil)
	want = `<?xml version="1.0"?><GreetResponse xmlns="http://example.com/doc/"><ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></GreetResponse>`
	if err != nil || string(got) != want {
		t.Errorf("%s, %v\nwant %s", got, err, want)
	}
}

func TestAFailureAppendsNothing(t *testing.T) {
	failure := errors.New("no")
	fails := func(context.Context, *wire.Call, *input) (*output, error) { return nil, failure }
	decode := func(p *Params, _ *input) { var n int32; p.Int32("N", &n) }
	run := Bind(Answer{Operation: "Greet"}, decode, fails, nil)
	got, err := run(t.Context(), &wire.Call{}, nil, []byte("x"))
	if err != failure || string(got) != "x" {
		t.Errorf("%s, %v", got, err)
	}
	got, err = run(t.Context(), &wire.Call{}, url.Values{"N": {"?"}}, []byte("x"))
	var e *wire.Error
	if !errors.As(err, &e) || e.Code != "MalformedInput" || string(got) != "x" {
		t.Errorf("%s, %v", got, err)
	}
}

func TestAnErrorIsADocumentOfItsOwn(t *testing.T) {
	sqs := &wire.Service{
		XMLNamespace: "http://queue.amazonaws.com/doc/2012-11-05/",
		Errors:       map[string]wire.ErrorInfo{"QueueDoesNotExist": {QueryCode: "AWS.SimpleQueueService.NonExistentQueue"}},
	}
	got := string(AppendError(nil, sqs, &wire.Error{Code: "QueueDoesNotExist", Message: `no "q"`}, "r-1"))
	want := `<?xml version="1.0"?><ErrorResponse xmlns="http://queue.amazonaws.com/doc/2012-11-05/"><Error><Type>Sender</Type>` +
		`<Code>AWS.SimpleQueueService.NonExistentQueue</Code><Message>no &quot;q&quot;</Message><Detail/></Error>` +
		`<RequestId>r-1</RequestId></ErrorResponse>`
	if got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	got = string(AppendError(nil, nil, &wire.Error{Code: "InternalFailure", Status: 500}, "r-2"))
	want = `<?xml version="1.0"?><ErrorResponse><Error><Type>Receiver</Type><Code>InternalFailure</Code><Message></Message>` +
		`<Detail/></Error><RequestId>r-2</RequestId></ErrorResponse>`
	if got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}
