package wire

import (
	"strings"
	"testing"
)

func TestBreachesAreToldInAWSWords(t *testing.T) {
	name := Text{Min: 1, Max: 4, Pattern: NewPattern(`[a-z]+`)}
	state := Text{Enum: []string{"ENABLED", "DISABLED"}}
	secret := Text{Max: 2, Sensitive: true}
	limit := Whole{Min: Some[int64](1), Max: Some[int64](100)}
	few := Size{Min: 1, Max: 2}
	for want, check := range map[string]func(*Checker){
		"": func(c *Checker) {
			name.Check(c, "name", "okay")
			state.Check(c, "state", "ENABLED")
			limit.Check(c, "limit", 100)
			few.Check(c, "list", 2, nil)
			name.CheckElements(c, "names", []string{"a", "b"})
		},
		"1 validation error detected: Value 'toolong' at 'name' failed to satisfy constraint: Member must have length less than or equal to 4":                                                                                                       func(c *Checker) { name.Check(c, "name", "toolong") },
		"2 validation errors detected: Value '' at 'name' failed to satisfy constraint: Member must have length greater than or equal to 1; Value '' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-z]+": func(c *Checker) { name.Check(c, "name", "") },
		"1 validation error detected: Value 'MAYBE' at 'state' failed to satisfy constraint: Member must satisfy enum value set: [ENABLED, DISABLED]":                                                                                                func(c *Checker) { state.Check(c, "state", "MAYBE") },
		"1 validation error detected: Value at 'password' failed to satisfy constraint: Member must have length less than or equal to 2":                                                                                                             func(c *Checker) { secret.Check(c, "password", "hunter2") },
		"1 validation error detected: Value null at 'name' failed to satisfy constraint: Member must not be null":                                                                                                                                    func(c *Checker) { c.Missing("name") },
		"1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1":                                                                                                          func(c *Checker) { limit.Check(c, "limit", 0) },
		"1 validation error detected: Value '101' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 100":                                                                                                         func(c *Checker) { limit.Check(c, "limit", 101) },
		"1 validation error detected: Value '[a, b, c]' at 'list' failed to satisfy constraint: Member must have length less than or equal to 2": func(c *Checker) {
			list := []string{"a", "b", "c"}
			few.Check(c, "list", len(list), func() string { return ShowList(list) })
		},
		"1 validation error detected: Value '[]' at 'list' failed to satisfy constraint: Member must have length greater than or equal to 1": func(c *Checker) {
			few.Check(c, "list", 0, func() string { return ShowStructures("Target", 0) })
		},
		"1 validation error detected: Value '[Target, Target, Target]' at 'list' failed to satisfy constraint: Member must have length less than or equal to 2": func(c *Checker) {
			few.Check(c, "list", 3, func() string { return ShowStructures("Target", 3) })
		},
		"1 validation error detected: Value '[a, B]' at 'names' failed to satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to 4, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: [a-z]+]": func(c *Checker) {
			name.CheckElements(c, "names", []string{"a", "B"})
		},
		"1 validation error detected: Value '{B=1, a=2}' at 'map' failed to satisfy constraint: Map keys must satisfy constraint: [Member must have length less than or equal to 4, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: [a-z]+]": func(c *Checker) {
			name.CheckKeys(c, "map", map[string]string{"a": "2", "B": "1"})
		},
		"1 validation error detected: Value '{k=MAYBE}' at 'map' failed to satisfy constraint: Map value must satisfy constraint: [Member must satisfy enum value set: [ENABLED, DISABLED]]": func(c *Checker) {
			state.CheckValues(c, "map", map[string]string{"k": "MAYBE"})
		},
		"1 validation error detected: Value null at 'entries.2.member.inner.source' failed to satisfy constraint: Member must not be null": func(c *Checker) {
			c.Enter("entries", 2)
			c.Enter("inner", 0)
			c.Missing("source")
			c.Leave()
			c.Leave()
		},
	} {
		var c Checker
		check(&c)
		err := c.Err("ValidationException")
		switch {
		case want == "" && err != nil:
			t.Errorf("%v, want none", err)
		case want != "" && (err == nil || err.Error() != "ValidationException: "+want):
			t.Errorf("%v\nwant %s", err, want)
		}
	}
}

func TestALengthIsCountedInCharacters(t *testing.T) {
	four := Text{Min: 4, Max: 4}
	for text, ok := range map[string]bool{"abcd": true, "äöüß": true, "😀😀😀😀": true, "äöü": false, "äöüßä": false, "😀": false} {
		var c Checker
		four.Check(&c, "name", text)
		if err := c.Err("X"); (err == nil) != ok {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestAMessageIsBounded(t *testing.T) {
	short := Text{Max: 1}
	var c Checker
	for range 1_000 {
		short.Check(&c, "name", strings.Repeat("é", 5_000))
	}
	list := make([]string, 10_000)
	for i := range list {
		list[i] = "long element"
	}
	short.CheckElements(&c, "names", list)
	message := c.Err("X").Error()
	if len(message) > 50_000 || !strings.HasPrefix(message, "X: 1001 validation errors detected: ") {
		t.Errorf("%d bytes: %.60s", len(message), message)
	}
	if strings.Contains(message, "\uFFFD") {
		t.Error("a character was cut in two")
	}
}

func TestACleanRequestCostsNoAllocation(t *testing.T) {
	name := Text{Min: 1, Max: 64, Pattern: NewPattern(`[\.\-_A-Za-z0-9]+`)}
	name.Pattern.Match("warm")
	if n := testing.AllocsPerRun(100, func() {
		var c Checker
		c.Enter("entries", 1)
		name.Check(&c, "name", "orders.created")
		c.Leave()
		if err := c.Err("ValidationException"); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
