package sns

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/sns"
	"github.com/carillon-events/carillon/internal/mobile"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// ListPlatformApplications lists the caller's applications.
func (s *Service) ListPlatformApplications(_ context.Context, c *wire.Call, in *model.ListPlatformApplicationsInput) (*model.ListPlatformApplicationsOutput, error) {
	list := "ListPlatformApplications/" + c.Account + "/" + c.Region
	cursor, err := page(list, "NextToken", in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &model.ListPlatformApplicationsOutput{PlatformApplications: []model.PlatformApplication{}}
	err = s.read(func(v *store.View) error {
		apps, next, err := mobile.ListApps(v, placeOf(c), cursor, pageSize)
		for _, a := range apps {
			out.PlatformApplications = append(out.PlatformApplications, model.PlatformApplication{
				PlatformApplicationArn: wire.Some(appARN(a.App)), Attributes: appEcho(a),
			})
		}
		out.NextToken = nextToken(list, next)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
