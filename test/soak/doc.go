// Package soak holds the tests that take long, much memory or much disk. They
// run when CARILLON_SOAK says for how long ("10m"), from make soak; without it
// they are skipped. All of them talk to the real binary over loopback.
package soak
