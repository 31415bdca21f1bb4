package server

import (
	"fmt"
	"net/http"
	"time"
)

// BackupPath answers a POST with a backup of the running store. In strict mode
// it is signed for the service carillon.
const BackupPath = "/_carillon/backup"

// stallFor is how long a client may take nothing of its backup: a checkpoint
// that nobody reads holds disk space.
const stallFor = time.Minute

func (r *Running) backup(w http.ResponseWriter, req *http.Request) {
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Time{}) // not supported by test recorders only
	w.Header().Set("Content-Type", "application/x-tar")
	out := &patientWriter{w: w, control: control}
	began := time.Now()
	err := r.store.Backup(out)
	switch {
	case err == nil:
		r.log.Info("backup taken", "bytes", out.n, "took", time.Since(began), "for", req.RemoteAddr)
	case out.n == 0:
		r.log.Error("backup failed", "error", err)
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(http.StatusInternalServerError)
		fmt.Fprintln(w, err)
	default:
		r.log.Error("backup cut short", "bytes", out.n, "error", err)
		panic(http.ErrAbortHandler) // what was sent must not look whole
	}
}

// patientWriter gives every write its own deadline.
type patientWriter struct {
	w       http.ResponseWriter
	control *http.ResponseController
	n       int64
}

func (p *patientWriter) Write(b []byte) (int, error) {
	_ = p.control.SetWriteDeadline(time.Now().Add(stallFor))
	n, err := p.w.Write(b)
	p.n += int64(n)
	return n, err
}
