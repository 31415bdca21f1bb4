package engine

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/carillon-events/carillon/internal/pattern/oracle"
	"github.com/carillon-events/carillon/internal/pattern/syntax"
)

// crowd is rules on few paths, so many that guards become tables, which come and
// go; and old snapshots with the rules that they had.
type crowd struct {
	random *rand.Rand
	set    *Set
	rules  map[string]*Rule
	oracle map[string]*oracle.Pattern
}

func (c *crowd) one(from ...string) string { return from[c.random.IntN(len(from))] }

// text is of few characters, so that many share beginnings, ends and grams.
func (c *crowd) text(most int) string {
	n := c.random.IntN(most)
	if c.random.IntN(20) == 0 {
		n += 40
	}
	var b strings.Builder
	for range n {
		b.WriteString(c.one("a", "a", "b", "B", "c", "1", ".", ":", "é", "ß", "K", "\u212a"))
	}
	return b.String()
}

func (c *crowd) address() string {
	return fmt.Sprintf(c.one("10.0.%d.%d", "010.0.%d.%d", "::%d:%d", "2001:db8::%d:%d", "::ffff:a00:%[2]d%.0[1]d"), c.random.IntN(3), c.random.IntN(20))
}

func (c *crowd) number() string {
	return c.one(fmt.Sprint(c.random.IntN(60)-20), fmt.Sprintf("%d.5", c.random.IntN(10)), fmt.Sprintf("%de1", c.random.IntN(5)), "9007199254740993", "1e400", "-0")
}

func (c *crowd) value() string {
	switch c.random.IntN(8) {
	case 0, 1:
		return c.number()
	case 2:
		return quoted(c.address())
	case 3:
		return c.one("true", "null", "[]", "{}", `""`)
	case 4:
		return "[" + c.value() + "," + c.value() + "]"
	}
	return quoted(c.text(14))
}

func (c *crowd) test() string {
	affix := c.one("prefix", "suffix")
	switch c.random.IntN(14) {
	case 0:
		return c.number()
	case 1:
		return quoted(c.address())
	case 2:
		return fmt.Sprintf(`{"cidr":"%s/%d"}`, c.address(), c.random.IntN(32))
	case 3, 4:
		return fmt.Sprintf(`{%q:%q}`, affix, c.text(12))
	case 5:
		return fmt.Sprintf(`{%q:{"equals-ignore-case":%q}}`, affix, c.text(6))
	case 6:
		return fmt.Sprintf(`{"equals-ignore-case":%q}`, c.text(4))
	case 7, 8:
		return fmt.Sprintf(`{"wildcard":%q}`, c.one("*", "")+c.text(5)+"*"+c.text(5)+c.one("*", ""))
	case 9:
		low := c.random.IntN(20) - 10
		return fmt.Sprintf(`{"numeric":[">=",%d,"<",%d]}`, low, low+1+c.random.IntN(30))
	case 10:
		return fmt.Sprintf(`{"anything-but":{%q:["b%s"]}}`, affix, c.text(3))
	case 11:
		return c.one(`{"exists":false}`, "true", "null", `{"anything-but":["a","b"]}`)
	}
	return quoted(c.text(5))
}

func (c *crowd) tests() string {
	all := []string{c.test()}
	for c.random.IntN(3) == 0 {
		all = append(all, c.test())
	}
	return "[" + strings.Join(all, ",") + "]"
}

func (c *crowd) pattern() string {
	var all []string
	if c.random.IntN(3) == 0 {
		all = append(all, fmt.Sprintf(`"source":["s%d","s%d"]`, c.random.IntN(4), c.random.IntN(4)))
	}
	if c.random.IntN(6) == 0 {
		all = append(all, fmt.Sprintf(`"detail-type":["d%d"]`, c.random.IntN(3)))
	}
	fields := []string{fmt.Sprintf(`"f%d":%s`, c.random.IntN(20), c.tests()), `"a":` + c.tests(), `"b":{"x":` + c.tests() + `}`, `"b":{"x":` + c.tests() + `,"y":` + c.tests() + `}`, `"b.z":` + c.tests()}
	all = append(all, c.one(fields...))
	if c.random.IntN(3) == 0 {
		all = append(all, `"c":`+c.tests())
	}
	if c.random.IntN(8) == 0 {
		all = append(all, `"$or":[{"d":`+c.tests()+`},{"a":`+c.tests()+`}]`)
	}
	return "{" + strings.Join(all, ",") + "}"
}

