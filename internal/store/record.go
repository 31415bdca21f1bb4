package store

import (
	"encoding/json"
	"fmt"
)

// Records is how a core keeps its small records: {version 1}{JSON}. JSON lets an
// older binary's records be read after a field has come; the version is for the
// day when that is not enough.
type Records struct {
	Of      string // the core, for errors: "topic"
	Version byte
	Damaged error // what the errors of records that cannot be read wrap
}

// Encode panics if the record is no JSON: that is a mistake in its type.
func (r Records) Encode(record any) []byte {
	b, err := json.Marshal(record)
	if err != nil {
		panic(fmt.Sprintf("%s: a record that is not JSON: %v", r.Of, err))
	}
	return append([]byte{r.Version}, b...)
}

// Decode reads what Encode has made.
func (r Records) Decode(value []byte, record any) error {
	if len(value) == 0 || value[0] != r.Version {
		return fmt.Errorf("%s: a record of version %.1x, want %d: %w", r.Of, value, r.Version, r.Damaged)
	}
	if err := json.Unmarshal(value[1:], record); err != nil {
		return fmt.Errorf("%s: %w: %w", r.Of, r.Damaged, err)
	}
	return nil
}

// Get reads the record at a key of a Tx or a View; found is false where there is
// none.
func (r Records) Get(from interface {
	Get(key []byte) ([]byte, bool, error)
}, key []byte, record any) (found bool, err error) {
	value, ok, err := from.Get(key)
	if err != nil || !ok {
		return false, err
	}
	return true, r.Decode(value, record)
}
