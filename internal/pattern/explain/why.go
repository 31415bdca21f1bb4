package explain

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/carillon-events/carillon/internal/pattern/syntax"
)

// why says in plain words why a test accepts a value, or does not. The verdict
// is given; this only words it.
func why(t *syntax.Test, v *value, accepted bool) string {
	switch t.Kind {
	case syntax.Exists, syntax.Absent:
		return "the field exists"
	case syntax.Literal, syntax.Number, syntax.Equal:
		return whySame(t, v, accepted)
	case syntax.Range:
		return whyRange(t, v, accepted)
	case syntax.NotString, syntax.NotNumber, syntax.NotPrefix, syntax.NotSuffix, syntax.NotEqualFold, syntax.NotWildcard:
		return whyNot(t, v, accepted)
	}
	if v.kind != isString {
		return fmt.Sprintf("%s is %s, and %s looks only at strings", v.json(), article(v.kind), operatorName(t))
	}
	if t.Kind == syntax.IP {
		return whyAddress(t, v, accepted)
	}
	return whyText(t, v, accepted)
}

// article is a type with its article; null is its own.
func article(kind string) string {
	if kind == isNull {
		return "null"
	}
	return "a " + kind
}

// definite is a value with its type, where the value alone does not show it.
func definite(kind, want string) string {
	if kind == isBoolean {
		return want
	}
	return "the " + kind + " " + want
}

func operatorName(t *syntax.Test) string {
	switch {
	case t.Kind == syntax.IP && t.IP.Low == t.IP.High:
		return "an address"
	case t.Kind == syntax.IP:
		return "cidr"
	}
	return operatorNames[t.Kind]
}

// whySame is about a value that is written down as itself.
func whySame(t *syntax.Test, v *value, accepted bool) string {
	want := clip(Render(t), maxText)
	if t.Kind == syntax.Equal {
		want = quoted(t.Text)
	}
	kind := wantedKind(t)
	switch {
	case accepted && v.json() == want:
		return v.json() + " is equal"
	case accepted:
		return fmt.Sprintf("%s is equal to %s", v.json(), want)
	case v.kind != kind && kind == isNull:
		return v.json() + " is not null"
	case v.kind != kind && v.kind == isNull:
		return fmt.Sprintf("null is not %s", want)
	case v.kind != kind:
		return fmt.Sprintf("%s is %s, and the pattern wants %s", v.json(), article(v.kind), definite(kind, want))
	case kind == isNumber && !v.number.Comparable:
		return fmt.Sprintf("%s is not written as %s, and numbers of more than 17 digits are compared as text", v.json(), want)
	}
	return fmt.Sprintf("%s is not %s%s", v.json(), want, almost(t.Text, v.text))
}

func wantedKind(t *syntax.Test) string {
	switch {
	case t.Kind == syntax.Number:
		return isNumber
	case t.Kind == syntax.Literal && t.Text == "null":
		return isNull
	case t.Kind == syntax.Literal:
		return isBoolean
	}
	return isString
}

// almost tells what little sets two different strings apart.
func almost(want, got string) string {
	const most = 4096
	switch {
	case len(want) > most || len(got) > most:
		return ""
	case strings.EqualFold(want, got):
		return ": it differs only in case"
	case strings.TrimSpace(want) == strings.TrimSpace(got):
		return ": it differs only in space around it"
	case strings.ContainsRune(want, '*') && starred(want, got):
		return `: * stands for itself without {"wildcard": …}`
	}
	return ""
}

// starred tells whether want would match if it were a wildcard.
func starred(want, got string) bool {
	g, reason := syntax.ParseGlob(want)
	if reason != "" {
		return false
	}
	t := syntax.Test{Kind: syntax.Wildcard, Globs: []syntax.Glob{g}}
	return accepts(ask(&t), &value{kind: isString, text: got})
}

func whyRange(t *syntax.Test, v *value, accepted bool) string {
	switch {
	case v.kind != isNumber:
		return fmt.Sprintf("%s is %s, and numeric compares only numbers", v.json(), article(v.kind))
	case !v.number.Comparable:
		return v.json() + " has more digits than AWS compares (17), so it is in no range"
	}
	return fmt.Sprintf("%s is%s %s", v.json(), not(accepted), and(comparisons(t.Range)))
}

func not(accepted bool) string {
	if accepted {
		return ""
	}
	return " not"
}

func whyAddress(t *syntax.Test, v *value, accepted bool) string {
	single := t.IP.Low == t.IP.High
	a, ok := syntax.ParseAddress(v.text)
	switch {
	case accepted && single:
		return fmt.Sprintf("%s is the address %s", v.json(), t.IP.Low)
	case accepted:
		return fmt.Sprintf("%s is in %s", v.json(), block(t.IP))
	case !ok && single:
		return fmt.Sprintf("%s is not %s", v.json(), t.IP.Low)
	case !ok:
		return v.json() + " is not an IP address"
	case a.BitLen() != t.IP.Low.BitLen():
		return fmt.Sprintf("%s is %s, and the pattern wants %s", v.json(), family(a), family(t.IP.Low))
	case single:
		return fmt.Sprintf("%s is not the address %s", v.json(), t.IP.Low)
	}
	return fmt.Sprintf("%s is not in %s", v.json(), block(t.IP))
}

func family(a netip.Addr) string {
	if a.Is4() {
		return "IPv4"
	}
	return "IPv6"
}
