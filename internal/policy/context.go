package policy

import "strings"

// Context answers for the condition keys of a request. It is asked only for what
// a statement needs that is about the request's principal, action and resource.
type Context interface {
	// Lookup is the value of a key, which is in lower case, the tag's name in it
	// too (aws:principaltag/team): keys are case insensitive, and so are the names
	// of tags in them. It is called by the goroutine that decides, maybe often.
	Lookup(key string) Value
}

// Value is what a request has for a key. The zero Value: the request does not
// have the key.
type Value struct {
	one   string
	many  []string
	shape shape
}

type shape uint8

const (
	absent shape = iota
	single
	multiple
)

// One is a value of a key that has one at most.
func One(v string) Value { return Value{one: v, shape: single} }

// Many are the values of a key that may have several. v must not change later.
func Many(v []string) Value { return Value{many: v, shape: multiple} }

func lookup(c Context, key string) Value {
	if c == nil {
		return Value{}
	}
	return c.Lookup(key)
}

func (v *Value) len() int {
	if v.shape == single {
		return 1
	}
	return len(v.many)
}

func (v *Value) at(i int) string {
	if v.shape == single {
		return v.one
	}
	return v.many[i]
}

// null: the key is not there, has no values, or nothing in its one value.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
func (v *Value) null() bool {
	n := v.len()
	return n == 0 || n == 1 && v.at(0) == ""
}

// variable is what stands for ${key}. A key that may have many values cannot.
func (v Value) variable() (string, bool) { return v.one, v.shape == single && v.one != "" }

// Values is a Context that was written down. Its keys are in lower case.
type Values map[string]Value

// Lookup implements Context.
func (v Values) Lookup(key string) Value { return v[key] }

// Set adds a key, in any spelling.
func (v Values) Set(key string, value Value) { v[strings.ToLower(key)] = value }

// Tag is the value of the tag of that name, in any case, as keys such as
// aws:ResourceTag/team mean it. Names that differ only in case are not told
// apart: the one that sorts first counts.
func Tag(tags map[string]string, name string) Value {
	found, value := "", ""
	for k, v := range tags {
		if strings.EqualFold(k, name) && (found == "" || k < found) {
			found, value = k, v
		}
	}
	if found == "" {
		return Value{}
	}
	return One(value)
}

// Absent: the request does not have the key.
func (v Value) Absent() bool { return v.shape == absent }