func (c *crowd) event() string {
	var all []string
	for range 1 + c.random.IntN(2)*c.random.IntN(20) {
		all = append(all, c.one(
			fmt.Sprintf(`"source":"s%d"`, c.random.IntN(4)), fmt.Sprintf(`"source":["s%d","s%d",{"x":1}]`, c.random.IntN(4), c.random.IntN(4)),
			fmt.Sprintf(`"detail-type":"d%d"`, c.random.IntN(3)), `"source":"s1"`))
	}
	for range 2 + c.random.IntN(6) {
		all = append(all, c.one(fmt.Sprintf(`"f%d":%s`, c.random.IntN(20), c.value()), `"a":`+c.value(), `"b":{"x":`+c.value()+`,"y":`+c.value()+`}`,
			`"b":[{"x":`+c.value()+`},{"x":`+c.value()+`,"y":`+c.value()+`,"z":`+c.value()+`}]`, `"c":`+c.value(), `"d":`+c.value(), `"b.z":`+c.value()))
	}
	c.random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return "{" + strings.Join(all, ",") + "}"
}

func (c *crowd) grow(n int) {
	for range n {
		text := c.pattern()
		p, err := syntax.Parse(text)
		if err != nil || c.rules[text] != nil {
			continue
		}
		c.rules[text], c.oracle[text] = NewRule(p, text), oracle.New(p)
		c.set.Add(c.rules[text])
	}
}

func (c *crowd) shrink(n int) {
	texts := []string{}
	for text := range c.rules {
		texts = append(texts, text)
	}
	slices.Sort(texts)
	c.random.Shuffle(len(texts), func(i, j int) { texts[i], texts[j] = texts[j], texts[i] })
	for _, text := range texts[:n] {
		c.set.Remove(c.rules[text])
		delete(c.rules, text)
		delete(c.oracle, text)
	}
}

// wanted is the rules that match an event.
func (c *crowd) wanted(t *testing.T, event string) []string {
	e, err := oracle.Flatten([]byte(event))
	if err != nil {
		t.Fatalf("%s: %v", event, err)
	}
	want := []string{}
	for text, p := range c.oracle {
		if ok, _ := p.MatchEvent(e); ok {
			want = append(want, text)
		}
	}
	slices.Sort(want)
	return want
}

func (c *crowd) check(t *testing.T, s *Snapshot, m *Memory, event string, want []string) {
	rules, _, err := s.Match(m, []byte(event))
	if err != nil {
		t.Fatalf("%s: %v", event, err)
	}
	got := []string{}
	for _, r := range rules {
		got = append(got, r.Owner.(string))
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Fatalf("event %s\n%s", event, difference(got, want))
	}
}

func TestACrowdOfRulesThatComeAndGoMatchesAsTheOracleSays(t *testing.T) {
	type past struct {
		snapshot *Snapshot
		event    string
		want     []string
	}
	for seed := range uint64(3) {
		c := &crowd{rand.New(rand.NewPCG(seed, 1)), NewSet(), map[string]*Rule{}, map[string]*oracle.Pattern{}}
		var m Memory
		var old []past
		matched := 0
		for _, step := range []int{300, -150, 300, -440, 100, -105, 50} {
			if step > 0 {
				c.grow(step)
			} else {
				c.shrink(min(-step, len(c.rules)))
			}
			for range 30 {
				event := c.event()
				want := c.wanted(t, event)
				matched += len(want)
				c.check(t, c.set.Snapshot(), &m, event, want)
				old = append(old, past{c.set.Snapshot(), event, want})
			}
		}
		for _, p := range old {
			c.check(t, p.snapshot, &m, p.event, p.want)
		}
		if matched < 500 {
			t.Errorf("only %d matches: the rules and events do not meet", matched)
		}
		c.shrink(len(c.rules))
		if n := c.set.Snapshot(); n.partitions.n != 0 || n.found.n != 0 || len(n.root.kids) != 0 || n.shapes != [4]int{} {
			t.Errorf("%d partitions, %d keys, %d nodes are left of no rules", n.partitions.n, n.found.n, len(n.root.kids))
		}
	}
}

// Match promises no more than to end, of bytes that are no event.
func TestACrowdOfRulesLivesThroughAnyBytes(t *testing.T) {
	c := &crowd{rand.New(rand.NewPCG(7, 7)), NewSet(), map[string]*Rule{}, map[string]*oracle.Pattern{}}
	c.grow(400)
	c.shrink(200)
	var m Memory
	for range 3000 {
		event := []byte(c.event())
		for range 1 + c.random.IntN(3) {
			at := c.random.IntN(len(event))
			switch c.random.IntN(3) {
			case 0:
				const odd = `{}[]":,\0-u.` + "\xff\x00"
				event[at] = odd[c.random.IntN(len(odd))]
			case 1:
				event = slices.Insert(event, at, '"')
			default:
				event = event[:at+1]
			}
		}
		c.set.Snapshot().Match(&m, event[:len(event):len(event)])
	}
	event := c.event()
	c.check(t, c.set.Snapshot(), &m, event, c.wanted(t, event))
}
