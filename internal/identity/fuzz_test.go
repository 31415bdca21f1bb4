package identity

import (
	"bytes"
	"testing"
	"time"
)

// What is stored may have been damaged on its way: no bytes may make reading
// panic, and what can be read is written back as it was understood.
func FuzzStoredRecordsAreReadOrRefused(f *testing.F) {
	f.Add(encode(Record{Name: "n", Path: "/", CreatedAt: time.Unix(0, 0).UTC(), Inline: map[string]Inline{"p": {Text: "{}", Size: 2}}, Login: &Login{}}))
	f.Add(encode(Managed{Name: "m", Versions: []Version{{Number: 1}}}))
	f.Add(encode(KeyRecord{Account: "123456789012", Sealed: []byte{1}, LastUse: &Use{}}))
	f.Add([]byte{recordVersion})
	f.Add([]byte{2, '{', '}'})
	f.Fuzz(func(t *testing.T, value []byte) {
		readAgain[Record](t, value)
		readAgain[Managed](t, value)
		readAgain[KeyRecord](t, value)
		readAgain[Provider](t, value)
		readAgain[Account](t, value)
	})
}

func readAgain[T any](t *testing.T, value []byte) {
	var one, two T
	if decode(value, &one) != nil {
		return
	}
	text := encode(one)
	if err := decode(text, &two); err != nil || !bytes.Equal(encode(two), text) {
		t.Fatalf("%q is read as %q, and that as another (%v)", value, text, err)
	}
}
