package store

// Cell is memory that a core keeps beside its keys: built from them at first
// use, changed by the core as its transactions run, and thrown away whenever
// the shard cannot trust it any more. Declare one as a package variable.
type Cell[T any] struct {
	build func(tx *Tx) (*T, error)
}

// NewCell is a cell that build makes from keys. build only reads.
func NewCell[T any](build func(tx *Tx) (*T, error)) *Cell[T] {
	return &Cell[T]{build: build}
}

// In is the cell's memory in tx's shard. Valid until the closure returns.
func (c *Cell[T]) In(tx *Tx) (*T, error) {
	if m, ok := tx.shard.cells[c]; ok {
		return m.(*T), nil
	}
	m, err := c.build(tx)
	if err != nil {
		return nil, err
	}
	tx.shard.cells[c] = m
	return m, nil
}
