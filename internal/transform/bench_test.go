package transform

import (
	"fmt"
	"strings"
	"testing"
)

// benchEvent is an event of about size bytes, in which the detail has what the
// benchmarks look for at its end.
func benchEvent(size int) []byte {
	var b strings.Builder
	b.WriteString(`{"version":"0","id":"6a7e8feb-b491-4cf7-a9f1-bf3703467718","detail-type":"Order placed","source":"shop.orders",` +
		`"account":"111122223333","time":"2026-11-30T08:15:00Z","region":"eu-central-1","resources":[],"detail":{"lines":[`)
	for i := 0; b.Len() < size-200; i++ {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"sku":"SKU-%06d","quantity":%d,"text":"a line of an order, \"quoted\"","price":{"amount":%d.50,"currency":"EUR"}}`, i, i%9, i)
	}
	b.WriteString(`],"order":{"id":"o-1","total":99.50,"customer":{"id":"c-1","name":"Ada"}}}}`)
	return []byte(b.String())
}

func BenchmarkApply(b *testing.B) {
	transforms := []struct {
		name string
		spec Spec
	}{
		{"path", Spec{InputPath: ptr("$.detail.order")}},
		{"template", Spec{Transformer: &Transformer{
			Paths:    map[string]string{"id": "$.detail.order.id", "total": "$.detail.order.total", "who": "$.detail.order.customer", "when": "$.time"},
			Template: `{"order":<id>,"total":<total>,"customer":<who>,"text":"<who> ordered <id> at <when>","rule":<aws.events.rule-name>}`,
		}}},
		{"wildcard", Spec{Transformer: &Transformer{Paths: map[string]string{"skus": "$.detail.lines[*].sku"}, Template: `{"skus":<skus>}`}}},
		{"whole", Spec{Transformer: &Transformer{Template: `{"event":<aws.events.event.json>}`}}},
	}
	for _, size := range []int{1 << 10, 256 << 10} {
		event := benchEvent(size)
		for _, tr := range transforms {
			b.Run(fmt.Sprintf("%s/%dKB", tr.name, size>>10), func(b *testing.B) {
				compiled, err := Compile(tr.spec)
				if err != nil {
					b.Fatal(err)
				}
				var dst []byte
				b.SetBytes(int64(len(event)))
				b.ReportAllocs()
				for b.Loop() {
					if dst, err = compiled.Apply(dst[:0], event, at); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
