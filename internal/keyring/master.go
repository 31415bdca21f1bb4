package keyring

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/carillon-events/carillon/internal/seal"
)

// Source says where a master key comes from: one of the three, or none.
type Source struct {
	File    string
	Env     string // name of a variable
	Command string // its standard output, such as what a KMS unwraps; run by the shell
}

// Bounds of what a Source may take.
const (
	maxText    = 4 << 10
	commandFor = 30 * time.Second
)

// Empty is true if no key is configured.
func (s Source) Empty() bool { return s == Source{} }

// Check refuses two places for one key.
func (s Source) Check() error {
	n := 0
	for _, place := range []string{s.File, s.Env, s.Command} {
		if place != "" {
			n++
		}
	}
	if n > 1 {
		return errors.New("the master key has more than one place: say one of --encryption-key-file, --encryption-key-env and --encryption-key-command")
	}
	return nil
}

// Master reads the key; nil where the source is empty. No error holds a byte of
// what was read.
func (s Source) Master(ctx context.Context) (*seal.Master, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	var text []byte
	var err error
	place, raw := "", true
	switch {
	case s.File != "":
		place = s.File
		text, err = readFile(s.File)
	case s.Env != "":
		place, raw = "the variable "+s.Env, false // a variable holds no zero bytes
		text = []byte(os.Getenv(s.Env))
		if len(text) == 0 {
			err = errors.New("it is not set, or empty")
		}
	case s.Command != "":
		place = "the output of --encryption-key-command"
		text, err = run(ctx, s.Command)
	default:
		return nil, nil
	}
	if err == nil {
		var m seal.Master
		if m, err = parse(text, raw); err == nil {
			return &m, nil
		}
	}
	return nil, fmt.Errorf("master key from %s: %w", place, err)
}

func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, errors.Unwrap(err) // the caller names the file
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxText+1))
	if err != nil {
		return nil, errors.Unwrap(err)
	}
	if len(text) > maxText {
		return nil, errors.New("it is too long to be a key: want 32 bytes, or their hex or base64")
	}
	return text, nil
}

// run is the standard output of a command. What it says on its standard error
// goes to ours, since that is where a KMS says why not.
func run(ctx context.Context, command string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, commandFor)
	defer cancel()
	c := exec.CommandContext(ctx, "/bin/sh", "-c", command)
	c.WaitDelay = time.Second // for what it has started, and holds the pipe
	out := &bounded{room: maxText}
	c.Stdout, c.Stderr = out, os.Stderr
	err := c.Run()
	switch {
	case out.over:
		return nil, errors.New("it is too long to be a key: want 32 bytes, or their hex or base64")
	case ctx.Err() != nil:
		return nil, fmt.Errorf("it did not come within %s", commandFor)
	case err != nil:
		return nil, err
	}
	return out.bytes, nil
}

type bounded struct {
	bytes []byte
	room  int
	over  bool
}

func (b *bounded) Write(p []byte) (int, error) {
	if len(b.bytes)+len(p) > b.room {
		b.over = true
		return 0, io.ErrShortWrite
	}
	b.bytes = append(b.bytes, p...)
	return len(p), nil
}

// parse reads 32 bytes, or their hex or base64 with white space around. raw is
// whether the bytes themselves are taken.
func parse(text []byte, raw bool) (m seal.Master, err error) {
	trimmed := strings.TrimSpace(string(text))
	if b, err := hex.DecodeString(trimmed); err == nil && len(trimmed) > 0 {
		// 32 digits could be 32 bytes; whoever wrote them meant a key of 16.
		return sized(b)
	}
	if raw && len(text) == len(m) {
		return sized(text)
	}
	for _, e := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
		if b, err := e.DecodeString(trimmed); err == nil && len(b) > 0 {
			return sized(b)
		}
	}
	return m, errors.New("it is no key: want 32 bytes, or their hex or base64 (carillon key new makes one)")
}

func sized(b []byte) (m seal.Master, err error) {
	if len(b) != len(m) {
		return m, fmt.Errorf("it has %d bytes, want 32 (carillon key new makes one)", len(b))
	}
	m = seal.Master(b)
	if m == (seal.Master{}) {
		return m, errors.New("it is all zeros, which is no key (carillon key new makes one)")
	}
	return m, nil
}

// NewMaster is a fresh master key as text: base64 with a newline.
func NewMaster() (string, error) {
	var m seal.Master
	if _, err := rand.Read(m[:]); err != nil {
		return "", fmt.Errorf("make a key: %w", err)
	}
	return base64.StdEncoding.EncodeToString(m[:]) + "\n", nil
}
