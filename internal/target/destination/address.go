package destination

import (
	"errors"
	"net/url"
	"strings"
)

// CheckURL refuses an address that could never be called, so that its owner
// hears of it when he writes it. Names are resolved later.
func (o *Options) CheckURL(text string) error {
	u, err := url.Parse(strings.ReplaceAll(text, "*", "x")) // a wildcard of a path parameter
	switch {
	case err != nil:
		return errors.New("it is not a URL")
	case u.User != nil:
		return errors.New("it must not have a user or password: use a connection")
	case u.Fragment != "":
		return errors.New("it must not have a fragment")
	case strings.Contains(hostOf(text), "*"):
		return errors.New("a * is for a part of the path or the query, not of the host")
	case hasDots(u):
		return errors.New("a part of its path is . or .., which leads elsewhere")
	}
	return o.Allowed.CheckHost(u)
}

// hasDots tells whether a part of the path leads up or nowhere.
func hasDots(u *url.URL) bool {
	for part := range strings.SplitSeq(u.EscapedPath(), "/") {
		if part = strings.ReplaceAll(strings.ToLower(part), "%2e", "."); part == "." || part == ".." {
			return true
		}
	}
	return false
}

// hostOf is what stands between the scheme and the path, whatever it is.
func hostOf(text string) string {
	_, rest, _ := strings.Cut(text, "://")
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		rest = rest[:i]
	}
	return rest
}
