//go:build unix

package server

import "syscall"

// openFiles is how many files the process may have open. Go has raised it to the
// most that the system lets.
func openFiles() (uint64, bool) {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return 0, false
	}
	return min(uint64(l.Cur), 1<<40), true //nolint:unconvert // signed on some systems
}
