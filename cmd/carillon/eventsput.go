package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/carillon-events/carillon/internal/edge"
	"github.com/carillon-events/carillon/internal/ingest"
)

// putRun is one events put.
type putRun struct{ endpoint, bus string }

func newEventsPutCommand() *cobra.Command {
	p := &putRun{}
	c := &cobra.Command{
		Use:   "put <event>",
		Short: "Put whole events, of any source",
		Long: `Put events as rules see them: JSON with source, detail-type and detail, and maybe resources and time. Events in a
file may stand one after the other, or in a list.

Their source may be one of AWS's services, such as aws.s3, which PutEvents refuses as AWS does: so a rule can be
tried where there is no such service. Id, account and region of an event become those of the bus.`,
		Example: `  carillon events put '{"source": "shop", "detail-type": "OrderPlaced", "detail": {"total": 250}}'
  carillon events put --bus shop events.jsonl
  jq .event saved.json | carillon events put -`,
		Args: exactly("an event, a file or -"),
		RunE: func(c *cobra.Command, args []string) error {
			text, err := readInput(c, args[0], maxSampleInput)
			if err != nil {
				return err
			}
			events, err := readEnvelopes(text)
			if err != nil {
				return err
			}
			return p.run(c.Context(), events, c.OutOrStdout())
		},
	}
	c.Flags().StringVar(&p.bus, "bus", "", "the `name` of the bus (default: the default bus)")
	c.Flags().StringVar(&p.endpoint, "endpoint", urlFromEnvironment(), "`URL` of the running server")
	return c
}

// readEnvelopes reads events, or lists of them, one after the other.
func readEnvelopes(text []byte) (events []ingest.Envelope, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	for {
		var raw json.RawMessage
		if err := d.Decode(&raw); err == io.EOF {
			break
		} else if err != nil {
			return nil, fmt.Errorf("event %d: %w", len(events)+1, err)
		}
		if raw[0] != '[' {
			raw = append(append([]byte{'['}, raw...), ']')
		}
		var some []ingest.Envelope
		if err := json.Unmarshal(raw, &some); err != nil {
			return nil, fmt.Errorf("event %d: %w", len(events)+1, err)
		}
		events = append(events, some...)
	}
	if len(events) == 0 {
		return nil, errors.New("there is no event")
	}
	return events, nil
}

// putAtOnce is how many events go into a request, if they are not large.
const putAtOnce = 50

func (p *putRun) run(ctx context.Context, events []ingest.Envelope, out io.Writer) error {
	r := request{endpoint: p.endpoint, path: ingest.PutEventsPath, service: edge.AdminService}
	for done := 0; done < len(events); {
		n, size := 0, 0
		for n < putAtOnce && done+n < len(events) && (n == 0 || size+len(events[done+n].Detail) < ingest.MaxBody/2) {
			size += len(events[done+n].Detail)
			n++
		}
		var ids ingest.EventIDs
		if err := ask(ctx, r, ingest.PutEvents{Bus: p.bus, Events: events[done : done+n]}, &ids); err != nil {
			if done > 0 {
				return fmt.Errorf("%d events were put, the next were not: %w", done, err)
			}
			return err
		}
		for _, id := range ids.EventIDs {
			if _, err := fmt.Fprintln(out, id); err != nil {
				return err
			}
		}
		done += n
	}
	return nil
}
