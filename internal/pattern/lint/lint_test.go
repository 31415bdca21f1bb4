package lint

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func list(all []Warning) string {
	var out []string
	for _, w := range all {
		out = append(out, fmt.Sprintf("%s %s %s: %s → %s", w.Level, w.Code, w.Path, w.Message, w.Suggestion))
	}
	return strings.Join(out, "\n")
}

func has(all []Warning, level Level, code, path string) bool {
	for _, w := range all {
		if w.Level == level && w.Code == code && w.Path == path {
			return true
		}
	}
	return false
}

func TestLintWarnsOfWhatPeopleGetWrong(t *testing.T) {
	for _, c := range []struct {
		name, pattern string
		level         Level
		code, path    string
	}{
		{"a pattern that does not parse", `{"a": 1}`, Never, "syntax-error", ""},
		{"a range without a number in it", `{"detail": {"a": [{"numeric": [">", 1, "<", 1.0000000000000002]}]}}`, Never, "never-matches", "detail.a"},
		{"a range below all numbers", `{"detail": {"a": [{"numeric": ["<", -1.7976931348623157e308]}]}}`, Never, "never-matches", "detail.a"},
		{"an empty range beside others", `{"detail": {"a": [1, {"numeric": [">", 1.7976931348623157e308]}]}}`, NoEffect, "empty-range", "detail.a"},
		{"one way through $or never matches", `{"detail": {"$or": [{"a": [{"numeric": [">", 1.7976931348623157e308]}]}, {"b": [1]}]}}`, NoEffect, "never-matches", "detail.a"},
		{"ranges that leave nothing out", `{"detail": {"a": [{"numeric": [">", 5]}, {"numeric": ["<", 10]}]}}`, Likely, "every-number", "detail.a"},
		{"detailType", `{"detailType": ["x"]}`, Likely, "unknown-key", "detailType"},
		{"detail_type", `{"detail_type": ["x"]}`, Likely, "unknown-key", "detail_type"},
		{"Source", `{"Source": ["x"]}`, Likely, "unknown-key", "Source"},
		{"soruce", `{"soruce": ["x"]}`, Likely, "unknown-key", "soruce"},
		{"a field of detail at the top", `{"status": ["x"]}`, Likely, "unknown-key", "status"},
		{"a key twice", `{"source": ["a"], "source": ["b"]}`, NoEffect, "overwritten", "source"},
		{"a key twice, once with dots", `{"detail": {"a": ["a"]}, "detail.a": ["b"]}`, NoEffect, "overwritten", "detail.a"},
		{"an alternative that overwrites", `{"source": ["a"], "$or": [{"source": ["b"]}, {"account": ["123456789012"]}]}`, Likely, "overwritten", "source"},
		{"a field that overwrites its $or", `{"$or": [{"source": ["b"]}, {"account": ["123456789012"]}], "source": ["a"]}`, NoEffect, "overwritten", "source"},
		{"a value and an object at one path", `{"detail": {"a": [1], "a": {"b": [2]}}}`, Likely, "value-and-object", "detail.a"},
		{"absence and a field below it", `{"detail": {"a": [{"exists": false}], "a": {"b": [2]}}}`, Likely, "absent-and-below", "detail.a"},
		{"a prefix beside exists", `{"source": [{"exists": true}, {"prefix": ""}]}`, NoEffect, "redundant-test", "source"},
		{"a value beside its prefix", `{"source": ["abc", {"prefix": "ab"}]}`, NoEffect, "redundant-test", "source"},
		{"a longer prefix", `{"source": [{"prefix": "abc"}, {"prefix": "ab"}]}`, NoEffect, "redundant-test", "source"},
		{"a value in a range", `{"detail": {"a": [5, {"numeric": [">", 1]}]}}`, NoEffect, "redundant-test", "detail.a"},
		{"a range in a range", `{"detail": {"a": [{"numeric": [">", 5, "<", 7]}, {"numeric": [">=", 5]}]}}`, NoEffect, "redundant-test", "detail.a"},
		{"an address in a block", `{"detail": {"a": ["10.0.0.1", {"cidr": "10.0.0.0/8"}]}}`, NoEffect, "redundant-test", "detail.a"},
		{"a value that anything-but lets through", `{"source": ["c", {"anything-but": ["a", "b"]}]}`, NoEffect, "redundant-test", "source"},
		{"a value beside its anything-but", `{"source": ["a", {"anything-but": ["a"]}]}`, NoEffect, "always-matches", "source"},
		{"two anything-but's", `{"source": [{"anything-but": "a"}, {"anything-but": "b"}]}`, NoEffect, "always-matches", "source"},
		{"anything-but of two prefixes", `{"source": [{"anything-but": {"prefix": "a"}}, {"anything-but": {"prefix": "b"}}]}`, NoEffect, "always-matches", "source"},
		{"there or not", `{"source": [{"exists": true}, {"exists": false}]}`, NoEffect, "always-matches", "source"},
		{"a value twice", `{"source": ["a", "a"]}`, NoEffect, "duplicate-test", "source"},
		{"a number twice", `{"detail": {"a": [5, 5.0]}}`, NoEffect, "duplicate-test", "detail.a"},
		{"an alternative within another", `{"detail": {"$or": [{"a": [1, 2]}, {"a": [1], "b": [1]}]}}`, NoEffect, "redundant-alternative", "detail.$or"},
		{"two equal alternatives", `{"$or": [{"source": ["a"]}, {"source": ["a"]}]}`, NoEffect, "redundant-alternative", "$or"},
		{"a string like a number", `{"detail": {"a": ["5"]}}`, Likely, "looks-like-number", "detail.a"},
		{"a string like a literal", `{"detail": {"a": ["true"]}}`, Likely, "looks-like-literal", "detail.a"},
		{"a wildcard without a star", `{"source": [{"wildcard": "abc"}]}`, Likely, "no-star", "source"},
		{"a question mark", `{"source": [{"wildcard": "a?c*"}]}`, Likely, "question-mark", "source"},
		{"a regular expression", `{"source": ["^foo.*$"]}`, Likely, "regex", "source"},
		{"a regular expression as wildcard", `{"source": [{"wildcard": "^foo.*$"}]}`, Likely, "regex", "source"},
		{"a star in a text", `{"source": ["foo*"]}`, Likely, "star", "source"},
		{"a star in a prefix", `{"source": [{"prefix": "foo*"}]}`, Likely, "star", "source"},
		{"a star in anything-but", `{"source": [{"anything-but": {"suffix": ["*foo"]}}]}`, Likely, "star", "source"},
		{"space around a text", `{"source": ["foo "]}`, Likely, "space", "source"},
		{"an account of 11 digits", `{"account": ["12345678901"]}`, Likely, "account-format", "account"},
		{"an account as a number", `{"account": [123456789012]}`, Likely, "envelope-type", "account"},
		{"a region in words", `{"region": ["Frankfurt"]}`, Likely, "region-format", "region"},
		{"one second", `{"time": ["2026-11-21T00:00:00Z"]}`, Likely, "exact-time", "time"},
		{"one event", `{"id": ["x"]}`, Likely, "exact-id", "id"},
		{"detail as a value", `{"detail": ["x"]}`, Likely, "envelope-type", "detail"},
		{"something in source", `{"source": {"a": ["x"]}}`, Likely, "envelope-type", "source.a"},
		{"a block with host bits", `{"detail": {"ip": [{"cidr": "10.1.2.3/8"}]}}`, Likely, "host-bits", "detail.ip"},
		{"an operator outside a list", `{"detail": {"a": {"anything-but": ["x"]}}}`, Likely, "operator-as-field", "detail.a.anything-but"},
		{"an operator that is none", `{"detail": {"$and": {"a": ["x"]}}}`, Likely, "dollar-key", "detail.$and"},
		{"an empty key", `{"detail": {"": [1]}}`, Likely, "empty-key", "detail."},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := Lint(c.pattern)
			if !has(got, c.level, c.code, c.path) {
				t.Errorf("%s: want %s %s %s, got\n%s", c.pattern, c.level, c.code, c.path, list(got))
			}
		})
	}
}

