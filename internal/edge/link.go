package edge

import (
	"net/http"
	"net/url"

	"github.com/carillon-events/carillon/internal/access"
	"github.com/carillon-events/carillon/internal/arn"
)

// Link is an operation that anybody may call who follows a link: a GET of / that
// names it, with no signature and no version; some also by a POST. What the link holds is proof
// enough for the operation, or it refuses.
type Link struct {
	Service  string // "sns"
	Resource string // the parameter with an ARN, which says in which region
	Post     bool   // a POST without a signature may call it, too
}

// followed is the Link that the request follows, or nil. One that is signed is a
// request like others.
func (h *Handler) followed(r *http.Request) *Link {
	if r.Method != http.MethodGet || r.URL.RawQuery == "" || !h.leads(r) {
		return nil
	}
	return h.link(r.URL.Query())
}

// posted is the Link that an unsigned POST follows, as a client without
// credentials makes it, or nil. Other than a GET, it has been refused by now if it
// came from a foreign page.
func (h *Handler) posted(r *http.Request, body []byte) *Link {
	if r.Method != http.MethodPost || !h.leads(r) {
		return nil
	}
	form, err := readForm(r, body)
	if err != nil {
		return nil // the table says why
	}
	if link := h.link(form); link != nil && link.Post {
		return link
	}
	return nil
}

// leads tells whether a request may follow a link at all.
func (h *Handler) leads(r *http.Request) bool {
	return len(h.options.Links) > 0 && (r.URL.Path == "/" || r.URL.Path == "") &&
		len(r.Header["Authorization"]) == 0 && len(r.Header["X-Amz-Target"]) == 0
}

// link is the Link that a form without a signature names.
func (h *Handler) link(form url.Values) *Link {
	link, ok := h.options.Links[form.Get("Action")]
	if !ok || form.Has("X-Amz-Signature") || form.Has("X-Amz-Algorithm") || form.Has("Signature") {
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
	x.name()
	x.serve()
}

// name says of which version the operation is, unless the link does.
func (x *exchange) name() {
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
}

// stranger is who follows a link: nobody, in the region of what it is about.
func (x *exchange) stranger() (access.Identity, string, error) {
	region := x.h.options.Region
	if a, err := arn.Parse(x.route.form.Get(x.link.Resource)); err == nil && ValidRegion(a.Region) {
		region = a.Region
	}
	return access.Identity{}, region, nil
}
