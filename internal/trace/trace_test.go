package trace_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/carillon-events/carillon/internal/trace"
)

const (
	parent = "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01"
	xray   = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
)

func TestATraceparentIsReadAsW3CSays(t *testing.T) {
	for name, c := range map[string]struct {
		in   string
		want string // Traceparent; empty: refused
	}{
		"sampled":                        {parent, parent},
		"not sampled":                    {parent[:53] + "00", parent[:53] + "00"},
		"flags that are not known":       {parent[:53] + "ff", parent},
		"a later version":                {"cc" + parent[2:], parent},
		"a later version with more":      {"cc" + parent[2:] + "-what", parent},
		"a later version, no dash":       {"cc" + parent[2:] + "what", ""},
		"more than version 00 has":       {parent + "-what", ""},
		"the version that is forbidden":  {"ff" + parent[2:], ""},
		"upper case":                     {strings.ToUpper(parent), ""},
		"trace id of zeros":              {"00-" + strings.Repeat("0", 32) + parent[35:], ""},
		"parent id of zeros":             {parent[:36] + strings.Repeat("0", 16) + "-01", ""},
		"too short":                      {parent[:54], ""},
		"nothing":                        {"", ""},
		"dashes at other places":         {strings.ReplaceAll(parent, "-", "_"), ""},
		"longer than anybody would send": {"cc" + parent[2:] + "-" + strings.Repeat("a", 300), ""},
	} {
		got, ok := trace.ParseW3C(c.in, "")
		if ok != (c.want != "") || got.Traceparent() != c.want {
			t.Errorf("%s: %q, %v; want %q", name, got.Traceparent(), ok, c.want)
		}
	}
}

func TestAnXRayHeaderIsReadWithAllThatItMayHold(t *testing.T) {
	for name, c := range map[string]struct {
		in   string
		want string // XRay; empty: refused
	}{
		"whole":                     {xray, xray},
		"root only":                 {xray[:40], xray[:40]},
		"another order":             {"Sampled=1;Parent=53995c3f42cd8ad8;Root=1-5759e988-bd862e3fe1be46a994272793", xray},
		"blanks between":            {strings.ReplaceAll(xray, ";", "; "), xray},
		"more fields":               {"Self=1-5759e988-000000000000000000000001;" + xray + ";Lineage=a:0", xray},
		"asking for a decision":     {xray[:len(xray)-1] + "?", xray[:len(xray)-len(";Sampled=1")]},
		"not sampled":               {xray[:len(xray)-1] + "0", xray[:len(xray)-1] + "0"},
		"no root":                   {"Parent=53995c3f42cd8ad8;Sampled=1", ""},
		"version 2":                 {strings.Replace(xray, "=1-", "=2-", 1), ""},
		"root too short":            {xray[:30], ""},
		"parent that is no number":  {strings.Replace(xray, "53995c", "xyzxyz", 1), ""},
		"nothing":                   {"", ""},
		"longer than anybody sends": {xray + ";a=" + strings.Repeat("a", 3000), ""},
	} {
		got, ok := trace.ParseXRay(c.in)
		if ok != (c.want != "") || got.XRay() != c.want {
			t.Errorf("%s: %q, %v; want %q", name, got.XRay(), ok, c.want)
		}
	}
}

func TestOneHeaderBecomesTheOther(t *testing.T) {
	c, _ := trace.ParseW3C(parent, "a=1;x,b=2")
	if c.XRay() != xray {
		t.Errorf("traceparent became %q", c.XRay())
	}
	if h := c.Header(); trace.Public(h) != xray || trace.Theirs(h) != xray || h == xray {
		t.Errorf("the header is %q, without our fields %q", h, trace.Public(h))
	}
	back, ok := trace.ParseXRay(c.Header())
	if !ok || back != c || back.Traceparent() != parent {
		t.Errorf("%+v went into the header, %+v came out", c, back)
	}
	if got := trace.Theirs("Root=nonsense"); got != "" {
		t.Errorf("a malformed header is %q", got)
	}
}

func TestTheRequestsTraceparentGoesFirst(t *testing.T) {
	other := strings.Replace(xray, "5759e988", "00000001", 1)
	if got := trace.FromRequest(parent, "a=1", other); got.Traceparent() != parent || got.State != "a=1" {
		t.Errorf("got %+v", got)
	}
	if got := trace.FromRequest("nonsense", "a=1", xray); got.XRay() != xray || got.State != "" {
		t.Errorf("without a traceparent: %+v", got)
	}
	if got := trace.FromRequest("", "", xray+";From=53995c3f42cd8ad8;State=a=1"); got.From != (trace.SpanID{}) || got.State != "" {
		t.Errorf("a stranger sets our fields: %+v", got)
	}
	if trace.FromRequest("", "", "").Valid() {
		t.Error("a trace out of nothing")
	}
}

