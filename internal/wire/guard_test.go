package wire

import (
	"context"
	"errors"
	"testing"
)

func TestAMethodRunsOnlyBehindItsConstraintsAndTheDecision(t *testing.T) {
	breach, denied := errors.New("breach"), errors.New("denied")
	var ran bool
	method := func(context.Context, *Call, *string) (*string, error) { ran = true; return nil, nil }
	check := func(in *string) error {
		if *in == "" {
			return breach
		}
		return nil
	}
	var asked string
	call := &Call{Service: "sqs", Operation: "SendMessage", Decide: func(_ context.Context, _ *Call, action, resource string) error {
		asked = action + " on " + resource
		if resource == "secret" {
			return denied
		}
		return nil
	}}
	run := Guard(check, func(_ *Call, in any) string { return *in.(*string) }, method)
	for in, want := range map[string]error{"": breach, "secret": denied, "orders": nil} {
		ran, asked = false, ""
		_, err := run(t.Context(), call, &in)
		if err != want || ran != (want == nil) {
			t.Errorf("%q: %v, ran %v", in, err, ran)
		}
		if wanted := "sqs:SendMessage on " + in; want != breach && asked != wanted {
			t.Errorf("asked for %s, want %s", asked, wanted)
		}
	}
	empty := ""
	if _, err := Guard[string](nil, nil, method)(t.Context(), call, &empty); err != nil || asked != "sqs:SendMessage on *" {
		t.Errorf("%v, asked for %s", err, asked)
	}
}

func TestTheZeroAbsentIsComplete(t *testing.T) {
	var a Absent
	if a.Has(0) || a.Has(63) {
		t.Error("something is missing")
	}
	a.Set(0, true)
	a.Set(63, true)
	a.Set(0, false)
	if a.Has(0) || !a.Has(63) {
		t.Errorf("%b", a)
	}
}
