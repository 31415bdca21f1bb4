package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/carillon-events/carillon/internal/edge"
	"github.com/carillon-events/carillon/internal/server"
	"github.com/carillon-events/carillon/internal/throttle"
)

// mapValue is a flag that may be a map in YAML.
type mapValue interface {
	SetMap(map[string]any) error
}

// throttles is a flag with rates by name: repeated, or separated by commas; in
// YAML a list of the same, or a map.
type throttles struct{ rates throttle.Rates }

func (t *throttles) String() string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(t.rates)) {
		all = append(all, name+"="+t.rates[name].String())
	}
	return strings.Join(all, ",")
}

// Type is the placeholder in the help.
func (t *throttles) Type() string { return "operation=rate" }

func (t *throttles) Set(text string) error {
	if t.rates == nil {
		t.rates = throttle.Rates{}
	}
	for one := range strings.SplitSeq(text, ",") {
		if err := t.rates.Add(one); err != nil {
			return err
		}
	}
	return nil
}

// SetMap sets what YAML has as {sqs:SendMessage: 1000:2000, events:*: 500}.
func (t *throttles) SetMap(of map[string]any) error {
	for name, rate := range of {
		if err := t.Set(name + "=" + fmt.Sprint(rate)); err != nil {
			return err
		}
	}
	return nil
}

// Append, Replace and GetSlice make it a pflag.SliceValue, which YAML's lists need.
func (t *throttles) Append(one string) error { return t.Set(one) }

// Replace implements pflag.SliceValue.
func (t *throttles) Replace(all []string) error {
	t.rates = nil
	for _, one := range all {
		if err := t.Set(one); err != nil {
			return err
		}
	}
	return nil
}

// GetSlice implements pflag.SliceValue.
func (t *throttles) GetSlice() []string { return strings.Split(t.String(), ",") }

// throttleRate is a flag like 100 or 100:200.
type throttleRate struct{ throttle.Rate }

func (r *throttleRate) String() string {
	if r.Rate == (throttle.Rate{}) {
		return ""
	}
	return r.Rate.String()
}

// Type is the placeholder in the help.
func (r *throttleRate) Type() string { return "rate" }

func (r *throttleRate) Set(text string) (err error) {
	r.Rate, err = throttle.Parse(text)
	return err
}

// limits are the server's.
func (s *serveSettings) limits() server.Limits {
	return server.Limits{
		Bodies: int64(s.maxBodies), Connections: s.connections, PerAddress: s.perAddress,
		Throttles: edge.Throttles{Principal: s.perCaller.Rate, Operations: s.throttle.rates},
	}
}
