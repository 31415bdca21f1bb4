package policy

import (
	"bytes"
	"strings"
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
// at most. A ? is one character, not one byte.
func match(p []byte, s string, fold bool) bool {
	i, j, star, mark := 0, 0, -1, 0
	for j < len(s) {
		c := s[j]
		if fold {
			c = lowerByte(c)
		}
		switch {
		case i < len(p) && p[i] == manyMark:
			if i++; i == len(p) {
				return true
			}
			star, mark = i, j
		case i < len(p) && p[i] == oneMark:
			i, j = i+1, j+width(s[j:])
		case i < len(p) && p[i] == c:
			i, j = i+1, j+1
		case star < 0:
			return false
		default:
			mark += width(s[mark:])
			i, j = star, mark
		}
	}
	for i < len(p) && p[i] == manyMark {
		i++
	}
	return i == len(p)
}

// width is how many bytes the first character of s has.
func width(s string) int {
	n := 1
	switch c := s[0]; {
	case c >= 0xf0:
		n = 4
	case c >= 0xe0:
		n = 3
	case c >= 0xc0:
		n = 2
	}
	return min(n, len(s))
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
	for _, start := range starts {
		if glob(p, s[start:]) {
			return true
		}
	}
	return false
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
