package sns

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/sns"
	"github.com/carillon-events/carillon/internal/mobile"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// GetSMSAttributes tells the caller's settings for text messages that were set:
// all, or those that the request names.
func (s *Service) GetSMSAttributes(_ context.Context, c *wire.Call, in *model.GetSMSAttributesInput) (*model.GetSMSAttributesOutput, error) {
	for _, name := range in.Attributes {
		if textSettings[name] == nil {
			return nil, invalidFor("attributes", clip(name)+" is not a valid attribute")
		}
	}
	out := &model.GetSMSAttributesOutput{Attributes: map[string]string{}}
	err := s.read(func(v *store.View) error {
		settings, err := mobile.TextSettings(v, placeOf(c))
		if len(in.Attributes) == 0 {
			out.Attributes = settings
			return err
		}
		for _, name := range in.Attributes {
			if v, ok := settings[name]; ok {
				out.Attributes[name] = v
			}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
