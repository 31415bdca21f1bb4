package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/carillon-events/carillon/internal/keyring"
	"github.com/carillon-events/carillon/internal/server"
	"github.com/carillon-events/carillon/internal/store"
)

func newEncryptCommand() *cobra.Command {
	return conversion(&cobra.Command{
		Use:   "encrypt",
		Short: "Encrypt a data directory",
		Long: `Encrypt a data directory that no server uses, file by file; there must be room for
the largest one once more. It may be interrupted, and goes on when it is started
again. Afterwards, start the server with --encrypt and the same key.

What was there before may be found on the disk until it is written over, and is
in older backups.`,
		Example: `  carillon key new /etc/carillon/master.key
  carillon encrypt --data ./data --encryption-key-file /etc/carillon/master.key`,
	}, "encrypt", server.Encrypt, "%s is encrypted. Start it: carillon serve --data %s --encrypt, and the same key\n")
}

func newDecryptCommand() *cobra.Command {
	return conversion(&cobra.Command{
		Use:   "decrypt",
		Short: "Make an encrypted data directory a plain one",
		Long: `Make an encrypted data directory, which no server uses, a plain one, file by file.
It may be interrupted, and goes on when it is started again. Afterwards nothing
needs the master key.`,
		Example: "  carillon decrypt --data ./data --encryption-key-file /etc/carillon/master.key",
	}, "decrypt", server.Decrypt, "%s is not encrypted any more. Start it: carillon serve --data %s\n")
}

func conversion(c *cobra.Command, verb string, run func(context.Context, string, *store.Encryption, store.Progress) error, end string) *cobra.Command {
	data := ""
	var source keyring.Source
	c.Args = exactly()
	c.RunE = func(c *cobra.Command, _ []string) error {
		ctx, stop := interruptible(c)
		defer stop()
		e, err := mustUnlock(ctx, data, source)
		if err != nil {
			return err
		}
		progress, done := showProgress(c.ErrOrStderr(), verb+" "+data)
		err = run(ctx, data, e, progress)
		if done(); err != nil {
			return err
		}
		_, err = fmt.Fprintf(c.OutOrStdout(), end, data, data)
		return err
	}
	c.Flags().StringVar(&data, "data", dataFromEnvironment(), "`directory` of a server that does not run")
	keyFlags(c.Flags(), &source)
	return c
}

// showProgress is a line on a terminal that says how much is done.
func showProgress(w io.Writer, what string) (p store.Progress, done func()) {
	line := newProgressLine(w, what)
	last := time.Time{}
	return func(done, total int64) {
		if time.Since(last) > 100*time.Millisecond {
			last = time.Now()
			fmt.Fprintf(line.w, "%s%s: %s of %s", eraseLine, what, sizeText(done), sizeText(total))
		}
	}, line.clear
}