func TestAPatternAsItShouldBeGetsNoWarning(t *testing.T) {
	for _, pattern := range []string{
		`{"source": ["shop"], "detail-type": ["OrderPlaced", "OrderPaid"], "detail": {"total": [{"numeric": [">", 100]}]}}`,
		`{"source": [{"prefix": "aws."}], "account": ["123456789012"], "region": ["us-east-1", "us-gov-west-1", "ap-southeast-2"]}`,
		`{"time": [{"prefix": "2026-11-21"}], "resources": [{"wildcard": "arn:aws:s3:::*/logs"}], "version": ["0"]}`,
		`{"detail": {"userIdentity": {"accountId": ["123456789012"]}, "ip": [{"cidr": "10.0.0.0/8"}, "192.168.0.1", {"cidr": "2001:db8::/32"}]}}`,
		`{"detail": {"status": [{"anything-but": ["a", "b"]}], "code": [5, "5", null, {"exists": false}], "x": [true]}}`,
		`{"detail": {"$or": [{"a": [{"exists": false}]}, {"b": [1]}, {"$or": [{"c": [1]}, {"d": ["x"]}]}], "price": ["5 US$"]}}`,
		`{"detail": {"a": [{"numeric": ["<", 5]}, {"numeric": [">", 10]}], "a-b": ["x", {"prefix": "y"}, {"suffix": "z"}]}, "replay-name": [{"exists": false}]}`,
		`{"detail": {"file": [{"suffix": {"equals-ignore-case": ".PNG"}}, {"suffix": ".jpg"}], "name": [{"equals-ignore-case": "x"}, "y"]}}`,
	} {
		if got := Lint(pattern); len(got) > 0 {
			t.Errorf("%s:\n%s", pattern, list(got))
		}
	}
}

