// Package conformance is the tour of aws-sdk-go-v2 through Carillon: the
// scenarios of ../README.md, each on queues and buses of its own.
//
// It owns no server. The tests start one in this process, or speak to the one
// that CARILLON_ENDPOINT names; they know nothing of Carillon but its address,
// so that they would pass against AWS. They never sleep: what takes time is
// waited for with a long poll, which has a bound of its own.
package conformance
