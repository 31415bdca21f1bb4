package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/carillon-events/carillon/internal/pattern/explain"
	"github.com/carillon-events/carillon/internal/server"
)

// tree is a line with lines below it.
type tree struct {
	text  string
	below []*tree
}

func (t *tree) add(format string, args ...any) *tree {
	n := &tree{text: explain.Printable(fmt.Sprintf(format, args...))}
	t.below = append(t.below, n)
	return n
}

func (t *tree) write(b *strings.Builder, indent string) {
	for i, n := range t.below {
		branch, under := "├─ ", "│  "
		if i == len(t.below)-1 {
			branch, under = "└─ ", "   "
		}
		b.WriteString(indent + branch + n.text + "\n")
		n.write(b, indent+under)
	}
}

// printTrail prints an event as a tree: buses, rules, targets, attempts. A bus
// that got the event from another lies below the target that brought it.
func printTrail(w io.Writer, a *server.TrailAnswer) error {
	var b strings.Builder
	brought := map[string]*server.TrailEvent{} // by delivery
	for i := range a.Passages {
		if via := a.Passages[i].Via; via != "" {
			brought[via] = &a.Passages[i]
		}
	}
	first := &a.Passages[0]
	fmt.Fprintf(&b, "%s  %s: %s\n", explain.Printable(a.EventID), explain.Printable(first.Source), explain.Printable(first.DetailType))
	var envelope struct {
		Detail json.RawMessage `json:"detail"`
	}
	if json.Unmarshal(first.Event, &envelope) == nil {
		fmt.Fprintf(&b, "    %s\n", explain.Printable(clip(string(envelope.Detail), maxShownDetail)))
	}
	root := &tree{}
	shown := map[*server.TrailEvent]bool{}
	for pass := range 2 { // second: those whose bringer is not known any more
		for i := range a.Passages {
			if p := &a.Passages[i]; !shown[p] && (pass == 1 || p.Via == "") {
				addPassage(root, p, brought, shown)
			}
		}
	}
	root.write(&b, "")
	if a.More {
		b.WriteString("… and more: it was replayed so often that only the beginning is shown.\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func addPassage(to *tree, p *server.TrailEvent, brought map[string]*server.TrailEvent, shown map[*server.TrailEvent]bool) {
	shown[p] = true
	origin := ""
	if p.Replay != "" {
		origin = ", sent again by replay " + p.Replay
	}
	on := "bus " + p.Bus
	if p.Fate == "published" {
		on = p.Bus // topic/…
	}
	bus := to.add("%s of %s in %s, at %s%s", on, p.Account, p.Region, moment(p.AcceptedAt), origin)
	switch p.Fate {
	case "no-bus":
		bus.add("there was no such bus: the event went nowhere")
		return
	case "source-pending":
		bus.add("the partner's source was on no bus: the event went nowhere")
		return
	case "published":
		addPublished(bus, p, brought, shown)
		return
	}
	for i := range p.Rules {
		r := &p.Rules[i]
		name := "rule " + r.Rule
		if r.Archive {
			name = "archive"
		}
		if r.Since != "" {
			name += " (" + r.Since + " since)"
		}
		rule := bus.add("✓ %s", name)
		for j := range r.Targets {
			addTarget(rule, &r.Targets[j], brought, shown)
		}
	}
	if len(p.Rules) == 0 {
		bus.add("no rule matched")
	}
	if p.TooComplex > 0 {
		bus.add("? %d rules could not be matched in bounded time, and count as not matching", p.TooComplex)
	}
	for _, u := range p.Unmatched {
		bus.add("✗ rule %s: %s", u.Rule, clip(u.Reason, maxShownDetail))
	}
	if p.MoreUnmatched > 0 {
		bus.add("✗ %d more rules that did not match", p.MoreUnmatched)
	}
}

func addTarget(to *tree, t *server.TrailTarget, brought map[string]*server.TrailEvent, shown map[*server.TrailEvent]bool) {
	node := to.add("%s → %s: %s", t.ID, t.ARN, outcomeOf(t))
	for i := range t.Attempts {
		a := &t.Attempts[i]
		node.add("%s", attemptText(a))
	}
	if p := brought[t.Key]; p != nil && !shown[p] {
		addPassage(node, p, brought, shown)
	}
}

func outcomeOf(t *server.TrailTarget) string {
	switch t.Outcome {
	case "dead-lettered":
		return "given up, the event is in " + t.DeadLetter
	case "dropped":
		return "given up, and dropped"
	case "too-far":
		return "not sent: an event of another bus goes to no third one"
	}
	return t.Outcome
}

func attemptText(a *server.TrailAttempt) string {
	text := fmt.Sprintf("%s  attempt %d: %s", moment(a.At), a.Retry+1, a.Outcome)
	for _, more := range []string{a.Says, a.Reason} {
		if more != "" {
			text += ", " + more
		}
	}
	if a.TookMillis > 0 {
		text += fmt.Sprintf(", took %.0f ms", a.TookMillis)
	}
	if a.Next != nil {
		text += ", again at " + moment(*a.Next)
	}
	if a.Lost != "" {
		text += "; in no dead-letter queue: " + a.Lost
	}
	return text
}

func moment(at time.Time) string { return at.Local().Format("2006-01-02 15:04:05.000") }

// addPublished is what a topic did with a message; of its deliveries there are
// those that were not made at once.
func addPublished(to *tree, p *server.TrailEvent, brought map[string]*server.TrailEvent, shown map[*server.TrailEvent]bool) {
	var envelope struct {
		Detail json.RawMessage `json:"detail"`
	}
	_ = json.Unmarshal(p.Event, &envelope) // it is ours
	to.add("%s: %s", p.DetailType, envelope.Detail)
	for i := range p.Rules {
		for j := range p.Rules[i].Targets {
			addTarget(to, &p.Rules[i].Targets[j], brought, shown)
		}
	}
}
