// Package keyring is the keys of a data directory: the data keys that its files
// are encrypted under, and the key that secrets are sealed with.
//
// It owns how they are written down: one file that is useless without the master
// key, which stays outside of the directory. A new data key is used for new
// files and the old ones are kept until no file needs them; a new master key
// changes this file only.
//
// It refuses to touch the directory itself (the store does, under its lock), to
// print a key, and to believe any byte of the file that the master key does not
// vouch for.
//
// The file:
//
//	{"version": 1, "data": state, "sealed": base64}
//
// where sealed is what internal/seal makes, under a key that is derived from the
// master key for the purpose "keyring", for an owner that names the state, of
//
//	{"current": id, "keys": [{"id", "createdAt", "key": base64}], "secrets": base64}
package keyring

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/carillon-events/carillon/internal/seal"
)

// FileName is the ring's file in a data directory.
const FileName = "KEYS"

const (
	version = 1
	purpose = "keyring"

	// MaxBytes bounds the file: room for MaxKeys.
	MaxBytes = 1 << 20
	// MaxKeys is how many data keys may be in use at a time.
	MaxKeys = 1000
)

// State says how the files of a data directory are.
type State string

// The states. In the two between, files are of both kinds, and only the
// conversion may go on.
const (
	Plain      State = "plain"
	Encrypting State = "encrypting"
	Encrypted  State = "encrypted"
	Decrypting State = "decrypting"
)

// Errors that callers tell apart.
var (
	ErrOtherMaster = errors.New("the master key is not the one that this data directory is locked with")
	ErrDamaged     = errors.New("the file " + FileName + " is damaged: restore it from a backup, nothing can be read without it")
	ErrNewer       = errors.New("the file " + FileName + " was written by a newer carillon: start that one")
)

// Key is a data key. It prints as nothing.
type Key struct {
	ID        uint32
	CreatedAt time.Time
	Secret    seal.Master
}

// Ring is the keys of one data directory. It is not changed once it is shared:
// With… make another one.
type Ring struct {
	State   State
	Current uint32 // the data key of new files; 0 where there is none
	Keys    []Key
	Secrets *seal.Master // nil: not taken in yet
}

// New is a ring for a directory in a state, with a data key unless that is Plain.
func New(s State, now time.Time) (*Ring, error) {
	r := &Ring{State: s}
	if s == Plain {
		return r, nil
	}
	return r.WithNewKey(now)
}

// WithNewKey is r with another data key, for new files.
func (r *Ring) WithNewKey(now time.Time) (*Ring, error) {
	if len(r.Keys) >= MaxKeys {
		return nil, fmt.Errorf("there are %d data keys already: have all files written anew first, which drops the old ones", len(r.Keys))
	}
	next := *r
	k := Key{ID: 1, CreatedAt: now.UTC().Truncate(time.Second)}
	for _, other := range r.Keys {
		k.ID = max(k.ID, other.ID+1)
	}
	if _, err := rand.Read(k.Secret[:]); err != nil {
		return nil, fmt.Errorf("make a data key: %w", err)
	}
	next.Keys = append(slices.Clone(r.Keys), k)
	next.Current = k.ID
	return &next, nil
}

// WithState is r in another state. A Plain one has no data keys.
func (r *Ring) WithState(s State) *Ring {
	next := *r
	next.State = s
	if s == Plain {
		next.Current, next.Keys = 0, nil
	}
	return &next
}

// WithSecrets is r with the key that secrets are sealed with.
func (r *Ring) WithSecrets(m seal.Master) *Ring {
	next := *r
	next.Secrets = &m
	return &next
}

// OnlyCurrent is r without the data keys that no new file gets.
func (r *Ring) OnlyCurrent() *Ring {
	next := *r
	next.Keys = slices.DeleteFunc(slices.Clone(r.Keys), func(k Key) bool { return k.ID != r.Current })
	return &next
}

// Key is the data key with that id.
func (r *Ring) Key(id uint32) (Key, bool) {
	i := slices.IndexFunc(r.Keys, func(k Key) bool { return k.ID == id })
	if i < 0 {
		return Key{}, false
	}
	return r.Keys[i], true
}

type file struct {
	Version int    `json:"version"`
	Data    State  `json:"data"`
	Sealed  []byte `json:"sealed"`
}

type content struct {
	Current uint32       `json:"current"`
	Keys    []contentKey `json:"keys,omitempty"`
	Secrets []byte       `json:"secrets,omitempty"`
}

type contentKey struct {
	ID        uint32    `json:"id"`
	CreatedAt time.Time `json:"createdAt"`
	Key       []byte    `json:"key"`
}

func owner(s State) string { return "keys of a data directory that is " + string(s) }

// Encode writes r down for whoever has master.
func (r *Ring) Encode(master seal.Master) ([]byte, error) {
	box, err := seal.New(master, purpose)
	if err != nil {
		return nil, err
	}
	c := content{Current: r.Current}
	for _, k := range r.Keys {
		c.Keys = append(c.Keys, contentKey{ID: k.ID, CreatedAt: k.CreatedAt, Key: k.Secret[:]})
	}
	if r.Secrets != nil {
		c.Secrets = r.Secrets[:]
	}
	text, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	f := file{Version: version, Data: r.State}
	if f.Sealed, err = box.Seal(text, owner(r.State)); err != nil {
		return nil, err
	}
	b, err := json.Marshal(f)
	return append(b, '\n'), err
}

// StateOf is what the file says without the master key: enough for a sentence
// to a person, and for nothing else.
func StateOf(b []byte) (State, error) {
	f, err := decodeFile(b)
	return f.Data, err
}

func decodeFile(b []byte) (f file, err error) {
	if len(b) > MaxBytes || json.Unmarshal(b, &f) != nil || f.Version < 1 {
		return f, ErrDamaged
	}
	if f.Version > version {
		return f, ErrNewer
	}
	if !slices.Contains([]State{Plain, Encrypting, Encrypted, Decrypting}, f.Data) {
		return f, ErrDamaged
	}
	return f, nil
}

// Decode reads what Encode has written.
func Decode(b []byte, master seal.Master) (*Ring, error) {
	f, err := decodeFile(b)
	if err != nil {
		return nil, err
	}
	box, err := seal.New(master, purpose)
	if err != nil {
		return nil, err
	}
	text, err := box.Open(f.Sealed, owner(f.Data))
	switch {
	case errors.Is(err, seal.ErrOtherKey):
		return nil, ErrOtherMaster
	case err != nil:
		return nil, ErrDamaged
	}
	var c content
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields() // a key of a newer version must not be dropped
	if d.Decode(&c) != nil {
		return nil, ErrDamaged
	}
	return c.ring(f.Data)
}

func (c *content) ring(s State) (*Ring, error) {
	r := &Ring{State: s, Current: c.Current}
	for _, k := range c.Keys {
		if len(k.Key) != len(seal.Master{}) || k.ID == 0 || len(c.Keys) > MaxKeys {
			return nil, ErrDamaged
		}
		r.Keys = append(r.Keys, Key{ID: k.ID, CreatedAt: k.CreatedAt, Secret: seal.Master(k.Key)})
	}
	if _, ok := r.Key(r.Current); !ok && s != Plain {
		return nil, ErrDamaged
	}
	switch len(c.Secrets) {
	case 0:
	case len(seal.Master{}):
		m := seal.Master(c.Secrets)
		r.Secrets = &m
	default:
		return nil, ErrDamaged
	}
	return r, nil
}
