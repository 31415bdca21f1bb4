package iam

import (
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"strings"

	"github.com/carillon-events/carillon/internal/wire"
)

// defaultItems is how many of a list come at once if nobody says.
const defaultItems = 100

// window is the part of a list that a request wants.
type window struct {
	list  string
	after string
	limit int
}

// windowOf reads Marker and MaxItems. A marker says of which list it is, that we
// made it, and where the rest begins: base64({CRC-32 of the rest, 4}{list} 0 {cursor}).
func windowOf(c *wire.Call, about string, marker wire.Opt[string], items wire.Opt[int32]) (window, error) {
	w := window{list: c.Account + "/" + c.Operation + "/" + about, limit: int(items.Or(defaultItems))}
	if marker.V == "" {
		return w, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(marker.V)
	if err != nil || len(b) < 4 || binary.BigEndian.Uint32(b) != crc32.ChecksumIEEE(b[4:]) {
		return w, say(codeValidation, "Invalid Marker.")
	}
	made, cursor, ok := strings.Cut(string(b[4:]), "\x00")
	if !ok || made != w.list {
		return w, say(codeValidation, "Invalid Marker.")
	}
	w.after = cursor
	return w, nil
}

// end is IsTruncated and Marker behind the entry last.
func (w window) end(more bool, last string) (wire.Opt[bool], wire.Opt[string]) {
	if !more {
		return wire.Some(false), wire.Opt[string]{}
	}
	b := append(append(append(make([]byte, 4), w.list...), 0), last...)
	binary.BigEndian.PutUint32(b, crc32.ChecksumIEEE(b[4:]))
	return wire.Some(true), wire.Some(base64.RawURLEncoding.EncodeToString(b))
}

// cut is the window's part of a list that is in memory and in the order of name.
func cut[T any](w window, all []T, name func(T) string) (part []T, truncated wire.Opt[bool], marker wire.Opt[string]) {
	part = []T{}
	for i, one := range all {
		if w.after != "" && name(one) <= w.after {
			continue
		}
		if len(part) == w.limit {
			truncated, marker = w.end(true, name(all[i-1]))
			return part, truncated, marker
		}
		part = append(part, one)
	}
	truncated, marker = w.end(false, "")
	return part, truncated, marker
}
