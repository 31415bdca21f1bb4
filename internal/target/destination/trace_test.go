package destination

import (
	"net/http"
	"reflect"
	"testing"
)

func TestATraceIsHandedOnInBothSpellings(t *testing.T) {
	const root = "Root=1-5759e988-bd862e3fe1be46a994272793"
	for header, want := range map[string]http.Header{
		"":         {},
		"nonsense": {},
		root:       {"X-Amzn-Trace-Id": {root}},
		root + ";Parent=53995c3f42cd8ad8;Sampled=1;State=a=1%3B2,b=3;From=0000000000000001": {
			"X-Amzn-Trace-Id": {root + ";Parent=53995c3f42cd8ad8;Sampled=1"},
			"Traceparent":     {"00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01"},
			"Tracestate":      {"a=1;2,b=3"},
		},
	} {
		m := &message{header: http.Header{}}
		m.addTrace(header)
		if !reflect.DeepEqual(m.header, want) {
			t.Errorf("%q became %v", header, m.header)
		}
	}
}
