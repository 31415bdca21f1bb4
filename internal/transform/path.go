package transform

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// step is one step of a JSON path: to a member, an element, or all of them.
type step struct {
	kind  stepKind
	key   string
	index int
}

type stepKind uint8

const (
	toKey stepKind = iota
	toIndex
	toAll
)

// parsePath reads a JSON path: $, then .key, ['key'], [0], .* and [*].
//
// The user guide names dots, dashes, underscores, letters, digits, slashes,
// array indices and wildcards; the API reference asks for dots instead of
// brackets, which we take too. AWS says that it does not validate paths and that
// the rest of JSON path means nothing at run time: we refuse what can never have
// a value.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
func parsePath(path string) ([]step, error) {
	rest, ok := strings.CutPrefix(path, "$")
	switch {
	case len(path) > maxPath:
		return nil, fmt.Errorf("it is longer than %d characters", maxPath)
	case !ok:
		return nil, errors.New("it does not begin with $")
	case rest == ".": // CDK users write it for the whole event: aws-cdk issue 31851
		return nil, nil
	}
	var steps []step
	for rest != "" {
		var s step
		var err error
		switch rest[0] {
		case '.':
			s, rest, err = dotStep(rest[1:])
		case '[':
			s, rest, err = bracketStep(rest[1:])
		default:
			err = fmt.Errorf("%q follows where . or [ should", rest)
		}
		if err != nil {
			return nil, err
		}
		steps = append(steps, s)
	}
	return steps, nil
}

// dotStep reads what follows a dot.
func dotStep(text string) (step, string, error) {
	end := strings.IndexAny(text, ".[")
	if end < 0 {
		end = len(text)
	}
	key, rest := text[:end], text[end:]
	switch {
	case key == "" && strings.HasPrefix(rest, "."):
		return step{}, "", errors.New(".. is not supported")
	case key == "":
		return step{}, "", errors.New("a name is missing after a dot")
	case key == "*":
		return step{kind: toAll}, rest, nil
	}
	for _, r := range key {
		if r <= ' ' || strings.ContainsRune(`*?()]'",`, r) {
			return step{}, "", fmt.Errorf("%q cannot be part of a name after a dot", r)
		}
	}
	return step{key: key}, rest, nil
}

// bracketStep reads what follows an opening bracket.
func bracketStep(text string) (s step, rest string, err error) {
	if text != "" && (text[0] == '\'' || text[0] == '"') {
		if s.key, rest, err = quotedKey(text); err != nil {
			return step{}, "", err
		}
	} else {
		inside, after, closed := strings.Cut(text, "]")
		if !closed {
			return step{}, "", errors.New("a bracket is not closed")
		}
		rest = "]" + after
		if s.kind = toAll; inside != "*" {
			s.kind = toIndex
			n, err := strconv.ParseUint(inside, 10, 31)
			if err != nil {
				return step{}, "", fmt.Errorf("[%s] is neither an index, nor [*], nor a name in quotes", inside)
			}
			s.index = int(n)
		}
	}
	if rest, ok := strings.CutPrefix(rest, "]"); ok {
		return s, rest, nil
	}
	return step{}, "", errors.New("a bracket is not closed")
}

// quotedKey reads a name in single or double quotes, in which a backslash
// stands before a quote or a backslash that is meant.
func quotedKey(text string) (key, rest string, err error) {
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch c := text[i]; {
		case c == text[0]:
			return b.String(), text[i+1:], nil
		case c == '\\' && i+1 < len(text):
			i++
			b.WriteByte(text[i])
		default:
			b.WriteByte(c)
		}
	}
	return "", "", errors.New("a quote is not closed")
}
