package policy

import (
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"
)

// naive reads the documentation aloud: every statement of every policy, with
// maps, regular expressions and rationals. It shares no code with the package.
type naive struct {
	r       *Request
	keys    map[string]Value
	bounded bool
}

type naiveStatement struct {
	Sid                                      string
	Effect                                   string
	Principal, NotPrincipal                  any
	Action, NotAction, Resource, NotResource any
	Condition                                map[string]map[string]any
}

type naiveDocument struct {
	Version   string
	Statement []naiveStatement
}

func readNaively(d *Document) naiveDocument {
	var n naiveDocument
	if err := json.Unmarshal([]byte(d.text), &n); err != nil {
		panic(err)
	}
	return n
}

// grants is, of all statements that apply, how directly they allow, and whether
// one denies.
func (n *naive) grants(policies []Policy) (allow grant, denied bool) {
	for _, p := range policies {
		if p.Document == nil {
			continue
		}
		d := readNaively(p.Document)
		for _, s := range d.Statement {
			meant := n.meant(s)
			if meant == notMeant || !n.actionFits(s) || !n.resourceFits(d, s) || !n.conditionsFit(d, s) {
				continue
			}
			if s.Effect == "Deny" {
				denied = true
			} else {
				allow = max(allow, meant)
			}
		}
	}
	return allow, denied
}

func listOf(v any) []string {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		var all []string
		for _, e := range v {
			all = append(all, listOf(e)...)
		}
		return all
	case string:
		return []string{v}
	case bool:
		if v {
			return []string{"true"}
		}
		return []string{"false"}
	}
	text, _ := json.Marshal(v)
	return []string{string(text)}
}

func (n *naive) meant(s naiveStatement) grant {
	p := &n.r.Principal
	if s.Principal == nil && s.NotPrincipal == nil {
		return byName
	}
	named := func(element any, kind string) []string {
		if m, ok := element.(map[string]any); ok {
			return listOf(m[kind])
		}
		return nil
	}
	account := func(element any) bool {
		aws := named(element, "AWS")
		return slices.Contains(aws, p.Account) || slices.Contains(aws, "arn:aws:iam::"+p.Account+":root")
	}
	everyone := func(element any) bool { return element == "*" || slices.Contains(named(element, "AWS"), "*") }
	if s.NotPrincipal != nil {
		exempt := everyone(s.NotPrincipal)
		aws := named(s.NotPrincipal, "AWS")
		switch p.Kind {
		case Service:
			exempt = exempt || slices.Contains(named(s.NotPrincipal, "Service"), p.ARN)
		case Provider:
			exempt = exempt || slices.Contains(named(s.NotPrincipal, "Federated"), p.ARN)
		case Root:
			exempt = exempt || account(s.NotPrincipal)
		case User:
			exempt = exempt || account(s.NotPrincipal) && slices.Contains(aws, p.ARN)
			exempt = exempt && !n.bounded
		case RoleSession, FederatedUser:
			exempt = exempt || account(s.NotPrincipal) && slices.Contains(aws, p.ARN) && slices.Contains(aws, p.Behind)
			exempt = exempt && !n.bounded
		}
		if exempt {
			return notMeant
		}
		return byName
	}
	aws := named(s.Principal, "AWS")
	switch {
	case everyone(s.Principal):
		return byName
	case p.Kind == Service && slices.Contains(named(s.Principal, "Service"), p.ARN),
		p.Kind == Provider && slices.Contains(named(s.Principal, "Federated"), p.ARN),
		p.Kind == Root && account(s.Principal),
		p.Account != "" && slices.Contains(aws, p.ARN):
		return byName
	case p.Behind != "" && slices.Contains(aws, p.Behind):
		return byEntity
	case p.Account != "" && account(s.Principal):
		return byAccount
	}
	return notMeant
}

func (n *naive) actionFits(s naiveStatement) bool {
	fits := func(patterns []string) bool {
		return slices.ContainsFunc(patterns, func(p string) bool {
			return wild(pieces{{text: p}}, 0).MatchString(strings.ToLower(n.r.Action)) || p == "*"
		})
	}
	if s.NotAction != nil {
		return !fits(lowered(listOf(s.NotAction)))
	}
	return fits(lowered(listOf(s.Action)))
}

func lowered(all []string) []string {
	for i := range all {
		all[i] = strings.ToLower(all[i])
	}
	return all
}

