package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/carillon-events/carillon/internal/keyring"
	"github.com/carillon-events/carillon/internal/pattern/explain"
	"github.com/carillon-events/carillon/internal/seal"
	"github.com/carillon-events/carillon/internal/server"
	"github.com/carillon-events/carillon/internal/target/loggroup"
)

func newLogsCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "logs",
		Short: "Read what rules have sent to log groups",
		Long: `Read what rules have sent to log groups. They are files below the data directory,
one line of JSON for each event, so this needs no server, but its machine.`,
		Example: "  carillon logs list\n  carillon logs tail /aws/events/orders -f",
		Args:    exactly(),
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newLogsListCommand(), newLogsTailCommand())
	return c
}

func newLogsListCommand() *cobra.Command {
	data := ""
	c := &cobra.Command{
		Use:     "list",
		Short:   "List the log groups",
		Example: "  carillon logs list --data /var/lib/carillon",
		Args:    exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			groups, err := loggroup.List(server.LogGroups(data))
			if err != nil {
				return err
			}
			if len(groups) == 0 {
				fmt.Fprintf(c.ErrOrStderr(), "no log groups in %s: --data names the server's data directory\n", server.LogGroups(data))
				return nil
			}
			w := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "GROUP\tACCOUNT\tREGION\tBYTES\tLAST WRITTEN")
			for _, g := range groups {
				fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%s\n", g.Name, g.Account, g.Region, g.Bytes, g.ModifiedAt.UTC().Format(time.RFC3339))
			}
			return w.Flush()
		},
	}
	c.Flags().StringVar(&data, "data", server.DefaultData, "`directory` of the server's data")
	return c
}

// logsTail is one logs tail.
type logsTail struct {
	data, group, account, region string
	count                        int
	follow, asJSON               bool
	out                          io.Writer

	key  keyring.Source
	file loggroup.Group
	box  *seal.Box // nil: lines are plain
}

func newLogsTailCommand() *cobra.Command {
	t := &logsTail{}
	c := &cobra.Command{
		Use:     "tail GROUP",
		Short:   "Show the last lines of a log group",
		Example: "  carillon logs tail /aws/events/orders\n  carillon logs tail /aws/events/orders -f --json | jq .message",
		Args:    exactly("GROUP"),
		RunE: func(c *cobra.Command, args []string) error {
			t.group, t.out = args[0], c.OutOrStdout()
			ctx, stop := interruptible(c)
			defer stop()
			return t.run(ctx)
		},
	}
	f := c.Flags()
	f.StringVar(&t.data, "data", server.DefaultData, "`directory` of the server's data")
	f.StringVar(&t.account, "account", "", "`account` of the group, if several have one of that name")
	f.StringVar(&t.region, "region", "", "`region` of the group, if there is one of that name in several")
	f.IntVarP(&t.count, "lines", "n", 10, "begin with so many `lines`")
	f.BoolVarP(&t.follow, "follow", "f", false, "go on with what comes")
	f.BoolVar(&t.asJSON, "json", false, "print the lines as they are stored, decrypted")
	keyFlags(f, &t.key)
	return c
}

// find is the one group that is meant.
func (t *logsTail) find() (loggroup.Group, error) {
	groups, err := loggroup.List(server.LogGroups(t.data))
	if err != nil {
		return loggroup.Group{}, err
	}
	var found []loggroup.Group
	for _, g := range groups {
		if g.Name == t.group && (t.account == "" || t.account == g.Account) && (t.region == "" || t.region == g.Region) {
			found = append(found, g)
		}
	}
	switch len(found) {
	case 0:
		return loggroup.Group{}, fmt.Errorf("nothing was sent to a log group %s: see carillon logs list --data %s", t.group, t.data)
	case 1:
		return found[0], nil
	}
	return loggroup.Group{}, fmt.Errorf("there are %d log groups %s: choose one with --account and --region", len(found), t.group)
}

func (t *logsTail) run(ctx context.Context) error {
	g, err := t.find()
	if err != nil {
		return err
	}
	if err := t.unlock(ctx, g); err != nil {
		return err
	}
	f, err := os.Open(g.Path)
	if err != nil {
		return err
	}
	r := bufio.NewReader(f)
	defer func() { _ = f.Close() }()
	var last [][]byte
	rest, err := eachLine(r, nil, func(line []byte) error {
		if last = append(last, line); len(last) > t.count {
			last = last[1:]
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, line := range last {
		if err := t.print(line); err != nil {
			return err
		}
	}
	for t.follow && sleep(ctx, lookEvery) {
		if rest, err = eachLine(r, rest, t.print); err != nil {
			return err
		}
		if !isReplaced(f, g.Path) {
			continue
		}
		// Nothing is appended to a file that was put aside, but what is read last.
		if _, err = eachLine(r, rest, t.print); err != nil {
			return err
		}
		next, err := os.Open(g.Path)
		if errors.Is(err, os.ErrNotExist) {
			continue // the next one is yet to be made
		}
		if err != nil {
			return err
		}
		_ = f.Close()
		f, rest = next, nil
		r.Reset(f)
	}
	return nil
}

// lookEvery is how often a file that is followed is looked at.
const lookEvery = 200 * time.Millisecond

// sleep is false if ctx ends before.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// isReplaced tells whether another file has the path by now, or none.
func isReplaced(f *os.File, path string) bool {
	open, err := f.Stat()
	if err != nil {
		return true
	}
	now, err := os.Stat(path)
	return err != nil || !os.SameFile(open, now)
}

// eachLine calls fn with every whole line that can be read, of which rest is the
// beginning, and returns what is left of a line that has not ended.
func eachLine(r *bufio.Reader, rest []byte, fn func(line []byte) error) ([]byte, error) {
	for {
		more, err := r.ReadBytes('\n')
		rest = append(rest, more...)
		if errors.Is(err, io.EOF) {
			return rest, nil
		}
		if err == nil {
			err = fn(rest)
		}
		if err != nil {
			return nil, err
		}
		rest = nil
	}
}

// unlock finds what the lines of g may be sealed with.
func (t *logsTail) unlock(ctx context.Context, g loggroup.Group) error {
	e, err := unlock(ctx, t.data, t.key)
	if err != nil {
		return err
	}
	t.file = g
	t.box, err = server.LogBox(t.data, e)
	return err
}

func (t *logsTail) print(line []byte) error {
	plain, err := t.file.Plain(t.box, line)
	switch {
	case errors.Is(err, loggroup.ErrSealed) && server.Locked(t.data):
		return fmt.Errorf("the log group %s is encrypted: give the master key with --encryption-key-file, --encryption-key-env or --encryption-key-command", t.group)
	case err == nil:
		line = plain
	}
	if t.asJSON {
		_, err := t.out.Write(line)
		return err
	}
	var l loggroup.Line
	if err := json.Unmarshal(line, &l); err != nil {
		_, err := fmt.Fprintf(t.out, "(damaged) %s\n", explain.Printable(string(bytes.TrimSpace(line))))
		return err
	}
	// The message is somebody's: it moves no cursor, and is one line.
	_, err = fmt.Fprintf(t.out, "%s %s\n", time.UnixMilli(l.Timestamp).UTC().Format("2006-01-02T15:04:05.000Z"), explain.Printable(l.Message))
	return err
}
