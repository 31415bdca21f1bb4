package loggroup

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/carillon-events/carillon/internal/seal"
)

// ErrSealed: a line is sealed, and nobody has said with what.
var ErrSealed = errors.New("the log group is encrypted")

// owner says whose a line is, so that no line passes for one of another group.
func (n name) owner() string {
	return ownerOf(n.account, n.region, base(n.group))
}

func ownerOf(account, region, base string) string {
	return "log group " + account + "/" + region + "/" + base
}

// owner is the same by the group's file.
func (g Group) owner() string {
	return ownerOf(g.Account, g.Region, strings.TrimSuffix(filepath.Base(g.Path), extension))
}

// sealed is a line as it is written with box. It stays a line, so that what is
// told by the ends of lines (a write that was cut off, where to rotate) stays
// true.
func sealed(box *seal.Box, owner string, line []byte) ([]byte, error) {
	if box == nil {
		return line, nil
	}
	b, err := box.Seal(bytes.TrimSuffix(line, []byte("\n")), owner)
	if err != nil {
		return nil, err
	}
	return append(base64.StdEncoding.AppendEncode(nil, b), '\n'), nil
}

// Plain is a line of g as it was before it was sealed, if it was. A group has
// lines of both kinds while a data directory is converted.
func (g Group) Plain(box *seal.Box, line []byte) ([]byte, error) {
	if bytes.HasPrefix(line, []byte("{")) {
		return line, nil
	}
	if box == nil {
		return nil, ErrSealed
	}
	b, err := base64.StdEncoding.AppendDecode(nil, bytes.TrimSuffix(line, []byte("\n")))
	if err != nil {
		return nil, seal.ErrDamaged
	}
	text, err := box.Open(b, g.owner())
	if err != nil {
		return nil, err
	}
	return append(text, '\n'), nil
}

// Convert seals the lines of all files of g, or opens them. A file is there in
// its old form or in its new one. Nobody may be writing to the group.
func (g Group) Convert(box *seal.Box, seal bool) error {
	for _, path := range append(Older(g.Path), g.Path) {
		if err := g.convert(path, box, seal); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	return nil
}

func (g Group) convert(path string, box *seal.Box, seal bool) (err error) {
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	fresh := path + ".converting" // no pattern of a group's files matches it
	out, err := os.OpenFile(fresh, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o640)
	if err != nil {
		return err
	}
	err = g.copyLines(out, in, box, seal)
	if err == nil {
		err = out.Sync()
	}
	if err := errors.Join(err, out.Close()); err != nil {
		return errors.Join(err, os.Remove(fresh))
	}
	if err := os.Rename(fresh, path); err != nil {
		return err
	}
	return syncPath(filepath.Dir(path))
}

func (g Group) copyLines(to io.Writer, from io.Reader, box *seal.Box, seal bool) error {
	r, w := bufio.NewReader(from), bufio.NewWriter(to)
	for {
		line, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return w.Flush() // what is left is of a write that was cut off
		}
		if err != nil {
			return err
		}
		if line, err = g.Plain(box, line); err == nil && seal {
			line, err = sealed(box, g.owner(), line)
		}
		if err != nil {
			return err
		}
		if _, err := w.Write(line); err != nil {
			return err
		}
	}
}
