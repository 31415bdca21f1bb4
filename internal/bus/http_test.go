package bus

import (
	"strings"
	"testing"
)

const httpEvent = `{"id":"1","detail":{"user":"anna/b","n":1.50,"list":[1,2],"none":null,"empty":""}}`

func TestHTTPParametersAreValuesOrWhatTheEventHasThere(t *testing.T) {
	for name, c := range map[string]struct {
		in   HTTP
		want string // the params, or a part of the error
	}{
		"values stay":                        {HTTP{Path: []string{"a"}, Headers: map[string]string{"H": "$5"}}, `{"path":["a"],"headers":{"H":"$5"}}`},
		"a path is all of a value or none":   {HTTP{Path: []string{"to $.detail.user"}}, `{"path":["to $.detail.user"]}`},
		"a string without its quotes":        {HTTP{Path: []string{"$.detail.user"}}, `{"path":["anna/b"]}`},
		"a number as it is spelled":          {HTTP{Query: map[string]string{"n": "$.detail.n"}}, `{"query":{"n":"1.50"}}`},
		"JSON of a list":                     {HTTP{Query: map[string]string{"l": "$.detail.list"}}, `{"query":{"l":"[1,2]"}}`},
		"what is not there is left out":      {HTTP{Headers: map[string]string{"H": "$.detail.x", "I": "$.detail.none"}}, `{}`},
		"a part of an address must be":       {HTTP{Path: []string{"$.detail.x"}}, "nothing for a path parameter ($.detail.x)"},
		"an address has no parts of nothing": {HTTP{Path: []string{"$.detail.empty"}}, "nothing for a path parameter"},
	} {
		t.Run(name, func(t *testing.T) {
			compiled, err := c.in.compile()
			if err != nil {
				t.Fatal(err)
			}
			params, err := compiled.of([]byte(httpEvent))
			if err != nil {
				if !strings.Contains(err.Error(), c.want) {
					t.Errorf("%v, want %s", err, c.want)
				}
				return
			}
			if string(params) != c.want {
				t.Errorf("%s, want %s", params, c.want)
			}
			if _, err := ReadHTTP(params); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestABadPathOrTooMuchOfHTTPParametersIsRefused(t *testing.T) {
	if err := (&HTTP{Query: map[string]string{"q": "$.a["}}).Check(); err == nil || !strings.Contains(err.Error(), `"$.a["`) {
		t.Error(err)
	}
	if err := (&HTTP{Path: []string{strings.Repeat("a", maxHTTP)}}).Check(); err == nil {
		t.Error("taken")
	}
	if err := (*HTTP)(nil).Check(); err != nil {
		t.Error(err)
	}
}
