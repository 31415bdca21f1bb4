package topic

import (
	"time"

	"github.com/carillon-events/carillon/internal/delivery"
)

// A queue that does not exist, or takes no such message, is an error of the
// client's, as AWS calls it: the delivery is not tried again.
// https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
var queuePolicy = delivery.Policy{MaxAge: 23 * 24 * time.Hour, MaxAttempts: 0}

// policy says how often and how long a delivery to a member is tried.
func (s *member) policy(a *audience) *delivery.Policy { return attempts(s.protocol, a.config, s.http) }
