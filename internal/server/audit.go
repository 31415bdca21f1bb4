package server

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/carillon-events/carillon/internal/api/cloudtrail"
	"github.com/carillon-events/carillon/internal/audit"
	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/event"
	"github.com/carillon-events/carillon/internal/keyring"
	"github.com/carillon-events/carillon/internal/seal"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// openAudit builds the audit log, and starts what writes it.
func (r *Running) openAudit(ctx context.Context, core *bus.Core, registry *prometheus.Registry) error {
	o := r.config.Audit
	master, err := sealingKey(ctx, r.store)
	if err != nil {
		return err
	}
	if o.Key, err = auditKey(master); err != nil {
		return err
	}
	r.audits = cloudtrail.New(cloudtrail.Options{
		Shard: r.store.Shard(0), Log: audit.New(o), Core: core, Now: time.Now,
		NewID: func() string { return event.NewID(time.Now()) }, Logger: r.log,
	})
	r.start("audit", r.audits.Run)
	for _, c := range []struct {
		name, help string
		value      func() uint64
	}{
		{"carillon_audit_records_total", "Records that the audit log was given.", r.audits.Log.Recorded},
		{"carillon_audit_repeats_total", "Denials that were the same as one within a minute, and counted with it.", func() uint64 { return r.audits.Counts().Repeated }},
		{"carillon_audit_dropped_total", "Records of denials and of reads that there was no room for.", func() uint64 { return r.audits.Counts().Dropped }},
	} {
		registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: c.name, Help: c.help}, func() float64 { return float64(c.value()) }))
	}
	return nil
}

// auditKey is what the audit log is signed with.
func auditKey(master seal.Master) (key audit.Key, err error) {
	b, err := hkdf.Key(sha256.New, master[:], nil, "carillon audit", len(key))
	if err != nil {
		return key, fmt.Errorf("derive the audit log's key: %w", err)
	}
	return audit.Key(b), nil
}

// recordCalls is edge.Options.Audit.
func (r *Running) recordCalls() func(ctx context.Context, a *wire.Answered) error {
	if !r.audits.Log.On() {
		return nil
	}
	return r.audits.Record
}

// verifyAudit is a store.Invariant: the log's chain is whole, and signed by this
// node if the directory has the key.
func verifyAudit(v *store.View, report func(problem string)) error {
	_, err := VerifyAudit(v, nil, nil, report)
	return err
}

// VerifyAudit checks the audit log of a data directory. master is what secrets are
// sealed with, if that is not in the directory: without it, signatures are not
// checked.
func VerifyAudit(v *store.View, master *seal.Master, expect []audit.Expect, report func(problem string)) (audit.Chain, error) {
	kept, ok, err := v.Get(sealingAt)
	if err != nil {
		return audit.Chain{}, err
	}
	if ok && len(kept) == len(master) {
		m := seal.Master(kept)
		master = &m
	}
	if master == nil {
		return audit.Verify(v, nil, expect, report)
	}
	key, err := auditKey(*master)
	if err != nil {
		return audit.Chain{}, err
	}
	return audit.Verify(v, &key, expect, report)
}

// SealedWith is what secrets in a data directory are sealed with, if a master key
// keeps it; else nil.
func SealedWith(dir string, e *store.Encryption) (*seal.Master, error) {
	if e == nil {
		return nil, nil
	}
	text, err := os.ReadFile(filepath.Join(dir, keyring.FileName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	ring, err := keyring.Decode(text, e.Master)
	if err != nil {
		return nil, err
	}
	return ring.Secrets, nil
}
