package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/carillon-events/carillon/internal/keyring"
	"github.com/carillon-events/carillon/internal/server"
	"github.com/carillon-events/carillon/internal/store"
)

func newBackupCommand() *cobra.Command {
	var endpoint, data string
	var key keyring.Source
	c := &cobra.Command{
		Use:   "backup DEST",
		Short: "Copy the data of a server, while it runs",
		Long: `Copy the data of a server, while it runs. All that was acknowledged before the
call is in the copy. DEST is a file that ends in .tar, - for the standard
output, or else a directory, which is then ready for serve --data. It must not
exist. While the copy is made, the server's disk keeps what it deletes.

Against --auth strict, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are a key of
that server. With --data, the copy is of a directory that no server uses.

A copy of encrypted data is encrypted, and needs the same master key.`,
		Example: `  carillon backup monday.tar
  carillon backup --endpoint http://10.0.0.7:4566 - | zstd > monday.tar.zst
  carillon backup --data ./data copy-of-data`,
		Args: exactly("DEST"),
		RunE: func(c *cobra.Command, args []string) error {
			if data != "" && c.Flags().Changed("endpoint") {
				return errors.New("say --endpoint for a running server, or --data for a directory that none uses, not both")
			}
			b := &backupRun{dest: args[0], out: c.OutOrStdout(), errOut: c.ErrOrStderr()}
			ctx, stop := interruptible(c)
			defer stop()
			take := func() error { return b.online(ctx, endpoint) }
			if data != "" {
				take = func() error { return b.offline(ctx, data, key) }
			}
			if err := wantAbsent(b.dest); err != nil {
				return err
			}
			if err := take(); err != nil || b.dest == "-" {
				return err
			}
			_, err := fmt.Fprintf(b.out, "Saved to %s%s. Check it: carillon verify %s\n", b.dest, b.size(), b.dest)
			return err
		},
	}
	c.Flags().StringVar(&endpoint, "endpoint", urlFromEnvironment(), "`URL` of the running server")
	c.Flags().StringVar(&data, "data", "", "`directory` of a server that does not run")
	keyFlags(c.Flags(), &key)
	return c
}

// exactly wants the arguments of those names.
func exactly(names ...string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		switch {
		case len(args) == len(names):
			return nil
		case len(names) == 0:
			return fmt.Errorf("%s takes no arguments, and got %q (see %s --help)", c.CommandPath(), args[0], c.CommandPath())
		}
		return fmt.Errorf("%s needs %s (see %s --help)", c.CommandPath(), strings.Join(names, " "), c.CommandPath())
	}
}

// backupRun is one backup.
type backupRun struct {
	dest        string
	out, errOut io.Writer
	bytes       int64 // of the stream, where there was one
}

func (b *backupRun) size() string {
	if b.bytes == 0 {
		return ""
	}
	return ", " + sizeText(b.bytes)
}

func (b *backupRun) online(ctx context.Context, endpoint string) error {
	body, err := postAdmin(ctx, endpoint, server.BackupPath)
	if errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("%w A directory that no server uses is copied with --data", err)
	}
	if err != nil {
		return err
	}
	defer body.Close()
	return b.save(ctx, body)
}

func (b *backupRun) offline(ctx context.Context, data string, key keyring.Source) (err error) {
	if err := server.WantData(data); err != nil {
		return err // Open would make it
	}
	e, err := unlock(ctx, data, key)
	if err != nil {
		return err
	}
	s, err := store.Open(data, store.Options{Logger: quietLogger(), Encryption: e})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if !isStream(b.dest) {
		return s.Checkpoint(b.dest)
	}
	in, out := io.Pipe()
	go func() { out.CloseWithError(s.Backup(out)) }()
	return errors.Join(b.save(ctx, in), in.Close())
}

func isStream(dest string) bool { return dest == "-" || strings.HasSuffix(dest, ".tar") }

func wantAbsent(dest string) error {
	if dest == "-" {
		return nil
	}
	if _, err := os.Lstat(dest); err == nil {
		return fmt.Errorf("%s exists: a backup overwrites nothing", dest)
	}
	if parent, err := os.Stat(filepath.Dir(dest)); err != nil || !parent.IsDir() {
		return fmt.Errorf("write %s: there is no directory %s", dest, filepath.Dir(dest))
	}
	return nil
}

// save keeps a backup stream where the user wants it, whole or not at all.
func (b *backupRun) save(ctx context.Context, from io.Reader) error {
	backup, dest := &meter{Reader: from, ctx: ctx}, b.dest
	defer working(b.errOut, "backup", backup)()
	defer func() { b.bytes = backup.n.Load() }()
	switch {
	case dest == "-":
		_, err := io.Copy(b.out, backup)
		return err
	case !isStream(dest):
		return store.Unpack(backup, dest) // who takes a backup need not have the key
	}
	partial := dest + ".partial"
	err := writeFile(backup, partial)
	if err == nil {
		err = os.Rename(partial, dest)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", dest, err), os.RemoveAll(partial))
	}
	return nil
}

func writeFile(from io.Reader, path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, from)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}
