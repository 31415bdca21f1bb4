package bus

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/carillon-events/carillon/internal/store"
)

// Keys. Names hold no zero byte.
//
//	'b' {account} 0 {region} 0 {bus}                              a bus
//	'r' {account} 0 {region} 0 {bus} 0 {rule}                     a rule
//	't' {account} 0 {region} 0 {bus} 0 {rule} 0 {target id}       a target of a rule
//	'h' {account} 0 {region} 0 {bus} 0 {rule}                     a managed rule
//
// Each value is {version 1 = 1}{JSON of the record below}. Rules and targets
// are read when they change and when a bus is first used, never for an event.

const recordVersion = 1

type busRecord struct {
	Description string            `json:"description,omitempty"`
	Tags        map[string]string `json:"tags,omitempty"`
	CreatedAt   time.Time         `json:"createdAt"`
	ModifiedAt  time.Time         `json:"modifiedAt"`
}

type ruleRecord struct {
	Pattern     string            `json:"pattern,omitempty"`
	State       State             `json:"state"`
	Description string            `json:"description,omitempty"`
	RoleARN     string            `json:"roleArn,omitempty"`
	CreatedBy   string            `json:"createdBy,omitempty"`
	CreatedAt   time.Time         `json:"createdAt"`
	Tags        map[string]string `json:"tags,omitempty"`
}

type targetRecord struct {
	ARN     string  `json:"arn"`
	RoleARN string  `json:"roleArn,omitempty"`
	GroupID *string `json:"groupId,omitempty"`
}

func key(space byte, parts ...string) []byte {
	n := len(parts)
	for _, p := range parts {
		n += len(p)
	}
	k := append(make([]byte, 0, n), space)
	for i, p := range parts {
		if i > 0 {
			k = append(k, 0)
		}
		k = append(k, p...)
	}
	return k
}

func (n Name) key() []byte { return key(store.SpaceBus, n.Account, n.Region, n.Bus) }

func (n Name) ruleKey(rule string) []byte {
	return key(store.SpaceRule, n.Account, n.Region, n.Bus, rule)
}

func (n Name) targetKey(rule, id string) []byte {
	return key(store.SpaceTarget, n.Account, n.Region, n.Bus, rule, id)
}

func encode(record any) []byte {
	b, err := json.Marshal(record)
	if err != nil {
		panic(fmt.Sprintf("bus: a record that is not JSON: %v", err))
	}
	return append([]byte{recordVersion}, b...)
}

func decode(value []byte, record any) error {
	if len(value) == 0 || value[0] != recordVersion {
		return fmt.Errorf("bus: a record of version %.1x, want %d", value, recordVersion)
	}
	if err := json.Unmarshal(value[1:], record); err != nil {
		return fmt.Errorf("bus: damaged record: %w", err)
	}
	return nil
}

// get reads a record; found is false where there is none.
func get(r Reader, key []byte, record any) (found bool, err error) {
	value, ok, err := r.Get(key)
	if err != nil || !ok {
		return false, err
	}
	return true, decode(value, record)
}

// each calls fn with the last part of each key under prefix, from the one after
// `after`, until fn returns false.
func each(r Reader, prefix []byte, after string, fn func(name string, value []byte) (bool, error)) error {
	lo := append([]byte(nil), prefix...)
	if after != "" {
		lo = append(append(lo, after...), 0)
	}
	var inner error
	err := r.Scan(lo, store.PrefixEnd(prefix), func(k, v []byte) bool {
		var more bool
		more, inner = fn(string(k[len(prefix):]), v)
		return more && inner == nil
	})
	if err != nil {
		return err
	}
	return inner
}
