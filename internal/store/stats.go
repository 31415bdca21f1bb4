package store

// Stats are for whoever watches the store. They cost little.
type Stats struct {
	Records     uint64 // appended since the start
	DiskBytes   uint64 // tables and logs, also those that wait to be removed
	FreeBytes   uint64 // of the file system, to us; 0 where it cannot be told
	DebtBytes   uint64 // what compactions have yet to rewrite
	ReadDepth   int    // how many tables a read may have to look into
	LogBytes    uint64 // of the log that a start would replay
	MemoryBytes uint64 // written, not yet in tables
	Waiting     int    // parked calls
}

// Stats looks at the store as it runs.
func (s *Store) Stats() Stats {
	if s.Err() != nil || !s.enter() {
		return Stats{}
	}
	defer s.leave()
	m := s.db.Metrics()
	st := Stats{
		Records: s.shard.appended.Load(),
		// Pebble learns how large the current log is when it is done with it.
		DiskBytes:   m.DiskSpaceUsage() - m.WAL.PhysicalSize + max(m.WAL.PhysicalSize, m.WAL.Size),
		DebtBytes:   m.Compact.EstimatedDebt,
		ReadDepth:   m.ReadAmp(),
		LogBytes:    m.WAL.Size,
		MemoryBytes: m.MemTable.Size,
		Waiting:     s.shard.parking.total(),
	}
	if u, err := s.options.FS.GetDiskUsage(s.dir); err == nil {
		st.FreeBytes = u.AvailBytes
	}
	return st
}

// total is how many calls are parked.
func (p *parking) total() (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, l := range p.topics {
		n += l.n
	}
	return n
}
