// Package loggroup is the remote target that appends events to log groups,
// which are files: one line of JSON for each event, under
//
//	<directory>/<account>/<region>/<group>.jsonl
//
// Several attempts for one group become one write and one sync. A file that has
// grown to its limit becomes <group>.jsonl.1, what was .1 becomes .2, and so on;
// the last is removed.
//
// With a Box, a line is base64 of the sealed JSON instead.
//
// It is at least once: an event whose attempt was cut off may have two lines.
// They have the same id.
//
// Invariants:
//
//  1. A line that was acknowledged is as durable as the durability says.
//  2. A file ends with a whole line, or with the remains of one that nobody was
//     told of, which the next write removes.
//  3. No name leads out of the directory, and no two groups share a file.
package loggroup

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/seal"
)

// Service is the service in the ARNs of log groups.
const Service = "logs"

// Defaults of Options.
const (
	DefaultFileBytes = 64 << 20
	DefaultFiles     = 4
)

// Options is what a Target is made of.
type Options struct {
	Dir       string        // empty: a temporary one, from the first write to Close
	Sync      bool          // every write; else only Run syncs
	Every     time.Duration // how often Run syncs; 0: it does not
	FileBytes int64         // where a file ends
	Files     int           // of a group, the one that is written among them
	Box       *seal.Box     // seals each line; nil: they are plain
}

// Target delivers to log groups.
type Target struct {
	options Options

	temporary sync.Once // makes dir, where the options have none
	dir       string
	dirErr    error

	groupsMu sync.Mutex          // guards groups, dirty
	groups   map[name]*group     // being written to
	dirty    map[string]struct{} // paths that Run has to sync
}

// name names a log group.
type name struct{ account, region, group string }

// New is a Target. It touches nothing until the first attempt.
func New(o Options) *Target {
	if o.FileBytes == 0 {
		o.FileBytes = DefaultFileBytes
	}
	if o.Files == 0 {
		o.Files = DefaultFiles
	}
	return &Target{options: o, dir: o.Dir, groups: map[name]*group{}, dirty: map[string]struct{}{}}
}

// group is a log group that is being written to.
type group struct {
	writing bool
	next    *batch // gathers while writing; nil: nobody came
}

// batch is lines that are written together.
type batch struct {
	lines []byte
	done  chan struct{} // closed when err is set
	err   error
}

// Attempt implements delivery.Remote. Whoever finds nobody writing to the group
// writes, for himself and for those who come meanwhile.
func (t *Target) Attempt(ctx context.Context, d *delivery.Delivery) delivery.Answer {
	n, ok := nameOf(d.Target)
	if !ok {
		return delivery.Answer{Err: fmt.Errorf("%w: %s is no log group", delivery.ErrRefused, d.Target)}
	}
	line, err := lineOf(d)
	if err != nil {
		return delivery.Answer{Err: fmt.Errorf("%w: %w", delivery.ErrUnfit, err)}
	}
	if line, err = sealed(t.options.Box, n.owner(), line); err != nil {
		return delivery.Answer{Err: fmt.Errorf("%w: %w", delivery.ErrUnavailable, err)}
	}
	b, leads := t.join(n, line)
	if leads {
		t.write(n)
	}
	select {
	case <-b.done:
	case <-ctx.Done():
		return delivery.Answer{Err: fmt.Errorf("%w: %w", delivery.ErrUnavailable, ctx.Err())}
	}
	if b.err != nil {
		return delivery.Answer{Err: fmt.Errorf("%w: %w", delivery.ErrUnavailable, b.err)}
	}
	return delivery.Answer{}
}

// Write appends lines that are no deliveries: of what happened beside them. They
// are as durable as others when it returns.
func (t *Target) Write(ctx context.Context, group arn.ARN, lines []Line) error {
	n, ok := nameOf(group)
	if !ok {
		return fmt.Errorf("%s is no log group", group)
	}
	var text []byte
	for i := range lines {
		line, err := lines[i].encode()
		if err == nil {
			line, err = sealed(t.options.Box, n.owner(), line)
		}
		if err != nil {
			return err
		}
		text = append(text, line...)
	}
	b, leads := t.join(n, text)
	if leads {
		t.write(n)
	}
	select {
	case <-b.done:
		return b.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// join adds lines to the group's next batch, and says whether the caller is to
// write it.
func (t *Target) join(n name, line []byte) (b *batch, leads bool) {
	t.groupsMu.Lock()
	defer t.groupsMu.Unlock()
	g := t.groups[n]
	if g == nil {
		g = &group{}
		t.groups[n] = g
	}
	if g.next == nil {
		g.next = &batch{done: make(chan struct{})}
	}
	b = g.next
	b.lines = append(b.lines, line...)
	leads = !g.writing
	g.writing = true
	return b, leads
}

// write writes batches until there are none. How many attempts run at a time
// bounds how many come, and how large they are.
func (t *Target) write(n name) {
	for {
		t.groupsMu.Lock()
		b := t.groups[n].next
		t.groups[n].next = nil
		if b == nil {
			delete(t.groups, n)
			t.groupsMu.Unlock()
			return
		}
		t.groupsMu.Unlock()
		b.err = t.append(n, b.lines)
		close(b.done)
	}
}

// Run syncs what was written, as often as the options say, until ctx ends, and
// then once more.
func (t *Target) Run(ctx context.Context) error {
	if t.options.Every <= 0 {
		<-ctx.Done()
		return nil
	}
	tick := time.NewTicker(t.options.Every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return t.syncDirty()
		case <-tick.C:
			if err := t.syncDirty(); err != nil {
				return fmt.Errorf("sync log groups: %w", err)
			}
		}
	}
}

// Close removes the directory if it is a temporary one. Call it after the last
// attempt.
func (t *Target) Close() error {
	if t.options.Dir != "" || t.dir == "" {
		return nil
	}
	return os.RemoveAll(t.dir)
}

// ready makes the directory if it is a temporary one.
func (t *Target) ready() error {
	if t.options.Dir == "" {
		t.temporary.Do(func() { t.dir, t.dirErr = os.MkdirTemp("", "carillon-logs-") })
	}
	return t.dirErr
}

// syncDirty syncs the files that were written to since the last time.
func (t *Target) syncDirty() error {
	t.groupsMu.Lock()
	dirty := t.dirty
	t.dirty = map[string]struct{}{}
	t.groupsMu.Unlock()
	for path := range dirty {
		if err := syncPath(path); err != nil {
			return err
		}
	}
	return nil
}

// nameOf is the group that an ARN names, with or without the ":*" that stands for
// its streams.
func nameOf(a arn.ARN) (name, bool) {
	group, ok := a.LogGroupName()
	return name{a.Account, a.Region, group}, ok && arn.IsAccount(a.Account) && isRegion(a.Region)
}

func isRegion(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return s != "" && len(s) <= 32
}
