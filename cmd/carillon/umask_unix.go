//go:build unix

package main

import "syscall"

// keepPrivate has files that are made be their owner's only: a data directory
// that was made by somebody else may let everybody in, and the store's files hold
// what secrets are sealed with.
func keepPrivate() { syscall.Umask(syscall.Umask(0o077) | 0o077) }
