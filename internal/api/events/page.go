package events

import (
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"strings"

	"github.com/carillon-events/carillon/internal/wire"
)

// A list is read in pages of names in order. The token says after which name
// the next page begins, and of which list, and that we made it:
// base64({CRC-32 of the rest, 4}{list} 0 {name}).
const defaultPage = 100

// page is where a request wants its list to begin and how much of it.
func page(list string, token wire.Opt[string], limit wire.Opt[int32]) (after string, most int, err error) {
	most = int(limit.Or(defaultPage))
	if !token.OK {
		return "", most, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(token.V)
	if err != nil || len(b) < 4 || binary.BigEndian.Uint32(b) != crc32.ChecksumIEEE(b[4:]) {
		return "", 0, invalid("NextToken", "It was not made by this operation.")
	}
	made, after, _ := strings.Cut(string(b[4:]), "\x00")
	if made != list {
		return "", 0, invalid("NextToken", "It was not made by this operation.")
	}
	return after, most, nil
}

// nextToken is the token for what comes after last, if there is more.
func nextToken(list string, more bool, last string) wire.Opt[string] {
	if !more {
		return wire.Opt[string]{}
	}
	b := append(append(append(make([]byte, 4), list...), 0), last...)
	binary.BigEndian.PutUint32(b, crc32.ChecksumIEEE(b[4:]))
	return wire.Some(base64.RawURLEncoding.EncodeToString(b))
}
