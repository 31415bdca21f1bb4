package main

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/carillon-events/carillon/internal/wire"
)

// filler fills structures, ours and the SDK's alike, with random values by the
// model. strict makes every value satisfy the model's constraints.
type filler struct {
	t      *testing.T
	m      *model
	rand   *rand.Rand
	strict bool
	skip   map[string]bool // members left alone
	full   bool            // every optional member is there: awsQuery cannot say that a structure is there and empty
}

// samples are tried, in random order, on a string's constraints.
var samples = []string{
	"a", "orders", "123456789012", "default", "events:PutEvents", "$.detail.id", "https://example.com/in?x=1", "example.com",
	"aws.partner/example.com/1", "aws.partner/example.com", "us-east-1", "name.second", "arn:aws:iam::123456789012:role/deliver",
	"arn:aws:events:us-east-1:123456789012:event-bus/orders", "arn:aws:events:us-east-1:123456789012:api-destination/a/b-1",
	"arn:aws:events:us-east-1:123456789012:connection/a/b-1", "arn:aws:events:us-east-1:123456789012:endpoint/a",
	"arn:aws:events:us-east-1:123456789012:archive/a", "arn:aws:route53:::healthcheck/1-a",
	"arn:aws:secretsmanager:us-east-1:123456789012:secret:s-1",
	"arn:aws:vpc-lattice:us-east-1:123456789012:resourceconfiguration/rcfg-12345678901234567",
	"text with \"quotes\", \\, <tags> & more", "größe 😀 and a line\nbreak", "AKIDEXAMPLE123456", "000000", "RS256",
}

func (f *filler) text(s *shape) string {
	if s.Enum != nil && f.strict {
		return s.Enum[f.rand.IntN(len(s.Enum))]
	}
	if !f.strict {
		return samples[f.rand.IntN(len(samples))] + strings.Repeat("\t\r\u2028\x7f", f.rand.IntN(2))
	}
	for _, i := range f.rand.Perm(len(samples)) {
		if fits(s, samples[i]) {
			return samples[i]
		}
	}
	f.t.Fatalf("no sample satisfies %s: pattern %s, %v to %v", s.name, s.Pattern, limitOf(s.Min, 0), limitOf(s.Max, -1))
	return ""
}

func fits(s *shape, text string) bool {
	n := int64(utf8.RuneCountInString(text))
	return n >= limitOf(s.Min, 0) && n <= limitOf(s.Max, n) && (s.Pattern == "" || wire.NewPattern(s.Pattern).Match(text))
}

func limitOf(limit *int64, otherwise int64) int64 {
	if limit == nil {
		return otherwise
	}
	return *limit
}

// fill sets v, of whatever Go type stands for the shape.
func (f *filler) fill(v reflect.Value, shapeName string) {
	s := f.m.Shapes[shapeName]
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(v.Elem(), shapeName)
		return
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			// Eighths of a second: the SDK reads a float and cuts it.
			v.Set(reflect.ValueOf(time.UnixMilli(1_700_000_000_000 + 125*f.rand.Int64N(1e9)).UTC()))
			return
		}
		if ok := v.FieldByName("OK"); ok.IsValid() && s.Type != "structure" {
			ok.SetBool(true)
			f.fill(v.FieldByName("V"), shapeName)
			return
		}
		for _, m := range s.Members {
			field := v.FieldByName(exported(m.name))
			optional := !s.requires(m.name) && !f.full
			if !field.IsValid() || f.skip[m.name] || optional && f.rand.IntN(4) == 0 {
				continue
			}
			f.fill(field, m.Shape)
		}
	case reflect.String:
		v.SetString(f.text(s))
	case reflect.Int32, reflect.Int64:
		least := limitOf(s.Min, -5)
		v.SetInt(least + f.rand.Int64N(min(limitOf(s.Max, least+1000)-least, 1_000_000)+1))
	case reflect.Bool:
		v.SetBool(f.rand.IntN(2) == 0)
	case reflect.Slice:
		if s.Type == "blob" {
			v.SetBytes([]byte{0, 0xff, byte(f.rand.Uint32()), '"'})
			return
		}
		n := int(max(limitOf(s.Min, 1), min(limitOf(s.Max, 3), 1+f.rand.Int64N(12))))
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			f.fill(v.Index(i), s.Member.Shape)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range 1 + f.rand.IntN(3) {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			f.fill(key, s.Key.Shape)
			f.fill(value, s.Value.Shape)
			v.SetMapIndex(key, value)
		}
	default:
		f.t.Fatalf("%s: a %s", shapeName, v.Type())
	}
}

// plain reduces a value of ours or of the SDK's to strings, numbers, lists and
// maps by member name, without what is absent, so that the two can be compared.
// A member that is zero counts as absent: the SDK cannot always tell.
func plain(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return nil
		}
		return plain(v.Elem())
	case reflect.Struct:
		return plainStruct(v)
	case reflect.Slice:
		if v.IsNil() {
			return nil
		}
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return string(v.Bytes())
		}
		list := []any{}
		for i := range v.Len() {
			list = append(list, plain(v.Index(i)))
		}
		return list
	case reflect.Map:
		if v.IsNil() {
			return nil
		}
		m := map[string]any{}
		for _, key := range v.MapKeys() {
			m[key.String()] = plain(v.MapIndex(key))
		}
		return m
	case reflect.String:
		return v.String()
	case reflect.Bool:
		return v.Bool()
	default:
		return v.Int()
	}
}

// difference names the first place where two plain values differ.
func difference(at string, got, want any) string {
	switch got := got.(type) {
	case map[string]any:
		want, _ := want.(map[string]any)
		for _, key := range slices.Sorted(maps.Keys(got)) {
			if d := difference(at+"."+key, got[key], want[key]); d != "" {
				return d
			}
		}
		for key := range want {
			if got[key] == nil {
				return fmt.Sprintf("%s.%s: none, want %#v", at, key, want[key])
			}
		}
		return ""
	case []any:
		want, _ := want.([]any)
		for i := range min(len(got), len(want)) {
			if d := difference(fmt.Sprint(at, ".", i), got[i], want[i]); d != "" {
				return d
			}
		}
		if len(got) != len(want) {
			return fmt.Sprintf("%s: %d elements, want %d", at, len(got), len(want))
		}
		return ""
	}
	if !reflect.DeepEqual(got, want) {
		return fmt.Sprintf("%s: %#v, want %#v", at, got, want)
	}
	return ""
}

func plainStruct(v reflect.Value) any {
	if at, ok := v.Interface().(time.Time); ok {
		return at.UnixMilli()
	}
	t := v.Type()
	if ok := v.FieldByName("OK"); ok.IsValid() && t.NumField() == 2 {
		if !ok.Bool() {
			return nil
		}
		return plain(v.FieldByName("V"))
	}
	m := map[string]any{}
	for i := range t.NumField() {
		if !t.Field(i).IsExported() || slices.Contains([]string{"ResultMetadata", "_"}, t.Field(i).Name) {
			continue
		}
		if value := plain(v.Field(i)); value != nil && !reflect.ValueOf(value).IsZero() {
			m[t.Field(i).Name] = value
		}
	}
	return m
}
