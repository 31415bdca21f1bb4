package demo

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// teller writes the story for a person.
type teller struct {
	w      io.Writer
	colour bool
}

const (
	bold  = "\x1b[1m"
	green = "\x1b[32m"
	red   = "\x1b[31m"
	plain = "\x1b[0m"
)

func (t teller) in(colour, text string) string {
	if !t.colour {
		return text
	}
	return colour + text + plain
}

func (t teller) title(format string, args ...any) {
	fmt.Fprintln(t.w, t.in(bold, fmt.Sprintf(format, args...)))
	fmt.Fprintln(t.w)
}

func (t teller) step(format string, args ...any) {
	fmt.Fprintf(t.w, "  - "+format+"\n", args...)
}

func (t teller) setup(s *setup) {
	t.step("the bus %s with %d rules, each with a queue:", s.bus, len(s.queues))
	w := tabwriter.NewWriter(t.w, 0, 0, 2, ' ', 0)
	for _, q := range s.queues {
		fmt.Fprintf(w, "      %s\t%s\n", q.Name, q.Pattern)
	}
	w.Flush()
}

func (t teller) ledger(l *Ledger) {
	acked, lost := l.Totals()
	t.step("%d events acknowledged", acked)
	if lost > 0 {
		t.step("%d of them were put again because the answer to the first put was lost: that put may have been", lost)
		fmt.Fprintln(t.w, "    accepted, and then the event is there once more, under another id")
	}
	t.step("emptying the queues and comparing them with what Go says the rules match")
}

// widest is the room for a queue's name: the writer's cells are right-aligned.
const widest = len("pull-requests (FIFO)")

func (t teller) verdicts(verdicts []Verdict, torn int) {
	fmt.Fprintln(t.w)
	w := tabwriter.NewWriter(t.w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "  %-*s\texpected\treceived\tof them retries\tmissing\ttwice\tforeign\tout of order\t\t\n", widest, "queue")
	for _, v := range verdicts {
		order, name := "-", v.Rule.Queue
		if v.Rule.FIFO {
			order, name = fmt.Sprint(v.Swapped), name+" (FIFO)"
		}
		fmt.Fprintf(w, "  %-*s\t%d\t%d\t%d\t%d\t%d\t%d\t%s\t%s\t\n", widest, name, v.Expected, v.Received, v.Retries(), v.Missing, v.Twice, v.Foreign, order, t.verdict(&v))
	}
	w.Flush()
	fmt.Fprintln(t.w)
	if torn > 0 {
		fmt.Fprintln(t.w, t.in(red, fmt.Sprintf("%d puts were accepted by halves: some of their queues have them, others do not.", torn)))
	}
}

func (t teller) verdict(v *Verdict) string {
	if v.Sound() {
		return t.in(green, "ok")
	}
	return t.in(red, "WRONG")
}

func (t teller) end() { fmt.Fprintln(t.w, t.in(green, "nothing is missing")) }

func (t teller) lookAround(endpoint string) {
	fmt.Fprintf(t.w, `
The server stays up until Ctrl-C. To look around from another terminal:

    export AWS_DEFAULT_REGION=us-east-1 AWS_ACCESS_KEY_ID=000000000000 AWS_SECRET_ACCESS_KEY=demo
    aws --endpoint-url %[1]s events list-rules --event-bus-name github
    aws --endpoint-url %[1]s events put-events --entries \
        '[{"EventBusName":"github","Source":"github.com","DetailType":"issues","Detail":"{\"action\":\"opened\"}"}]'
    aws --endpoint-url %[1]s sqs receive-message --queue-url %[1]s/000000000000/triage
`, endpoint)
}
