package sns

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/sns"
	"github.com/carillon-events/carillon/internal/mobile"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// SetPlatformApplicationAttributes sets attributes of an application: all that
// the request gives, or none.
func (s *Service) SetPlatformApplicationAttributes(ctx context.Context, c *wire.Call, in *model.SetPlatformApplicationAttributesInput) (*model.SetPlatformApplicationAttributesOutput, error) {
	app, err := appOf(c, in.PlatformApplicationArn)
	if err != nil {
		return nil, err
	}
	labels, secrets, err := appSettings(c, in.Attributes)
	if err != nil {
		return nil, ofAttributes(err)
	}
	return nil, s.change(ctx, func(tx *store.Tx) error { return mobile.ChangeApp(tx, app, labels, secrets) })
}
