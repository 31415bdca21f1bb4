package sns

import (
	"context"
	"slices"

	model "github.com/carillon-events/carillon/internal/awsmodel/sns"
	"github.com/carillon-events/carillon/internal/wire"
)

// RemovePermission takes a statement out of a topic's policy; one that is not
// there is as good as taken out.
func (s *Service) RemovePermission(ctx context.Context, c *wire.Call, in *model.RemovePermissionInput) (*model.RemovePermissionOutput, error) {
	n, err := topicOf(c, "TopicArn", in.TopicArn)
	if err != nil {
		return nil, err
	}
	return nil, s.changePolicy(ctx, n, func(p *accessPolicy) error {
		i := p.find(in.Label)
		if i < 0 {
			return nil
		}
		if len(p.Statements) == 1 {
			return invalid("Policy Error: null") // a policy without a statement is none
		}
		p.Statements = slices.Delete(p.Statements, i, i+1)
		return nil
	})
}