func TestAWarningReadsAsAPersonWouldSayIt(t *testing.T) {
	for _, c := range []struct{ pattern, want string }{
		{`{"detailType": ["x"]}`, `likely unknown-key detailType: events of a bus have no such key at the top, so this never matches one → write "detail-type"`},
		{`{"source": [{"anything-but": "a"}, {"anything-but": "b"}]}`, `no-effect always-matches source: {"anything-but": "a"} or {"anything-but": "b"} is true of every value: only that there is one counts → a list is an or; to exclude several values write {"anything-but": ["a", "b"]}`},
		{`{"source": ["a", {"wildcard": "*"}]}`, `no-effect redundant-test source: "a" adds nothing beside {"wildcard": "*"}, which accepts all of it → `},
		{`{"account": [123456789012]}`, `likely envelope-type account: account is a string in every event, and 123456789012 accepts none → write "123456789012"`},
		{`{"detail": {"ip": [{"cidr": "10.1.2.3/8"}]}}`, `likely host-bits detail.ip: "10.1.2.3/8" has bits after the mask, which do not count → the block is {"cidr": "10.0.0.0/8"}`},
		{`{"detail": {"$or": [{"a": [1]}, {"a": [1], "b": [1]}]}}`, `no-effect redundant-alternative detail.$or: alternative 2 adds nothing: alternative 1 matches all of it → `},
		{`{"detail": {"a": [{"Prefix": "x"}]}}`, "never syntax-error : Unrecognized match type Prefix\n at [Source: (String)\"{\"detail\": {\"a\": [{\"Prefix\": \"x\"}]}}\"; line: 1, column: 31] → write \"prefix\""},
	} {
		if got := list(Lint(c.pattern)); got != c.want {
			t.Errorf("%s\ngot  %s\nwant %s", c.pattern, got, c.want)
		}
	}
}

