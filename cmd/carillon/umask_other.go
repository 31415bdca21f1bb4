//go:build !unix

package main

// keepPrivate is nothing where files have no such modes.
func keepPrivate() {}
