package access_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/carillon-events/carillon/internal/access"
)

func now() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }

func TestInDevModeTwelveDigitsAreTheirOwnAccount(t *testing.T) {
	for key, account := range map[string]string{
		"123456789012": "123456789012", "test": "000000000000", "": "000000000000", "AKIA12345678901": "000000000000",
	} {
		id := access.Dev(key)
		if id.Account != account || id.Principal != "arn:aws:iam::"+account+":root" || id.AccessKey != key {
			t.Errorf("%q is %+v", key, id)
		}
	}
}

func TestCredentialsAreReadFromAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "credentials.yaml")
	text := `credentials:
  - {accessKeyId: AKIAROOT, secretAccessKey: s1, account: "123456789012"}
  - {accessKeyId: AKIAUSER, secretAccessKey: s2, account: "123456789012", user: orders}
  - {accessKeyId: AKIAROLE, secretAccessKey: s3, account: "123456789012", user: "arn:aws:iam::123456789012:role/r"}
`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := access.LoadCredentials(path)
	if err != nil || c.Len() != 3 {
		t.Fatal(c, err)
	}
	for key, principal := range map[string]string{
		"AKIAROOT": "arn:aws:iam::123456789012:root",
		"AKIAUSER": "arn:aws:iam::123456789012:user/orders",
		"AKIAROLE": "arn:aws:iam::123456789012:role/r",
	} {
		if id, ok := c.Lookup(key); !ok || id.Principal != principal || id.Secret == "" || id.Account != "123456789012" {
			t.Errorf("%s is %+v, %v", key, id, ok)
		}
	}
	if id, _ := c.Lookup("AKIAUSER"); !c.Operates(id) {
		t.Error("a file without operators keeps somebody from operating")
	}
	if _, ok := c.Lookup("AKIANOBODY"); ok {
		t.Error("found a key that is not there")
	}
}

func TestABadCredentialsFileIsRefusedWithItsReason(t *testing.T) {
	for text, want := range map[string]string{
		"":                "no credentials",
		"credentials: []": "no credentials",
		"credentials: 1":  "no YAML list",
		"credentials:\n  - {accessKeyId: a, secretAccessKey: hush, account: \"123456789012\", policies: [x.json]}":                "policies of a: it is the root",
		"credentials:\n  - {accessKeyId: a, secretAccessKey: hush, account: \"123456789012\", user: u, policies: [/none/x.json]}": "policies[0] of a: open /none/x.json",
		"credentials:\n  - {accessKeyId: a, secretAccessKey: hush, account: \"123456789012\", user: u, policies: ['{}']}":         "policies[0] of a: Syntax errors in policy.",
		"nonsense: 1": "no YAML list",
		"credentials:\n  - {accessKeyId: a, secretAccesKey: s}":                                                                                                        "(line 2)",
		"credentials:\n  - {secretAccessKey: hush, account: \"123456789012\"}":                                                                                         "credentials[0]: accessKeyId is missing",
		"credentials:\n  - {accessKeyId: a, account: \"123456789012\"}":                                                                                                "secretAccessKey of a is missing",
		"credentials:\n  - {accessKeyId: a/b, secretAccessKey: hush, account: \"123456789012\"}":                                                                       "must not contain",
		"credentials:\n  - {accessKeyId: a, secretAccessKey: hush, account: \"12\"}":                                                                                   "12 digits",
		"credentials:\n  - {accessKeyId: a, secretAccessKey: hush}":                                                                                                    "12 digits",
		"credentials:\n  - {accessKeyId: a, secretAccessKey: hush, account: \"123456789012\", user: \"arn:x\"}":                                                        "user of a",
		"credentials:\n  - {accessKeyId: a, secretAccessKey: hush, account: \"123456789012\", user: \"arn:aws:iam::111111111111:user/u\"}":                             "belongs to account 111111111111",
		"credentials:\n  - {accessKeyId: a, secretAccessKey: hush, account: \"123456789012\"}\n  - {accessKeyId: a, secretAccessKey: hush, account: \"123456789012\"}": "credentials[1]: accessKeyId a is there twice",
	} {
		_, err := access.ParseCredentials([]byte(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v; want %q", text, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "hush") {
			t.Errorf("%q: the error tells the secret: %v", text, err)
		}
	}
	if _, err := access.LoadCredentials(filepath.Join(t.TempDir(), "none.yaml")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
}
