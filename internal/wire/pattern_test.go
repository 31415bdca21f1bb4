package wire

import (
	"regexp"
	"testing"
)

func TestAPatternMatchesTheWholeValue(t *testing.T) {
	for _, test := range []struct {
		pattern, value string
		want           bool
	}{
		{`[\.\-_A-Za-z0-9]+`, "orders.created", true},
		{`[\.\-_A-Za-z0-9]+`, "orders created", false},
		{`[\.\-_A-Za-z0-9]+`, "", false},
		{`[\.\-_A-Za-z0-9]+`, "ordérs", false},
		{`^[\-a-z0-9]+$`, "eu-west-1\n", false},
		{`[\w]*`, "", true},
		{`\d{12}`, "123456789012", true},
		{`\d{12}`, "1234567890123", false},
		{`(arn:aws[\w-]*:events:[a-z]+-[a-z]+-[\w-]+:[0-9]{12}:event-bus\/)?[/\.\-_A-Za-z0-9]+`, "default", true},
		{`(arn:aws[\w-]*:events:[a-z]+-[a-z]+-[\w-]+:[0-9]{12}:event-bus\/)?[/\.\-_A-Za-z0-9]+`, "arn:aws:events:us-east-1:123456789012:event-bus/orders", true},
		{`(arn:aws[\w-]*:events:[a-z]+-[a-z]+-[\w-]+:[0-9]{12}:event-bus\/)?[/\.\-_A-Za-z0-9]+`, "arn:aws:events:us-east-1:1:event-bus/orders", false},
		{`[\p{L}\p{Z}\p{N}_.:/=+\-@]*`, "größe 1", true},
		{`[\p{L}\p{Z}\p{N}_.:/=+\-@]*`, "a#b", false},
		{`^(?!\s*$).+`, "$.path", true},
		{`^(?!\s*$).+`, "  x ", true},
		{`^(?!\s*$).+`, " \t ", false},
		{`^(?!\s*$).+`, "", false},
		{`^(?!\s*$).+`, "two\nlines", false},
		{`[\u0009\u000A\u000D\u0020-\u00FF]+`, "{\"Version\": \"2012-10-17\"}\n", true},
		{`[\u0009\u000A\u000D\u0020-\u00FF]+`, "é", true},
		{`[\u0009\u000A\u000D\u0020-\u00FF]+`, "€", false},
		{`[\u0009\u000A\u000D\u0020-\u00FF]+`, "", false},
		{`[\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]+`, "arn:aws:iam::1:role/€😀", true},
		{`[\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]+`, "a\x00", false},
	} {
		if got := NewPattern(test.pattern).Match(test.value); got != test.want {
			t.Errorf("%s on %q: %v", test.pattern, test.value, got)
		}
	}
}

func TestAPatternThatCannotBeUsedIsTold(t *testing.T) {
	if err := NewPattern(`(?=x)`).Check(); err == nil {
		t.Error("lookahead without a matcher was taken")
	}
}

// FuzzPattern holds the short way of Match against the regular expression.
func FuzzPattern(f *testing.F) {
	patterns := []string{
		`[\.\-_A-Za-z0-9]+`, `^[\-a-z0-9]*$`, `\d{2,4}`, `(arn:)?[a-z:]+`, `.*`, `[^\x00-\x1F\x7F]+`, `[\p{L}a-c]+`, `(?i)[a-c]+`, `a`, ``, `[a-c]+?`, `(?:x|y)?[a-c]{2}`,
	}
	for i := range patterns {
		f.Add(i, "arn:abc-1.2")
	}
	f.Fuzz(func(t *testing.T, i int, value string) {
		text := patterns[uint(i)%uint(len(patterns))]
		want := regexp.MustCompile(`\A(?:` + text + `)\z`).MatchString(value)
		if got := NewPattern(text).Match(value); got != want {
			t.Fatalf("%s on %q: %v, want %v", text, value, got, want)
		}
	})
}

func BenchmarkPattern(b *testing.B) {
	bus := NewPattern(`(arn:aws[\w-]*:events:[a-z]+-[a-z]+-[\w-]+:[0-9]{12}:event-bus\/)?[/\.\-_A-Za-z0-9]+`)
	for _, value := range []string{"default", "arn:aws:events:us-east-1:123456789012:event-bus/orders"} {
		b.Run(value, func(b *testing.B) {
			for b.Loop() {
				if !bus.Match(value) {
					b.Fatal("no match")
				}
			}
		})
	}
}
