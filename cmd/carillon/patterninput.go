package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/carillon-events/carillon/internal/pattern/syntax"
)

// Limits of what the commands read.
const (
	maxEventInput  = 4 << 20
	maxSampleInput = 16 << 20
	maxSamples     = 10_000
)

// patternInput is where a command's pattern and events come from.
type patternInput struct{ pattern, event, sample string }

func (in *patternInput) flags(c *cobra.Command, event bool) {
	c.Flags().StringVar(&in.pattern, "pattern", "", "the pattern: `JSON, FILE or -`")
	if event {
		c.Flags().StringVar(&in.event, "event", "", "the event: `JSON, FILE or -`")
	}
}

// read reads the pattern and the event.
func (in *patternInput) read(c *cobra.Command) (text string, event []byte, err error) {
	if in.pattern == "-" && in.event == "-" {
		return "", nil, errors.New("the pattern and the event cannot both be -")
	}
	if in.event == "" {
		return "", nil, fmt.Errorf("%s needs --event (see %s --help)", c.CommandPath(), c.CommandPath())
	}
	b, err := in.readPattern(c)
	if err != nil {
		return "", nil, err
	}
	if event, err = readInput(c, in.event, maxEventInput); err != nil {
		return "", nil, fmt.Errorf("--event: %w", err)
	}
	return string(b), event, nil
}

func (in *patternInput) readPattern(c *cobra.Command) ([]byte, error) {
	if in.pattern == "" {
		return nil, fmt.Errorf("%s needs --pattern (see %s --help)", c.CommandPath(), c.CommandPath())
	}
	b, err := readInput(c, in.pattern, syntax.MaxLength)
	if err != nil {
		return nil, fmt.Errorf("--pattern: %w", err)
	}
	return b, nil
}

// readSamples reads events: one on each line, or just one after the other.
func (in *patternInput) readSamples(c *cobra.Command) ([][]byte, error) {
	b, err := readInput(c, in.sample, maxSampleInput)
	if err != nil {
		return nil, err
	}
	var out [][]byte
	events := json.NewDecoder(bytes.NewReader(b))
	for {
		var event json.RawMessage
		if err := events.Decode(&event); err == io.EOF {
			return out, nil
		} else if err != nil {
			return nil, fmt.Errorf("sample %d: %w", len(out)+1, err)
		}
		if out = append(out, event); len(out) > maxSamples {
			return nil, fmt.Errorf("more than %d samples: take fewer", maxSamples)
		}
	}
}

// readInput reads JSON that is given as such, in a file, or on the standard input.
func readInput(c *cobra.Command, from string, most int64) ([]byte, error) {
	if strings.HasPrefix(strings.TrimSpace(from), "{") {
		return []byte(from), nil
	}
	var in io.Reader = c.InOrStdin()
	if from != "-" {
		f, err := os.Open(from)
		if err != nil {
			return nil, fmt.Errorf("neither JSON that begins with { nor a file: %w", err)
		}
		defer f.Close()
		in = f
	}
	b, err := io.ReadAll(io.LimitReader(in, most+1))
	if err == nil && int64(len(b)) > most {
		err = fmt.Errorf("%s is longer than %s", from, sizeText(most))
	}
	return b, err
}
