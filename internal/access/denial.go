package access

import (
	"encoding/base64"
	"encoding/json"

	"github.com/carillon-events/carillon/internal/policy"
	"github.com/carillon-events/carillon/internal/seal"
)

// Denials seals why somebody was denied something, for whoever may know it:
// STS's DecodeAuthorizationMessage opens it. Whoever was denied may see what is
// sealed, and learns nothing of policies that are not his.
type Denials struct{ box *seal.Box }

// NewDenials seals with a box of its own purpose; it may be shared.
func NewDenials(box *seal.Box) *Denials { return &Denials{box} }

// denial is the document that AWS's operation shows, as far as it is documented.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html
type denial struct {
	Allowed      bool        `json:"allowed"`
	ExplicitDeny bool        `json:"explicitDeny"`
	Matched      denialItems `json:"matchedStatements"`
	Failures     denialItems `json:"failures"`
	Context      denialAbout `json:"context"`
	Reason       string      `json:"reason"` // ours
}

type denialItems struct {
	Items []denialItem `json:"items"`
}

type denialItem struct {
	SourcePolicy string `json:"sourcePolicyId"`
	Statement    int    `json:"statement"` // counted from 1
}

type denialAbout struct {
	Principal denialPrincipal `json:"principal"`
	Action    string          `json:"action"`
	Resource  string          `json:"resource"`
}

type denialPrincipal struct {
	ID  string `json:"id"`
	ARN string `json:"arn"`
}

// maxDenial is how long a message may be that STS takes.
const maxDenial = 10240

// Seal is a decision's message, for the account of whoever was denied. Empty: it
// is too long, or could not be made, and the denial goes without.
func (d *Denials) Seal(account, userID string, r *policy.Request, of *policy.Decision) string {
	if d == nil {
		return ""
	}
	about := denial{ExplicitDeny: of.Outcome == policy.ExplicitDeny, Reason: of.Reason(r), Context: denialAbout{
		Principal: denialPrincipal{userID, r.Principal.ARN}, Action: r.Action, Resource: r.Resource,
	}}
	about.Matched.Items, about.Failures.Items = []denialItem{}, []denialItem{}
	if p, statement := of.By(); p != nil {
		about.Matched.Items = append(about.Matched.Items, denialItem{p.Name, statement + 1})
	}
	text, err := json.Marshal(about)
	if err != nil {
		return ""
	}
	sealed, err := d.box.Seal(text, account)
	if err != nil || base64.RawURLEncoding.EncodedLen(len(sealed)) > maxDenial {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(sealed)
}

// Open is what Seal sealed for that account.
func (d *Denials) Open(account, message string) (string, error) {
	if len(message) > maxDenial {
		return "", seal.ErrDamaged
	}
	sealed, err := base64.RawURLEncoding.DecodeString(message)
	if err != nil {
		return "", seal.ErrDamaged
	}
	text, err := d.box.Open(sealed, account)
	return string(text), err
}
