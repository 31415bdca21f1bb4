package sns

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/sns"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/topic"
	"github.com/carillon-events/carillon/internal/wire"
)

// GetDataProtectionPolicy tells a topic's data protection policy.
func (s *Service) GetDataProtectionPolicy(_ context.Context, c *wire.Call, in *model.GetDataProtectionPolicyInput) (*model.GetDataProtectionPolicyOutput, error) {
	n, err := topicOf(c, "ResourceArn", in.ResourceArn)
	if err != nil {
		return nil, err
	}
	out := &model.GetDataProtectionPolicyOutput{}
	err = s.read(func(v *store.View) error {
		t, err := topic.Get(v, n)
		out.DataProtectionPolicy = some(t.Settings.DataProtection)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
