package sqs

import (
	"github.com/carillon-events/carillon/internal/wire"
)

const maxPage = 1000

// page is where a request wants its list to begin, and how much of it; paged
// is whether it wants to be told how to go on. AWS tells only those who say how
// much they want.
func (s *Service) page(list string, token wire.Opt[string], most wire.Opt[int32]) (after string, limit int, paged bool, err error) {
	if most.OK && (most.V < 1 || most.V > maxPage) {
		return "", 0, false, value("MaxResults", number(most.V), "MaxResults must be an integer between 1 and 1000.")
	}
	if token.OK && token.V != "" {
		var ok bool
		if after, ok = s.seals.openToken(list, token.V); !ok {
			return "", 0, false, value("NextToken", token.V, "Invalid or expired next token.")
		}
	}
	return after, int(most.Or(maxPage)), most.OK, nil
}

// cut is the first limit of names, and the token for the rest where there is
// one. names holds one more than limit if there are more.
func (s *Service) cut(list string, names []string, limit int, paged bool) ([]string, wire.Opt[string]) {
	if len(names) <= limit {
		return names, wire.Opt[string]{}
	}
	names = names[:limit]
	if !paged {
		return names, wire.Opt[string]{}
	}
	return names, wire.Some(s.seals.token(list, names[limit-1]))
}
