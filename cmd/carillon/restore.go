package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/carillon-events/carillon/internal/keyring"
	"github.com/carillon-events/carillon/internal/server"
	"github.com/carillon-events/carillon/internal/store"
)

func newRestoreCommand() *cobra.Command {
	var data string
	var key keyring.Source
	c := &cobra.Command{
		Use:   "restore BACKUP",
		Short: "Make a data directory of a backup",
		Long: `Make a data directory of a backup: a .tar file, or - for the standard input. The
directory must be missing or empty, and is there whole or not at all. A backup of
encrypted data needs the master key that it was taken under, and stays encrypted.`,
		Example: `  carillon restore monday.tar --data ./data
  zstd -dc monday.tar.zst | carillon restore - --data ./data`,
		Args: exactly("BACKUP"),
		RunE: func(c *cobra.Command, args []string) error {
			ctx, stop := interruptible(c)
			defer stop()
			e, err := unlock(ctx, data, key)
			if err != nil {
				return err
			}
			if err := restore(ctx, args[0], data, e, c.InOrStdin(), c.ErrOrStderr()); err != nil {
				return err
			}
			how := ""
			if server.Locked(data) {
				how = ", with the encryption that the backed up one had"
			}
			fmt.Fprintf(c.OutOrStdout(), "Restored to %s. Start it: carillon serve --data %s%s\n", data, data, how)
			return nil
		},
	}
	c.Flags().StringVar(&data, "data", dataFromEnvironment(), "`directory` to make")
	keyFlags(c.Flags(), &key)
	return c
}

func dataFromEnvironment() string {
	if dir := os.Getenv(variableOf("data")); dir != "" {
		return dir
	}
	return server.DefaultData
}

func restore(ctx context.Context, backup, data string, e *store.Encryption, stdin io.Reader, errOut io.Writer) error {
	from := &meter{Reader: stdin, ctx: ctx}
	if backup != "-" {
		f, err := os.Open(backup)
		if err != nil {
			return err
		}
		defer f.Close()
		if info, err := f.Stat(); err == nil && info.IsDir() {
			return fmt.Errorf("%s is a directory: a backup in that form needs no restoring, start serve --data with a copy of it", backup)
		}
		from.Reader = f
	}
	defer working(errOut, "unpack "+backup, from)()
	return store.Restore(from, data, e)
}

func newVerifyCommand() *cobra.Command {
	var key keyring.Source
	c := &cobra.Command{
		Use:   "verify DIR|BACKUP.tar",
		Short: "Read every byte of a data directory or a backup, and check it",
		Long: `Read every byte of a data directory or a backup, and check that it is whole and
makes sense. Nothing is changed. No server may be using the directory: of a
running one, verify a backup. A .tar is unpacked beside itself for the time, so
there must be room for it once more. The exit status is 1 if there is a problem.`,
		Example: `  carillon verify ./data
  carillon backup monday.tar && carillon verify monday.tar`,
		Args: exactly("DIR|BACKUP.tar"),
		RunE: func(c *cobra.Command, args []string) error {
			ctx, stop := interruptible(c)
			defer stop()
			e, err := unlock(ctx, args[0], key)
			if err != nil {
				return err
			}
			return verify(ctx, args[0], e, c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	keyFlags(c.Flags(), &key)
	return c
}

func verify(ctx context.Context, path string, e *store.Encryption, out, errOut io.Writer) (err error) {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	dir := path
	if !info.IsDir() {
		scratch, err := os.MkdirTemp(filepath.Dir(path), ".verify-*")
		if err != nil {
			return fmt.Errorf("unpack beside %s: %w", path, err)
		}
		defer func() { err = errors.Join(err, os.RemoveAll(scratch)) }()
		dir = filepath.Join(scratch, "data")
		if err := restore(ctx, path, dir, e, nil, errOut); err != nil {
			// The reader did not ask for a restore.
			return fmt.Errorf("verify %s: %s", path, strings.TrimPrefix(err.Error(), "restore to "+dir+": "))
		}
	} else if err := server.WantData(dir); err != nil {
		return err // Verify would leave a lock there
	}
	v, problems, err := verifyData(ctx, dir, e, working(errOut, "verify "+path, nil))
	if err != nil {
		return err
	}
	for _, p := range problems {
		fmt.Fprintln(out, "problem:", oneLine(errors.New(p)))
	}
	fmt.Fprintf(out, "%s: %d keys, %s of keys and values, %d records since it was made, %d problems\n",
		path, v.Keys, sizeText(int64(v.Bytes)), v.Head.Position, v.Problems)
	if v.Problems > 0 {
		return fmt.Errorf("%s is damaged: restore a backup, or verify an older one", path)
	}
	return nil
}

// verifyData reads everything, unless it is interrupted: then the reading goes
// on until the process ends, which it does next.
func verifyData(ctx context.Context, dir string, e *store.Encryption, stop func()) (store.Verification, []string, error) {
	defer stop()
	type result struct {
		v        store.Verification
		problems []string
		err      error
	}
	done := make(chan result, 1)
	go func() {
		var r result
		r.v, r.err = store.Verify(dir, store.Options{Logger: slog.New(slog.DiscardHandler), Encryption: e}, func(problem string) {
			r.problems = append(r.problems, problem)
		}, server.Invariants()...)
		done <- r
	}()
	select {
	case r := <-done:
		return r.v, r.problems, r.err
	case <-ctx.Done():
		return store.Verification{}, nil, errInterrupted
	}
}

// quietLogger says only what is wrong.
func quietLogger() *slog.Logger {
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
}
