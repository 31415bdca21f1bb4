package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/carillon-events/carillon/internal/access"
	"github.com/carillon-events/carillon/internal/keyring"
	"github.com/carillon-events/carillon/internal/server"
)

func newInitCommand() *cobra.Command {
	var data string
	var first server.FirstKey
	var asJSON bool
	var encryption server.Encryption
	c := &cobra.Command{
		Use:   "init",
		Short: "Make a data directory with a first access key",
		Long: `Make a data directory with a first access key, for serve --auth strict. The key is
the account's root, which may do everything, or with --user that of a user with
AdministratorAccess. It is printed once and kept nowhere but sealed in the
directory: more keys, users and roles are made through IAM.

No server may be using the directory, and it must have no access keys yet; with
--rotate it may: then the owner's keys are removed and a new one is made, for
those who have lost theirs.`,
		Example: `  carillon init --data /var/lib/carillon --account 123456789012
  carillon serve --data /var/lib/carillon --auth strict
  carillon init --data ./data --user admin --json
  carillon init --data ./data --encrypt --encryption-key-file /etc/carillon/master.key
  carillon init --data ./data --account 123456789012 --rotate`,
		Args: exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, stop := interruptible(c)
			defer stop()
			encryption.Key = orFromEnvironment(encryption.Key)
			made, err := server.Init(ctx, server.Config{Data: data, Encryption: encryption, Logger: quietLogger()}, first)
			if errors.Is(err, server.ErrHasKeys) {
				return fmt.Errorf("%w: make more through IAM, or say --rotate if they are lost", err)
			}
			if err != nil {
				return err
			}
			if asJSON {
				return printKeyJSON(c.OutOrStdout(), made)
			}
			return printKey(c.OutOrStdout(), made, data, encryption.Key)
		},
	}
	c.Flags().StringVar(&data, "data", dataFromEnvironment(), "`directory` to make, or to make a key for")
	c.Flags().StringVar(&first.Account, "account", accountFromEnvironment(), "`account` that the key is of: 12 digits")
	c.Flags().StringVar(&first.User, "user", "", "`name` of a user whose the key is, with AdministratorAccess (default: the account's root)")
	c.Flags().BoolVar(&first.Rotate, "rotate", false, "remove the owner's keys and make a new one")
	c.Flags().BoolVar(&encryption.Files, "encrypt", encryptFromEnvironment(), "encrypt the directory, as serve --encrypt does")
	keyFlags(c.Flags(), &encryption.Key)
	c.Flags().BoolVar(&asJSON, "json", false, "print the key as JSON")
	return c
}

// encryptFromEnvironment is what serve makes of the variable. One that is neither
// true nor false serve refuses, and init takes for true, which harms less.
func encryptFromEnvironment() bool {
	said := os.Getenv(variableOf("encrypt"))
	yes, err := strconv.ParseBool(said)
	return said != "" && (err != nil || yes)
}

func accountFromEnvironment() string {
	if account := os.Getenv(variableOf("account")); account != "" {
		return account
	}
	return access.DefaultAccount
}

func printKeyJSON(out io.Writer, k server.MadeKey) error {
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	return e.Encode(map[string]string{
		"AccessKeyId": k.AccessKeyID, "SecretAccessKey": k.SecretAccessKey, "Account": k.Account, "Arn": k.Principal,
	})
}

// startLine starts the directory that was made.
func startLine(data string, encrypted bool, key keyring.Source) string {
	line := "carillon serve --data " + quoted(data) + " --auth strict"
	if encrypted {
		line += " --encrypt"
	}
	for _, f := range []struct{ name, value string }{
		{"file", key.File}, {"env", key.Env}, {"command", key.Command},
	} {
		if f.value != "" {
			line += " --encryption-key-" + f.name + " " + quoted(f.value)
		}
	}
	return line
}

// quoted is text as a shell takes it for one word.
func quoted(text string) string {
	if text != "" && !strings.ContainsFunc(text, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("/._-+=:,@", r)
	}) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

func printKey(out io.Writer, k server.MadeKey, data string, key keyring.Source) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# The key of %s. It is shown this once.\n\n", k.Principal)
	fmt.Fprintf(&b, "export AWS_ACCESS_KEY_ID=%s\nexport AWS_SECRET_ACCESS_KEY=%s\n\n", k.AccessKeyID, k.SecretAccessKey)
	fmt.Fprintf(&b, "# or, in ~/.aws/credentials:\n#\n#   [carillon]\n#   aws_access_key_id = %s\n#   aws_secret_access_key = %s\n\n", k.AccessKeyID, k.SecretAccessKey)
	fmt.Fprintf(&b, "# Start it: %s\n", startLine(data, k.Encrypted, key))
	_, err := io.WriteString(out, b.String())
	return err
}
