package session

import (
	"bytes"
	"encoding/base64"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/carillon-events/carillon/internal/seal"
)

func sealer(t testing.TB, master byte) *Sealer {
	t.Helper()
	box, err := seal.New(seal.Master{master}, "sessions")
	if err != nil {
		t.Fatal(err)
	}
	return NewSealer(box)
}

func sample() *Session {
	return &Session{
		Kind: Role, Account: "123456789012", Secret: "hush", Principal: "arn:aws:sts::123456789012:assumed-role/r/s", Name: "s",
		Behind: "arn:aws:iam::123456789012:role/a/r", Entity: "AROA1", Issued: 100, Expires: 200,
		Tags: map[string]string{"team": "blue"}, Transitive: []string{"team"},
	}
}

func TestATokenOpensForItsAccessKeyOnly(t *testing.T) {
	s := sealer(t, 1)
	token, err := s.Seal("ASIAONE", sample())
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.Open("ASIAONE", token); err != nil || !reflect.DeepEqual(got, sample()) {
		t.Errorf("%+v, %v", got, err)
	}
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || strings.Contains(string(raw), "hush") {
		t.Error("the secret can be read", err)
	}
	for name, open := range map[string]func() (*Session, error){
		"another access key": func() (*Session, error) { return s.Open("ASIATWO", token) },
		"another node":       func() (*Session, error) { return sealer(t, 2).Open("ASIAONE", token) },
		"cut off":            func() (*Session, error) { return s.Open("ASIAONE", token[:len(token)-1]) },
		"empty":              func() (*Session, error) { return s.Open("ASIAONE", "") },
		"very long":          func() (*Session, error) { return s.Open("ASIAONE", strings.Repeat("A", MaxToken+1)) },
	} {
		if got, err := open(); !errors.Is(err, ErrInvalid) || got != nil {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestASessionIsOverInTheSecondInWhichItExpires(t *testing.T) {
	s := sample()
	for at, over := range map[time.Duration]bool{0: true, -time.Nanosecond: false, -time.Second: false, time.Second: true} {
		if got := s.Expired(time.Unix(200, 0).Add(at)); got != over {
			t.Errorf("at %s: %v", at, got)
		}
	}
}

func TestTheEntityIsNamedWithoutItsPath(t *testing.T) {
	for behind, name := range map[string]string{"arn:aws:iam::1:role/a/b/r": "r", "arn:aws:iam::1:user/u": "u"} {
		if got := (&Session{Behind: behind}).EntityName(); got != name {
			t.Errorf("%s: %q", behind, got)
		}
	}
}

func TestWhatLimitsASessionIsMeasuredPacked(t *testing.T) {
	if n := (&Session{Secret: "s", Principal: "p"}).Packed(); n != 0 {
		t.Errorf("nothing takes %d bytes", n)
	}
	small, large := (&Session{Policy: "{}"}).Packed(), (&Session{Policy: `{"Version":"2012-10-17","Statement":[]}`}).Packed()
	if small < 1 || large <= small || large > 60 {
		t.Errorf("%d and %d bytes", small, large)
	}
}

func TestAnAccessKeyTellsItsAccount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		account := rapid.StringMatching(`[0-9]{12}`).Draw(t, "account")
		id, secret := NewKey(account)
		if got, ok := AccountOf(id); !ok || got != account || len(id) != 20 || len(secret) != 40 || !IsKey(id) {
			t.Fatalf("%s %s of %s: %s, %v", id, secret, account, got, ok)
		}
	})
	for _, id := range []string{"", "ASIA", "ASIA0000000000000000", "AKIAAAAAAAAAAAAAAAAA", "ASIA7777777777777777", "ASIAaaaaaaaaaaaaaaaa"} {
		if got, ok := AccountOf(id); ok {
			t.Errorf("%s is of %s", id, got)
		}
	}
}

func FuzzNoTextOpens(f *testing.F) {
	s := sealer(f, 1)
	token, err := s.Seal("ASIAONE", sample())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(token[1:])
	f.Add(token + "A")
	f.Add("AQ")
	f.Fuzz(func(t *testing.T, text string) {
		if got, err := s.Open("ASIAONE", text); err == nil && text != token {
			t.Fatalf("%q opened as %+v", text, got)
		}
	})
}

func FuzzWhatWasSealedDecodesOrIsRefused(f *testing.F) {
	f.Add(deflate(nil, []byte(`{"k":1,"s":"x","b":"r"}`)))
	f.Add(deflate(nil, []byte(strings.Repeat(" ", 1<<20))))
	f.Add([]byte{0})
	f.Fuzz(func(t *testing.T, packed []byte) {
		if s, err := decode(packed); err == nil {
			_, _, _ = s.EntityName(), s.Packed(), s.ExpiresAt()
		}
	})
}

// Only with the key can anybody make such a token; it may have leaked.
func TestATokenThatUnpacksToMoreThanASessionIsRefused(t *testing.T) {
	s, key := sealer(t, 1), "ASIAQWERTYUIOPASDFGH"
	for name, text := range map[string][]byte{
		"a bomb":          bytes.Repeat([]byte{' '}, 8<<20), // 8 KiB packed
		"a bomb of JSON":  append([]byte(`{"k":1,"s":"x","b":"y","n":"`), bytes.Repeat([]byte{'a'}, 4<<20)...),
		"deep JSON":       bytes.Repeat([]byte{'['}, 60<<10),
		"nothing":         nil,
		"no kind":         []byte(`{"s":"x","b":"y"}`),
		"an unknown kind": []byte(`{"k":9,"s":"x","b":"y"}`),
		"no secret":       []byte(`{"k":1,"b":"y"}`),
	} {
		sealed, err := s.box.Seal(deflate([]byte{version}, text), key)
		if err != nil {
			t.Fatal(err)
		}
		token := encoding.EncodeToString(sealed)
		if len(token) > MaxToken {
			t.Fatalf("%s: %d characters: this proves nothing", name, len(token))
		}
		spent := testing.AllocsPerRun(1, func() { _, err = s.Open(key, token) })
		if !errors.Is(err, ErrInvalid) || spent > 1000 {
			t.Errorf("%s: %v, %.0f allocations", name, err, spent)
		}
	}
}
