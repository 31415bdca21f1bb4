package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/carillon-events/carillon/internal/pattern"
	"github.com/carillon-events/carillon/internal/pattern/explain"
	"github.com/carillon-events/carillon/internal/pattern/lint"
	"github.com/carillon-events/carillon/internal/pattern/syntax"
)

func newPatternCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "pattern",
		Short: "Try event patterns: do they match, why not, and what is wrong with them",
		Long: `Try the event patterns of rules, without a server. They match here as they do in
the server, and as they do on AWS.

A pattern or an event is given as JSON, as the name of a file, or as - for the
standard input.`,
		Example: `  carillon pattern test    --pattern rule.json --event event.json
  carillon pattern explain --pattern '{"detail": {"total": [{"numeric": [">", 100]}]}}' --event - < event.json
  carillon pattern lint    --pattern rule.json --sample events.jsonl`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return wrongUse{fmt.Errorf("unknown command %q (see %s --help)", args[0], c.CommandPath())}
			}
			return nil
		},
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newPatternTestCommand(), newPatternExplainCommand(), newPatternLintCommand())
	c.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return wrongUse{fmt.Errorf("%w (see %s --help)", err, c.CommandPath())}
	})
	return c
}

// answering runs a command of which only errAnswered exits with 1.
func answering(run func(c *cobra.Command) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) error {
		err := exactly()(c, args)
		if err == nil {
			err = run(c)
		}
		if err != nil && !errors.Is(err, errAnswered) {
			return wrongUse{err}
		}
		return err
	}
}

func newPatternTestCommand() *cobra.Command {
	var in patternInput
	c := &cobra.Command{
		Use:   "test",
		Short: "Tell whether an event matches a pattern",
		Long: `Tell whether an event matches a pattern. The exit status is 0 if it does, 1 if it
does not, and 2 if one of them cannot be read.`,
		Example: `  carillon pattern test --pattern rule.json --event event.json && echo it matches`,
		RunE: answering(func(c *cobra.Command) error {
			text, event, err := in.read(c)
			if err != nil {
				return err
			}
			ok, err := match(text, event)
			if err != nil {
				return err
			}
			if !ok {
				fmt.Fprintln(c.OutOrStdout(), "no match")
				return errAnswered
			}
			_, err = fmt.Fprintln(c.OutOrStdout(), "match")
			return err
		}),
	}
	in.flags(c, true)
	return c
}

func match(text string, event []byte) (bool, error) {
	p, err := pattern.Parse(text)
	if err != nil {
		return false, fmt.Errorf("pattern: %w", err)
	}
	e, err := pattern.Read(event)
	if err != nil {
		return false, fmt.Errorf("event: %w", err)
	}
	return p.Match(e)
}

func newPatternExplainCommand() *cobra.Command {
	var in patternInput
	var asJSON bool
	c := &cobra.Command{
		Use:   "explain",
		Short: "Tell why an event matches a pattern, or why not",
		Long: `Tell why an event matches a pattern, or why not: field by field, with the event's
values and what each test of the pattern says of them.`,
		Example: `  carillon pattern explain --pattern rule.json --event event.json
  carillon pattern explain --pattern rule.json --event - --json < event.json`,
		RunE: answering(func(c *cobra.Command) error {
			text, event, err := in.read(c)
			if err != nil {
				return err
			}
			r, err := explain.Explain(text, event)
			var refused *syntax.Error
			switch {
			case errors.As(err, &refused):
				return fmt.Errorf("pattern: %w", err)
			case err != nil:
				return fmt.Errorf("event: %w", err)
			case asJSON:
				return printJSON(c.OutOrStdout(), r)
			}
			return explain.Text(c.OutOrStdout(), r)
		}),
	}
	in.flags(c, true)
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func newPatternLintCommand() *cobra.Command {
	var in patternInput
	var asJSON bool
	c := &cobra.Command{
		Use:   "lint",
		Short: "Warn of a pattern that never matches, or does not say what it seems to",
		Long: `Warn of a pattern that never matches, or does not say what it seems to. With
--sample, also of fields that real events do not have, or have with another name
or type. The exit status is 0 without warnings, 1 with some, 2 if something
cannot be read.`,
		Example: `  carillon pattern lint --pattern rule.json
  carillon pattern lint --pattern rule.json --sample events.jsonl`,
		RunE: answering(func(c *cobra.Command) error {
			warnings, err := in.lint(c)
			if err != nil {
				return err
			}
			if asJSON {
				err = printJSON(c.OutOrStdout(), warnings)
			} else {
				err = printWarnings(c.OutOrStdout(), warnings)
			}
			if err == nil && len(warnings) > 0 {
				err = errAnswered
			}
			return err
		}),
	}
	in.flags(c, false)
	c.Flags().StringVar(&in.sample, "sample", "", "events to compare with, one after the other: `FILE or -`")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func (in *patternInput) lint(c *cobra.Command) ([]lint.Warning, error) {
	text, err := in.readPattern(c)
	if err != nil {
		return nil, err
	}
	if in.sample == "" {
		return append([]lint.Warning{}, lint.Lint(string(text))...), nil
	}
	if in.pattern == "-" && in.sample == "-" {
		return nil, errors.New("the pattern and the samples cannot both be -")
	}
	samples, err := in.readSamples(c)
	if err != nil {
		return nil, fmt.Errorf("--sample: %w", err)
	}
	warnings, err := lint.LintAgainst(string(text), samples...)
	return append([]lint.Warning{}, warnings...), err
}

func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

var levelTexts = map[lint.Level]string{lint.Never: "never matches", lint.NoEffect: "no effect", lint.Likely: "likely"}

func printWarnings(w io.Writer, all []lint.Warning) error {
	var b strings.Builder
	for _, warning := range all {
		message := explain.Printable(oneLine(errors.New(warning.Message)))
		if warning.Path != "" {
			message = explain.Printable(warning.Path) + ": " + message
		}
		level := levelTexts[warning.Level]
		if warning.Code == "syntax-error" {
			level = "refused"
		}
		fmt.Fprintf(&b, "%s: %s [%s]\n", level, message, warning.Code)
		if warning.Suggestion != "" {
			fmt.Fprintf(&b, "    → %s\n", explain.Printable(warning.Suggestion))
		}
	}
	if len(all) == 0 {
		b.WriteString("no warnings\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}