// pieces are a text in which variables were replaced.
type pieces []struct {
	text    string
	literal bool
}

var variableText = regexp.MustCompile(`\$\{([^},]*)(, *'([^']*)')?\}`)

func (n *naive) replace(d naiveDocument, text string) (pieces, bool) {
	var all pieces
	add := func(s string, literal bool) {
		all = append(all, struct {
			text    string
			literal bool
		}{s, literal})
	}
	if d.Version != "2012-10-17" {
		add(text, false)
		return all, true
	}
	for {
		at := variableText.FindStringSubmatchIndex(text)
		if at == nil {
			add(text, false)
			return all, true
		}
		add(text[:at[0]], false)
		name := text[at[2]:at[3]]
		v := n.keys[strings.ToLower(name)]
		switch {
		case name == "*" || name == "?" || name == "$":
			add(name, true)
		case v.shape == single && v.one != "":
			add(v.one, true)
		case at[4] >= 0:
			add(text[at[6]:at[7]], true)
		default:
			return nil, false
		}
		text = text[at[1]:]
	}
}

func (p pieces) String() string {
	var b strings.Builder
	for _, e := range p {
		b.WriteString(e.text)
	}
	return b.String()
}

// wild makes a regular expression. In the first parts of so many colons, a
// wildcard stays in its part; with crossing, unless it is a * at the end of it.
func wild(p pieces, colons int, crossing ...bool) *regexp.Regexp {
	type letter struct {
		r       rune
		literal bool
	}
	var letters []letter
	for _, e := range p {
		for _, r := range e.text {
			letters = append(letters, letter{r, e.literal})
		}
	}
	var b strings.Builder
	b.WriteString(`(?s)\A`)
	for i, l := range letters {
		last := i+1 == len(letters) || letters[i+1].r == ':'
		switch {
		case l.literal || l.r != '*' && l.r != '?':
			b.WriteString(regexp.QuoteMeta(string(l.r)))
			if l.r == ':' {
				colons--
			}
		case l.r == '?' && colons > 0:
			b.WriteString("[^:]")
		case l.r == '?':
			b.WriteString(".")
		case colons > 0 && !(last && len(crossing) > 0):
			b.WriteString("[^:]*")
		default:
			b.WriteString(".*")
		}
	}
	return regexp.MustCompile(b.String() + `\z`)
}

func (n *naive) resourceFits(d naiveDocument, s naiveStatement) bool {
	fits := func(patterns []string) bool {
		return slices.ContainsFunc(patterns, func(text string) bool {
			p, ok := n.replace(d, text)
			return ok && (text == "*" || wild(p, 5, true).MatchString(n.r.Resource))
		})
	}
	switch {
	case s.Resource == nil && s.NotResource == nil:
		return true
	case s.NotResource != nil:
		return !fits(listOf(s.NotResource))
	}
	return fits(listOf(s.Resource))
}

func (n *naive) conditionsFit(d naiveDocument, s naiveStatement) bool {
	for operator, keys := range s.Condition {
		for key, values := range keys {
			if !n.conditionFits(d, operator, key, listOf(values)) {
				return false
			}
		}
	}
	return true
}

func (n *naive) conditionFits(d naiveDocument, operator, key string, values []string) bool {
	v := n.keys[strings.ToLower(key)]
	has := v.many
	if v.shape == single {
		has = []string{v.one}
	}
	empty := len(has) == 0 || len(has) == 1 && has[0] == ""
	if operator == "Null" {
		return slices.ContainsFunc(values, func(s string) bool { return (s == "true") == empty })
	}
	qualifier, rest, found := strings.Cut(operator, ":")
	if !found {
		qualifier, rest = "", operator
	}
	base, ifExists := strings.CutSuffix(rest, "IfExists")
	negated := strings.Contains(base, "Not")
	base = strings.Replace(base, "Not", "", 1)
	one := func(value string) bool {
		any := slices.ContainsFunc(values, func(p string) bool { return n.compare(d, base, p, value) })
		return any != negated
	}
	switch {
	case ifExists && len(has) == 0:
		return true
	case qualifier == "ForAllValues":
		return empty || !slices.ContainsFunc(has, func(s string) bool { return !one(s) })
	case qualifier == "ForAnyValue":
		return !empty && slices.ContainsFunc(has, one)
	case len(has) == 0:
		return negated
	case negated:
		return !slices.ContainsFunc(has, func(s string) bool { return !one(s) })
	}
	return slices.ContainsFunc(has, one)
}

