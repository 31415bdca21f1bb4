package sns

import (
	"context"
	"maps"
	"slices"

	model "github.com/carillon-events/carillon/internal/awsmodel/sns"
	"github.com/carillon-events/carillon/internal/mobile"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// SetSMSAttributes sets the caller's settings for text messages: all that the
// request gives, or none.
func (s *Service) SetSMSAttributes(ctx context.Context, c *wire.Call, in *model.SetSMSAttributesInput) (*model.SetSMSAttributesOutput, error) {
	change := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(in.Attributes)) {
		check := textSettings[name]
		if check == nil {
			return nil, invalidFor("attributes", clip(name)+" is not a valid attribute")
		}
		v := in.Attributes[name]
		if v != "" {
			var err error
			if v, err = check(name, v); err != nil {
				return nil, ofAttribute(err)
			}
		}
		change[name] = v
	}
	return nil, s.change(ctx, func(tx *store.Tx) error { return mobile.SetTextSettings(tx, placeOf(c), change) })
}
