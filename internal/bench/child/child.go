// Package child runs another Carillon process: a server on a directory, or
// whatever else this executable does, as the benchmark, the demonstration and
// the crash tests need it.
//
// A child never outlives its parent where the system allows it to be told so,
// does not receive the terminal's Ctrl-C (its parent decides what becomes of
// it), does not see the CARILLON_ variables that are meant for another server,
// and what it last wrote is kept, so that a server that does not come up says
// why.
package child

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Process is a running child.
type Process struct {
	cmd    *exec.Cmd
	log    *tail
	exited chan struct{}
	err    error // valid after exited
}

// Start runs an executable. The caller ends it with Stop or Kill.
func Start(executable string, args ...string) (*Process, error) {
	p := &Process{cmd: exec.Command(executable, args...), log: &tail{}, exited: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	p.cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "CARILLON_") })
	p.cmd.SysProcAttr = attributes()
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { // ends with the process, which Stop and Kill wait for
		p.err = p.cmd.Wait()
		close(p.exited)
	}()
	return p, nil
}

// PID is the process id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Exited is closed when the process is gone.
func (p *Process) Exited() <-chan struct{} { return p.exited }

// Log is the last of what the process wrote.
func (p *Process) Log() string { return p.log.String() }

// Kill ends the process at once, as kill -9 does, and waits until it is gone.
func (p *Process) Kill() error {
	if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	<-p.exited
	return nil
}

// Stop asks the process to end and waits; when ctx ends first, it kills it.
// An exit status other than 0 is an error.
func (p *Process) Stop(ctx context.Context) error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-p.exited:
		return p.failure()
	case <-ctx.Done():
		return errors.Join(fmt.Errorf("process %d did not end when asked: %w", p.PID(), ctx.Err()), p.Kill())
	}
}

// failure is why the process ended, with what it said.
func (p *Process) failure() error {
	if p.err == nil {
		return nil
	}
	if said := p.Log(); said != "" {
		return fmt.Errorf("%w; it said:\n%s", p.err, said)
	}
	return p.err
}

// early is the error of a process that ended and should not have.
func (p *Process) early() error {
	if err := p.failure(); err != nil {
		return fmt.Errorf("the process ended before it was ready: %w", err)
	}
	return fmt.Errorf("the process ended before it was ready; it said:\n%s", p.Log())
}

// Await calls ready until it succeeds.
func (p *Process) Await(ctx context.Context, ready func(context.Context) error) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		err := ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.exited:
			return p.early()
		case <-ctx.Done():
			return fmt.Errorf("the process is not ready (%w); it said:\n%s", err, p.Log())
		case <-tick.C:
		}
	}
}

// tail keeps the last bytes written to it.
type tail struct {
	mu   sync.Mutex
	text []byte
}

const tailSize = 8 << 10

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, b...)
	if len(t.text) > 2*tailSize {
		t.text = append(t.text[:0], t.text[len(t.text)-tailSize:]...)
	}
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := string(t.text)
	if len(text) > tailSize {
		text = text[len(text)-tailSize:]
	}
	return strings.TrimSpace(text)
}
