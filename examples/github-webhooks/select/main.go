// Command select makes payloads.jsonl from a packed npm package: it takes the
// payloads of api.github.com and leaves out exact repeats and those that hold
// what looks like a cloud access key.
//
//	npm pack @octokit/webhooks-examples@7.6.1
//	go run ./examples/github-webhooks/select octokit-webhooks-examples-7.6.1.tgz > payloads.jsonl
package main

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
)

const member = "package/api.github.com/index.json"

// accessKey is AWS's own description of an access key id. Some payloads of
// secret scanning quote one.
var accessKey = regexp.MustCompile(`\b(AKIA|ASIA)[A-Z0-9]{16}\b`)

type definition struct {
	Name     string            `json:"name"`
	Examples []json.RawMessage `json:"examples"`
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: select octokit-webhooks-examples-VERSION.tgz > payloads.jsonl")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "select:", err)
		os.Exit(1)
	}
}

func run(packed string, out io.Writer) error {
	definitions, err := read(packed)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(out)
	kept, repeated, keyed := 0, 0, 0
	seen := map[string]bool{}
	for _, d := range definitions {
		for _, example := range d.Examples {
			var compact bytes.Buffer
			if err := json.Compact(&compact, example); err != nil {
				return fmt.Errorf("a payload of %s: %w", d.Name, err)
			}
			switch {
			case seen[compact.String()]:
				repeated++
				continue
			case accessKey.Match(compact.Bytes()):
				keyed++
				continue
			}
			seen[compact.String()] = true
			kept++
			// Not json.Marshal: it would rewrite <, > and & inside the payload.
			fmt.Fprintf(w, `{"event":%q,"payload":%s}`+"\n", d.Name, compact.Bytes())
		}
	}
	fmt.Fprintf(os.Stderr, "%d payloads kept, %d exact repeats and %d with access keys left out\n", kept, repeated, keyed)
	return w.Flush()
}

// read finds the definitions inside the packed package.
func read(packed string) ([]definition, error) {
	f, err := os.Open(packed)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("%s is not a packed npm package: %w", packed, err)
	}
	for t := tar.NewReader(z); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("%s holds no %s", packed, member)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", packed, err)
		}
		if h.Name != member {
			continue
		}
		var definitions []definition
		if err := json.NewDecoder(t).Decode(&definitions); err != nil {
			return nil, fmt.Errorf("%s in %s: %w", member, packed, err)
		}
		return definitions, nil
	}
}
