package policy

import (
	"encoding/json"
	"errors"
	"testing"
	"unicode/utf8"
)

// FuzzParse: whatever the text, Parse ends with a document or an Error that has a
// place in the text, and what parses is JSON, decides, and says why.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		statementsOf(`{"Effect": "Allow", "Action": "*", "Resource": "*"}`),
		statementsOf(`{"Sid": "a", "Effect": "Deny", "NotAction": ["s3:G?t*"], "NotResource": "arn:aws:s3:u*-1::${aws:username, 'x'}${*}", "Condition": {"ForAnyValue:StringLikeIfExists": {"aws:TagKeys": ["a*", "${aws:x}"]}}}`),
		statementsOf(`{"Effect": "Allow", "Principal": {"AWS": ["111111111111", "arn:aws:sts::111111111111:assumed-role/r/s"], "Service": "a"}, "Action": "sts:AssumeRole", "Condition": {"DateLessThan": {"aws:a": 1}, "IpAddress": {"aws:b": "::1"}, "NumericEquals": {"aws:c": 1.5}, "Bool": {"aws:d": true}, "Null": {"aws:e": "true"}, "BinaryEquals": {"aws:f": "YQ=="}, "ArnLike": {"aws:g": "*"}}}`),
		`{"Id": "\u00e9", "Version": "2008-10-17", "Statement": {"Effect": "Deny", "NotPrincipal": "*", "Action": "sqs:*"}}`,
		`{"Statement": [{"Effect": 1}]}`,
	} {
		for kind := range Trust + 1 {
			f.Add(uint8(kind), seed, "sqs:SendMessage", queue, "x\xff*")
		}
	}
	f.Fuzz(func(t *testing.T, kind uint8, text, action, resource, value string) {
		k := Kind(kind) % (Trust + 1)
		d, err := Parse(k, text)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Message == "" || e.Reason == "" || e.Line < 1 || e.Column < 1 || e.Line+e.Column > len(text)+2 || !utf8.ValidString(err.Error()) || len(err.Error()) > 2000 {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		if d.Text() != text || !json.Valid([]byte(text)) {
			t.Fatalf("%q was taken for a document", text)
		}
		keys := Values{"aws:username": One(value), "aws:tagkeys": Many([]string{value, "a"})}
		for _, key := range d.Keys() {
			keys.Set(key, One(value))
		}
		for _, who := range somePrincipals {
			r := &Request{Principal: who, Action: action, Resource: resource, Context: keys}
			var s Set
			switch p := (Policy{Name: "p", Document: d}); k {
			case Identity:
				s.Identity = []Policy{p}
			case Boundary:
				s.Boundary = p
			case Session:
				s.Session = []Policy{p}
			default:
				s.Resource = []Policy{p}
			}
			decision := Decide(r, &s)
			if sim := Simulate(r, &s); sim.Outcome != decision.Outcome || decision.Reason(r) == "" || (decision.Denial(r) == "") != decision.Allows() {
				t.Fatalf("%q: %v, simulated %v", text, decision.Outcome, sim.Outcome)
			}
		}
	})
}
