package audit

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/store/storetest"
	"github.com/carillon-events/carillon/internal/timer"
)

var testKey = Key{1, 2, 3}

// node is a log on a store, with its timers.
type node struct {
	t    testing.TB
	s    *storetest.Store
	log  *Log
	stop func()
}

func start(t testing.TB, o Options) *node {
	n := &node{t: t, s: storetest.Open(t)}
	n.run(o)
	return n
}

func (n *node) run(o Options) {
	o.Key = testKey
	n.log = New(o)
	loop := &timer.Loop{Shard: n.s.Shard, Handlers: map[timer.Kind]timer.Handler{timer.AuditSweep: n.log.Sweep}}
	ended := make(chan error, 1)
	go func() { ended <- loop.Run(n.t.Context()) }()
	n.stop = func() {
		n.s.Stop()
		if err := <-ended; err != nil {
			n.t.Error(err)
		}
	}
}

func (n *node) restart(o Options) {
	n.stop()
	n.s.Restart()
	n.run(o)
}

func (n *node) must(fn func(tx *store.Tx) error) {
	n.t.Helper()
	if err := n.s.Update(n.t.Context(), fn); err != nil {
		n.t.Fatal(err)
	}
}

func (n *node) append(all ...*Entry) {
	n.t.Helper()
	n.must(func(tx *store.Tx) error {
		for _, e := range all {
			e.At = tx.Now()
			if err := n.log.Append(tx, e); err != nil {
				return err
			}
		}
		return nil
	})
}

func entry(i int) *Entry {
	e := &Entry{
		Account: "111122223333", Region: "eu-west-1", Principal: "arn:aws:iam::111122223333:user/ann", Action: "sqs:CreateQueue",
		Resources: []string{fmt.Sprintf("arn:aws:sqs:eu-west-1:111122223333:q%d", i)}, ID: fmt.Sprint(i), RequestID: "r",
		Record: fmt.Appendf(nil, `{"n":%d}`, i),
	}
	if i%3 == 0 {
		e.Action, e.Denied, e.Code, e.Reason = "sqs:SendMessage", true, "AccessDenied", "nothing allows it"
		e.Data = true
	}
	e.ReadOnly = i%5 == 0
	return e
}

// problems are what Verify says.
func (n *node) problems(key *Key, expect ...Expect) (c Chain, all []string) {
	n.t.Helper()
	err := n.s.View(func(v *store.View) (err error) {
		c, err = Verify(v, key, expect, func(p string) { all = append(all, p) })
		return err
	})
	if err != nil {
		n.t.Fatal(err)
	}
	return c, all
}

func (n *node) find(q Query) []string {
	n.t.Helper()
	if q.Limit == 0 {
		q.Limit = 10
	}
	var ids []string
	for {
		var page Page
		if err := n.s.View(func(v *store.View) (err error) { page, err = Find(v, &q); return err }); err != nil {
			n.t.Fatal(err)
		}
		for _, e := range page.Entries {
			ids = append(ids, e.ID)
		}
		if q.After = page.Next; page.Next == 0 {
			return ids
		}
	}
}

func TestEntriesAreFoundByWhoWhatAndWhen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := start(t, Options{time.Hour, 1 << 30, Key{}})
		defer func() { n.stop() }()
		began := time.Now()
		for i := 1; i <= 6; i++ {
			n.append(entry(i))
			time.Sleep(time.Minute)
		}
		n.append(&Entry{ID: "x", Account: "2", Action: "iam:GetUser", ReadOnly: true})
		for name, c := range map[string]struct {
			query Query
			want  string
		}{
			"all, the newest first":         {Query{}, "x 6 5 4 3 2 1"},
			"the oldest first, by pages":    {Query{OldestFirst: true, Limit: 2}, "1 2 3 4 5 6 x"},
			"the newest first, by pages":    {Query{Limit: 3}, "x 6 5 4 3 2 1"},
			"of an account":                 {Query{Account: "2"}, "x"},
			"denied":                        {Query{Denied: true}, "6 3"},
			"changes":                       {Query{Changes: true}, "6 4 3 2 1"},
			"an action":                     {Query{Action: "sqs:sendmessage"}, "6 3"},
			"an action without its service": {Query{Action: "GetUser"}, "x"},
			"actions of a service":          {Query{Action: "sqs:*"}, "6 5 4 3 2 1"},
			"actions with a wildcard":       {Query{Action: "*:*User"}, "x"},
			"a principal":                   {Query{Principal: "user/ann"}, "6 5 4 3 2 1"},
			"half a name is nobody":         {Query{Principal: "nn"}, ""},
			"a resource":                    {Query{Resource: "q4"}, "4"},
			"a resource by its ARN":         {Query{Resource: "arn:aws:sqs:eu-west-1:111122223333:q5"}, "5"},
			"since":                         {Query{From: began.Add(4*time.Minute - 1)}, "x 6 5"},
			"until":                         {Query{Until: began.Add(2 * time.Minute)}, "2 1"},
		} {
			if got := strings.Join(n.find(c.query), " "); got != c.want {
				t.Errorf("%s: %s; want %s", name, got, c.want)
			}
		}
		n.restart(Options{time.Hour, 1 << 30, Key{}})
		n.append(entry(7))
		if got := n.find(Query{Limit: 1}); got[0] != "7" || len(got) != 8 {
			t.Errorf("after a restart: %v", got)
		}
		if c, all := n.problems(&testKey); len(all) > 0 || c.Entries != 8 || c.First != 1 || c.Last != 8 || !c.Signed {
			t.Errorf("%+v, %v", c, all)
		}
	})
}

