package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/carillon-events/carillon/internal/keyring"
	"github.com/carillon-events/carillon/internal/server"
	"github.com/carillon-events/carillon/internal/store"
)

// keyFlags adds the flags that say where the master key is. The environment says
// it for all commands alike.
func keyFlags(f *pflag.FlagSet, s *keyring.Source) {
	f.StringVar(&s.File, "encryption-key-file", "", "`file` with the master key: 32 bytes, or their hex or base64")
	f.StringVar(&s.Env, "encryption-key-env", "", "`name` of an environment variable with the master key")
	f.StringVar(&s.Command, "encryption-key-command", "", "`command` that prints the master key, such as one that has a KMS unwrap it; it has 30 seconds")
}

// unlock reads the master key for a directory; nil where none is configured.
func unlock(ctx context.Context, data string, s keyring.Source) (*store.Encryption, error) {
	return server.Unlock(ctx, data, orFromEnvironment(s))
}

// orFromEnvironment is where the flags say that the master key is or, if they do
// not, the environment.
func orFromEnvironment(s keyring.Source) keyring.Source {
	if !s.Empty() {
		return s
	}
	return keyring.Source{
		File: os.Getenv(variableOf("encryption-key-file")), Env: os.Getenv(variableOf("encryption-key-env")),
		Command: os.Getenv(variableOf("encryption-key-command")),
	}
}

// mustUnlock is unlock for commands that are nothing without a key.
func mustUnlock(ctx context.Context, data string, s keyring.Source) (*store.Encryption, error) {
	e, err := unlock(ctx, data, s)
	if err == nil && e == nil {
		err = errors.New("the master key is needed: say --encryption-key-file, --encryption-key-env or --encryption-key-command")
	}
	return e, err
}

func newKeyCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "key",
		Short: "Make and change the keys of encryption at rest",
		Long: `Make and change the keys of encryption at rest. The master key is yours, and lies
outside of the data directory. It locks the file KEYS there, in which are the
data keys that files are encrypted under. Without the master key nobody can read
the data, you included: keep a copy of it elsewhere.`,
		Example: `  carillon key new /etc/carillon/master.key
  carillon key rotate                                     # of a running server
  carillon key rotate --all --data ./data --encryption-key-file master.key
  carillon key rewrap --data ./data --encryption-key-file old.key --new-key-file new.key`,
		Args: exactly(),
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newKeyNewCommand(), newKeyRotateCommand(), newKeyRewrapCommand())
	return c
}

func newKeyNewCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "new [FILE]",
		Short: "Make a master key",
		Long: `Make a master key: 32 random bytes in base64, into a new file that only you can
read, or onto the standard output.`,
		Example: "  carillon key new /etc/carillon/master.key",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			text, err := keyring.NewMaster()
			if err != nil {
				return err
			}
			if len(args) == 0 || args[0] == "-" {
				_, err := fmt.Fprint(c.OutOrStdout(), text)
				return err
			}
			if err := writeKey(args[0], text); err != nil {
				return err
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "Saved to %s. Keep a copy of it elsewhere: without it, what it encrypts is lost.\n", args[0])
			return err
		},
	}
}

// writeKey overwrites nothing: an old key may be all that opens some backup.
func writeKey(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%s exists: a key overwrites nothing", path)
	}
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

func newKeyRotateCommand() *cobra.Command {
	var endpoint, data string
	var all bool
	var source keyring.Source
	c := &cobra.Command{
		Use:   "rotate",
		Short: "Have new files encrypted under a new data key",
		Long: `Have new files encrypted under a new data key: those of a running server, or with
--data those of a directory that no server uses. Old files are read with the
keys they have, and give way to new ones as the data changes. With --all they
are written anew at once, and the old keys are forgotten; it may be interrupted
and started again.`,
		Example: `  carillon key rotate --endpoint http://10.0.0.7:4566
  carillon key rotate --all --data ./data --encryption-key-file master.key`,
		Args: exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, stop := interruptible(c)
			defer stop()
			switch {
			case data == "" && all:
				return errors.New("--all is for a directory that no server uses: name it with --data")
			case data == "":
				return rotateOnline(ctx, c, endpoint)
			case c.Flags().Changed("endpoint"):
				return errors.New("say --endpoint for a running server, or --data for a directory that none uses, not both")
			}
			e, err := mustUnlock(ctx, data, source)
			if err != nil {
				return err
			}
			return rotateOffline(ctx, c, data, e, all)
		},
	}
	f := c.Flags()
	f.StringVar(&endpoint, "endpoint", urlFromEnvironment(), "`URL` of the running server")
	f.StringVar(&data, "data", "", "`directory` of a server that does not run")
	f.BoolVar(&all, "all", false, "write all files anew, and forget the old keys")
	keyFlags(f, &source)
	return c
}

func rotateOnline(ctx context.Context, c *cobra.Command, endpoint string) error {
	body, err := postAdmin(ctx, endpoint, server.RotatePath)
	if err != nil {
		return err
	}
	defer body.Close()
	var answer struct{ Current, Keys int }
	if err := json.NewDecoder(body).Decode(&answer); err != nil {
		return fmt.Errorf("the server says what this carillon does not understand: %w", err)
	}
	_, err = fmt.Fprintf(c.OutOrStdout(), "New files are encrypted under data key %d; %d are in use.\n", answer.Current, answer.Keys)
	return err
}

func rotateOffline(ctx context.Context, c *cobra.Command, data string, e *store.Encryption, all bool) error {
	if err := server.WantData(data); err != nil {
		return err
	}
	o := store.Options{Encryption: e}
	if err := store.RotateKey(data, o); err != nil {
		return err
	}
	text := "New files will be encrypted under a new data key."
	if all {
		progress, done := showProgress(c.ErrOrStderr(), "encrypt "+data)
		err := store.Reencrypt(ctx, data, o, progress)
		if done(); err != nil {
			return err
		}
		text = "All files are encrypted under a new data key."
	}
	_, err := fmt.Fprintln(c.OutOrStdout(), text)
	return err
}

func newKeyRewrapCommand() *cobra.Command {
	data := ""
	var old, next keyring.Source
	c := &cobra.Command{
		Use:   "rewrap",
		Short: "Lock a data directory with another master key",
		Long: `Lock a data directory, which no server uses, with another master key. Only its
file KEYS is written anew. Backups that were taken before still need the old one.`,
		Example: "  carillon key rewrap --data ./data --encryption-key-file old.key --new-key-file new.key",
		Args:    exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			if err := server.WantData(data); err != nil {
				return err
			}
			e, err := mustUnlock(c.Context(), data, old)
			if err != nil {
				return err
			}
			if next.Empty() {
				return errors.New("the new master key is needed: say --new-key-file, --new-key-env or --new-key-command")
			}
			fresh, err := server.Unlock(c.Context(), data, next)
			if err != nil {
				return err
			}
			if err := store.ChangeMaster(data, store.Options{Encryption: e}, fresh.Master); err != nil {
				return err
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "%s is locked with the new master key. Backups from before still need the old one.\n", data)
			return err
		},
	}
	f := c.Flags()
	f.StringVar(&data, "data", dataFromEnvironment(), "`directory` of a server that does not run")
	keyFlags(f, &old)
	f.StringVar(&next.File, "new-key-file", "", "`file` with the new master key")
	f.StringVar(&next.Env, "new-key-env", "", "`name` of an environment variable with it")
	f.StringVar(&next.Command, "new-key-command", "", "`command` that prints it")
	return c
}
