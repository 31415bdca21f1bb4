package filterpolicy

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// The generators draw from few names and values, so that matches are common.
var (
	words   = rapid.SampledFrom([]string{"", "a", "b", "ab", "ba", "aB", "abab", "a.b", "é", `q"\`, "5", "true"})
	numbers = rapid.SampledFrom([]string{"0", "-0", "1", "1.0", "10e-1", "-2.5", "100", "1e2", "0.00001", "1000000000"})
	names   = rapid.SampledFrom([]string{"a", "b", "c", "a.b", "b.c"})
	globs   = rapid.SampledFrom([]string{"*", "a*", "*b", "*a*", "a*b", "ab"})
	hosts   = rapid.SampledFrom([]string{"10.0.0.1", "10.0.1.1", "192.0.2.7", "2001:db8::5"})
	nets    = rapid.SampledFrom([]string{"10.0.0.0/24", "10.0.0.0/8", "2001:db8::/64"})
	ranges  = rapid.SampledFrom([]string{`["=", 1]`, `["<", 0]`, `["<=", 1.0]`, `[">", 0]`, `[">=", 1, "<", 100]`, `[">", -3, "<=", 1e2]`})
)

func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// several draws a JSON array.
func several(t *rapid.T, least int, draw func(*rapid.T) string) string {
	var all []string
	for range rapid.IntRange(least, 3).Draw(t, "length") {
		all = append(all, draw(t))
	}
	return "[" + strings.Join(all, ", ") + "]"
}

func drawString(t *rapid.T) string { return quote(words.Draw(t, "word")) }
func drawNumber(t *rapid.T) string { return numbers.Draw(t, "number") }

func drawScalar(t *rapid.T) string {
	switch rapid.IntRange(0, 7).Draw(t, "scalar") {
	case 0, 1, 2:
		return drawString(t)
	case 3, 4:
		return drawNumber(t)
	case 5:
		return quote(hosts.Draw(t, "host"))
	}
	return rapid.SampledFrom([]string{"true", "false", "null"}).Draw(t, "literal")
}

// drawTest draws one alternative of a policy's field.
func drawTest(t *rapid.T) string {
	switch rapid.IntRange(0, 11).Draw(t, "test") {
	case 0:
		return `{"exists": true}`
	case 1:
		return `{"exists": false}`
	case 2:
		return `{"prefix": ` + drawString(t) + `}`
	case 3:
		return `{"suffix": ` + drawString(t) + `}`
	case 4:
		return `{"equals-ignore-case": ` + drawString(t) + `}`
	case 5:
		return `{"wildcard": ` + quote(globs.Draw(t, "glob")) + `}`
	case 6:
		return `{"cidr": ` + quote(nets.Draw(t, "net")) + `}`
	case 7:
		return `{"numeric": ` + ranges.Draw(t, "range") + `}`
	case 8:
		return `{"anything-but": ` + several(t, 1, drawString) + `}`
	case 9:
		return `{"anything-but": ` + several(t, 1, drawNumber) + `}`
	case 10:
		operator := rapid.SampledFrom([]string{"prefix", "suffix", "equals-ignore-case"}).Draw(t, "operator")
		return `{"anything-but": {"` + operator + `": ` + quote(rapid.SampledFrom([]string{"a", "b", "ab"}).Draw(t, "word")) + `}}`
	}
	return drawScalar(t)
}

// drawPolicy draws a policy of some keys, each once, since a key below a $or
// is meant to be another than one beside it.
func drawPolicy(t *rapid.T, left []string, depth int, nested bool) (policy string, rest []string) {
	var members []string
	for i := range rapid.IntRange(1, 2).Draw(t, "keys") {
		if len(left) == 0 {
			break
		}
		shape := rapid.IntRange(0, 5).Draw(t, "shape")
		switch {
		case shape == 0 && depth > 0 && i == 0 && len(left) > 1:
			var one, two string
			one, left = drawPolicy(t, left[:len(left):len(left)], depth-1, nested)
			if len(left) == 0 {
				return one, nil
			}
			two, left = drawPolicy(t, left, depth-1, nested)
			members = append(members, `"$or": [`+one+`, `+two+`]`)
		case shape == 1 && depth > 0 && nested:
			name := left[0]
			inside, _ := drawPolicy(t, []string{"x", "y"}, depth-1, true)
			members, left = append(members, quote(name)+": "+inside), left[1:]
		default:
			members = append(members, quote(left[0])+": "+several(t, 1, drawTest))
			left = left[1:]
		}
	}
	return "{" + strings.Join(members, ", ") + "}", left
}

func drawAttribute(t *rapid.T, name string) Attribute {
	switch rapid.IntRange(0, 4).Draw(t, "type") {
	case 0:
		return num(name, drawNumber(t))
	case 1:
		return list(name, several(t, 0, drawScalar))
	case 2:
		return str(name, hosts.Draw(t, "host"))
	case 3:
		return Attribute{name, "Binary", "x"}
	}
	return str(name, words.Draw(t, "word"))
}

func drawBody(t *rapid.T, keys []string, depth int) string {
	var members []string
	for _, key := range keys {
		switch rapid.IntRange(0, 4).Draw(t, "value") {
		case 0:
		case 1:
			members = append(members, quote(key)+": "+several(t, 0, drawScalar))
		case 2:
			if depth > 0 {
				members = append(members, quote(key)+": "+drawBody(t, []string{"x", "y"}, depth-1))
			}
		default:
			members = append(members, quote(key)+": "+drawScalar(t))
		}
	}
	return "{" + strings.Join(members, ", ") + "}"
}

func TestAttributesAreDeliveredAsTheDocumentationSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keys := rapid.Permutation([]string{"a", "b", "c", "a.b", "b.c"}).Draw(t, "keys")
		policy, _ := drawPolicy(t, keys, 2, false)
		if _, err := Parse(policy, MessageAttributes); err != nil {
			t.Skip(fmt.Sprintf("%s: %v", policy, err))
		}
		var attrs []Attribute
		for _, name := range rapid.SliceOfDistinct(names, rapid.ID).Draw(t, "names") {
			attrs = append(attrs, drawAttribute(t, name))
		}
		if want, got := newNaive(policy).attributes(attrs), delivers(t, policy, MessageAttributes, attrs, ""); got != want {
			t.Fatalf("%s delivers %v: %v, want %v", policy, attrs, got, want)
		}
	})
}

func TestBodiesAreDeliveredAsTheDocumentationSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keys := rapid.Permutation([]string{"a", "b", "c", "d", "e"}).Draw(t, "keys")
		policy, _ := drawPolicy(t, keys, 2, true)
		if _, err := Parse(policy, MessageBody); err != nil {
			t.Skip(fmt.Sprintf("%s: %v", policy, err))
		}
		body := drawBody(t, []string{"a", "b", "c", "d", "e"}, 2)
		if want, got := newNaive(policy).body(body), delivers(t, policy, MessageBody, nil, body); got != want {
			t.Fatalf("%s delivers %s: %v, want %v", policy, body, got, want)
		}
	})
}
