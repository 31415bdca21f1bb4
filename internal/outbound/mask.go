package outbound

import "strings"

// Masked is a URL as others than who chose it may see it: with **** for a
// password, as AWS lists the endpoints of subscriptions. Other texts stay as
// they are.
//
// https://github.com/hashicorp/terraform/issues/11108 shows such a list.
func Masked(text string) string {
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok {
		return text
	}
	end := len(rest)
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		end = i
	}
	at := strings.LastIndexByte(rest[:end], '@')
	if at < 0 {
		return text
	}
	user, _, ok := strings.Cut(rest[:at], ":")
	if !ok {
		return text
	}
	return scheme + "://" + user + ":****" + rest[at:]
}
