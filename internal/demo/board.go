package demo

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	tea "charm.land/bubbletea/v2"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// board shows, below the story, what the server counts at this moment: buses,
// rules, and queues. What is written to it appears above.
type board struct {
	program  *tea.Program
	endpoint func() string
	out      io.Writer

	mu      sync.Mutex
	partial []byte // of a line
	closed  bool
	ended   chan struct{}
}

func newBoard(out io.Writer, endpoint func() string) *board {
	return &board{out: out, endpoint: endpoint, ended: make(chan struct{})}
}

// show draws until close; quit is called when somebody wants it to end.
func (b *board) show(quit func()) {
	b.program = tea.NewProgram(&face{look: b.look, quit: quit}, tea.WithOutput(b.out), tea.WithInput(os.Stdin), tea.WithoutSignalHandler())
	go func() { // ends with close
		defer close(b.ended)
		_, _ = b.program.Run() // without a board, the story goes on
	}()
}

// close takes the board away. What is written afterwards goes to the terminal.
func (b *board) close() {
	b.mu.Lock()
	was := b.closed
	b.closed = true
	b.mu.Unlock()
	if !was {
		b.program.Quit()
		<-b.ended
	}
}

// Write implements io.Writer.
func (b *board) Write(text []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return b.out.Write(text)
	}
	b.partial = append(b.partial, text...)
	if whole := bytes.LastIndexByte(b.partial, '\n'); whole >= 0 {
		b.program.Println(string(b.partial[:whole]))
		b.partial = append(b.partial[:0], b.partial[whole+1:]...)
	}
	return len(text), nil
}

// lookEvery is how often the server is asked.
const lookEvery = 200 * time.Millisecond

// counts are metrics by name and labels.
type counts map[string]map[string]float64

// look asks the server for its metrics; nothing while it is not there.
func (b *board) look() counts {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, b.endpoint()+"/metrics", nil)
	if err != nil {
		return nil
	}
	resp, err := web.Client.Do(req)
	if err != nil {
		return nil
	}
	defer resp.Body.Close()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(io.LimitReader(resp.Body, 16<<20))
	if err != nil {
		return nil
	}
	all := counts{}
	for name, f := range families {
		all[name] = map[string]float64{}
		for _, m := range f.Metric {
			all[name][labels(m)] = valueOf(m)
		}
	}
	return all
}

// labels says of what a metric is: bus/rule, or a queue and the state of its
// messages.
func labels(m *dto.Metric) string {
	var parts []string
	for _, l := range m.Label {
		if name := l.GetName(); name == "bus" || name == "rule" || name == "queue" || name == "state" {
			parts = append(parts, l.GetValue())
		}
	}
	return strings.Join(parts, " ")
}

func valueOf(m *dto.Metric) float64 {
	switch {
	case m.Counter != nil:
		return m.Counter.GetValue()
	case m.Gauge != nil:
		return m.Gauge.GetValue()
	}
	return m.Untyped.GetValue()
}

// face is what the board looks like: bubbletea's model.
type face struct {
	look func() counts
	quit func()

	now, before counts
	at, since   time.Time
}

type looked struct {
	counts counts
	at     time.Time
}

func (f *face) ask() tea.Msg { return looked{f.look(), time.Now()} }

// Init implements tea.Model.
func (f *face) Init() tea.Cmd { return f.ask }

// Update implements tea.Model.
func (f *face) Update(m tea.Msg) (tea.Model, tea.Cmd) {
	switch m := m.(type) {
	case looked:
		if m.counts != nil {
			f.before, f.since, f.now, f.at = f.now, f.at, m.counts, m.at
		}
		return f, tea.Tick(lookEvery, func(time.Time) tea.Msg { return f.ask() })
	case tea.KeyPressMsg:
		if s := m.String(); s == "ctrl+c" || s == "q" {
			f.quit()
		}
	}
	return f, nil
}

// mostRows is how many rows a table has at most: the board has to fit below the story.
const mostRows = 12

// View implements tea.Model.
func (f *face) View() tea.View {
	if f.now == nil {
		return tea.NewView("")
	}
	var text bytes.Buffer
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "\n  BUS\tEVENTS\tPER SECOND\t\tRULE\tMATCHED\tDELIVERED\tWAITING\n")
	buses, rules := f.now["carillon_bus_events_total"], f.now["carillon_rule_matched_events_total"]
	b, r := busiest(buses), busiest(rules)
	for i := range min(max(len(b), len(r)), mostRows) {
		if i < len(b) {
			fmt.Fprintf(w, "  %s\t%.0f\t%.0f\t\t", b[i], buses[b[i]], f.rate("carillon_bus_events_total", b[i]))
		} else {
			fmt.Fprint(w, "\t\t\t\t")
		}
		if i < len(r) {
			fmt.Fprintf(w, "%s\t%.0f\t%.0f\t%.0f\n", r[i], rules[r[i]], f.now["carillon_target_deliveries_total"][r[i]], f.now["carillon_target_deliveries_waiting"][r[i]])
		} else {
			fmt.Fprintln(w)
		}
	}
	w.Flush()
	text.WriteString("\n  QUEUES  " + f.depths() + "\n")
	return tea.NewView(text.String())
}

// busiest are the names with the most, in the order of names.
func busiest(all map[string]float64) []string {
	var names []string
	for name := range all {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(all[b], all[a]), strings.Compare(a, b))
	})
	names = names[:min(len(names), mostRows)]
	slices.Sort(names)
	return names
}

func (f *face) rate(metric, of string) float64 {
	past := f.at.Sub(f.since).Seconds()
	if f.before == nil || past <= 0 {
		return 0
	}
	return max(0, (f.now[metric][of]-f.before[metric][of])/past)
}

// depths says how many messages are ready in which queues.
func (f *face) depths() string {
	depths := map[string]float64{}
	for of, n := range f.now["carillon_queue_messages"] {
		if name, ready := strings.CutSuffix(of, " ready"); ready && n > 0 {
			depths[name] = n
		}
	}
	var parts []string
	for _, name := range busiest(depths) {
		parts = append(parts, fmt.Sprintf("%s %.0f", name, depths[name]))
	}
	if len(parts) == 0 {
		return "all are empty"
	}
	return strings.Join(parts, "   ")
}