func TestSamplesShowWhatAPatternDoesNotMeet(t *testing.T) {
	samples := [][]byte{
		[]byte(`{"source": "shop", "detail": {"orderId": "5", "total": 5, "paid": true, "items": [{"sku": "a"}]}}`),
		[]byte(`{"source": "shop", "detail": {"orderId": "6", "total": 5.5, "paid": false, "body": "{\"a\": 1}"}}`),
	}
	for _, c := range []struct{ pattern, want string }{
		{`{"source": ["shop"], "detail": {"total": [{"numeric": [">", 1]}], "items": {"sku": ["b"]}}}`, ``},
		{`{"detail": {"orderId": [5]}}`, `likely sample-type detail.orderId: the pattern wants a number, and the samples have a string here → write "5"`},
		{`{"detail": {"total": ["7x"]}}`, `likely sample-type detail.total: the pattern wants a string, and the samples have a number here → `},
		{`{"detail": {"orderId": [{"numeric": [">", 5]}]}}`, `likely sample-type detail.orderId: the pattern wants a number, and the samples have a string here → numeric compares only numbers: send the field as a number, or match its text`},
		{`{"detail": {"order-id": ["x"]}}`, `likely sample-name detail.order-id: no sample has this field; they have detail.orderId → write "orderId"`},
		{`{"detail": {"OrderId": [{"exists": false}]}}`, `likely sample-name detail.OrderId: no sample has this field; they have detail.orderId → write "orderId"`},
		{`{"detail": {"state": ["x"]}}`, `likely sample-missing detail.state: none of the 2 samples has this field → detail has no state; it has orderId, total, paid, items`},
		{`{"detail": {"items": ["x"]}}`, `likely sample-missing detail.items: none of the 2 samples has this field → there is an object, and tests look at single values: name a key in it, such as sku`},
		{`{"detail": {"gone": [{"exists": false}], "paid": [{"anything-but": 5}], "any": [{"exists": false}, 5]}}`, ``},
	} {
		got, err := LintAgainst(c.pattern, samples...)
		if err != nil || list(got) != c.want {
			t.Errorf("%s\ngot  %s, %v\nwant %s", c.pattern, list(got), err, c.want)
		}
	}
	if _, err := LintAgainst(`{"a": [1]}`, []byte(`{}`), []byte(`[]`)); err == nil || !strings.HasPrefix(err.Error(), "sample 2: ") {
		t.Errorf("got %v", err)
	}
}

func TestWarningsAreBounded(t *testing.T) {
	var tests, keys []string
	for i := range 5000 {
		tests = append(tests, fmt.Sprintf(`"%d*"`, i))
		keys = append(keys, fmt.Sprintf(`"k%d": [1, 1]`, i))
	}
	for _, pattern := range []string{
		`{"source": [` + strings.Join(tests, ",") + `]}`,
		`{` + strings.Join(keys, ",") + `}`,
		`{"a": [{"suffix": {"equals-ignore-case": "` + strings.Repeat("a", 100_000) + `b"}}, "` + strings.Repeat("a", 100_000) + `"], "a": [1]}`,
		`{"$or": [{"a": [` + strings.Join(tests, ",") + `]}, {"b": [1], "a": [` + strings.Join(tests, ",") + `]}]}`,
		`{"` + strings.Repeat("a.", 60_000) + `": ["` + strings.Repeat("x*", 20_000) + `"]}`,
	} {
		start := time.Now()
		got := Lint(pattern)
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("%.60s…: %s", pattern, took)
		}
		if len(got) == 0 || len(got) > maxWarnings+1 || len(list(got)) > 1<<17 {
			t.Errorf("%.60s…: %d warnings, %d bytes", pattern, len(got), len(list(got)))
		}
	}
}
