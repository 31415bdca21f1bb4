package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/carillon-events/carillon/internal/server"
	"github.com/carillon-events/carillon/internal/store"
)

func newRestoreCommand() *cobra.Command {
	var data string
	c := &cobra.Command{
		Use:   "restore BACKUP",
		Short: "Make a data directory of a backup",
		Long: `Make a data directory of a backup: a .tar file, or - for the standard input. The
directory must be missing or empty, and is there whole or not at all.`,
		Example: `  carillon restore monday.tar --data ./data
  zstd -dc monday.tar.zst | carillon restore - --data ./data`,
		Args: exactly("BACKUP"),
		RunE: func(c *cobra.Command, args []string) error {
			if err := restore(args[0], data, c.InOrStdin()); err != nil {
				return err
			}
			fmt.Fprintf(c.OutOrStdout(), "Restored to %s. Start it: carillon serve --data %s\n", data, data)
			return nil
		},
	}
	c.Flags().StringVar(&data, "data", dataFromEnvironment(), "`directory` to make")
	return c
}

func dataFromEnvironment() string {
	if dir := os.Getenv(variableOf("data")); dir != "" {
		return dir
	}
	return server.DefaultData
}

func restore(backup, data string, stdin io.Reader) error {
	if backup == "-" {
		return store.Restore(stdin, data)
	}
	f, err := os.Open(backup)
	if err != nil {
		return err
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return fmt.Errorf("%s is a directory: a backup in that form needs no restoring, start serve --data with a copy of it", backup)
	}
	return store.Restore(f, data)
}

func newVerifyCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "verify DIR|BACKUP.tar",
		Short: "Read every byte of a data directory or a backup, and check it",
		Long: `Read every byte of a data directory or a backup, and check that it is whole and
makes sense. Nothing is changed. No server may be using the directory: of a
running one, verify a backup. The exit status is 1 if there is a problem.`,
		Example: `  carillon verify ./data
  carillon backup monday.tar && carillon verify monday.tar`,
		Args: exactly("DIR|BACKUP.tar"),
		RunE: func(c *cobra.Command, args []string) error {
			return verify(args[0], c.OutOrStdout())
		},
	}
}

func verify(path string, out io.Writer) (err error) {
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
		if err := restore(path, dir, nil); err != nil {
			return err
		}
	}
	v, err := store.Verify(dir, store.Options{Logger: quietLogger()}, func(problem string) {
		fmt.Fprintln(out, "problem:", problem)
	}, server.Invariants()...)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s: %d keys, %d bytes, record %d, %d problems\n", path, v.Keys, v.Bytes, v.Head.Position, v.Problems)
	if v.Problems > 0 {
		return fmt.Errorf("%s is damaged", path)
	}
	return nil
}

// quietLogger says only what is wrong.
func quietLogger() *slog.Logger {
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
}
