package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/carillon-events/carillon/internal/server"
)

func TestInitPrintsAKeyOnceAndRotatesIt(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	want(t, "export AWS_ACCESS_KEY_ID=AKIA", "export AWS_SECRET_ACCESS_KEY=", "[carillon]", "arn:aws:iam::123456789012:root", "--auth strict")(
		carillon(t.Context(), "init", "--data", dir, "--account", "123456789012"))
	refused(t, "it has access keys already", "--rotate")(carillon(t.Context(), "init", "--data", dir))
	out, err := carillon(t.Context(), "init", "--data", dir, "--account", "123456789012", "--rotate", "--json")
	var key map[string]string
	if err != nil || json.Unmarshal([]byte(out), &key) != nil || len(key["AccessKeyId"]) != 20 || len(key["SecretAccessKey"]) != 40 {
		t.Errorf("%v: %s", err, out)
	}
	want(t, "0 problems")(carillon(t.Context(), "verify", dir))
}

func TestInitMakesAnEncryptedDirectoryAndOpensIt(t *testing.T) {
	dir, key := filepath.Join(t.TempDir(), "data"), filepath.Join(t.TempDir(), "master.key")
	if err := os.WriteFile(key, []byte(strings.Repeat("ab", 32)), 0o600); err != nil {
		t.Fatal(err)
	}
	refused(t, "encrypt needs a master key")(carillon(t.Context(), "init", "--data", dir, "--encrypt"))
	want(t, "AKIA")(carillon(t.Context(), "init", "--data", dir, "--encrypt", "--encryption-key-file", key))
	if !server.Locked(dir) {
		t.Error("the directory is not encrypted")
	}
	if _, err := carillon(t.Context(), "init", "--data", dir, "--rotate"); err == nil {
		t.Error("it opens without the master key")
	}
	want(t, "AKIA", "carillon serve --data "+dir+" --auth strict --encrypt --encryption-key-file "+key)(
		carillon(t.Context(), "init", "--data", dir, "--rotate", "--encryption-key-file", key))
}

func TestInitGoesByTheVariablesThatServeGoesBy(t *testing.T) {
	dir, key := filepath.Join(t.TempDir(), "my data"), filepath.Join(t.TempDir(), "master.key")
	if err := os.WriteFile(key, []byte(strings.Repeat("ab", 32)), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("CARILLON_ENCRYPT", "true")
	t.Setenv("CARILLON_ENCRYPTION_KEY_FILE", key)
	want(t, "carillon serve --data '"+dir+"' --auth strict --encrypt")(carillon(t.Context(), "init", "--data", dir))
}

func TestInitRefusesWhatIsNoAccountOrUser(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	refused(t, "12 digits")(carillon(t.Context(), "init", "--data", dir, "--account", "12"))
	refused(t, `user "a b"`)(carillon(t.Context(), "init", "--data", dir, "--user", "a b"))
	refused(t, "takes no arguments")(carillon(t.Context(), "init", dir))
}
