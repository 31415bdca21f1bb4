package awsquery

import (
	"fmt"
	"net/url"
	"reflect"
	"strings"
	"testing"
)

func FuzzAFormIsReadAsNetURLReadsIt(f *testing.F) {
	for _, s := range []string{
		"", "a", "a=", "=b", "a=b", "a=b&a=c&b=%20+%41%zz", "a=b=c", "a%3Db=c", "&&a=b&&", "a;b=c", "a=%4", "a=%", "%", "a=%41", "a=%c3%BC", "a+b=c%2B",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := ParseForm(s)
		want, wantErr := url.ParseQuery(s)
		if (err == nil) != (wantErr == nil) || err == nil && !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %v (%v), want %v (%v)", s, got, err, want, wantErr)
		}
		if _, plain := parsePlain(s); plain && wantErr != nil {
			t.Errorf("%q is plain: %v", s, wantErr)
		}
	})
}

func TestAFormOfVeryManyParametersIsReadAsNetURLReadsIt(t *testing.T) {
	long := strings.Repeat("a=b&", maxPlain+1)
	got, err := ParseForm(long)
	if err != nil || len(got["a"]) != maxPlain+1 {
		t.Errorf("%d, %v", len(got["a"]), err)
	}
}

// batch is a PublishBatch of ten messages of a kilobyte.
func batch(text string) string {
	values := url.Values{"Action": {"PublishBatch"}, "Version": {"2010-03-31"}, "TopicArn": {"arn:aws:sns:eu-west-1:111122223333:orders"}}
	for i := range 10 {
		name := fmt.Sprintf("PublishBatchRequestEntries.member.%d.", i+1)
		values.Set(name+"Id", fmt.Sprint(i))
		values.Set(name+"Message", text)
	}
	return values.Encode()
}

func BenchmarkParseForm(b *testing.B) {
	for name, text := range map[string]string{"text": strings.Repeat("x", 1024), "json": strings.Repeat(`{"order": "a-1"}`, 64)} {
		body := batch(text)
		for how, parse := range map[string]func(string) (url.Values, error){"here": ParseForm, "net-url": url.ParseQuery} {
			b.Run(name+"/"+how, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if v, err := parse(body); err != nil || len(v) != 23 {
						b.Fatal(len(v), err)
					}
				}
			})
		}
	}
}
