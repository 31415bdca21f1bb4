package sns

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/sns"
	"github.com/carillon-events/carillon/internal/mobile"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// GetPlatformApplicationAttributes tells what is known of an application, but
// for its secrets.
func (s *Service) GetPlatformApplicationAttributes(_ context.Context, c *wire.Call, in *model.GetPlatformApplicationAttributesInput) (*model.GetPlatformApplicationAttributesOutput, error) {
	app, err := appOf(c, in.PlatformApplicationArn)
	if err != nil {
		return nil, err
	}
	out := &model.GetPlatformApplicationAttributesOutput{}
	err = s.read(func(v *store.View) error {
		a, err := mobile.GetApp(v, app)
		out.Attributes = appEcho(a)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
