package store

// Scanner is a *Tx or a *View.
type Scanner interface {
	Scan(lo, hi []byte, fn func(key, value []byte) bool) error
}

// Each calls fn with what follows prefix in the keys that begin with it, from
// the one after `after` on (empty: from the first), until fn returns false or an
// error, which Each then returns.
func Each(r Scanner, prefix []byte, after string, fn func(rest string, value []byte) (bool, error)) error {
	lo := append([]byte(nil), prefix...)
	if after != "" {
		lo = append(append(lo, after...), 0)
	}
	var inner error
	err := r.Scan(lo, PrefixEnd(prefix), func(k, v []byte) bool {
		var more bool
		more, inner = fn(string(k[len(prefix):]), v)
		return more && inner == nil
	})
	if err != nil {
		return err
	}
	return inner
}
