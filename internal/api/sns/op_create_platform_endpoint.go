package sns

import (
	"context"
	"errors"

	model "github.com/carillon-events/carillon/internal/awsmodel/sns"
	"github.com/carillon-events/carillon/internal/mobile"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// CreatePlatformEndpoint registers a device of an application. One that is
// registered, and does not differ, is as good as registered now.
func (s *Service) CreatePlatformEndpoint(ctx context.Context, c *wire.Call, in *model.CreatePlatformEndpointInput) (*model.CreatePlatformEndpointOutput, error) {
	app, err := appOf(c, in.PlatformApplicationArn)
	if err != nil {
		return nil, err
	}
	given := map[string]string{attrToken: in.Token}
	if in.CustomUserData.OK {
		given[attrUserData] = in.CustomUserData.V
	}
	for name, v := range in.Attributes {
		given[name] = v
	}
	edit, err := deviceOf(given)
	if err != nil {
		return nil, ofAttribute(err)
	}
	var d mobile.Device
	edit(&d)
	id := mobile.ID(s.newID())
	err = s.change(ctx, func(tx *store.Tx) error {
		got, err := mobile.Register(tx, app, id, d)
		if errors.Is(err, mobile.ErrTokenTaken) {
			return invalidFor("Token", "Endpoint "+endpointARN(app, got)+" already exists with the same Token, but different attributes.")
		}
		id = got
		return err
	})
	if err != nil {
		return nil, err
	}
	return &model.CreatePlatformEndpointOutput{EndpointArn: wire.Some(endpointARN(app, id))}, nil
}
