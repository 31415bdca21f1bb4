// Package soak holds the tests that take long, much memory or much disk. They
// run when CARILLON_SOAK says for how long ("10m"), from make soak; without it
// they are skipped, or run small. Those of connections talk to the real binary
// over loopback; those of backlogs use queues in this process, and take their
// size from CARILLON_BACKLOG where it is set.
package soak