func TestALogThatIsOffRecordsNothingAndKeepsWhatThereIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := start(t, Options{time.Minute, 1 << 20, Key{}})
		defer func() { n.stop() }()
		n.append(entry(1))
		n.restart(Options{})
		n.append(entry(2))
		time.Sleep(time.Hour)
		if got := n.find(Query{}); !slices.Equal(got, []string{"1"}) {
			t.Error(got)
		}
		n.restart(Options{time.Minute, 1 << 20, Key{}})
		n.append(entry(3))
		time.Sleep(30 * time.Second)
		if got := n.find(Query{}); !slices.Equal(got, []string{"3"}) { // 1 was too old all the time
			t.Error(got)
		}
		time.Sleep(time.Hour)
		if got := n.find(Query{}); len(got) != 0 {
			t.Error(got)
		}
		n.append(entry(4))
		if c, all := n.problems(&testKey); len(all) > 0 || c.First != 3 || c.Last != 3 {
			t.Errorf("%+v, %v", c, all)
		}
	})
}

func TestTheOldestOfWhatIsTooMuchGoesAndTheRestIsVerified(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := start(t, Options{1000 * time.Hour, 300 << 10, Key{}})
		defer func() { n.stop() }()
		for i := range 4000 {
			n.append(entry(i))
		}
		time.Sleep(time.Second)
		c, all := n.problems(&testKey)
		if len(all) > 0 || c.First == 1 || c.Last != 4000 || c.Entries > 2000 {
			t.Errorf("%+v, %v", c, all)
		}
	})
}

func TestARecordThatIsTooLargeIsRefusedAndChangesNothing(t *testing.T) {
	n := start(t, Options{time.Hour, 1 << 30, Key{}})
	defer n.stop()
	err := n.s.Update(t.Context(), func(tx *store.Tx) error {
		return n.log.Append(tx, &Entry{Record: make([]byte, MaxRecord+1)})
	})
	if !errors.Is(err, ErrTooLarge) {
		t.Error(err)
	}
	n.append(entry(1))
	if got := n.find(Query{}); len(got) != 1 {
		t.Error(got)
	}
}

