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
//	'p' 'a' 0 {account} 0 {region} 0 {source}                     a partner's source, made for the account
//	'p' 'n' 0 {region} 0 {source} 0 {account}                     the same by name, as long as its partner has it; empty
//	'h' {account} 0 {region} 0 {bus} 0 {rule}                     a managed rule
//	'e' 'n' 0 {account} 0 {region} 0 {endpoint}                   a global endpoint
//	'e' 'i' 0 {id}                                                whose id that is: {"account", "region", "name"}
//
// Each value is {version 1 = 1}{JSON of the record below}. Rules and targets
// are read when they change and when a bus is first used, never for an event.

const recordVersion = 1

type busRecord struct {
	Description string            `json:"description,omitempty"`
	Tags        map[string]string `json:"tags,omitempty"`
	CreatedAt   time.Time         `json:"createdAt"`
	ModifiedAt  time.Time         `json:"modifiedAt"`
	Policy      string            `json:"policy,omitempty"`
	Key         string            `json:"key,omitempty"`
	DeadLetter  string            `json:"deadLetter,omitempty"`
	Log         *Log              `json:"log,omitempty"`
}

func (rec *busRecord) bus(n Name) Bus {
	return Bus{
		Name:     n,
		Settings: Settings{Description: rec.Description, Key: rec.Key, DeadLetter: rec.DeadLetter, Log: rec.Log},
		Policy:   rec.Policy, CreatedAt: rec.CreatedAt, ModifiedAt: rec.ModifiedAt,
	}
}

type ruleRecord struct {
	Pattern     string            `json:"pattern,omitempty"`
	Schedule    string            `json:"schedule,omitempty"`
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
	HTTP    *HTTP   `json:"http,omitempty"`

	Input       *string            `json:"input,omitempty"`
	InputPath   *string            `json:"inputPath,omitempty"`
	Transformer *transformerRecord `json:"transformer,omitempty"`
	Retry       *retryRecord       `json:"retry,omitempty"`
	DeadLetter  string             `json:"deadLetterArn,omitempty"`
}

type transformerRecord struct {
	Paths    map[string]string `json:"paths,omitempty"`
	Template string            `json:"template"`
}

type retryRecord struct {
	MaxAttempts *int           `json:"maxAttempts,omitempty"`
	MaxAge      *time.Duration `json:"maxAge,omitempty"` // nanoseconds
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

func (id SourceID) key() []byte {
	return key(store.SpaceSource, "a", id.Account, id.Region, id.Name)
}

func (id SourceID) byName() []byte {
	return key(store.SpaceSource, "n", id.Region, id.Name, id.Account)
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

// count is the number of keys under prefix, of which none is read.
func count(r Reader, prefix []byte) (n int, err error) {
	err = r.Scan(prefix, store.PrefixEnd(prefix), func(_, _ []byte) bool {
		n++
		return true
	})
	return n, err
}
