package wire

import "context"

// Method is one operation of a service, as the service defines it.
type Method[I, O any] func(ctx context.Context, c *Call, in *I) (*O, error)

// Resource names what a call is about, for the authorisation decision: an ARN,
// or "*". It sees the decoded and checked input.
type Resource func(c *Call, in any) string

// Guard puts the model's constraints and the authorisation decision before a
// method. check may be nil where the model has no constraints; resource may be
// nil, which means "*".
func Guard[I, O any](check func(*I) error, resource Resource, method Method[I, O]) Method[I, O] {
	return func(ctx context.Context, c *Call, in *I) (*O, error) {
		c.Seen.In = in
		if check != nil {
			if err := check(in); err != nil {
				return nil, err
			}
		}
		c.Seen.Resource = resource
		if c.Decide != nil && (c.Rights == nil || !c.Rights.Anybody) { // nobody asks: do without the texts
			c.About = in
			if err := c.Authorize(ctx, resource.of(c, in)); err != nil {
				return nil, err
			}
		}
		out, err := method(ctx, c, in)
		if err == nil {
			c.Seen.Out = out
		}
		return out, err
	}
}

func (r Resource) of(c *Call, in any) string {
	if r == nil {
		return "*"
	}
	return r(c, in)
}

// Absent says which required members of a decoded structure were not in the
// request. The zero value says that nothing is missing, so a structure that Go
// code fills in by hand is complete.
type Absent uint64

// Set notes whether the member with this number is absent.
func (a *Absent) Set(member int, absent bool) {
	if absent {
		*a |= 1 << member
	} else {
		*a &^= 1 << member
	}
}

// Has says whether the member with this number is absent.
func (a Absent) Has(member int) bool { return a&(1<<member) != 0 }
