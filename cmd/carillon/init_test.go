package main

import (
	"encoding/json"
	"path/filepath"
	"testing"
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

func TestInitRefusesWhatIsNoAccountOrUser(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	refused(t, "12 digits")(carillon(t.Context(), "init", "--data", dir, "--account", "12"))
	refused(t, `user "a b"`)(carillon(t.Context(), "init", "--data", dir, "--user", "a b"))
	refused(t, "takes no arguments")(carillon(t.Context(), "init", dir))
}