// Whoever has the files may write any key. Each case is what he does.
func TestWhatIsTamperedWithIsFound(t *testing.T) {
	read := func(tx *store.Tx, number uint64) []byte {
		v, ok, err := tx.Get(entryKey(number))
		if err != nil || !ok {
			t.Fatal(err)
		}
		return v
	}
	// forge gives entries from one on links that fit, as anybody can make them.
	forge := func(tx *store.Tx, from, to uint64) error {
		link := Link{}
		if from > 1 {
			s, _ := openValue(read(tx, from-1))
			link = s.link
		}
		for i := from; i <= to; i++ {
			v := read(tx, i)
			link = link.follow(i, v[headSize:])
			copy(v[1:], link[:])
			if err := tx.Set(entryKey(i), v); err != nil {
				return err
			}
		}
		s, _, err := readState(tx)
		if err != nil {
			return err
		}
		s.next, s.last = to+1, link
		return tx.Set([]byte(stateKey), s.encode(&Key{}))
	}
	change := func(tx *store.Tx) error {
		v := read(tx, 4)
		v[len(v)-2] ^= 1
		return tx.Set(entryKey(4), v)
	}
	for name, c := range map[string]struct {
		do    func(tx *store.Tx) error
		want  string // with the key
		plain bool   // found without it, too
	}{
		"changed":               {change, "record 4 was changed", true},
		"removed":               {func(tx *store.Tx) error { return tx.Delete(entryKey(4)) }, "record 4 was removed", true},
		"two removed":           {func(tx *store.Tx) error { return tx.DeleteRange(entryKey(4), entryKey(6)) }, "records 4 to 5 were removed", true},
		"the first one removed": {func(tx *store.Tx) error { return tx.Delete(entryKey(1)) }, "record 1 was removed", true},
		"the last one removed":  {func(tx *store.Tx) error { return tx.Delete(entryKey(9)) }, "record 9 was removed", true},
		"inserted in front":     {func(tx *store.Tx) error { return tx.Set(entryKey(0), read(tx, 3)) }, "record 0 lies before", true},
		"inserted behind":       {func(tx *store.Tx) error { return tx.Set(entryKey(10), read(tx, 3)) }, "record 10 was changed", true},
		"exchanged": {func(tx *store.Tx) error {
			a, b := read(tx, 3), read(tx, 4)
			return errors.Join(tx.Set(entryKey(3), b), tx.Set(entryKey(4), a))
		}, "record 3 was changed", true},
		"changed, and the chain made anew": {func(tx *store.Tx) error { return errors.Join(change(tx), forge(tx, 4, 9)) }, "record 4 was not signed", false},
		"cut off, and the state made anew": {func(tx *store.Tx) error {
			return errors.Join(tx.Delete(entryKey(9)), forge(tx, 1, 8))
		}, "the state, which says", false},
		"cut off in front, and the state made anew": {func(tx *store.Tx) error {
			s, _, err := readState(tx)
			first, _ := openValue(read(tx, 1))
			s.floor, s.anchor = 2, first.link
			return errors.Join(err, tx.Delete(entryKey(1)), tx.Set([]byte(stateKey), s.encode(&Key{})))
		}, "the state, which says", false},
		"a state that is none": {func(tx *store.Tx) error { return tx.Set([]byte(stateKey), []byte{1, 2}) }, "the state cannot be read", true},
		"rubbish":              {func(tx *store.Tx) error { return tx.Set(entryKey(5), []byte{9}) }, "cannot be read", true},
	} {
		t.Run(name, func(t *testing.T) {
			n := start(t, Options{time.Hour, 1 << 30, Key{}})
			defer n.stop()
			for i := range 9 {
				n.append(entry(i))
			}
			if _, all := n.problems(&testKey); len(all) > 0 {
				t.Fatal(all)
			}
			n.must(c.do)
			if _, all := n.problems(&testKey); !strings.Contains(strings.Join(all, "\n"), c.want) {
				t.Errorf("with the key: %q; want %q", all, c.want)
			}
			_, all := n.problems(nil)
			all = slices.DeleteFunc(all, func(p string) bool { return strings.Contains(p, "segment") })
			if found := len(all) > 0; found != c.plain {
				t.Errorf("without the key: %q", all)
			}
		})
	}
}

func TestALinkThatWasNotedElsewhereFindsALogMadeAnew(t *testing.T) {
	n := start(t, Options{time.Hour, 1 << 30, Key{}})
	defer n.stop()
	n.append(entry(1), entry(2))
	c, _ := n.problems(&testKey)
	noted := Expect{c.Last, c.Head}
	n.append(entry(3))
	if _, all := n.problems(&testKey, noted); len(all) > 0 {
		t.Error(all)
	}
	for _, e := range []Expect{{1, c.Head}, {7, c.Head}} {
		if _, all := n.problems(&testKey, e); len(all) != 1 {
			t.Errorf("%v: %q", e, all)
		}
	}
	if link, ok := ParseLink(c.Head.String()); !ok || link != c.Head {
		t.Error("a link is not read as it was written")
	}
}

func FuzzDecode(f *testing.F) {
	e := entry(3)
	body := e.append(nil)
	f.Add(append(make([]byte, headSize), body...))
	v := append([]byte{entryVersion}, make([]byte, headSize-1)...)
	f.Add(append(v, body...))
	f.Fuzz(func(t *testing.T, v []byte) {
		got, err := decode(entryKey(7), v)
		if err != nil {
			return
		}
		again, err := decode(entryKey(7), append(slices.Clone(v[:headSize]), got.append(nil)...))
		if err != nil {
			t.Fatal(err)
		}
		if fmt.Sprintf("%+v", again) != fmt.Sprintf("%+v", got) {
			t.Errorf("%+v is read as %+v", got, again)
		}
	})
}

func FuzzState(f *testing.F) {
	s := state{next: 9, floor: 3}
	f.Add(s.encode(&testKey))
	f.Fuzz(func(t *testing.T, v []byte) {
		r := oneKey(v)
		if s, _, err := readState(r); err == nil && s.floor > s.next {
			t.Errorf("%+v", s)
		}
		var seg segment
		_ = seg.decode(segmentKey(3), v)
	})
}

type oneKey []byte

func (v oneKey) Get([]byte) ([]byte, bool, error)                { return v, true, nil }
func (oneKey) Scan([]byte, []byte, func(k, v []byte) bool) error { return nil }
