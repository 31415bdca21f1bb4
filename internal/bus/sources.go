package bus

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/carillon-events/carillon/internal/store"
)

// ListSources has up to limit sources that were made for an account, whose
// names begin with prefix and come after `after`, and whether there are more.
func ListSources(r Reader, account, region, prefix, after string, limit int, now time.Time) (sources []Source, more bool, err error) {
	err = store.Each(r, SourceID{account, region, ""}.key(), after, func(name string, value []byte) (bool, error) {
		if !strings.HasPrefix(name, prefix) {
			return name < prefix, nil
		}
		var rec sourceRecord
		if err := decode(value, &rec); err != nil {
			return false, err
		}
		rec, alive := rec.asOf(now)
		if !alive {
			return true, nil
		}
		if len(sources) == limit {
			more = true
			return false, nil
		}
		sources = append(sources, rec.source(SourceID{account, region, name}))
		return true, nil
	})
	return sources, more, err
}

// PartnerSources has the names of up to limit sources that a partner has, in
// the same way.
func PartnerSources(r Reader, partner, region, prefix, after string, limit int, now time.Time) (names []string, more bool, err error) {
	err = eachByName(r, region, prefix, after, now, func(s Source) bool {
		switch name := s.ID.Name; {
		case s.Partner != partner, name <= after, len(names) > 0 && names[len(names)-1] == name:
			return true
		case len(names) == limit:
			more = true
			return false
		default:
			names = append(names, name)
			return true
		}
	})
	return names, more, err
}

// PartnerSource has the sources of one name that a partner made, by account.
func PartnerSource(r Reader, partner, region, name string, now time.Time) ([]Source, error) {
	sources, err := sourcesNamed(r, region, name, now)
	sources = slices.DeleteFunc(sources, func(s Source) bool { return s.Partner != partner })
	if err == nil && len(sources) == 0 {
		err = fmt.Errorf("event source %s: %w", name, ErrSourceNotFound)
	}
	return sources, err
}

func sourcesNamed(r Reader, region, name string, now time.Time) (sources []Source, err error) {
	err = eachByName(r, region, name+"\x00", "", now, func(s Source) bool {
		sources = append(sources, s)
		return true
	})
	return sources, err
}

// eachByName calls fn with the sources whose {name} 0 {account} begins like
// that, in that order, from the names after `after` on, without those that
// partners do not have any more.
func eachByName(r Reader, region, begin, after string, now time.Time, fn func(Source) bool) error {
	prefix := append(key(store.SpaceSource, "n", region, ""), begin...)
	from := ""
	if rest, ok := strings.CutPrefix(after, begin); ok && after != "" {
		from = rest + "\x01" // behind the zero byte, before all that names have
	}
	return store.Each(r, prefix, from, func(rest string, _ []byte) (bool, error) {
		name, account, _ := strings.Cut(begin+rest, "\x00")
		s, err := GetSource(r, SourceID{account, region, name}, now)
		switch {
		case errors.Is(err, ErrSourceNotFound), err == nil && s.State == SourceDeleted:
			return true, nil
		case err != nil:
			return false, err
		}
		return fn(s), nil
	})
}

// purgeSources removes what is left of an account's sources that time deleted.
func purgeSources(tx *store.Tx, account, region string) error {
	var gone []SourceID
	err := store.Each(tx, SourceID{account, region, ""}.key(), "", func(name string, value []byte) (bool, error) {
		var rec sourceRecord
		if err := decode(value, &rec); err != nil {
			return false, err
		}
		if _, alive := rec.asOf(tx.Now()); !alive {
			gone = append(gone, SourceID{account, region, name})
		}
		return true, nil
	})
	for _, id := range gone {
		err = errors.Join(err, tx.Delete(id.byName()), tx.Delete(id.key()))
	}
	return err
}
