// Command select makes events.jsonl from the sample events of
// github.com/aws/aws-lambda-go, whose directory events/testdata is its argument.
//
// An event of EventBridge is taken as it is. The records of an event that a
// service hands to a function become events of that service: its name is the
// source, what happened is the detail-type, and the record is the detail.
package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

type envelope struct {
	Source     string          `json:"source"`
	DetailType string          `json:"detail-type"`
	Resources  []string        `json:"resources,omitempty"`
	Detail     json.RawMessage `json:"detail"`
}

type record struct {
	Source      string `json:"eventSource"`
	SourceOfSNS string `json:"EventSource"`
	Name        string `json:"eventName"`
	ARN         string `json:"eventSourceARN"`
}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: select DIRECTORY")
	}
	files, err := filepath.Glob(filepath.Join(os.Args[1], "*.json"))
	if err != nil || len(files) == 0 {
		log.Fatal("no sample events in ", os.Args[1], err)
	}
	slices.Sort(files)
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			log.Fatal(err)
		}
		for _, e := range events(text) {
			var line bytes.Buffer
			enc := json.NewEncoder(&line)
			enc.SetEscapeHTML(false)
			if err := enc.Encode(e); err != nil {
				log.Fatal(name, ": ", err)
			}
			fmt.Print(line.String())
		}
	}
}

// events are those of a file; none, if it has none.
func events(text []byte) (all []envelope) {
	var whole envelope
	if json.Unmarshal(text, &whole) == nil && strings.HasPrefix(whole.Source, "aws.") && whole.DetailType != "" && len(whole.Detail) > 0 {
		return []envelope{whole}
	}
	var batch struct{ Records []json.RawMessage }
	if json.Unmarshal(text, &batch) != nil {
		return nil
	}
	for _, raw := range batch.Records {
		var r record
		if json.Unmarshal(raw, &r) != nil {
			return nil
		}
		service, ok := strings.CutPrefix(cmp.Or(r.Source, r.SourceOfSNS), "aws:")
		if !ok {
			return nil
		}
		e := envelope{Source: "aws." + service, DetailType: cmp.Or(r.Name, strings.ToUpper(service)+" Record"), Detail: raw}
		if r.ARN != "" {
			e.Resources = []string{r.ARN}
		}
		all = append(all, e)
	}
	return all
}
