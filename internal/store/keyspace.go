package store

// A key is {shard uint16}{space byte}{rest}. The spaces of shard 0 are listed
// here, and nowhere else, so that two cores never meet in one. rest is drawn
// where its owner encodes it, and in docs/formats.md.
const (
	// the store's own
	SpaceLogHead = 0x01 // the last record of the shard's log
	SpaceTimer   = 'T'  // timer: durable timers
	SpaceMeta    = 'm'  // server: what the node itself remembers (receipt key, …)

	// queue
	SpaceQueue        = 'Q' // attributes and tags
	SpaceQueueCounter = 'q' // counters and cursors
	SpaceQueueBody    = 'B' // bodies that are ready by implication: at or above the fresh cursor
	SpaceQueueMessage = 'M' // bodies that an index leads to
	SpaceQueueDelayed = 'D'
	SpaceQueueLater   = 'L' // received at least once, receivable (again) at a time
	SpaceQueueGroup   = 'G' // messages of a group, in order
	SpaceQueueHead    = 'H' // groups that may be received from
	SpaceQueueState   = 'I' // receive state of a grouped message
	SpaceQueueActive  = 'V' // the same groups, by name
	SpaceQueueDedup   = 'X'
	SpaceQueueMove    = 'Y' // move tasks
	SpaceQueueGone    = 'Z' // names of queues deleted a moment ago

	SpaceSharedBody  = 'F' // bodies that several messages refer to, in blocks
	SpaceSharedCount = 'f' // how many refer to each block

	// bus and delivery
	SpaceBus         = 'b'
	SpaceRule        = 'r'
	SpaceTarget      = 't'
	SpaceTimetable   = 's' // when rules with a schedule occur next
	SpaceSource      = 'p' // partners' event sources
	SpaceManagedRule = 'h' // rules that Carillon itself keeps on a bus
	SpaceEndpoint    = 'e' // global endpoints
	SpaceOutbox      = 'O'
	SpaceWebhook     = 'w' // how webhooks of sources are verified
	SpaceIdempotency = 'i' // keys of events that a bus has seen
	SpaceArchive     = 'A' // archives, their events, replays

	SpaceTopic  = 'N' // topic: topics, their subscriptions, what they count
	SpaceMobile = 'n' // mobile: push applications, devices, phone numbers
	SpaceTrail  = 'E' // trail: what became of events
	SpaceAudit  = 'a' // audit: who did what

	SpaceConnection = 'c' // destination: connections and API destinations

	SpaceIdentity = 'U' // identity: users, groups, roles, policies, access keys
)

// spaceSize is how long a key is up to its space.
const spaceSize = 2 + 1

// formatKey lies before every shard.
var formatKey = []byte("\x00\x00\x00carillon")
