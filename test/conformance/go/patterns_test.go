package conformance

import (
	"bufio"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/smithy-go"
)

// known is a case of internal/pattern/testdata, whose README says where they
// are from.
type known struct {
	Name, Pattern string
	Rules         map[string]string
	Event         *string
	Expect        any
	Message       string `json:"error_message_raw"`
}

// eventsKnownPatterns asks TestEventPattern what AWS, or the engine behind it,
// was asked.
func eventsKnownPatterns(t *tour) {
	asked := 0
	for _, file := range []string{"patterns-aws.jsonl", "patterns-ruler.jsonl"} {
		f := must(os.Open(filepath.Join("..", "..", "..", "internal", "pattern", "testdata", file)))(t)
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			var k known
			must(0, json.Unmarshal(lines.Bytes(), &k))(t)
			if event, fits := k.event(); fits {
				t.askPattern(&k, event)
				asked++
			}
		}
		must(0, errors.Join(lines.Err(), f.Close()))(t)
	}
	if asked < 1000 {
		t.Errorf("only %d cases were asked", asked)
	}
}

// event is the case's event, with the fields that TestEventPattern demands. It
// does not fit if a pattern could see the difference, or where the case is of
// several rules or of a pattern that only has to compile.
func (k *known) event() (event string, fits bool) {
	if k.Event == nil || k.Rules != nil || strings.HasPrefix(k.Name, "edge/cidr ") {
		return "", false
	}
	if _, isRefusal := k.Expect.(string); isRefusal {
		return *k.Event, true
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal([]byte(*k.Event), &fields) != nil || fields == nil {
		return "", false
	}
	missing := ""
	for _, name := range []string{"id", "account", "source", "time", "region", "detail-type"} {
		if _, ok := fields[name]; ok {
			continue
		}
		if strings.Contains(k.Pattern, `"`+name+`"`) {
			return "", false
		}
		missing += `"` + name + `":"x",`
	}
	if len(fields) == 0 {
		missing = strings.TrimSuffix(missing, ",")
	}
	return "{" + missing + strings.TrimPrefix(strings.TrimSpace(*k.Event), "{"), true
}

func (t *tour) askPattern(k *known, event string) {
	out, err := t.events.TestEventPattern(t.ctx, &eventbridge.TestEventPatternInput{EventPattern: &k.Pattern, Event: &event})
	if want, isRefusal := k.Expect.(string); isRefusal {
		if want == "EventError" { // what the engine itself calls it
			want = "ValidationException"
		}
		var refused smithy.APIError
		switch {
		case !errors.As(err, &refused) || refused.ErrorCode() != want:
			t.Errorf("%s: pattern %s is answered with %v, want %s", k.Name, k.Pattern, err, want)
		case k.Message != "" && refused.ErrorMessage() != k.Message && !strings.Contains(k.Message, "Cannot invoke "):
			t.Errorf("%s: pattern %s is refused with\n%s, want\n%s", k.Name, k.Pattern, refused.ErrorMessage(), k.Message)
		}
		return
	}
	if err != nil {
		t.Errorf("%s: pattern %s: %v", k.Name, k.Pattern, err)
	} else if out.Result != k.Expect {
		t.Errorf("%s: pattern %s matches %s: %v, want %v", k.Name, k.Pattern, event, out.Result, k.Expect)
	}
}
