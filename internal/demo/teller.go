package demo

import (
	"bytes"
	"fmt"
	"io"
	"text/tabwriter"
)

// teller writes the story for a person.
type teller struct {
	w      io.Writer
	colour bool
	done   func() // the story is told; what follows is not above a board
}

func newTeller(w io.Writer, colour bool) *teller {
	return &teller{w: w, colour: colour, done: func() {}}
}

const (
	bold  = "\x1b[1m"
	green = "\x1b[32m"
	red   = "\x1b[31m"
	plain = "\x1b[0m"
)

func (t *teller) in(colour, text string) string {
	if !t.colour {
		return text
	}
	return colour + text + plain
}

// line writes a line, at once, so that lines are whole wherever they go.
func (t *teller) line(text string) { _, _ = io.WriteString(t.w, text+"\n") } // nobody to tell of an error

func (t *teller) chapter(n int, title string) {
	t.line("")
	t.line(t.in(bold, fmt.Sprintf("%d. %s", n, title)))
}

func (t *teller) step(format string, args ...any) { t.line(fmt.Sprintf("  - "+format, args...)) }

func (t *teller) check(is bool, text string) {
	if is {
		t.line("  " + t.in(green, "✓") + " " + text)
	} else {
		t.line("  " + t.in(red, "✗ NOT SO: ") + text)
	}
}

// indented writes lines a bit to the right.
func (t *teller) indented() io.Writer { return indented{t} }

type indented struct{ t *teller }

func (i indented) Write(b []byte) (int, error) {
	for line := range bytes.Lines(b) {
		i.t.line("    " + string(bytes.TrimRight(line, "\n")))
	}
	return len(b), nil
}

// widest is the room for a queue's name: the writer's cells are right-aligned.
const widest = len("pull-requests.fifo")

func (t *teller) verdicts(verdicts []Verdict) {
	var text bytes.Buffer
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "  %-*s\texpected\treceived\tmissing\ttwice\tforeign\tout of order\t\t\n", widest, "queue")
	for _, v := range verdicts {
		order := "-"
		if v.Filter.FIFO {
			order = fmt.Sprint(v.Swapped)
		}
		fmt.Fprintf(w, "  %-*s\t%d\t%d\t%d\t%d\t%d\t%s\t%s\t\n", widest, v.Filter.Queue, v.Expected, v.Received, v.Missing, v.Twice, v.Foreign, order, t.verdict(&v))
	}
	w.Flush()
	t.line("")
	for line := range bytes.Lines(text.Bytes()) {
		t.line(string(bytes.TrimRight(line, "\n")))
	}
}

func (t *teller) verdict(v *Verdict) string {
	if v.Sound() {
		return t.in(green, "ok")
	}
	return t.in(red, "WRONG")
}

func (t *teller) end() {
	t.line("")
	t.line(t.in(green, "nothing is missing, and nothing is there twice"))
}

func (t *teller) lookAround(endpoint string) {
	t.done()
	fmt.Fprintf(t.w, `
The server stays up until Ctrl-C. To look around from another terminal:

    export AWS_ENDPOINT_URL=%[1]s AWS_DEFAULT_REGION=us-east-1 AWS_ACCESS_KEY_ID=111111111111 AWS_SECRET_ACCESS_KEY=demo
    carillon events find --bus shop
    carillon events tail &
    aws events put-events --entries \
        '[{"EventBusName":"shop","Source":"shop","DetailType":"OrderPlaced","Detail":"{\"order\":60,\"customer\":\"anna\",\"total\":7}"}]'
    aws --endpoint-url %[1]s sqs receive-message --queue-url %[1]s/111111111111/email
`, endpoint)
}
