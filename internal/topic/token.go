package topic

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
)

// A token confirms one subscription. It is hex of
//
//	{id of the subscription 16}{the beginning of an HMAC-SHA256 32}
//
// of the topic's number and the id. Nothing of it is kept: it is good as long
// as its subscription is there, and the same whenever the endpoint is asked
// again.
const tokenText = 2 * (16 + sha256.Size)

type tokens struct{ key [32]byte }

func (t tokens) seal(topic uint64, id ID) []byte {
	mac := hmac.New(sha256.New, t.key[:])
	mac.Write(append(binary.BigEndian.AppendUint64([]byte("confirm"), topic), id[:]...))
	return mac.Sum(nil)
}

func (t tokens) make(topic uint64, id ID) string {
	return hex.EncodeToString(append(id[:len(id):len(id)], t.seal(topic, id)...))
}

// open is the subscription of the topic that a token confirms.
func (t tokens) open(topic uint64, token string) (id ID, ok bool) {
	if len(token) != tokenText {
		return id, false
	}
	b, err := hex.DecodeString(token)
	if err != nil {
		return id, false
	}
	copy(id[:], b)
	return id, hmac.Equal(t.seal(topic, id), b[len(id):])
}
