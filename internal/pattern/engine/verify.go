package engine

// verify tells whether the event matches s, whatever led to it.
func (m *Memory) verify(s *subrule) bool {
	if m.nested || m.emptyAny {
		return m.verifyNested(s)
	}
	for i := range s.fields {
		f := &s.fields[i]
		at := m.first(f.path)
		if at < 0 {
			if !f.absent {
				return false
			}
			continue
		}
		for !f.accepts(&m.values[at]) {
			if at = m.values[at].next; at < 0 || m.tooMany() {
				return false
			}
		}
	}
	return true
}

// tooMany counts a value behind the first that a rule looks at, of all values
// and rules of an event. Only an event of thousands of values at one path comes to
// the bound; a rule that comes to it is given up.
func (m *Memory) tooMany() bool {
	m.scanned++
	if m.scanned > maxSteps {
		m.complex++
		return true
	}
	return false
}

// verifyNested is verify where some values come from inside arrays: two of one
// array must come from the same element. That matters only if several fields
// have such values.
func (m *Memory) verifyNested(s *subrule) bool {
	inArrays, unsure := 0, false
	for i := range s.fields {
		f := &s.fields[i]
		present, accepted := m.scan(f, s.emptyKeys)
		switch {
		case !present:
			if !f.absent {
				return false
			}
		case m.heads[f.path].nested:
			inArrays++
			if !accepted && !f.absent {
				return false
			}
			unsure = unsure || !accepted
		case !accepted:
			return false
		}
	}
	if inArrays < 2 {
		return !unsure
	}
	return m.searchFor(s)
}

// scan tells whether there are values that f looks at, and whether it accepts one.
func (m *Memory) scan(f *field, emptyKeys bool) (present, accepted bool) {
	for at := m.first(f.path); at >= 0; at = m.values[at].next {
		v := &m.values[at]
		if v.emptyKey && !emptyKeys {
			continue
		}
		if present = true; f.accepts(v) {
			return true, true
		}
		if v.next >= 0 && m.tooMany() {
			return true, false
		}
	}
	return present, false
}
