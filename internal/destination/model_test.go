package destination

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"

	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/store/storetest"
)

var home = Name{"111122223333", "eu-west-1", ""}

func named(name string) Name { n := home; n.Name = name; return n }

func right(secret string) Right {
	return Right{Method: Basic, Shown: Credentials{Name: "u"}, Sealed: []byte(secret)}
}

// what a connection is in the model.
type modelConnection struct {
	id, sealed, token string
	state             State
	revision          uint64
}

// model is connections and API destinations by name; a destination is the id of
// its connection.
type model struct {
	connections  map[string]*modelConnection
	destinations map[string][2]string // name and id of the connection
	next         int
}

func TestConnectionsAndDestinationsAreWhatWasDoneToThem(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		synctest.Test(t, func(t *testing.T) {
			s := storetest.Open(t)
			m := &model{connections: map[string]*modelConnection{}, destinations: map[string][2]string{}}
			core := New(Limits{Connections: 3, Destinations: 3})
			var old []Connection // as somebody has seen them
			for range rapid.IntRange(1, 40).Draw(rt, "steps") {
				name := rapid.SampledFrom([]string{"a", "b", "c", "ab", "d"}).Draw(rt, "name")
				step := rapid.IntRange(0, 9).Draw(rt, "step")
				err := s.Update(t.Context(), func(tx *store.Tx) error { return m.step(rt, tx, core, step, name, &old) })
				if err != nil {
					rt.Fatal(err)
				}
				if rapid.IntRange(0, 9).Draw(rt, "restart") == 0 {
					s.Restart()
				}
				m.compare(rt, s)
			}
		})
	})
}

func want(rt *rapid.T, doing string, got, want error) {
	if !errors.Is(got, want) || want == nil && got != nil {
		rt.Fatalf("%s: %v, want %v", doing, got, want)
	}
}

func (m *model) step(rt *rapid.T, tx *store.Tx, core *Core, step int, name string, old *[]Connection) error {
	n, c := named(name), m.connections[name]
	m.next++
	fresh := fmt.Sprint(m.next)
	var seen *Connection
	if len(*old) > 0 {
		seen = &(*old)[rapid.IntRange(0, len(*old)-1).Draw(rt, "seen")]
	}
	switch {
	case step == 0:
		made, err := core.CreateConnection(tx, n, fresh, "", right(fresh))
		switch {
		case c != nil:
			want(rt, "create", err, ErrConnectionExists)
		case len(m.connections) == 3:
			want(rt, "create", err, ErrTooMany)
		default:
			want(rt, "create", err, nil)
			m.connections[name] = &modelConnection{id: fresh, sealed: fresh, state: Authorized, revision: 1}
			*old = append(*old, made)
		}
	case step == 1:
		if _, err := core.DeleteConnection(tx, n); c == nil {
			want(rt, "delete", err, ErrConnectionNotFound)
		} else {
			want(rt, "delete", err, nil)
			delete(m.connections, name)
		}
	case step == 2:
		if _, err := core.Deauthorize(tx, n); c == nil {
			want(rt, "deauthorize", err, ErrConnectionNotFound)
		} else {
			want(rt, "deauthorize", err, nil)
			c.sealed, c.token, c.state = "", "", Deauthorized
			c.revision++
		}
	case step == 3 && seen != nil:
		m.update(rt, tx, core, seen, fresh, old)
	case step == 4 && seen != nil:
		denied := rapid.SampledFrom([]string{"", "no"}).Draw(rt, "denied")
		_, err := core.Judge(tx, seen, denied)
		want(rt, "judge", err, nil)
		if now := m.connections[seen.Name.Name]; m.is(seen) && now.sealed != "" {
			now.state = map[bool]State{true: Authorized, false: Deauthorized}[denied == ""]
		}
	case step == 5 && seen != nil:
		want(rt, "token", core.KeepToken(tx, seen, []byte(fresh)), nil)
		if m.is(seen) && m.connections[seen.Name.Name].sealed != "" {
			m.connections[seen.Name.Name].token = fresh
		}
	case step == 6 && seen != nil:
		_, err := core.Create(tx, n, fresh, Settings{Connection: seen.ARN()})
		now := m.connections[seen.Name.Name]
		switch _, exists := m.destinations[name]; {
		case exists:
			want(rt, "create destination", err, ErrExists)
		case now == nil || now.id != seen.ID:
			want(rt, "create destination", err, ErrConnectionNotFound)
		case len(m.destinations) == 3:
			want(rt, "create destination", err, ErrTooMany)
		default:
			want(rt, "create destination", err, nil)
			m.destinations[name] = [2]string{seen.Name.Name, seen.ID}
		}
	case step == 7:
		if err := core.Delete(tx, n); m.destinations[name] == [2]string{} {
			want(rt, "delete destination", err, ErrNotFound)
		} else {
			want(rt, "delete destination", err, nil)
			delete(m.destinations, name)
		}
	}
	return nil
}

