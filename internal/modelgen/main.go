// Command modelgen turns the service models in models/ into the Go packages of
// internal/awsmodel.
//
//	modelgen trim -source "botocore 1.43.11" service-2.json.gz > models/x.json
//	modelgen generate -models models -out internal/awsmodel sqs events sns sts iam
//	modelgen compat -out docs/compat.md sqs events sns sts iam
//	modelgen permissions -out docs/permissions.md sqs events sns sts iam
//
// trim is run by hand when a model is taken over; generate is what go generate
// runs, needs nothing but the files in models/, and writes the same bytes every
// time. A model is never edited: what it lacks is said in
// models/<service>.overlay.json, a JSON merge patch (RFC 7386).
//
// The generator refuses what it was not taught (a float, a list in a list in
// awsQuery, a pattern that RE2 cannot compile and nobody wrote by hand): a
// failed run is better than a codec that quietly drops a member.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "modelgen:", err)
		os.Exit(1)
	}
}

func run(args []string, stdout io.Writer) error {
	if len(args) == 0 {
		return fmt.Errorf("say trim, generate, compat or permissions")
	}
	switch args[0] {
	case "trim":
		return runTrim(args[1:], stdout)
	case "generate":
		return runGenerate(args[1:])
	case "compat":
		return runCompat(args[1:])
	case "permissions":
		return runPermissions(args[1:])
	}
	return fmt.Errorf("unknown command %q: say trim, generate, compat or permissions", args[0])
}

func runTrim(args []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("trim", flag.ContinueOnError)
	source := flags.String("source", "", `where the model is from, such as "botocore 1.43.11"`)
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 1 || *source == "" {
		return fmt.Errorf("trim needs -source and one service-2.json or service-2.json.gz")
	}
	out, err := trim(flags.Arg(0), *source)
	if err != nil {
		return err
	}
	_, err = stdout.Write(out)
	return err
}

func runGenerate(args []string) error {
	flags := flag.NewFlagSet("generate", flag.ContinueOnError)
	models := flags.String("models", "models", "directory of the models")
	out := flags.String("out", "internal/awsmodel", "directory of the generated packages")
	if err := flags.Parse(args); err != nil {
		return err
	}
	for _, name := range flags.Args() {
		m, err := load(*models, name)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		files, err := generate(m)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := write(filepath.Join(*out, name), files); err != nil {
			return err
		}
	}
	return nil
}

// write replaces what the directory holds, so that a file which is no longer
// generated does not stay behind.
func write(dir string, files map[string][]byte) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	old, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return err
	}
	for _, path := range old {
		if _, kept := files[filepath.Base(path)]; !kept {
			if err := os.Remove(path); err != nil {
				return err
			}
		}
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}
