package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/carillon-events/carillon/internal/store"
)

func wantSays(t *testing.T, want string, args ...string) {
	t.Helper()
	out, err := carillon(t.Context(), args...)
	if err != nil {
		out = oneLine(err)
	}
	if !strings.Contains(out, want) {
		t.Errorf("carillon %s says %q, want %q", strings.Join(args, " "), out, want)
	}
}

// plainData is a data directory with nothing in it.
func plainData(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	s, err := store.Open(dir, store.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestADirectoryIsEncryptedRotatedRewrappedAndDecryptedByCommands(t *testing.T) {
	data, keys := plainData(t), t.TempDir()
	first, second := filepath.Join(keys, "first"), filepath.Join(keys, "second")
	backup, restored := filepath.Join(keys, "b.tar"), filepath.Join(keys, "restored")

	wantSays(t, "Keep a copy of it elsewhere", "key", "new", first)
	wantSays(t, "Keep a copy of it elsewhere", "key", "new", second)
	wantSays(t, "exists: a key overwrites nothing", "key", "new", first)
	if info, err := os.Stat(first); err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info, err)
	}
	with := []string{"--data", data, "--encryption-key-file", first}
	wantSays(t, "the master key is needed", "encrypt", "--data", data)
	wantSays(t, "the data is not encrypted", append([]string{"decrypt"}, with...)...)
	wantSays(t, "the data is not encrypted", append([]string{"key", "rotate"}, with...)...)
	wantSays(t, "no master key locks it", append([]string{"key", "rewrap", "--new-key-file", second}, with...)...)
	wantSays(t, "there is no such directory", "encrypt", "--data", data+"x", "--encryption-key-file", first)

	wantSays(t, "is encrypted. Start it", append([]string{"encrypt"}, with...)...)
	wantSays(t, "0 problems", "verify", data, "--encryption-key-file", first)
	wantSays(t, "the data is encrypted: give the master key", "verify", data)
	wantSays(t, "Saved to", append([]string{"backup", backup}, with...)...)
	wantSays(t, "the data is encrypted: give the master key", "restore", backup, "--data", restored)
	wantSays(t, "Restored to", "restore", backup, "--data", restored, "--encryption-key-file", first)
	wantSays(t, "0 problems", "verify", restored, "--encryption-key-command", "cat '"+first+"'")

	wantSays(t, "New files will be encrypted", append([]string{"key", "rotate"}, with...)...)
	wantSays(t, "All files are encrypted under a new", append([]string{"key", "rotate", "--all"}, with...)...)
	wantSays(t, "--all is for a directory", "key", "rotate", "--all")
	wantSays(t, "the new master key is needed", append([]string{"key", "rewrap"}, with...)...)
	wantSays(t, "is locked with the new master key", append([]string{"key", "rewrap", "--new-key-file", second}, with...)...)
	wantSays(t, "the master key is not the one", "verify", data, "--encryption-key-file", first)
	t.Setenv("CARILLON_ENCRYPTION_KEY_FILE", second)
	wantSays(t, "0 problems", "verify", data)
	wantSays(t, "is not encrypted any more", "decrypt", "--data", data)
	t.Setenv("CARILLON_ENCRYPTION_KEY_FILE", "")
	wantSays(t, "0 problems", "verify", data)
}
