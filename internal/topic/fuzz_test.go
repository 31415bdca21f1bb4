package topic

import "testing"

// A token that opens is one that was made; and stored bytes are read or called
// damaged.
func FuzzTokensAndRecords(f *testing.F) {
	made := tokens{[32]byte{1}}
	f.Add(uint64(1), []byte(made.make(1, ID{2})))
	f.Add(uint64(2), []byte(made.make(1, ID{2})))
	f.Add(uint64(0), append([]byte{1}, `{"number":1,"settings":{"config":{"http":{"retry":{}}}}}`...))
	f.Add(uint64(0), make([]byte, 33))
	f.Fuzz(func(t *testing.T, number uint64, b []byte) {
		if id, ok := made.open(number, string(b)); ok && made.make(number, id) != string(lower(b)) {
			t.Errorf("%q opens, and is not what is made", b)
		}
		var rec topicRecord
		_ = decode(b, &rec)
		var sub subscriptionRecord
		_ = decode(b, &sub)
		var c Counts
		if err := decodeFields(b, c.fields()); err == nil && string(encodeFields(c.fields())) != string(b) {
			t.Errorf("counts %x are %+v", b, c)
		}
		if id, ok := ParseID(string(b)); ok && id.String() != string(b) {
			t.Errorf("id %q is %s", b, id)
		}
	})
}

// lower is hex in small letters, which is what is made; both are read.
func lower(b []byte) []byte {
	out := make([]byte, len(b))
	for i, c := range b {
		if c >= 'A' && c <= 'F' {
			c += 'a' - 'A'
		}
		out[i] = c
	}
	return out
}
