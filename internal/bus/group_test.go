package bus

import "testing"

func TestAMessageGroupIsATextOrWhatTheEventHasThere(t *testing.T) {
	const event = `{"id":"1","detail":{"customer":"anna","number":1.50,"spaced":"a b","none":null,"list":["x"]}}`
	for id, want := range map[string]string{
		"orders":            "orders",
		"$.detail.customer": "anna",
		"$.detail.number":   "1.50",
		"$.detail.list[0]":  "x",
		"$.detail.missing":  "$.detail.missing",
		"$.detail.none":     "$.detail.none",
		"$.detail.spaced":   "$.detail.spaced",
		"$.detail[":         "$.detail[",
		"a$.detail.list":    "a$.detail.list",
	} {
		g := compileGroup(&id)
		if got := g.of([]byte(event)); got != want {
			t.Errorf("%s: %q, want %q", id, got, want)
		}
	}
	if g := compileGroup(nil); g.of([]byte(event)) != "" {
		t.Error("a target without a group has one")
	}
}
