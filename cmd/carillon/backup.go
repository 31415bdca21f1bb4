package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/spf13/cobra"

	"github.com/carillon-events/carillon/internal/edge"
	"github.com/carillon-events/carillon/internal/server"
	"github.com/carillon-events/carillon/internal/store"
)

func newBackupCommand() *cobra.Command {
	var endpoint, data string
	c := &cobra.Command{
		Use:   "backup DEST",
		Short: "Copy the data of a server, while it runs",
		Long: `Copy the data of a server, while it runs. All that was acknowledged before the
call is in the copy. DEST is a file that ends in .tar, - for the standard
output, or else a directory, which is then ready for serve --data. It must not
exist.

Against --auth strict, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are a key of
that server. With --data, the copy is of a directory that no server uses.`,
		Example: `  carillon backup monday.tar
  carillon backup --endpoint http://10.0.0.7:4566 - | zstd > monday.tar.zst
  carillon backup --data ./data copy-of-data`,
		Args: exactly("DEST"),
		RunE: func(c *cobra.Command, args []string) error {
			if data != "" && c.Flags().Changed("endpoint") {
				return errors.New("say --endpoint for a running server, or --data for a directory that none uses, not both")
			}
			if data != "" {
				return backupOffline(data, args[0], c.OutOrStdout())
			}
			return backupOnline(c.Context(), endpoint, args[0], c.OutOrStdout())
		},
	}
	c.Flags().StringVar(&endpoint, "endpoint", urlFromEnvironment(), "`URL` of the running server")
	c.Flags().StringVar(&data, "data", "", "`directory` of a server that does not run")
	return c
}

func urlFromEnvironment() string {
	if url := os.Getenv("AWS_ENDPOINT_URL"); url != "" {
		return url
	}
	return "http://" + server.DefaultListen
}

// exactly wants the arguments of those names.
func exactly(names ...string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) == len(names) {
			return nil
		}
		return fmt.Errorf("%s needs %s (see %s --help)", c.CommandPath(), strings.Join(names, " "), c.CommandPath())
	}
}

func backupOnline(ctx context.Context, endpoint, dest string, stdout io.Writer) error {
	if ctx == nil {
		ctx = context.Background()
	}
	if err := wantAbsent(dest); err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(endpoint, "/")+server.BackupPath, nil)
	if err != nil {
		return fmt.Errorf("endpoint %q: %w", endpoint, err)
	}
	if err := sign(ctx, req); err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("reach the server: %w (is it running? a directory that no server uses is copied with --data)", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 4096))
		return fmt.Errorf("the server at %s refuses: %s: %s", endpoint, resp.Status, strings.TrimSpace(string(text)))
	}
	return save(resp.Body, dest, stdout)
}

// sign signs an administrative request if there are keys to sign with.
func sign(ctx context.Context, req *http.Request) error {
	keys := aws.Credentials{AccessKeyID: os.Getenv("AWS_ACCESS_KEY_ID"), SecretAccessKey: os.Getenv("AWS_SECRET_ACCESS_KEY")}
	if keys.AccessKeyID == "" {
		return nil
	}
	region := os.Getenv("AWS_REGION")
	if region == "" {
		region = edge.DefaultRegion
	}
	empty := sha256.Sum256(nil)
	err := v4.NewSigner().SignHTTP(ctx, keys, req, hex.EncodeToString(empty[:]), edge.AdminService, region, time.Now())
	if err != nil {
		return fmt.Errorf("sign the request: %w", err)
	}
	return nil
}

func backupOffline(data, dest string, stdout io.Writer) (err error) {
	if err := wantAbsent(dest); err != nil {
		return err
	}
	if _, err := os.Stat(data); err != nil {
		return err // Open would make it
	}
	s, err := store.Open(data, store.Options{Logger: quietLogger()})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if !isStream(dest) {
		return s.Checkpoint(dest)
	}
	in, out := io.Pipe()
	go func() { out.CloseWithError(s.Backup(out)) }()
	return errors.Join(save(in, dest, stdout), in.Close())
}

func isStream(dest string) bool { return dest == "-" || strings.HasSuffix(dest, ".tar") }

func wantAbsent(dest string) error {
	if dest == "-" {
		return nil
	}
	if _, err := os.Lstat(dest); err == nil {
		return fmt.Errorf("%s exists: a backup overwrites nothing", dest)
	}
	return nil
}

// save keeps a backup stream where the user wants it, whole or not at all.
func save(backup io.Reader, dest string, stdout io.Writer) error {
	switch {
	case dest == "-":
		_, err := io.Copy(stdout, backup)
		return err
	case !isStream(dest):
		return store.Restore(backup, dest)
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
