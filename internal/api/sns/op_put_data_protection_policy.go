package sns

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/sns"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/topic"
	"github.com/carillon-events/carillon/internal/wire"
)

// maxDataProtection is how long a data protection policy may be.
// https://docs.aws.amazon.com/sns/latest/api/API_PutDataProtectionPolicy.html
const maxDataProtection = 30720

// PutDataProtectionPolicy replaces a topic's data protection policy, which is
// kept and shown, no more; an empty one takes it away.
func (s *Service) PutDataProtectionPolicy(ctx context.Context, c *wire.Call, in *model.PutDataProtectionPolicyInput) (*model.PutDataProtectionPolicyOutput, error) {
	n, err := topicOf(c, "ResourceArn", in.ResourceArn)
	if err != nil {
		return nil, err
	}
	if in.DataProtectionPolicy != "" {
		if err := checkDataProtection(in.DataProtectionPolicy); err != nil {
			return nil, err
		}
	}
	return nil, s.change(ctx, func(tx *store.Tx) error {
		return s.core.Change(tx, n, func(t *topic.Settings) error {
			t.DataProtection = in.DataProtectionPolicy
			return nil
		})
	})
}

func checkDataProtection(text string) error {
	if len(text) > maxDataProtection || !jsonObject(text) {
		return invalidFor("DataProtectionPolicy", "It must be a JSON object of at most 30720 bytes.")
	}
	return nil
}
