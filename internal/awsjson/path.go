package awsjson

import (
	"strconv"
	"strings"
)

// at names the member that d.pos is in, for an error: " at 'Entries.1.Detail'".
// Nothing on the way of a good request keeps track of it; it is found by
// reading the front of the document, known to be well-formed, once more.
func (d *Decoder) at() string {
	path := pathAt(d.data, d.pos)
	if path == "" {
		return ""
	}
	return " at '" + path + "'"
}

// level is one object or array that is open at the position.
type level struct {
	array    bool
	index    int    // of an array's element, from 1, as AWS counts
	name     string // of an object's member
	wantName bool
}

func pathAt(data []byte, pos int) string {
	var open []level
	for i := 0; i < pos; i++ {
		switch c := data[i]; c {
		case '{', '[':
			open = append(open, level{array: c == '[', index: 1, wantName: c == '{'})
			continue
		case '"':
			end := stringEnd(data, i)
			if n := len(open); n > 0 && open[n-1].wantName {
				open[n-1].name = string(data[i+1 : end])
			}
			i = end
			continue
		}
		if len(open) == 0 {
			continue
		}
		top := &open[len(open)-1]
		switch data[i] {
		case '}', ']':
			open = open[:len(open)-1]
		case ',':
			top.index++
			top.wantName = !top.array
		case ':':
			top.wantName = false
		}
	}
	return joinPath(open)
}

// stringEnd is the index of the quote that ends the string at i.
func stringEnd(data []byte, i int) int {
	for i++; i < len(data) && data[i] != '"'; i++ {
		if data[i] == '\\' {
			i++
		}
	}
	return min(i, len(data))
}

const longestName = 80

func joinPath(open []level) string {
	var b strings.Builder
	for _, l := range open {
		part := l.name
		if l.array {
			part = strconv.Itoa(l.index)
		}
		if part == "" {
			break
		}
		if len(part) > longestName {
			part = part[:longestName]
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(strings.ToValidUTF8(part, "?"))
	}
	return b.String()
}
