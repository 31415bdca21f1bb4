package keyring

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/carillon-events/carillon/internal/seal"
)

var someMaster = seal.Master{1, 2, 3}

func ring(t testing.TB, keys int) *Ring {
	t.Helper()
	r, err := New(Encrypted, time.Unix(1e9, 0))
	for range keys - 1 {
		if err == nil {
			r, err = r.WithNewKey(time.Unix(2e9, 0))
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestARingReadsAsItWasWrittenAndOnlyWithItsMasterKey(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := ring(t, rapid.IntRange(1, 20).Draw(rt, "keys"))
		if rapid.Bool().Draw(rt, "secrets") {
			r = r.WithSecrets(seal.Master{9})
		}
		r = r.WithState(rapid.SampledFrom([]State{Plain, Encrypting, Encrypted, Decrypting}).Draw(rt, "state"))
		b, err := r.Encode(someMaster)
		if err != nil {
			rt.Fatal(err)
		}
		got, err := Decode(b, someMaster)
		if err != nil || !reflect.DeepEqual(got, r) {
			rt.Fatalf("%v, %v; want %v", got, err, r)
		}
		if _, err := Decode(b, seal.Master{3}); !errors.Is(err, ErrOtherMaster) {
			rt.Fatal("another master key:", err)
		}
		for _, k := range r.Keys {
			if bytes.Contains(b, k.Secret[:]) || bytes.Contains(b, []byte(base64.StdEncoding.EncodeToString(k.Secret[:])[:20])) {
				rt.Fatal("a key stands in the file")
			}
		}
		other := bytes.Replace(b, []byte(`"`+r.State+`"`), []byte(`"`+map[bool]State{true: Encrypted, false: Plain}[r.State == Plain]+`"`), 1)
		if _, err := Decode(other, someMaster); !errors.Is(err, ErrDamaged) {
			rt.Fatal("a state that somebody changed:", err)
		}
	})
}

func TestANewKeyIsForNewFilesAndTheOldOnesStay(t *testing.T) {
	r := ring(t, 3)
	if r.Current != 3 || len(r.Keys) != 3 {
		t.Fatal(r.Current, len(r.Keys))
	}
	only := r.OnlyCurrent()
	if _, ok := only.Key(3); !ok || len(only.Keys) != 1 || len(r.Keys) != 3 {
		t.Fatal("the others are forgotten, in the new ring only")
	}
	next, err := only.WithNewKey(time.Now())
	if err != nil || next.Current != 4 {
		t.Fatal("an id is never used again:", next.Current, err)
	}
	if _, err := ring(t, MaxKeys).WithNewKey(time.Now()); err == nil {
		t.Fatal("more keys than the file has room for")
	}
	b, err := ring(t, MaxKeys).Encode(someMaster)
	if err != nil || len(b) > MaxBytes {
		t.Fatal(len(b), err)
	}
}

func TestAKeyPrintsAsNothing(t *testing.T) {
	r := ring(t, 1).WithSecrets(seal.Master{7, 7, 7, 7})
	for _, text := range []string{fmt.Sprint(r), fmt.Sprintf("%+v", r), fmt.Sprintf("%#v", *r), fmt.Sprintf("%v", r.Keys)} {
		if strings.Contains(text, fmt.Sprint(r.Keys[0].Secret[0], r.Keys[0].Secret[1])) || strings.Contains(text, "7 7 7") || strings.Contains(text, "0x7, 0x7") {
			t.Errorf("%s", text)
		}
	}
}

func FuzzDecode(f *testing.F) {
	b, err := ring(f, 2).Encode(someMaster)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"version":2,"data":"plain"}`))
	f.Add([]byte(`{"version":1,"data":"plain","sealed":""}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := Decode(b, someMaster)
		if err != nil {
			return
		}
		if _, err := r.Encode(someMaster); err != nil {
			t.Fatal(err)
		}
	})
}

func TestAMasterKeyIsReadFromWhereItIs(t *testing.T) {
	key := []byte("0123456789abcdef-123456789ABCDEF")
	dir := t.TempDir()
	write := func(name string, b []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	t.Setenv("THE_KEY", hex.EncodeToString(key))
	t.Setenv("SHORT_KEY", "abcd")
	t.Setenv("RAW_KEY", string(key))
	made, err := NewMaster()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		source  Source
		problem string
	}{
		"raw":                 {Source{File: write("raw", key)}, ""},
		"hex":                 {Source{File: write("hex", []byte(strings.ToUpper(hex.EncodeToString(key))+"\r\n"))}, ""},
		"base64":              {Source{File: write("base64", []byte(" "+base64.StdEncoding.EncodeToString(key)+"\n"))}, ""},
		"base64 of URLs":      {Source{File: write("url", []byte(base64.RawURLEncoding.EncodeToString(key)))}, ""},
		"a variable":          {Source{Env: "THE_KEY"}, ""},
		"a command":           {Source{Command: "printf %s " + hex.EncodeToString(key)}, ""},
		"a new one":           {Source{File: write("new", []byte(made))}, "another"},
		"nothing":             {Source{}, "none"},
		"no file":             {Source{File: filepath.Join(dir, "none")}, "no such file"},
		"a directory":         {Source{File: dir}, "is a directory"},
		"an empty file":       {Source{File: write("empty", nil)}, "it is no key"},
		"half a key in hex":   {Source{File: write("half", []byte("0123456789abcdef0123456789abcdef"))}, "16 bytes, want 32"},
		"zeros":               {Source{File: write("zeros", make([]byte, 32))}, "all zeros"},
		"a large file":        {Source{File: write("large", make([]byte, 5000))}, "too long"},
		"no variable":         {Source{Env: "NO_KEY_HERE"}, "not set"},
		"a short variable":    {Source{Env: "SHORT_KEY"}, "2 bytes, want 32"},
		"32 letters":          {Source{Env: "RAW_KEY"}, "24 bytes, want 32"},
		"a command that ends": {Source{Command: "exit 3"}, "exit status 3"},
		"too much output":     {Source{Command: "head -c 100000 /dev/zero"}, "too long"},
		"two places":          {Source{Env: "THE_KEY", Command: "true"}, "more than one place"},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := c.source.Master(t.Context())
			switch {
			case c.problem == "another" && (err != nil || bytes.Equal(m[:], key)), c.problem == "none" && (m != nil || err != nil):
				t.Fatal(m, err)
			case c.problem == "another", c.problem == "none":
			case c.problem == "" && (err != nil || !bytes.Equal(m[:], key)):
				t.Fatal(err)
			case c.problem != "" && (err == nil || !strings.Contains(err.Error(), c.problem)):
				t.Fatalf("%v, want %q", err, c.problem)
			case err != nil && (strings.Contains(err.Error(), "abcd") || strings.Contains(err.Error(), string(key))):
				t.Fatal("the error holds what was read:", err)
			}
		})
	}
}
