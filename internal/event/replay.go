package event

import (
	"bytes"
	"fmt"
	"time"
)

// Time reads the time out of an envelope that Append wrote. Nothing before it
// can look like it: in a JSON string, a quote has a backslash before it.
func Time(envelope []byte) (time.Time, error) {
	const name, size = `,"time":"`, len("2006-01-02T15:04:05Z")
	i := bytes.Index(envelope, []byte(name))
	if i < 0 || len(envelope) < i+len(name)+size {
		return time.Time{}, fmt.Errorf("an envelope of %d bytes has no time", len(envelope))
	}
	return time.Parse(time.RFC3339, string(envelope[i+len(name):i+len(name)+size]))
}

// Replayed tells whether a replay has sent the event of an envelope. What a bus
// writes ends with an object, the detail or what a CloudEvent says besides; only
// the name of a replay is a string.
func Replayed(envelope []byte) bool {
	return len(envelope) > 2 && envelope[len(envelope)-2] == '"'
}

// AppendReplayed appends to dst the envelope of an event that a replay sends
// again: as it was, and the replay's name behind it.
//
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-replay-archived-event.html
func AppendReplayed(dst, envelope []byte, replay string) ([]byte, error) {
	if len(envelope) == 0 || envelope[len(envelope)-1] != '}' {
		return nil, fmt.Errorf("an envelope of %d bytes does not end as one", len(envelope))
	}
	dst = append(dst, envelope[:len(envelope)-1]...)
	dst = append(dst, `,"replay-name":`...)
	return append(appendString(dst, replay), '}'), nil
}
