package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is set by the linker in make build.
var version string

// build is what is known of how the binary was made.
type build struct{ version, commit, at string }

func readBuild() build {
	b := build{version: version}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b.orUnknown()
	}
	if b.version == "" && info.Main.Version != "(devel)" {
		b.version = info.Main.Version
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.commit = s.Value
		case "vcs.time":
			b.at = s.Value
		}
	}
	return b.orUnknown()
}

func (b build) orUnknown() build {
	if b.version == "" {
		b.version = "dev"
	}
	return b
}

func (b build) String() string {
	s := fmt.Sprintf("carillon %s (%s %s/%s", b.version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	if b.commit != "" {
		s += ", commit " + b.commit[:min(12, len(b.commit))]
	}
	if b.at != "" {
		s += " of " + b.at
	}
	return s + ")"
}

func newVersionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version of this binary",
		Args:  exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(c.OutOrStdout(), readBuild())
			return err
		},
	}
}
