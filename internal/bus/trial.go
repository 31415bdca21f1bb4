package bus

import (
	"slices"
	"strings"

	"github.com/carillon-events/carillon/internal/pattern"
)

// Trial says where events would go by the rules of a bus as they were when it
// began. Nothing is sent, or counted. It is for one goroutine.
type Trial struct {
	rules  *pattern.Snapshot
	only   []string // ARNs; empty for all
	memory pattern.Memory
}

// Match is a rule that matches, and how many targets it has.
type Match struct {
	Rule    string
	Targets int
}

// NewTrial reads the rules of a bus. only is as in Replay.
func NewTrial(r Reader, n Name, only []string) (*Trial, error) {
	w, err := load(r, n)
	if err != nil {
		return nil, err
	}
	return &Trial{rules: w.now.rules, only: only}, nil
}

// Match is the rules that match an event as a bus accepted it, without those
// that nobody sees, and how many rules it is too complex for.
func (t *Trial) Match(envelope []byte) (matches []Match, tooComplex int, err error) {
	if t.rules.Len() == 0 {
		return nil, 0, nil
	}
	matched, tooComplex, err := t.rules.Match(&t.memory, envelope)
	for _, rule := range matched {
		r := rule.Owner.(*compiled)
		if strings.HasPrefix(r.name, inSet("")) || len(t.only) > 0 && !slices.Contains(t.only, r.source) {
			continue
		}
		matches = append(matches, Match{r.name, len(r.targets)})
	}
	return matches, tooComplex, err
}
