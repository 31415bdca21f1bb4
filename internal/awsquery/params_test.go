package awsquery

import (
	"errors"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/carillon-events/carillon/internal/wire"
)

func form(t *testing.T, query string) *Form {
	t.Helper()
	values, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	return NewForm(values)
}

func texts(items []Params, name string) []string {
	if items == nil {
		return nil
	}
	out := []string{}
	for i := range items {
		var s string
		items[i].String(name, &s)
		out = append(out, s)
	}
	return out
}

func TestElementsComeInTheOrderOfTheirNumbers(t *testing.T) {
	f := form(t, "N.10=ten&N.2=two&N.1=one&N.9=nine&N.1-x=odd&Nx.1=other&M.member.2=b&M.member.1=a")
	root := f.Root()
	if got, want := texts(root.Flat("N"), ""), []string{"one", "two", "nine", "ten"}; !reflect.DeepEqual(got, want) {
		t.Errorf("flat: %q, want %q", got, want)
	}
	if got, want := texts(root.List("M", "member"), ""), []string{"a", "b"}; !reflect.DeepEqual(got, want) {
		t.Errorf("list: %q, want %q", got, want)
	}
	if err := f.Finish(); err != nil {
		t.Error(err)
	}
}

func TestAListMayBeAbsentOrEmptyOrWithoutANumber(t *testing.T) {
	for query, want := range map[string][]string{
		"":                                  nil,
		"AttributeNames.1=x":                nil,
		"AttributeName=":                    {},
		"AttributeName=All":                 {"All"},
		"AttributeName.1=":                  {""},
		"AttributeName.1=a&AttributeName=b": {"a"},
	} {
		f := form(t, query)
		root := f.Root()
		if got := texts(root.Flat("AttributeName"), ""); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %#v, want %#v", query, got, want)
		}
	}
	f := form(t, "Tags=&Attribute.Name=Policy&Attribute.Value=x")
	root := f.Root()
	if got := root.List("Tags", "member"); got == nil || len(got) != 0 {
		t.Errorf("an empty list: %#v", got)
	}
	if got := texts(root.Flat("Attribute"), "Name"); !reflect.DeepEqual(got, []string{"Policy"}) {
		t.Errorf("an entry without a number: %q", got)
	}
}

func TestAnIndexOutOfBoundsIsRefused(t *testing.T) {
	for _, index := range []string{"0", "10001", "999999999", "99999999999999999999999999", "01"} {
		f := form(t, "Entry."+index+".Id=x")
		root := f.Root()
		if got := root.Flat("Entry"); got != nil {
			t.Errorf("%s: %v", index, got)
		}
		want := "MalformedInput: The index of the parameter Entry." + index + ".Id must be between 1 and 10000."
		if err := f.Finish(); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", index, err, want)
		}
	}
	f := form(t, "Entry.10000.Id=x")
	root := f.Root()
	if got := root.Flat("Entry"); len(got) != 1 || f.Finish() != nil {
		t.Errorf("10000: %d elements, %v", len(got), f.Finish())
	}
}

func TestScalarsAreReadOrRefusedByName(t *testing.T) {
	f := form(t, "S=x&S=second&I=-5&L=9000000000&B=TRUE&T=2024-02-03T04:05:06.5Z&D=aGk%3D")
	p := f.Root()
	var (
		s    string
		i    int32
		l    int64
		b    bool
		when time.Time
		blob []byte
	)
	if !p.String("S", &s) || !p.Int32("I", &i) || !p.Int64("L", &l) || !p.Bool("B", &b) || !p.Time("T", &when) || !p.Blob("D", &blob) {
		t.Fatal(f.Finish())
	}
	if s != "x" || i != -5 || l != 9e9 || !b || !when.Equal(time.Date(2024, 2, 3, 4, 5, 6, 5e8, time.UTC)) || string(blob) != "hi" {
		t.Error(s, i, l, b, when, blob)
	}
	if p.String("absent", &s) || p.Int32("absent", &i) || p.Bool("absent", &b) || p.Time("absent", &when) || p.Blob("absent", &blob) {
		t.Error("something absent was found")
	}
	for name, test := range map[string]struct {
		read func(*Params) bool
		want string
	}{
		"Int32": {func(p *Params) bool { return p.Int32("N", &i) }, "an integer"},
		"Int64": {func(p *Params) bool { return p.Int64("N", &l) }, "an integer"},
		"Bool":  {func(p *Params) bool { return p.Bool("N", &b) }, "true or false"},
		"Time":  {func(p *Params) bool { return p.Time("N", &when) }, "a date and time such as 2006-01-02T15:04:05Z"},
		"Blob":  {func(p *Params) bool { return p.Blob("N", &blob) }, "base64"},
	} {
		f := form(t, "N=_abc_")
		p := f.Root()
		want := "MalformedInput: Value _abc_ for parameter N is invalid. Reason: Must be " + test.want + "."
		if test.read(&p) || f.Finish() == nil || f.Finish().Error() != want {
			t.Errorf("%s: %v, want %s", name, f.Finish(), want)
		}
	}
}

func TestAStructureIsThereIfAnythingIsBelowIt(t *testing.T) {
	f := form(t, "A.1.Value.StringValue=x&A.1.Name=n&A.2.Name=n&TaskPolicyArn.arn=y")
	root := f.Root()
	items := root.Flat("A")
	if len(items) != 2 {
		t.Fatal(items)
	}
	inner, ok := items[0].Struct("Value")
	var s string
	if !ok || !inner.String("StringValue", &s) || s != "x" {
		t.Errorf("%v %q", ok, s)
	}
	if _, ok := items[1].Struct("Value"); ok {
		t.Error("the second element has no Value")
	}
	if inner, ok := root.Struct("TaskPolicyArn"); !ok || !inner.String("arn", &s) || s != "y" {
		t.Errorf("%v %q", ok, s)
	}
}

func FuzzParams(f *testing.F) {
	for _, seed := range []string{"A.1.Name=x&A.1.Value.StringValue=y", "A.999999999.Id=1", "A=&A.1=2", "A..1=&.=&A.=", "A.1.1.1.1=1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		values, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		form := NewForm(values)
		root := form.Root()
		count := 0
		for _, items := range [][]Params{root.Flat("A"), root.List("A", "member")} {
			for i := range items {
				var s string
				var n int32
				items[i].String("Name", &s)
				items[i].Int32("Number", &n)
				if inner, ok := items[i].Struct("Value"); ok {
					count += len(inner.Flat("List"))
				}
			}
			count += len(items)
		}
		if count > 2*len(values)*strings.Count(query, ".")+2 {
			t.Fatalf("%d elements of %d parameters", count, len(values))
		}
		var e *wire.Error
		if err := form.Finish(); err != nil && !errors.As(err, &e) {
			t.Fatal(err)
		}
	})
}
