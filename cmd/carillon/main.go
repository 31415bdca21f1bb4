// Command carillon is Carillon's one binary: the server and the tools around it.
package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

func main() {
	keepPrivate()
	if err := newRootCommand().Execute(); err != nil {
		if !errors.Is(err, errAnswered) {
			fmt.Fprintln(os.Stderr, "carillon: "+oneLine(err))
		}
		os.Exit(exitCode(err))
	}
}

// errAnswered ends a command whose answer is no, and was printed.
var errAnswered = errors.New("the answer is no")

// wrongUse is an error of a command whose exit status 1 is an answer.
type wrongUse struct{ error }

func (e wrongUse) Unwrap() error { return e.error }

func exitCode(err error) int {
	if _, ok := errors.AsType[wrongUse](err); ok {
		return 2
	}
	return 1
}

// oneLine keeps errors that were joined, or came with several lines, on the line
// that people grep.
func oneLine(err error) string {
	var lines []string
	for line := range strings.Lines(err.Error()) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "<") && strings.HasSuffix(line, ">") || slices.Contains(lines, line) {
			continue // Pebble's marks, and what was said already
		}
		lines = append(lines, line)
	}
	return strings.ReplaceAll(strings.Join(lines, "; "), ":; ", ": ")
}

const (
	groupRun    = "run"
	groupRules  = "rules"
	groupIn     = "in"
	groupData   = "data"
	groupAccess = "access"
)

func newRootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "carillon",
		Short: "Events and queues that speak the AWS APIs, from one binary, durably",
		Long: `Carillon is an event bus and queues that speak the AWS APIs. The AWS SDKs, the
AWS CLI and Terraform work against it unchanged. What it has acknowledged is on
disk.`,
		Example: `  carillon serve                      # on 127.0.0.1:4566, data in ./data
  carillon demo --once                # see events go through the whole of it
  carillon backup monday.tar          # copy a running server's data
  carillon pattern --help             # try a rule's pattern without a server`,
		Version:       readBuild().String(), // also as --version, which people try
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetVersionTemplate("{{.Version}}\n")
	root.AddGroup(
		&cobra.Group{ID: groupRun, Title: "Run:"},
		&cobra.Group{ID: groupRules, Title: "Write rules, watch events:"},
		&cobra.Group{ID: groupIn, Title: "Let events in:"},
		&cobra.Group{ID: groupAccess, Title: "Say who may do what:"},
		&cobra.Group{ID: groupData, Title: "Look after the data:"},
	)
	for group, commands := range map[string][]*cobra.Command{
		groupRun:    {newServeCommand(), newInitCommand(), newHealthCommand(), newDemoCommand(), newBenchCommand()},
		groupRules:  {newPatternCommand(), newEventsCommand(), newReplayCommand(), newLogsCommand()},
		groupAccess: {newAccessCommand()},
		groupIn:     {newWebhookCommand(), newBusCommand()},
		groupData:   {newBackupCommand(), newRestoreCommand(), newVerifyCommand(), newEncryptCommand(), newDecryptCommand(), newKeyCommand(), newAuditCommand()},
		"":          {newVersionCommand()},
	} {
		for _, c := range commands {
			c.GroupID = group
			root.AddCommand(c)
		}
	}
	addTrust(root)
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return fmt.Errorf("%w (see %s --help)", err, c.CommandPath())
	})
	return root
}
