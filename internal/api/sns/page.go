package sns

import (
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"strings"

	"github.com/carillon-events/carillon/internal/wire"
)

// AWS's lists come in pages of 100. The token says where the next page begins,
// of which list, and that we made it:
// base64({CRC-32 of the rest, 4}{list} 0 {cursor}).
const pageSize = 100

// page is where a request wants its list to begin.
func page(list, parameter string, token wire.Opt[string]) (cursor string, err error) {
	if token.V == "" {
		return "", nil
	}
	b, err := base64.RawURLEncoding.DecodeString(token.V)
	if err != nil || len(b) < 4 || binary.BigEndian.Uint32(b) != crc32.ChecksumIEEE(b[4:]) {
		return "", invalid(parameter)
	}
	// A list's name holds no zero byte; a cursor may.
	made, cursor, ok := strings.Cut(string(b[4:]), "\x00")
	if !ok || made != list {
		return "", invalid(parameter)
	}
	return cursor, nil
}

// nextToken is the token for what comes next; none where next is empty.
func nextToken(list, next string) wire.Opt[string] {
	if next == "" {
		return wire.Opt[string]{}
	}
	b := append(append(append(make([]byte, 4), list...), 0), next...)
	binary.BigEndian.PutUint32(b, crc32.ChecksumIEEE(b[4:]))
	return wire.Some(base64.RawURLEncoding.EncodeToString(b))
}
