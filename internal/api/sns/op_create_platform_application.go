package sns

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/sns"
	"github.com/carillon-events/carillon/internal/mobile"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// CreatePlatformApplication makes an application of a push service. What it
// authenticates itself with there is not kept: see the package mobile.
func (s *Service) CreatePlatformApplication(ctx context.Context, c *wire.Call, in *model.CreatePlatformApplicationInput) (*model.CreatePlatformApplicationOutput, error) {
	if !validApp(in.Platform, "a") {
		return nil, invalidFor("Platform", clip(in.Platform)+" is not supported")
	}
	if !validApp(in.Platform, in.Name) {
		return nil, invalidFor("Name", "Names are 1 to 256 letters, digits, underscores, hyphens and periods")
	}
	labels, secrets, err := appSettings(c, in.Attributes)
	if err != nil {
		return nil, ofAttributes(err)
	}
	if secrets[attrCredential] == "" {
		return nil, invalidFor("Attributes", attrCredential+": no value for required parameter")
	}
	app := mobile.App{Place: placeOf(c), Platform: in.Platform, Name: in.Name}
	err = s.change(ctx, func(tx *store.Tx) error { return mobile.CreateApp(tx, app, labels, secrets) })
	if err != nil {
		return nil, err
	}
	return &model.CreatePlatformApplicationOutput{PlatformApplicationArn: wire.Some(appARN(app))}, nil
}
