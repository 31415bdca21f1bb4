package policy

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

const bookText = `{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": "*"}}`

func TestABookHasWhatWasPutLast(t *testing.T) {
	d := mustParse(t, Resource, bookText)
	rapid.Check(t, func(t *rapid.T) {
		b, model := NewBook(), map[string]string{}
		for range rapid.IntRange(0, 50).Draw(t, "changes") {
			arn := fmt.Sprintf("arn:aws:sqs:us-east-1:111111111111:q%d", rapid.IntRange(0, 9).Draw(t, "queue"))
			if rapid.Bool().Draw(t, "removes") {
				b.Put(arn, Policy{})
				delete(model, arn)
				continue
			}
			name := rapid.StringMatching("[a-z]{3}").Draw(t, "name")
			b.Put(arn, Policy{Name: name, Document: d})
			model[arn] = name
		}
		if b.Len() != len(model) {
			t.Fatalf("%d policies, want %d", b.Len(), len(model))
		}
		for i := range 10 {
			arn := fmt.Sprintf("arn:aws:sqs:us-east-1:111111111111:q%d", i)
			got, name := b.Of(arn), model[arn]
			if (len(got) == 1) != (name != "") || len(got) == 1 && got[0].Name != name {
				t.Fatalf("%s has %v, want %q", arn, got, name)
			}
		}
	})
}

func TestNoBookHasNoPolicies(t *testing.T) {
	var b *Book
	b.Put("arn", Policy{Document: mustParse(t, Resource, bookText)})
	if got := b.Of("arn"); got != nil {
		t.Errorf("%v", got)
	}
}

func BenchmarkBook(b *testing.B) {
	book, d := NewBook(), mustParse(b, Resource, bookText)
	for i := range 100_000 {
		book.Put(fmt.Sprintf("arn:aws:sqs:us-east-1:111111111111:orders-%d", i), Policy{Document: d})
	}
	const has, hasNot = "arn:aws:sqs:us-east-1:111111111111:orders-77777", "arn:aws:sqs:us-east-1:111111111111:nobody"
	b.ReportAllocs()
	for b.Loop() {
		if book.Of(has) == nil || book.Of(hasNot) != nil {
			b.Fatal("wrong")
		}
	}
}
