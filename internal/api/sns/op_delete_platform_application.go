package sns

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/sns"
	"github.com/carillon-events/carillon/internal/mobile"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// DeletePlatformApplication deletes an application and its endpoints; one that
// does not exist is as good as deleted.
func (s *Service) DeletePlatformApplication(ctx context.Context, c *wire.Call, in *model.DeletePlatformApplicationInput) (*model.DeletePlatformApplicationOutput, error) {
	app, err := appOf(c, in.PlatformApplicationArn)
	if err != nil {
		return nil, err
	}
	return nil, s.change(ctx, func(tx *store.Tx) error { return mobile.DeleteApp(tx, app) })
}
