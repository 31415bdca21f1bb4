package policy

import (
	"bytes"
	"strings"
	"unicode/utf8"
	"unsafe"
)

// Patterns are text in which * and ? are these bytes, which no UTF-8 has. So the
// value of a variable can be put into a pattern, and stay literal.
const (
	manyMark = 0xff // *
	oneMark  = 0xfe // ?
)

// wildcards marks the * and ? of s. Several * are one.
func wildcards(s string) []byte {
	p := make([]byte, 0, len(s))
	for _, c := range []byte(s) {
		switch {
		case c == '?':
			p = append(p, oneMark)
		case c != '*':
			p = append(p, c)
		case len(p) == 0 || p[len(p)-1] != manyMark:
			p = append(p, manyMark)
		}
	}
	return p
}

// glob matches s with p.
func glob(p []byte, s string) bool { return match(p, s, false) }

// globFold matches s with p, which is in lower case.
func globFold(p []byte, s string) bool { return match(p, s, true) }

// match goes back to the last * only: what the ones before it took is as little
// as they could, and taking more would not help. So it takes len(p)*len(s) steps
// at most, and where there is no ? between two *, about len(p)+len(s): most
// patterns have none, and a long one must not cost a second. A ? is one character,
// not one byte.
func match(p []byte, s string, fold bool) bool {
	i, j := 0, 0
	star, mark := -1, 0 // what follows the last *, and where in s that was tried
	for j < len(s) {
		if i < len(p) {
			c := s[j]
			if fold {
				c = lowerByte(c)
			}
			switch q := p[i]; {
			case q == manyMark:
				if i++; i == len(p) {
					return true
				}
				if between := literal(p[i:]); between > 1 && !fold {
					k := strings.Index(s[j:], textOf(p[i:i+between]))
					if k < 0 {
						return false
					}
					i, j = i+between, j+k+between // where the next * stands
					continue
				}
				star, mark = i, j
				continue
			case q == oneMark:
				i, j = i+1, j+width(s[j:])
				continue
			case q == c:
				i, j = i+1, j+1
				continue
			}
		}
		if star < 0 {
			return false
		}
		mark += width(s[mark:])
		if q := p[star]; !fold && q < oneMark {
			skip := strings.IndexByte(s[mark:], q)
			if skip < 0 {
				return false
			}
			mark += skip
		}
		i, j = star, mark
	}
	for i < len(p) && p[i] == manyMark {
		i++
	}
	return i == len(p)
}

// literal is how long the text is that p begins with, if a * follows it; else 0.
func literal(p []byte) int {
	n := bytes.IndexByte(p, manyMark)
	if n < 0 || bytes.IndexByte(p[:n], oneMark) >= 0 {
		return 0
	}
	return n
}

// textOf is p as a string for as long as p does not change.
func textOf(p []byte) string { return unsafe.String(unsafe.SliceData(p), len(p)) }

// width is how many bytes the first character of s has. What is no UTF-8 is taken
// byte by byte, or a bad byte could hide the good ones after it.
func width(s string) int {
	if s[0] < utf8.RuneSelf {
		return 1
	}
	_, n := utf8.DecodeRuneInString(s)
	return n
}

// header is how many colons an ARN has before its resource, which may have more.
const header = 5

// matchARN matches s with p as ArnLike does: part by part, so that no wildcard
// goes past a colon, except in the last part. A lone * is any ARN.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_ARN
func matchARN(p []byte, s string) bool {
	if len(p) == 1 && p[0] == manyMark {
		return strings.Count(s, ":") >= header
	}
	for range header {
		i, j := bytes.IndexByte(p, ':'), strings.IndexByte(s, ':')
		if i < 0 || j < 0 || !glob(p[:i], s[:j]) {
			return false
		}
		p, s = p[i+1:], s[j+1:]
	}
	return glob(p, s)
}

// matchResource matches s with p as the Resource element does: in the header,
// a wildcard stays within its part, but a * that is the last of its part may go
// on past colons.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
func matchResource(p []byte, s string) bool {
	// Where in s the rest of p may begin: more than one place after such a *.
	var here, there [16]int
	starts, next := append(here[:0], 0), there[:0]
	for range header {
		i := bytes.IndexByte(p, ':')
		if i < 0 {
			return matchLastPart(p, s, starts)
		}
		starts, next = nextParts(next, p[:i], s, starts), starts[:0]
		p = p[i+1:]
	}
	return globFrom(p, s, starts)
}

// globFrom matches with p what of s is behind one of starts, which are in order.
// The first that p may begin at decides, if there is a * to take what is between
// it and the others.
func globFrom(p []byte, s string, starts []int) bool {
	first := bytes.IndexByte(p, manyMark)
	for _, start := range starts {
		switch {
		case first < 0:
			if glob(p, s[start:]) {
				return true
			}
		case begins(p[:first], s[start:]):
			return glob(p, s[start:])
		}
	}
	return false
}

// begins tells whether s begins with what p, which has no *, matches.
func begins(p []byte, s string) bool {
	for _, q := range p {
		switch {
		case s == "":
			return false
		case q == oneMark:
			s = s[width(s):]
		case q != s[0]:
			return false
		default:
			s = s[1:]
		}
	}
	return true
}

// nextParts is behind which colons of s the part after part may begin, in order.
func nextParts(next []int, part []byte, s string, starts []int) []int {
	for _, start := range starts {
		colon := strings.IndexByte(s[start:], ':')
		if colon < 0 || !glob(part, s[start:start+colon]) {
			continue
		}
		next = append(next, start+colon+1)
		if !crosses(part) {
			continue
		}
		for i := start + colon + 1; i < len(s); i++ {
			if s[i] == ':' {
				next = append(next, i+1)
			}
		}
		break // what a later start would add is there
	}
	return next
}

// crosses tells whether part may go on past colons.
func crosses(part []byte) bool { return len(part) > 0 && part[len(part)-1] == manyMark }

// matchLastPart matches with a pattern that ends in the header: arn:aws:sqs:*.
func matchLastPart(part []byte, s string, starts []int) bool {
	for _, start := range starts {
		first, _, more := strings.Cut(s[start:], ":")
		if (crosses(part) || !more) && glob(part, first) {
			return true
		}
	}
	return false
}

// isPlain tells whether glob does for p what matchResource would: there is no ?
// in the header, and no * but at the end of a part.
func isPlain(p []byte) bool {
	colons := 0
	for i, c := range p {
		switch {
		case c == ':':
			colons++
		case colons >= header:
			return true
		case c == oneMark, c == manyMark && i+1 < len(p) && p[i+1] != ':':
			return false
		}
	}
	return true
}
