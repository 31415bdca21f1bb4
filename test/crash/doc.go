// Package crash kills a running Carillon, over and over, and looks for what it
// lost.
//
// A child process serves load through the AWS SDK: standard queues, a FIFO
// queue, and events that fan out to two queues. The test keeps a ledger of what
// was acknowledged on its side of the wire, kills the child with SIGKILL at
// random moments, starts it again on the same directory, and finally drains
// everything. Nothing acknowledged may be missing, nothing deleted may come
// back, groups keep their order, and an event is in both queues once, or in
// neither if its answer never came.
//
// CARILLON_CRASH_KILLS sets how many times the child is killed (10 by default,
// 100 in CI). CARILLON_SOAK, a duration, goes on until it is over instead.
package crash
