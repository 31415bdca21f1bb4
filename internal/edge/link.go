package edge

import (
	"net/http"

	"github.com/carillon-events/carillon/internal/access"
	"github.com/carillon-events/carillon/internal/arn"
)

// Link is an operation that anybody may call who follows a link: a GET of / that
// names it, with no signature and no version. What the link holds is proof
// enough for the operation, or it refuses.
type Link struct {
	Service  string // "sns"
	Resource string // the parameter with an ARN, which says in which region
}

// followed is the Link that the request follows, or nil. One that is signed is a
// request like others.
func (h *Handler) followed(r *http.Request) *Link {
	if len(h.options.Links) == 0 || r.Method != http.MethodGet || r.URL.RawQuery == "" || r.URL.Path != "/" && r.URL.Path != "" ||
		len(r.Header["Authorization"]) > 0 || len(r.Header["X-Amz-Target"]) > 0 {
		return nil
	}
	query := r.URL.Query()
	link, ok := h.options.Links[query.Get("Action")]
	if !ok || query.Has("X-Amz-Signature") || query.Has("X-Amz-Algorithm") || query.Has("Signature") {
		return nil
	}
	return &link
}

// follow serves a link. Also one on a foreign page, such as that of a mail.
func (x *exchange) follow() {
	if err := x.setBaseURL(); err != nil {
		x.fail(err)
		return
	}
	if query := x.r.URL.Query(); !query.Has("Version") {
		for _, s := range x.h.options.Services {
			if s.Name == x.link.Service {
				query.Set("Version", s.QueryVersion)
			}
		}
		u := *x.r.URL
		u.RawQuery = query.Encode()
		x.r.URL = &u
	}
	x.serve()
}

// stranger is who follows a link: nobody, in the region of what it is about.
func (x *exchange) stranger() (access.Identity, string, error) {
	region := x.h.options.Region
	if a, err := arn.Parse(x.route.form.Get(x.link.Resource)); err == nil && ValidRegion(a.Region) {
		region = a.Region
	}
	return access.Identity{}, region, nil
}
