package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

func TestTheHMACIsThatOfTheStandardLibrary(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.SliceOfN(rapid.Byte(), 0, 100).Draw(t, "key")
		message := rapid.SliceOfN(rapid.Byte(), 0, 600).Draw(t, "message")
		h := hmac.New(sha256.New, key)
		h.Write(message)
		if got := hmacSHA256(key, message); string(got[:]) != string(h.Sum(nil)) {
			t.Fatalf("differs for a key of %d and a message of %d bytes", len(key), len(message))
		}
	})
}

func TestTheKeyCacheIsBoundedAndKeepsWhatIsUsed(t *testing.T) {
	var c keyCache
	used := &Signed{AccessKey: "used", date: "20150830", Region: "us-east-1", Service: "sqs"}
	want := SigningKey("s", "20150830", "us-east-1", "sqs")
	for i := range 5 * maxKeys {
		c.get(&Signed{AccessKey: fmt.Sprint(i), date: "20150830", Region: "us-east-1", Service: "sqs"}, "s")
		if got := c.get(used, "s"); got != want {
			t.Fatalf("wrong key after %d others", i)
		}
	}
	if n := len(c.young) + len(c.old); n > 2*maxKeys {
		t.Fatalf("%d keys kept", n)
	}
}

func TestAChangedSecretIsNotAnsweredFromTheCache(t *testing.T) {
	var c keyCache
	s := &Signed{AccessKey: "a", date: "20150830", Region: "us-east-1", Service: "sqs"}
	for _, secret := range []string{"", "old", "new", "", "old"} {
		if got := c.get(s, secret); got != SigningKey(secret, "20150830", "us-east-1", "sqs") {
			t.Fatalf("stale key for %q", secret)
		}
	}
}