func (n *naive) compare(d naiveDocument, operator, policy, value string) bool {
	p := pieces{{text: policy}}
	if strings.HasPrefix(operator, "String") || strings.HasPrefix(operator, "Arn") || operator == "Bool" {
		var ok bool
		if p, ok = n.replace(d, policy); !ok {
			return false
		}
	}
	switch operator {
	case "StringEquals":
		return p.String() == value
	case "StringEqualsIgnoreCase":
		return strings.EqualFold(p.String(), value)
	case "StringLike":
		return wild(p, 0).MatchString(value)
	case "ArnEquals", "ArnLike":
		if policy == "*" {
			return strings.Count(value, ":") >= 5
		}
		return strings.Count(p.String(), ":") >= 5 && wild(p, 5).MatchString(value)
	case "Bool":
		isBool := strings.EqualFold(value, "true") || strings.EqualFold(value, "false")
		return isBool && strings.EqualFold(p.String(), value)
	case "BinaryEquals":
		a, err := base64.StdEncoding.DecodeString(policy)
		b, err2 := base64.StdEncoding.DecodeString(value)
		return err == nil && err2 == nil && string(a) == string(b)
	case "IpAddress":
		a, err := netip.ParseAddr(value)
		if !strings.Contains(policy, "/") {
			b, err2 := netip.ParseAddr(policy)
			return err == nil && err2 == nil && a == b
		}
		prefix, err2 := netip.ParsePrefix(policy)
		return err == nil && err2 == nil && prefix.Contains(a)
	}
	if comparison, ok := strings.CutPrefix(operator, "Numeric"); ok {
		a, ok := new(big.Rat).SetString(value)
		b, ok2 := new(big.Rat).SetString(policy)
		return ok && ok2 && ordered(comparison, a.Cmp(b))
	}
	comparison := strings.TrimPrefix(operator, "Date")
	a, ok := naiveDate(value)
	b, ok2 := naiveDate(policy)
	return ok && ok2 && ordered(comparison, a.Compare(b))
}

func ordered(comparison string, c int) bool {
	return map[string]bool{
		"Equals": c == 0, "LessThan": c < 0, "LessThanEquals": c <= 0, "GreaterThan": c > 0, "GreaterThanEquals": c >= 0,
	}[comparison]
}

func naiveDate(s string) (time.Time, bool) {
	for _, layout := range []string{"2006", "2006-01", "2006-01-02", "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05Z07:00"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	seconds, ok := new(big.Int).SetString(s, 10)
	if !ok || !seconds.IsInt64() {
		return time.Time{}, false
	}
	return time.Unix(seconds.Int64(), 0), true
}

// decideNaively follows the flow charts.
func decideNaively(r *Request, s *Set, keys map[string]Value) Outcome {
	p := &r.Principal
	n := &naive{r, keys, s.Boundary.Document != nil}
	resource, denied := n.grants(s.Resource)
	identity, boundary, session := notMeant, notMeant, notMeant
	if p.Kind == User || p.Kind == RoleSession || p.Kind == FederatedUser {
		var d1, d2, d3 bool
		identity, d1 = n.grants(s.Identity)
		boundary, d2 = n.grants([]Policy{s.Boundary})
		session, d3 = n.grants(s.Session)
		denied = denied || d1 || d2 || d3
	}
	boundaryPasses := s.Boundary.Document == nil || boundary != notMeant
	sessionPasses := len(s.Session) == 0 && p.Kind != FederatedUser || session != notMeant
	ownAllows := identity != notMeant && boundaryPasses && sessionPasses
	if p.Kind == Root {
		ownAllows = true
	}
	var allowed bool
	switch {
	case p.Account == "":
		allowed = resource != notMeant
	case r.ResourceAccount != "" && r.ResourceAccount != p.Account:
		allowed = ownAllows && resource != notMeant
	case resource == byName:
		allowed = true
	case resource == byEntity && boundaryPasses && sessionPasses:
		allowed = true
	case s.MustBeTrusted:
		allowed = ownAllows && resource != notMeant
	default:
		allowed = ownAllows
	}
	switch {
	case denied:
		return ExplicitDeny
	case allowed:
		return Allowed
	}
	return ImplicitDeny
}
