package destination

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/carillon-events/carillon/internal/store"
)

// Keys. Names hold no zero byte.
//
//	'c' 'c' {account} 0 {region} 0 {name}    a connection
//	'c' 'd' {account} 0 {region} 0 {name}    an API destination
//	'c' 't' {account} 0 {region} 0 {name}    the OAuth token of a connection
//
// Each value is {version 1 = 1}{JSON of connectionRecord, destinationRecord or
// tokenRecord}. In them, `sealed` is base64 of what internal/seal made of the
// JSON of Credentials or Token; its owner is Owner or TokenOwner.
const (
	connectionSpace  = string(rune(store.SpaceConnection)) + "c"
	destinationSpace = string(rune(store.SpaceConnection)) + "d"
	tokenSpace       = string(rune(store.SpaceConnection)) + "t"
)

const recordVersion = 1

// errUnreadable does not say what could not be read: it may be a secret.
var errUnreadable = errors.New("damaged record")

func (n Name) key(space string) []byte {
	return []byte(space + n.Account + "\x00" + n.Region + "\x00" + n.Name)
}

// in is the beginning of the keys of n's account and region.
func (n Name) in(space string) []byte { return Name{n.Account, n.Region, ""}.key(space) }

func set(tx *store.Tx, key []byte, record any) error {
	b, err := json.Marshal(record)
	if err != nil {
		panic(fmt.Sprintf("destination: a record that is not JSON: %v", err))
	}
	return tx.Set(key, append([]byte{recordVersion}, b...))
}

func get(r Reader, key []byte, record any) (found bool, err error) {
	value, ok, err := r.Get(key)
	if err != nil || !ok {
		return false, err
	}
	return true, decode(value, record)
}

func decode(value []byte, record any) error {
	if len(value) == 0 || value[0] != recordVersion {
		return fmt.Errorf("destination: a record of version %.1x, want %d", value, recordVersion)
	}
	if err := json.Unmarshal(value[1:], record); err != nil {
		return fmt.Errorf("destination: %w", errUnreadable)
	}
	return nil
}
