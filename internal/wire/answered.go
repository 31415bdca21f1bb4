package wire

// Seen is what is known of a call when it has run, as far as it came.
type Seen struct {
	In       any      // the decoded input; nil: it could not be read
	Resource Resource // of the input, which was checked; nil: there is none, or it was not
	Out      any      // nil: it failed
}

// ARN is that of what the call c was about, or empty.
func (s *Seen) ARN(c *Call) string {
	if s.Resource == nil || s.In == nil {
		return ""
	}
	if arn := s.Resource(c, s.In); arn != "*" {
		return arn
	}
	return ""
}

// Answered is a request whose answer is known and not yet given: what the audit
// log is told of.
type Answered struct {
	Call      *Call  // of whoever called; without principal and account where that was not found out
	Service   string // "sqs"
	Operation string // empty: the service has none of that name
	Err       *Error // what the client is told; nil: it succeeded
	Denied    bool   // it was not allowed, or nobody knows who it was
	Reason    string // of a denial, as the operator may know it
	ReadOnly  bool
	Data      bool // about what flows, not how it is set up

	UserAgent, Host       string
	TLSVersion, TLSCipher string // empty: there was no TLS
}
