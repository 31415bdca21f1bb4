package main

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/carillon-events/carillon/internal/audit"
	"github.com/carillon-events/carillon/internal/keyring"
	"github.com/carillon-events/carillon/internal/server"
	"github.com/carillon-events/carillon/internal/store"
)

func newAuditExportCommand() *cobra.Command {
	var q auditQuery
	c := &cobra.Command{
		Use:   "export FILE",
		Short: "Write records to a file, as CloudTrail does",
		Long: `Write records to a file as CloudTrail's log files are: {"Records": [...]}, the
oldest first. A file whose name ends with .gz is compressed; - is the standard
output.` + strictHelp + ` It must be an operator's.`,
		Example: `  carillon audit export november.json.gz --since 2026-11-01T00:00:00Z --until 2026-12-01T00:00:00Z
  carillon audit export - --denied | jq '.Records[].userIdentity.arn'`,
		Args: exactly("FILE"),
		RunE: func(c *cobra.Command, args []string) error {
			ctx, stop := interruptible(c)
			defer stop()
			q.oldest, q.limit = true, 1<<30
			query, err := q.values(time.Now())
			if err != nil {
				return err
			}
			if args[0] == "-" {
				_, err := q.export(ctx, c.OutOrStdout(), query)
				return err
			}
			return q.exportTo(ctx, args[0], query, c.ErrOrStderr())
		},
	}
	q.register(c.Flags())
	return c
}

func (q *auditQuery) exportTo(ctx context.Context, path string, query url.Values, errOut io.Writer) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err = errors.Join(err, f.Close()); err != nil {
			_ = os.Remove(path) // what is there in part must not look whole
		}
	}()
	var to io.Writer = f
	if strings.HasSuffix(path, ".gz") {
		z := gzip.NewWriter(f)
		defer func() { err = errors.Join(err, z.Close()) }()
		to = z
	}
	n, err := q.export(ctx, to, query)
	if err == nil {
		fmt.Fprintf(errOut, "%d records written to %s\n", n, path)
	}
	return err
}

func (q *auditQuery) export(ctx context.Context, w io.Writer, query url.Values) (n int, err error) {
	b := bufio.NewWriter(w)
	_, _ = b.WriteString(`{"Records":[`) // Flush has its error
	_, err = q.each(ctx, query, func(r *server.AuditRecord) error {
		if n++; n > 1 {
			_ = b.WriteByte(',')
		}
		_ = b.WriteByte('\n')
		_, err := b.Write(r.Record)
		return err
	})
	if err != nil {
		return n, err
	}
	_, _ = b.WriteString("\n]}\n")
	return n, b.Flush()
}

func newAuditVerifyCommand() *cobra.Command {
	var endpoint string
	var expect []string
	var key keyring.Source
	c := &cobra.Command{
		Use:   "verify [DIR]",
		Short: "Check that no record was changed, removed or inserted",
		Long: `Check the audit log's chain, of a running server or of a data directory that none
uses: every record has a hash of all that was recorded before it, signed by the
node. The last number and hash are printed: who notes them elsewhere, and gives
them with --expect later, also finds a log that was cut off or made anew by
somebody who has the node's key. The exit status is 1 if there is a problem.` + strictHelp + ` It must be an operator's.`,
		Example: `  carillon audit verify
  carillon audit verify ./data
  carillon audit verify --expect 1042:5f0c…`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			ctx, stop := interruptible(c)
			defer stop()
			links, err := server.ParseExpected(expect)
			if err != nil {
				return fmt.Errorf("--expect %w", err)
			}
			var chain server.AuditChain
			if len(args) == 1 {
				chain, err = verifyAuditIn(ctx, args[0], key, links)
			} else {
				err = askPage(ctx, endpoint, server.VerifyAuditPath, url.Values{"expect": expect}, &chain)
			}
			if err != nil {
				return err
			}
			return printChain(c.OutOrStdout(), &chain)
		},
	}
	c.Flags().StringVar(&endpoint, "endpoint", urlFromEnvironment(), "`URL` of the running server")
	c.Flags().StringArrayVar(&expect, "expect", nil, "`NUMBER:HASH` of a record, as it was printed before, repeatable")
	keyFlags(c.Flags(), &key)
	return c
}

func verifyAuditIn(ctx context.Context, dir string, key keyring.Source, expect []audit.Expect) (chain server.AuditChain, err error) {
	if err := server.WantData(dir); err != nil {
		return chain, err // Verify would leave a lock there
	}
	e, err := unlock(ctx, dir, key)
	if err != nil {
		return chain, err
	}
	master, err := server.SealedWith(dir, e)
	if err != nil {
		return chain, err
	}
	var damage []string
	_, err = store.Verify(dir, store.Options{Logger: slog.New(slog.DiscardHandler), Encryption: e}, func(p string) { damage = append(damage, p) },
		func(v *store.View, _ func(string)) (err error) {
			chain, err = server.CheckChain(func(report func(string)) (audit.Chain, error) { return server.VerifyAudit(v, master, expect, report) })
			return err
		})
	chain.Problems = append(damage, chain.Problems...)
	return chain, err
}

func printChain(w io.Writer, chain *server.AuditChain) error {
	for _, p := range chain.Problems {
		fmt.Fprintln(w, "problem:", p)
	}
	if chain.More > 0 {
		fmt.Fprintf(w, "and %d more problems\n", chain.More)
	}
	fmt.Fprintf(w, "%d records, from %d on\n", chain.Records, chain.First)
	if chain.Records > 0 {
		fmt.Fprintf(w, "the last one: %d:%s\n", chain.Last, chain.Link)
	}
	if !chain.Signed {
		fmt.Fprintln(w, "signatures were not checked: the node's key is not in this directory")
	}
	if len(chain.Problems) > 0 {
		return fmt.Errorf("the audit log was tampered with, or is damaged")
	}
	return nil
}
