package policy

import (
	"hash/maphash"
	"maps"
	"sync"
	"sync/atomic"
)

// Book is the policies of resources, by ARN, as they were committed last. Many
// goroutines read it at once and none waits for a writer: every page is replaced
// as a whole, never changed. There are so many pages that a change copies a few
// entries of a hundred thousand.
//
// Whoever keeps a resource's policy writes it into the Book when the change is
// durable and not yet answered, so that what a client was told holds for the
// next decision.
type Book struct {
	seed  maphash.Seed
	size  atomic.Int64
	puts  atomic.Uint64
	pages [1 << 10]page
}

type page struct {
	writing sync.Mutex // whoever replaces entries
	entries atomic.Pointer[map[string][]Policy]
}

// NewBook is an empty Book.
func NewBook() *Book { return &Book{seed: maphash.MakeSeed()} }

// Of are the policies of a resource: one, or none. They are fit for Set.Resource,
// and must not be changed. A nil Book knows none.
func (b *Book) Of(arn string) []Policy {
	if b == nil || b.size.Load() == 0 {
		return nil
	}
	entries := b.page(arn).entries.Load()
	if entries == nil {
		return nil
	}
	return (*entries)[arn]
}

// Put replaces the policy of a resource; a Policy without a document takes it
// away. Put on a nil Book does nothing.
func (b *Book) Put(arn string, p Policy) {
	if b == nil {
		return
	}
	page := b.page(arn)
	page.writing.Lock()
	defer page.writing.Unlock()
	entries := map[string][]Policy{}
	if old := page.entries.Load(); old != nil {
		entries = maps.Clone(*old)
	}
	before := len(entries)
	if p.Document == nil {
		delete(entries, arn)
	} else {
		entries[arn] = []Policy{p}
	}
	page.entries.Store(&entries)
	b.size.Add(int64(len(entries) - before))
	b.puts.Add(1)
}

// Changes counts what was put, after it was: what was decided before it had the
// same number holds.
func (b *Book) Changes() uint64 {
	if b == nil {
		return 0
	}
	return b.puts.Load()
}

// Len is how many resources have a policy.
func (b *Book) Len() int { return int(b.size.Load()) }

func (b *Book) page(arn string) *page {
	return &b.pages[maphash.String(b.seed, arn)%uint64(len(b.pages))]
}

// Closed is what stands for the policy of a resource that cannot be read: it may
// have denied something, so everybody is denied who is not the root of the
// resource's account, who can replace it.
func Closed(account string) *Document {
	d, err := Parse(Resource, `{"Version": "2012-10-17", "Statement": {"Sid": "unreadable", "Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*",`+
		` "Condition": {"StringNotEquals": {"aws:PrincipalArn": "arn:aws:iam::`+account+`:root"}}}}`)
	if err != nil {
		panic("policy: the policy that closes a resource: " + err.Error())
	}
	return d
}

// PutText is Put of a text as it is stored; an empty one is none. The error says
// why it could not be read, and that the resource is closed until it can.
func (b *Book) PutText(arn, account, name, text string) error {
	if b == nil || text == "" {
		b.Put(arn, Policy{})
		return nil
	}
	d, err := Parse(Resource, text)
	if err != nil {
		d, name = Closed(account), name+" that cannot be read"
	}
	b.Put(arn, Policy{Name: name, Document: d})
	return err
}
