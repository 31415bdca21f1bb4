package explain

import (
	"math/bits"
	"strconv"
	"strings"

	"github.com/carillon-events/carillon/internal/pattern/syntax"
)

// Render writes a test as it stands in a pattern. It is the same test, not
// always the same text: blocks of addresses lose their host bits, for example.
func Render(t *syntax.Test) string {
	switch t.Kind {
	case syntax.Equal:
		if _, ok := syntax.ParseAddress(t.Text); ok {
			return operator("exactly", quote(t.Text))
		}
		return quote(t.Text)
	case syntax.IP:
		if t.IP.Low == t.IP.High {
			return quote(t.IP.Low.String())
		}
		return operator("cidr", quote(block(t.IP)))
	case syntax.Literal:
		return t.Text
	case syntax.Number:
		return t.Number.Text
	case syntax.Range:
		return operator("numeric", "["+bounds(t.Range)+"]")
	case syntax.Exists:
		return operator("exists", "true")
	case syntax.Absent:
		return operator("exists", "false")
	case syntax.Wildcard:
		return operator("wildcard", quote(glob(t.Globs[0])))
	case syntax.Prefix, syntax.Suffix, syntax.EqualFold:
		return operator(operatorNames[t.Kind], quote(t.Text))
	case syntax.PrefixFold, syntax.SuffixFold:
		return operator(operatorNames[t.Kind], operator("equals-ignore-case", quote(t.Text)))
	case syntax.NotString, syntax.NotNumber:
		return operator("anything-but", list(excluded(t)))
	case syntax.NotPrefix, syntax.NotSuffix, syntax.NotEqualFold, syntax.NotWildcard:
		return operator("anything-but", operator(operatorNames[t.Kind], list(excluded(t))))
	}
	panic("explain: a test of unknown kind")
}

var operatorNames = map[syntax.Kind]string{
	syntax.Prefix: "prefix", syntax.Suffix: "suffix", syntax.EqualFold: "equals-ignore-case",
	syntax.PrefixFold: "prefix", syntax.SuffixFold: "suffix", syntax.Wildcard: "wildcard",
	syntax.NotPrefix: "prefix", syntax.NotSuffix: "suffix", syntax.NotEqualFold: "equals-ignore-case",
	syntax.NotWildcard: "wildcard", syntax.Range: "numeric",
}

func operator(name, value string) string { return `{"` + name + `": ` + value + `}` }

// excluded is what an anything-but names, each as JSON.
func excluded(t *syntax.Test) []string {
	var out []string
	for _, s := range t.Texts {
		out = append(out, quote(s))
	}
	for _, n := range t.Numbers {
		out = append(out, n.Text)
	}
	for _, g := range t.Globs {
		out = append(out, quote(glob(g)))
	}
	return out
}

func list(all []string) string {
	if len(all) == 1 {
		return all[0]
	}
	return "[" + strings.Join(all, ", ") + "]"
}

var globEscapes = strings.NewReplacer(`\`, `\\`, `*`, `\*`)

// glob is a wildcard pattern as it was written.
func glob(g syntax.Glob) string {
	pieces := make([]string, len(g))
	for i, piece := range g {
		pieces[i] = globEscapes.Replace(piece)
	}
	return strings.Join(pieces, "*")
}

func bounds(b syntax.Bounds) string {
	var out []string
	for _, s := range comparisons(b) {
		op, n, _ := strings.Cut(s, " ")
		out = append(out, `"`+op+`", `+n)
	}
	return strings.Join(out, ", ")
}

// comparisons are the bounds as "> 0" and "<= 5".
func comparisons(b syntax.Bounds) []string {
	var out []string
	if b.HasLow {
		out = append(out, comparison('>', b.OpenLow, b.Low))
	}
	if b.HasHigh {
		out = append(out, comparison('<', b.OpenHigh, b.High))
	}
	return out
}

func comparison(op byte, open bool, v float64) string {
	s := string(op)
	if !open {
		s += "="
	}
	return s + " " + number(v)
}

// number is v as people write it.
func number(v float64) string {
	if v > -1e15 && v < 1e15 && (v > 1e-6 || v < -1e-6 || v == 0) {
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// block is a range of addresses as ADDRESS/BITS.
func block(r syntax.Addresses) string {
	low, high := r.Low.AsSlice(), r.High.AsSlice()
	same := 0
	for i := range low {
		n := bits.LeadingZeros8(low[i] ^ high[i])
		if same += n; n < 8 {
			break
		}
	}
	return r.Low.String() + "/" + strconv.Itoa(same)
}