// is tells whether the connection is as it was seen.
func (m *model) is(seen *Connection) bool {
	now := m.connections[seen.Name.Name]
	return now != nil && now.id == seen.ID && now.revision == seen.Revision
}

func (m *model) update(rt *rapid.T, tx *store.Tx, core *Core, seen *Connection, fresh string, old *[]Connection) {
	change := Change{Description: &fresh}
	if rapid.Bool().Draw(rt, "credentials") {
		r := right(fresh)
		change.Right = &r
	}
	exists := m.connections[seen.Name.Name] != nil
	now, err := core.UpdateConnection(tx, seen, change)
	switch {
	case !exists:
		want(rt, "update", err, ErrConnectionNotFound)
	case !m.is(seen):
		want(rt, "update", err, ErrChanged)
	default:
		want(rt, "update", err, nil)
		c := m.connections[seen.Name.Name]
		c.revision++
		if change.Right != nil {
			c.sealed, c.state, c.token = fresh, Authorized, ""
		}
		*old = append(*old, now)
	}
}

func (m *model) compare(rt *rapid.T, s *storetest.Store) {
	err := s.View(func(v *store.View) error {
		found, more, err := ListConnections(v, home, ConnectionFilter{}, "", 10)
		if err != nil || more || len(found) != len(m.connections) {
			rt.Fatalf("%d connections, want %d (%v)", len(found), len(m.connections), err)
		}
		for i := range found {
			f := &found[i]
			token, err := GetToken(v, f)
			if err != nil {
				return err
			}
			got := modelConnection{f.ID, string(f.Sealed), string(token), f.State, f.Revision}
			if want := m.connections[f.Name.Name]; want == nil || got != *want {
				rt.Fatalf("connection %s is %+v, want %+v", f.Name.Name, got, want)
			}
		}
		list, more, err := List(v, home, Filter{}, "", 10)
		if err != nil || more || len(list) != len(m.destinations) {
			rt.Fatalf("%d API destinations, want %d (%v)", len(list), len(m.destinations), err)
		}
		for _, d := range list {
			with := m.destinations[d.Name.Name]
			c := m.connections[with[0]]
			if active := c != nil && c.id == with[1] && c.state == Authorized; d.Active != active {
				rt.Fatalf("API destination %s: active is %v", d.Name.Name, d.Active)
			}
		}
		return nil
	})
	if err != nil {
		rt.Fatal(err)
	}
}

func TestListsComeInPages(t *testing.T) {
	s := storetest.Open(t)
	core := New(DefaultLimits)
	err := s.Update(t.Context(), func(tx *store.Tx) error {
		for _, name := range []string{"a", "b1", "b2", "b3", "c"} {
			c, err := core.CreateConnection(tx, named(name), "id", "", right("s"))
			if err != nil {
				return err
			}
			if _, err := core.Create(tx, named(name), "id", Settings{Connection: c.ARN()}); err != nil {
				return err
			}
		}
		_, err := core.Deauthorize(tx, named("b2"))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	_ = s.View(func(v *store.View) error {
		first, more, err := ListConnections(v, home, ConnectionFilter{Prefix: "b"}, "", 2)
		if err != nil || !more || len(first) != 2 || first[1].Name.Name != "b2" {
			t.Errorf("%+v %v %v", first, more, err)
		}
		rest, more, err := ListConnections(v, home, ConnectionFilter{Prefix: "b", State: Authorized}, "b1", 1)
		if err != nil || more || len(rest) != 1 || rest[0].Name.Name != "b3" {
			t.Errorf("%+v %v %v", rest, more, err)
		}
		of, more, err := List(v, home, Filter{Connection: named("c").ConnectionARN("id").String()}, "a", 2)
		if err != nil || more || len(of) != 1 || of[0].Name.Name != "c" {
			t.Errorf("%+v %v %v", of, more, err)
		}
		return nil
	})
}

func FuzzNoRecordMakesReadingPanic(f *testing.F) {
	f.Add([]byte(`{"id":"a","sealed":"AA=="}`))
	f.Add([]byte(`{"connection":"arn:aws:events:eu-west-1:111122223333:connection/a/b"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, record := range []any{new(connectionRecord), new(destinationRecord), new(tokenRecord)} {
			_ = decode(append([]byte{recordVersion}, b...), record)
		}
		_, _ = ReadCredentials(b)
		_, _ = ReadToken(b)
	})
}
