package cloudtrail

import (
	"encoding/base64"
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/carillon-events/carillon/internal/event"
	"github.com/carillon-events/carillon/internal/outbound"
	"github.com/carillon-events/carillon/internal/wire"
)

// Bounds of what a record says of a request or an answer: CloudTrail's for the
// whole, and ours for a text, above every policy's.
const (
	maxParameters = 100 << 10
	maxDenied     = 4 << 10 // of what was denied: there may be many, of anybody
	maxText       = 32 << 10
	maxItems      = 1000
	maxDepth      = 32
)

// parameters is a request's input or an answer as a record shows it: null for
// nothing. Values that were hidden are appended to found, so that they can be
// taken out of other texts.
func parameters(of any, name string, most int, found *[]string) json.RawMessage {
	v := reflect.ValueOf(of)
	if !v.IsValid() || v.Kind() != reflect.Pointer || v.IsNil() {
		return nil
	}
	w := writer{found: found}
	w.structure(v.Elem())
	switch {
	case string(w.out) == "{}":
		return nil
	case len(w.out) > most:
		return json.RawMessage(`{"omitted":true,"originalSize":` + strconv.Itoa(len(w.out)) + `,"reason":"` + name + ` too large"}`)
	}
	return w.out
}

// writer writes the values of the models' types as JSON.
type writer struct {
	out   []byte
	found *[]string
	depth int
}

var (
	wirePackage = reflect.TypeFor[wire.Absent]().PkgPath()
	instant     = reflect.TypeFor[time.Time]()
	bytes       = reflect.TypeFor[[]byte]()
)

// structure writes the members that are there.
func (w *writer) structure(v reflect.Value) {
	w.out = append(w.out, '{')
	first := true
	for i := range v.NumField() {
		field := v.Type().Field(i)
		value, there := presentIn(v.Field(i))
		if !field.IsExported() || !there {
			continue
		}
		if !first {
			w.out = append(w.out, ',')
		}
		first = false
		w.out = append(event.AppendString(w.out, memberName(field.Name)), ':')
		if field.Tag.Get("sensitive") == "true" || secretMembers[field.Name] {
			w.hide(value)
		} else {
			w.value(value)
		}
	}
	w.out = append(w.out, '}')
}

// presentIn is the value of a member, unless it is absent.
func presentIn(v reflect.Value) (reflect.Value, bool) {
	switch v.Kind() {
	case reflect.Struct:
		if t := v.Type(); t.PkgPath() == wirePackage && strings.HasPrefix(t.Name(), "Opt[") {
			return v.Field(0), v.Field(1).Bool()
		}
		return v, v.Type() != instant || !v.IsZero()
	case reflect.Pointer:
		return v.Elem(), !v.IsNil()
	case reflect.Slice, reflect.Map:
		return v, !v.IsNil()
	case reflect.String:
		return v, v.Len() > 0
	}
	return v, true
}

// memberName begins with a small letter, unless the second is none: queueUrl, and
// AWSAccountIds.
func memberName(name string) string {
	if len(name) > 1 && unicode.IsUpper(rune(name[1])) {
		return name
	}
	return strings.ToLower(name[:1]) + name[1:]
}

func (w *writer) value(v reflect.Value) {
	v, _ = presentIn(v)
	if w.depth++; w.depth > maxDepth {
		w.out = append(w.out, "null"...)
		w.depth--
		return
	}
	defer func() { w.depth-- }()
	switch {
	case v.Type() == instant:
		w.out = event.AppendString(w.out, v.Interface().(time.Time).UTC().Format(time.RFC3339))
	case v.Type() == bytes:
		w.text(base64.StdEncoding.EncodeToString(v.Bytes()))
	case v.Kind() == reflect.String:
		w.text(v.String())
	case v.Kind() == reflect.Bool:
		w.out = strconv.AppendBool(w.out, v.Bool())
	case v.CanInt():
		w.out = strconv.AppendInt(w.out, v.Int(), 10)
	case v.CanFloat():
		w.out = strconv.AppendFloat(w.out, v.Float(), 'g', -1, 64)
	case v.Kind() == reflect.Struct:
		w.structure(v)
	case v.Kind() == reflect.Slice:
		w.list(v)
	case v.Kind() == reflect.Map:
		w.mapping(v)
	default:
		w.out = append(w.out, "null"...)
	}
}

func (w *writer) list(v reflect.Value) {
	w.out = append(w.out, '[')
	for i := range min(v.Len(), maxItems) {
		if i > 0 {
			w.out = append(w.out, ',')
		}
		w.value(v.Index(i))
	}
	w.out = append(w.out, ']')
}

func (w *writer) mapping(v reflect.Value) {
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	w.out = append(w.out, '{')
	for i, key := range keys[:min(len(keys), maxItems)] {
		if i > 0 {
			w.out = append(w.out, ',')
		}
		w.out = append(event.AppendString(w.out, cut(key.String(), maxText)), ':')
		if value := v.MapIndex(key); secretKeys[key.String()] {
			w.hide(value)
		} else {
			w.value(value)
		}
	}
	w.out = append(w.out, '}')
}

func (w *writer) text(s string) {
	w.out = event.AppendString(w.out, cut(outbound.Masked(s), maxText))
}

// hide writes that there is something, and remembers its texts.
func (w *writer) hide(v reflect.Value) {
	w.out = append(w.out, `"`+hidden+`"`...)
	remember(v, w.found, 0)
}

// remember gathers the texts of a value.
func remember(v reflect.Value, found *[]string, depth int) {
	v, there := presentIn(v)
	if !there || depth > maxDepth || len(*found) > maxItems {
		return
	}
	switch {
	case v.Kind() == reflect.String:
		*found = append(*found, v.String())
	case v.Kind() == reflect.Struct && v.Type() != instant:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				remember(v.Field(i), found, depth+1)
			}
		}
	case v.Kind() == reflect.Slice && v.Type() != bytes:
		for i := range v.Len() {
			remember(v.Index(i), found, depth+1)
		}
	case v.Kind() == reflect.Map:
		for _, key := range v.MapKeys() {
			remember(v.MapIndex(key), found, depth+1)
		}
	}
}
