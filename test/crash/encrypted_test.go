package crash

import (
	"bytes"
	"context"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/carillon-events/carillon/internal/server"
)

// run runs a command of the child's binary and wants it to end well.
func (c *child) run(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.Command(c.binary, args...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", args, err, out)
	}
}

// runAndKill starts a command and kills it soon, if it has not ended before.
func (c *child) runAndKill(t *testing.T, after time.Duration, args ...string) {
	t.Helper()
	cmd := exec.Command(c.binary, args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
	_ = cmd.Wait()
	timer.Stop()
}

// rotate asks a running child for a new data key; it may be killed meanwhile.
func (c *child) rotate() {
	if answer, err := http.Post(c.url()+server.RotatePath, "", nil); err == nil {
		_ = answer.Body.Close()
	}
}

func TestNothingIsLostOfAnEncryptedDirectoryWhileItsKeysAreRotatedUnderKills(t *testing.T) {
	more := campaign(t)
	c := newChild(t)
	dir := filepath.Dir(c.data)
	c.key = filepath.Join(dir, "first.key")
	other := filepath.Join(dir, "second.key")
	c.run(t, "key", "new", c.key)
	c.run(t, "key", "new", other)
	c.start(t)
	loads := []load{newFIFO(c, t), newFanOut(c, t), newQueue(c, t, "apples")}

	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	defer func() { cancel(); wg.Wait() }()
	for _, l := range loads {
		l.load(ctx, t, &wg)
	}
	kills := 0
	for started := time.Now(); more(2*kills, started) && !t.Failed(); kills++ {
		pause(ctx, time.Duration(30+rand.IntN(600))*time.Millisecond)
		if kills%2 == 0 {
			wg.Go(c.rotate)
			pause(ctx, time.Duration(rand.IntN(5))*time.Millisecond)
		}
		c.kill()
		data := []string{"--data", c.data, "--encryption-key-file", c.key}
		switch kills % 3 {
		case 1: // killed, the old keys are still good; and it is not half
			c.runAndKill(t, time.Duration(rand.IntN(120))*time.Millisecond, append([]string{"key", "rotate", "--all"}, data...)...)
		case 2:
			c.run(t, append([]string{"key", "rewrap", "--new-key-file", other}, data...)...)
			c.key, other = other, c.key
		}
		c.start(t)
	}
	pause(ctx, 300*time.Millisecond)
	cancel()
	wg.Wait()
	t.Logf("%d kills", kills)
	drain(t, loads)
	c.end(t)
	c.verify(t)
	wantNoneOf(t, c.data, "apples", "SendMessage", "detail-type")

	data := []string{"--data", c.data, "--encryption-key-file", c.key}
	c.runAndKill(t, 60*time.Millisecond, append([]string{"decrypt"}, data...)...)
	if server.Locked(c.data) { // it was not too fast for us
		c.run(t, append([]string{"decrypt"}, data...)...)
	}
	c.runAndKill(t, 60*time.Millisecond, append([]string{"encrypt"}, data...)...)
	c.run(t, append([]string{"encrypt"}, data...)...)
	c.verify(t)
}

// wantNoneOf looks for texts in the files of a directory.
func wantNoneOf(t *testing.T, dir string, texts ...string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		for _, text := range texts {
			if bytes.Contains(b, []byte(text)) {
				t.Errorf("%s holds %q", path, text)
			}
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
