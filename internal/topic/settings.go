package topic

// Settings are what a topic is told to be.
type Settings struct {
	Config Config `json:"config"`
	// Labels are the settings as the API was given them, and echoes them. The rules
	// do not look into them.
	Labels map[string]string `json:"labels,omitempty"`
	// DataProtection is a policy that is kept and shown, no more.
	DataProtection string `json:"dataProtection,omitempty"`
}

// Config is what the rules and those who deliver need to know of a topic.
type Config struct {
	FIFO          bool `json:"fifo,omitempty"`
	ContentDedup  bool `json:"contentDedup,omitempty"`
	DedupPerGroup bool `json:"dedupPerGroup,omitempty"`

	ArchiveDays int    `json:"archiveDays,omitempty"` // how long messages are kept for replays; 0: not at all
	DisplayName string `json:"displayName,omitempty"`
	SHA256      bool   `json:"sha256,omitempty"` // what is sent is signed with it, not with SHA-1

	HTTP *HTTP `json:"http,omitempty"` // of subscriptions that do not say otherwise
	// OnlyHTTP is that HTTP holds whatever subscriptions say.
	OnlyHTTP bool `json:"onlyHttp,omitempty"`

	// Feedback is what attempts at deliveries are told of, by protocol; those of
	// HTTPS are also for HTTPPlain. Nil: none.
	Feedback map[Protocol]Feedback `json:"feedback,omitempty"`
}

// Protocol is how messages get to an endpoint.
type Protocol string

// The protocols.
const (
	Queue       Protocol = "queue"
	HTTPPlain   Protocol = "http"
	HTTPS       Protocol = "https"
	Mail        Protocol = "email"
	MailJSON    Protocol = "email-json"
	Text        Protocol = "sms"
	Application Protocol = "application" // an app on a device
)

// Scope is what of a message a filter policy looks at.
type Scope string

// The scopes. "" is Attributes.
const (
	Attributes Scope = ""
	Body       Scope = "body"
)

// Subscribed is what a subscription is told to be.
type Subscribed struct {
	Raw        bool   `json:"raw,omitempty"`           // the message alone is delivered, without what is said about it
	Filter     string `json:"filter,omitempty"`        // policy; empty for everything
	Scope      Scope  `json:"scope,omitempty"`         // of Filter
	DeadLetter string `json:"deadLetterArn,omitempty"` // ARN of the queue for what cannot be delivered
	HTTP       *HTTP  `json:"http,omitempty"`
	// Replay is what it wants to be sent again. Core.ChangeReplay begins it.
	Replay *Window `json:"replay,omitempty"`
	// Labels are the settings as the API was given them, but for Filter.
	Labels map[string]string `json:"labels,omitempty"`
}

// HTTP is how deliveries over HTTP are made and tried again.
type HTTP struct {
	Retry       *Retry `json:"retry,omitempty"`
	PerSecond   int    `json:"perSecond,omitempty"`   // at most so many deliveries; 0 for no limit
	ContentType string `json:"contentType,omitempty"` // of what is sent
}

// Retry is how often a delivery is tried again: Immediate times at once,
// BeforeBackoff times after MinDelay, then with delays that grow from MinDelay
// to MaxDelay, and AfterBackoff times after MaxDelay; Retries in all. Delays
// are in seconds.
// https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
type Retry struct {
	MinDelay      int     `json:"minDelay"`
	MaxDelay      int     `json:"maxDelay"`
	Retries       int     `json:"retries"`
	Immediate     int     `json:"immediate,omitempty"`
	BeforeBackoff int     `json:"beforeBackoff,omitempty"`
	AfterBackoff  int     `json:"afterBackoff,omitempty"`
	Backoff       Backoff `json:"backoff"`
}

// Backoff is how delays grow.
type Backoff string

// The ways in which delays grow.
const (
	Linear      Backoff = "linear"
	Arithmetic  Backoff = "arithmetic"
	Geometric   Backoff = "geometric"
	Exponential Backoff = "exponential"
)

// DefaultRetry is what holds where nobody says otherwise: three retries, 20
// seconds apart.
var DefaultRetry = Retry{MinDelay: 20, MaxDelay: 20, Retries: 3, Backoff: Linear}

// DefaultContentType is that of what is sent over HTTP.
const DefaultContentType = "text/plain; charset=UTF-8"

// EffectiveHTTP is what holds for a subscription of a topic: what it says, else
// what the topic says, else the defaults, part by part.
func EffectiveHTTP(c Config, s *Subscribed) HTTP {
	retry := DefaultRetry
	out := HTTP{Retry: &retry, ContentType: DefaultContentType}
	out.take(c.HTTP)
	if s != nil && !c.OnlyHTTP {
		out.take(s.HTTP)
	}
	return out
}

func (h *HTTP) take(from *HTTP) {
	if from == nil {
		return
	}
	if from.Retry != nil {
		h.Retry = from.Retry
	}
	if from.PerSecond > 0 {
		h.PerSecond = from.PerSecond
	}
	if from.ContentType != "" {
		h.ContentType = from.ContentType
	}
}
