package transform

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Events.

// Many a, so that objects have keys twice and paths lead somewhere.
var someKeys = []string{"a", "a", "a", "b", "detail", "d.e", "it's", "é", "😀", ""}

var spaces = rapid.SampledFrom([]string{"", "", "", " ", "\n\t", "\r "})

var scalars = rapid.SampledFrom([]string{"null", "true", "false", "0", "-1.50E+3", "10000000000000000000001", `""`, `"x"`, `"say \"hi\" \\"`,
	`"{[,:]}"`, `"\\\\\""`, `"\u00e9\ud83d\ude00\n"`, `"é <a> </b>"`})

func drawKey(t *rapid.T) string {
	key := rapid.SampledFrom(someKeys).Draw(t, "key")
	if rapid.IntRange(0, 4).Draw(t, "escaped") > 0 {
		return string(must(json.Marshal(key)))
	}
	quoted := fmt.Sprintf("%+q", key) // Go's \U is not JSON's
	if strings.Contains(quoted, `\U`) {
		quoted = `"\ud83d\ude00"`
	}
	return strings.ReplaceAll(quoted, "a", `\u0061`)
}

func drawValue(t *rapid.T, deep int) string {
	kind := rapid.IntRange(0, 3).Draw(t, "kind")
	sp := func() string { return spaces.Draw(t, "space") }
	if deep == 0 || kind < 2 {
		return scalars.Draw(t, "scalar")
	}
	var items []string
	for range rapid.IntRange(0, 3).Draw(t, "items") {
		item := sp() + drawValue(t, deep-1) + sp()
		if kind == 2 {
			item = sp() + drawKey(t) + sp() + ":" + item
		}
		items = append(items, item)
	}
	if kind == 2 {
		return "{" + strings.Join(items, ",") + sp() + "}"
	}
	return "[" + strings.Join(items, ",") + sp() + "]"
}

func drawEvent(t *rapid.T) string {
	var members []string
	for range rapid.IntRange(0, 4).Draw(t, "members") {
		members = append(members, drawKey(t)+spaces.Draw(t, "space")+":"+drawValue(t, 4)+spaces.Draw(t, "space"))
	}
	return spaces.Draw(t, "space") + "{" + strings.Join(members, ",") + "}" + spaces.Draw(t, "space")
}

// Paths.

func drawPath(t *rapid.T) (path string, steps []naiveStep) {
	path = "$"
	for range rapid.IntRange(0, 4).Draw(t, "steps") {
		switch rapid.IntRange(0, 6).Draw(t, "step") {
		case 0:
			steps = append(steps, naiveStep{index: -2})
			path += rapid.SampledFrom([]string{".*", "[*]"}).Draw(t, "wildcard")
		case 1, 2:
			index := rapid.IntRange(0, 2).Draw(t, "index")
			steps = append(steps, naiveStep{index: index})
			path += fmt.Sprintf("[%d]", index)
		default:
			key := rapid.SampledFrom(someKeys).Draw(t, "key")
			steps = append(steps, naiveStep{key: key, index: -1})
			if key == "" || strings.ContainsAny(key, ".'") || rapid.Bool().Draw(t, "bracket") {
				path += "['" + strings.ReplaceAll(key, "'", `\'`) + "']"
			} else {
				path += "." + key
			}
		}
	}
	return path, steps
}

// Templates.

type piece struct {
	text   string
	name   string // of a variable, if not empty
	quoted bool
}

func drawTemplate(t *rapid.T, names []string) (pieces []piece) {
	for range rapid.IntRange(1, 2).Draw(t, "values") {
		pieces = append(pieces, drawTemplateValue(t, names, 3)...)
		pieces = append(pieces, piece{text: "\n"})
	}
	return pieces
}

func drawTemplateValue(t *rapid.T, names []string, deep int) (pieces []piece) {
	text := func(s string) { pieces = append(pieces, piece{text: s}) }
	variable := func(quoted bool) {
		pieces = append(pieces, piece{name: rapid.SampledFrom(names).Draw(t, "name"), quoted: quoted})
	}
	kind := rapid.IntRange(0, 4).Draw(t, "kind")
	if deep == 0 && kind > 2 {
		kind = 0
	}
	switch kind {
	case 0:
		variable(false)
	case 1:
		text(rapid.SampledFrom([]string{"1.0", "null", `"\u003ca\u003e \\"`, `"< a>"`}).Draw(t, "constant"))
	case 2:
		text(`"`)
		for range rapid.IntRange(0, 3).Draw(t, "stretches") {
			text(rapid.SampledFrom([]string{"", "x ", `\"`, `\\`, "<", "é"}).Draw(t, "stretch"))
			variable(true)
		}
		text(`"`)
	default:
		opening, closing := "[", "]"
		if kind == 4 {
			opening, closing = "{ ", "\n}"
		}
		text(opening)
		for i := range rapid.IntRange(0, 3).Draw(t, "items") {
			if i > 0 {
				text(" ,")
			}
			if kind == 4 {
				text(fmt.Sprintf(`"k%d": `, i))
			}
			pieces = append(pieces, drawTemplateValue(t, names, deep-1)...)
		}
		text(closing)
	}
	return pieces
}

func TestApplyDoesWhatTheNaiveTransformDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		paths, steps, names := map[string]string{}, map[string][]naiveStep{}, []string{"aws.events.event.json"}
		for i := range rapid.IntRange(0, 24).Draw(t, "variables") {
			name := fmt.Sprintf("v%d", i)
			names = append(names, name)
			paths[name], steps[name] = drawPath(t)
		}
		pieces := drawTemplate(t, names)
		event := drawEvent(t)
		var text, want strings.Builder
		for _, p := range pieces {
			if p.name == "" {
				text.WriteString(p.text)
				want.WriteString(p.text)
			} else {
				text.WriteString("<" + p.name + ">")
				want.WriteString(naiveVariable(event, steps[p.name], p.quoted))
			}
		}
		tr, err := Compile(Spec{Transformer: &Transformer{paths, text.String()}})
		if err != nil {
			t.Fatalf("%s is refused: %v", text.String(), err)
		}
		got, err := tr.Apply(nil, []byte(event), Context{})
		if err != nil || string(got) != want.String() {
			t.Fatalf("%v\npaths    %q\ntemplate %s\nevent    %s\ngot      %s\nwant     %s", err, paths, text.String(), event, got, want.String())
		}
		checkJSON(t, got)
	})
}

func TestAnInputPathDoesWhatTheNaivePathDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		path, steps := drawPath(t)
		event := drawEvent(t)
		tr, err := Compile(Spec{InputPath: &path})
		if err != nil {
			t.Fatalf("%s is refused: %v", path, err)
		}
		got, err := tr.Apply(nil, []byte(event), Context{})
		found, isList, ok := naiveFind(json.RawMessage(event), steps)
		if !ok {
			if !errors.Is(err, ErrPathMissing) {
				t.Fatalf("%s of %s is %q, %v", path, event, got, err)
			}
			return
		}
		want := naiveVariable(event, steps, false)
		if !isList {
			want = strings.TrimSpace(string(found[0]))
		}
		if err != nil || string(got) != want {
			t.Fatalf("%s of %s is %s, %v; want %s", path, event, got, err, want)
		}
	})
}

// checkJSON checks that text is nothing but JSON values.
func checkJSON(t interface{ Fatalf(string, ...any) }, text []byte) {
	d := json.NewDecoder(bytes.NewReader(text))
	for {
		var v json.RawMessage
		if err := d.Decode(&v); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("%q is not JSON: %v", text, err)
		}
	}
}
