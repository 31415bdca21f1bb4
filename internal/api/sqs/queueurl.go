package sqs

import (
	"strings"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/queue"
	"github.com/carillon-events/carillon/internal/wire"
)

// fifoSuffix is how the name of a FIFO queue ends, and of no other.
const fifoSuffix = ".fifo"

func isFIFO(name string) bool { return strings.HasSuffix(name, fifoSuffix) }

// urlFor is the queue's URL as the caller can reach it. Clients parse it: it
// has exactly two path parts.
func urlFor(c *wire.Call, n queue.Name) string {
	return c.BaseURL + "/" + n.Account + "/" + n.Name
}

// onURL is the queue that a QueueUrl names: scheme://host/account/name. Any
// host will do, since the same server is known by many names; but a host that
// names another region than the caller signed for is a mistake. The account may
// be another's: whether the caller may is decided elsewhere.
func onURL(c *wire.Call, url string) (queue.Name, error) {
	rest, ok := strings.CutPrefix(url, "http://")
	if !ok {
		rest, ok = strings.CutPrefix(url, "https://")
	}
	host, path, slash := strings.Cut(rest, "/")
	account, name, two := strings.Cut(path, "/")
	if !ok || !slash || !two || host == "" || name == "" || !arn.IsAccount(account) || strings.ContainsAny(name, "/?#") {
		return queue.Name{}, badAddress(url)
	}
	if region, ok := hostRegion(host); ok && region != c.Region {
		return queue.Name{}, badAddress(url)
	}
	return queue.Name{Account: account, Region: c.Region, Name: name}, nil
}

// hostRegion is the region in sqs.<region>.<domain>.
func hostRegion(host string) (string, bool) {
	rest, ok := strings.CutPrefix(host, "sqs.")
	if !ok {
		return "", false
	}
	region, _, ok := strings.Cut(rest, ".")
	if !ok || strings.Count(region, "-") < 2 || region[len(region)-1] < '0' || region[len(region)-1] > '9' {
		return "", false
	}
	return region, true
}

// onARN is the queue that an ARN names.
func onARN(text string) (queue.Name, bool) {
	a, err := arn.Parse(text)
	if err != nil {
		return queue.Name{}, false
	}
	name, ok := a.QueueName()
	n := queue.Name{Account: a.Account, Region: a.Region, Name: name}
	return n, ok && arn.Partition(a.Region) == a.Partition
}

// checkName refuses what cannot name a queue.
func checkName(name string, fifo bool) error {
	stem := name
	if fifo {
		var ok bool
		if stem, ok = strings.CutSuffix(name, fifoSuffix); !ok || stem == "" || len(name) > 80 || !isWord(stem) {
			return parameter("The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length.")
		}
		return nil
	}
	if stem == "" || len(stem) > 80 || !isWord(stem) {
		return parameter("Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length")
	}
	return nil
}

// isWord says whether s is of letters, digits, hyphens and underscores.
func isWord(s string) bool {
	for i := range len(s) {
		if b := s[i]; !isAlphanumeric(b) && b != '-' && b != '_' {
			return false
		}
	}
	return true
}

func isAlphanumeric(b byte) bool {
	return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9'
}