func TestATraceThatIsSampledIsFollowedAndNoOther(t *testing.T) {
	tracer := &trace.Tracer{NewIDs: func() (trace.TraceID, trace.SpanID) { return trace.TraceID{15: 1}, trace.SpanID{7: 2} }}
	key := [16]byte{1, 15: 2}
	h := tracer.Hand(xray, key)
	c, _ := trace.ParseXRay(h)
	if c.Span != trace.SpanOf(key, 0) || c.From.String() != "53995c3f42cd8ad8" || c.Trace.String() != "5759e988bd862e3fe1be46a994272793" {
		t.Errorf("handed on as %q", h)
	}
	if h2 := tracer.Hand(xray, key); h2 != h {
		t.Error("the same delivery gets two spans")
	}
	undecided := xray[:len(xray)-len(";Sampled=1")]
	for _, in := range []string{"", "nonsense", xray[:len(xray)-1] + "0", undecided} {
		if got := tracer.Hand(in, key); got != in {
			t.Errorf("%q is followed: %q", in, got)
		}
	}
	var nobody *trace.Tracer
	if nobody.Hand(xray, key) != xray || nobody.Begin(trace.Context{}, time.Time{}) != nil {
		t.Error("nobody traces, and yet something does")
	}
	if tracer.Begin(trace.Context{}, time.Time{}) != nil {
		t.Error("with a ratio of 0 a trace begins")
	}
	tracer.Ratio = 1
	root := tracer.Begin(trace.Context{}, time.Unix(1, 0))
	if root == nil || root.Trace != (trace.TraceID{15: 1}) || root.From != (trace.SpanID{}) || root.Sampling != trace.Sampled {
		t.Fatalf("a trace begins with %+v", root)
	}
	if !strings.Contains(tracer.Hand(undecided, key), "Sampled=1") {
		t.Error("with a ratio of 1 an open decision is not taken")
	}
	if refused := (trace.Context{Trace: trace.TraceID{1}, Sampling: trace.NotSampled}); tracer.Begin(refused, time.Time{}) != nil {
		t.Error("a trace that its parent does not sample is recorded")
	}
}

func TestAttemptsHaveSpansOfTheirOwn(t *testing.T) {
	seen := map[trace.SpanID]bool{}
	for attempt := range 200 {
		seen[trace.SpanOf([16]byte{1, 2, 3, 15: 4}, attempt)] = true
	}
	if len(seen) != 200 {
		t.Errorf("200 attempts have %d ids", len(seen))
	}
	if trace.SpanOf([16]byte{}, 0) == (trace.SpanID{}) {
		t.Error("zero is no id")
	}
}

func TestWhatAHeaderIsMadeOfComesOutOfIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var c trace.Context
		copy(c.Trace[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "trace"))
		c.Trace[15] |= 1
		copy(c.Span[:], rapid.SliceOfN(rapid.Byte(), 8, 8).Draw(t, "span"))
		copy(c.From[:], rapid.SliceOfN(rapid.Byte(), 8, 8).Draw(t, "from"))
		c.Sampling = trace.Sampling(rapid.IntRange(0, 2).Draw(t, "sampling"))
		if rapid.Bool().Draw(t, "with state") {
			c.State = "k=" + rapid.StringMatching(`[ -~]{0,500}`).Draw(t, "state")
		}
		got, ok := trace.ParseXRay(c.Header())
		if !ok || got != c {
			t.Fatalf("%+v\nbecame %q\nand then %+v", c, c.Header(), got)
		}
		if public, ok := trace.ParseXRay(trace.Public(c.Header())); !ok || public.XRay() != c.XRay() || public.State != "" || public.From != (trace.SpanID{}) {
			t.Fatalf("others see %q", trace.Public(c.Header()))
		}
	})
}

func FuzzHeaders(f *testing.F) {
	f.Add(parent, "a=1", xray)
	f.Add("", "", xray+";State=a%3B=1;From=53995c3f42cd8ad8")
	f.Add("", "", "From=53995c3f42cd8ad8;"+xray+"; State=a=1")
	f.Fuzz(func(t *testing.T, parent, state, xray string) {
		if c, ok := trace.ParseW3C(parent, state); ok {
			again, ok := trace.ParseW3C(c.Traceparent(), c.State)
			if !ok || again != c {
				t.Errorf("%+v was written as %q", c, c.Traceparent())
			}
		}
		if c, ok := trace.ParseXRay(xray); ok {
			again, ok := trace.ParseXRay(c.Header())
			if !ok || again != c {
				t.Errorf("%+v was written as %q", c, c.Header())
			}
		}
		if c, _ := trace.ParseXRay(trace.Theirs(xray)); c.From != (trace.SpanID{}) || c.State != "" {
			t.Errorf("a stranger sets our fields: %q", xray)
		}
	})
}
