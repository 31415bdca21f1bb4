package syntax

import "slices"

// Dialect is what another service changes in the language of patterns. The
// zero value is EventBridge's.
type Dialect struct {
	// Flat, if it is not empty, is why a field inside another is refused.
	Flat string
	// LooseOr takes for a field what is named $or and is none: whose value is
	// not an array of two or more objects, or where one of the objects has the
	// name of an operator as a key.
	LooseOr bool
	// AnyWildcards leaves it to the caller to limit wildcards; Complexity is
	// not asked.
	AnyWildcards bool
	// Complexity and Branches are the most that a pattern may have; MaxComplexity
	// and MaxBranches where 0.
	Complexity, Branches int
	// Check, if any, looks at each field when its tests were read, also one that
	// a later field overwrites. level is the number of keys that lead to it,
	// itself included. It returns why the field is refused, if it is.
	Check func(f *Field, level int) (reason string)
}

// isOr tells whether the $or that the reader stands on is one.
func (p *parser) isOr() bool {
	if !p.dialect.LooseOr {
		return true
	}
	if is, known := p.ors[p.at]; known {
		return is
	}
	if p.ors == nil {
		p.ors = map[int]bool{}
	}
	ahead := *p.reader
	ahead.open = slices.Clone(p.open)
	scan := orScan{&ahead, p.ors}
	if _, err := scan.or(); err != nil {
		return true // broken text: the parser will find it too, and say so
	}
	return p.ors[p.at]
}

// orScan reads ahead and notes of each $or where its value begins and whether
// it is one. It goes into what is nested, so that no text is read ahead twice.
type orScan struct {
	*reader
	ors map[int]bool
}

// or reads the value of a $or.
func (s orScan) or() (bool, error) {
	at := s.at
	t, err := s.next()
	if err != nil {
		return false, err
	}
	s.ors[at] = true // where the text breaks off before its end
	if t != tokenArray {
		s.ors[at] = false
		_, err := s.value(t)
		return false, err
	}
	is, n := true, 0
	for ; ; n++ {
		if t, err = s.next(); err != nil {
			return false, err
		}
		if t == tokenArrayEnd {
			break
		}
		plain, err := s.value(t)
		if err != nil {
			return false, err
		}
		is = is && plain && t == tokenObject
	}
	s.ors[at] = is && n >= 2
	return s.ors[at], nil
}

// value reads the value that begins with t; plain: none of its own keys is the
// name of an operator.
func (s orScan) value(t token) (plain bool, err error) {
	plain = true
	if t != tokenObject && t != tokenArray {
		return plain, nil
	}
	for {
		if t, err = s.next(); err != nil {
			return false, err
		}
		switch t {
		case tokenObjectEnd, tokenArrayEnd:
			return plain, nil
		case tokenName:
			plain = plain && !reserved[s.name]
			if s.name == "$or" {
				_, err = s.or()
			}
		default:
			_, err = s.value(t)
		}
		if err != nil {
			return false, err
		}
	}
}
