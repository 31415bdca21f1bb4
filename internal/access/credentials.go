package access

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/policy"
	"github.com/carillon-events/carillon/internal/session"
)

// DefaultAccount is whose account everybody uses who names none.
const DefaultAccount = "000000000000"

// Identity is who is calling.
type Identity struct {
	AccessKey string
	Secret    string // empty in dev mode: not to be verified
	Account   string // 12 digits
	Principal string // ARN
	Operator  bool   // may do what concerns all accounts, if not everybody may

	Entity  *identity.Entity // the user or the role; nil: the account's root, or nobody that IAM knows
	Session *Session         // of temporary credentials; nil: there is none

	Policies []policy.Policy // that the credentials file gives to a user, beside IAM's
}

// Session is what temporary credentials say besides whose they are.
type Session struct {
	Kind           session.Kind
	Name           string // of a role's session, or of a federated user
	IssuedAt       time.Time
	ExpiresAt      time.Time
	Policies       []policy.Policy   // what the session is limited to; none: nothing
	Tags           map[string]string // of the session, over the entity's own
	Transitive     []string          // names of the tags that go along to the next role
	SourceIdentity string
	Provider       string              // who vouched for a web identity; empty: nobody had to
	Claims         map[string][]string // of a web identity, by condition keys in lower case
	UserID         string              // aws:userid
}

// Dev is the identity behind any access key: a key id of 12 digits is its own
// account, every other is the default one.
func Dev(accessKey string) Identity {
	if !arn.IsAccount(accessKey) {
		return Identity{AccessKey: accessKey, Account: DefaultAccount, Principal: defaultRoot}
	}
	return Identity{AccessKey: accessKey, Account: accessKey, Principal: "arn:aws:iam::" + accessKey + ":root"}
}

var defaultRoot = arn.Root(DefaultAccount).String()

// Credentials are the keys of strict mode.
type Credentials struct {
	byKey         map[string]Identity
	byCertificate map[string]Identity // by a name of it, as certificateNames has them
	operators     map[string]bool     // accounts that have one; empty: nobody is named
	directory     *identity.Directory
}

// Lookup finds the identity of an access key.
func (c *Credentials) Lookup(accessKey string) (Identity, bool) {
	if id, ok := c.byKey[accessKey]; ok {
		return id, true
	}
	return Known(c.directory, accessKey)
}

// Operates tells whether somebody may be allowed what concerns all accounts: take
// backups, read trails. Operators may, and those of their accounts whom policies
// allow it. While the file names no operator, every account is as good as theirs.
// Nobody else can: the policies of an account are written by its own people.
func (c *Credentials) Operates(id Identity) bool {
	return id.Operator || len(c.operators) == 0 || c.operators[id.Account]
}

// OfPrincipal finds who has a key or a certificate in the file and goes by an ARN.
func (c *Credentials) OfPrincipal(principal string) (Identity, bool) {
	all := c.All()
	if i := slices.IndexFunc(all, func(id Identity) bool { return id.Principal == principal }); i >= 0 {
		return all[i], true
	}
	return Identity{}, false
}

// All are who has a key or a certificate in the file, in one order.
func (c *Credentials) All() []Identity {
	all := slices.AppendSeq(slices.Collect(maps.Values(c.byKey)), maps.Values(c.byCertificate))
	slices.SortFunc(all, func(a, b Identity) int {
		return cmp.Or(strings.Compare(a.AccessKey, b.AccessKey), strings.Compare(a.Principal, b.Principal))
	})
	return all
}

// Len is how many keys and certificates the file has.
func (c *Credentials) Len() int { return len(c.byKey) + len(c.byCertificate) }

// LoadCredentials reads the file of strict mode:
//
//	credentials:
//	  - accessKeyId: AKIAORDERS
//	    secretAccessKey: ...
//	    account: "123456789012"
//	    user: orders        # or a whole ARN; the account's root if left out
//	    policies: [orders.json, '{"Version": "2012-10-17", "Statement": …}']  # of the user: files, or texts
//	    operator: true      # may do what concerns all accounts; if left out everywhere, all may
//	    certificate: CN=orders  # who shows it is the same (certificate.go); then a key may be left out
func LoadCredentials(path string) (*Credentials, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read credentials: %w", err)
	}
	c, err := parseCredentials(text, filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("credentials file %s: %w", path, err)
	}
	return c, nil
}

type credentialFile struct {
	Credentials []credentialEntry `yaml:"credentials"`
}

type credentialEntry struct {
	AccessKeyID     string   `yaml:"accessKeyId"`
	SecretAccessKey string   `yaml:"secretAccessKey"`
	Account         string   `yaml:"account"`
	User            string   `yaml:"user"`
	Operator        bool     `yaml:"operator"`
	Certificate     string   `yaml:"certificate"`
	Policies        []string `yaml:"policies"`
}

// ParseCredentials reads the text of a credentials file. The files of policies are
// looked for in the working directory.
func ParseCredentials(text []byte) (*Credentials, error) { return parseCredentials(text, "") }

func parseCredentials(text []byte, dir string) (*Credentials, error) {
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	var file credentialFile
	if err := d.Decode(&file); err != nil && !errors.Is(err, io.EOF) {
		// yaml's own errors would repeat the values they stumble on: secrets.
		return nil, errors.New("it is no YAML list of {accessKeyId, secretAccessKey, account, user, policies, operator, certificate} under the key credentials" + yamlLine(err))
	}
	if len(file.Credentials) == 0 {
		return nil, errors.New("it has no credentials: strict mode would refuse everybody")
	}
	c := &Credentials{byKey: make(map[string]Identity, len(file.Credentials)), operators: map[string]bool{}}
	byUser := map[string][]policy.Policy{}
	for i, e := range file.Credentials {
		id, err := e.identity()
		if err == nil {
			id.Policies, err = e.policies(dir)
		}
		if err == nil && c.byKey[id.AccessKey].AccessKey != "" {
			err = errors.New("accessKeyId " + id.AccessKey + " is there twice")
		}
		if err == nil {
			err = c.addCertificate(e.Certificate, id)
		}
		if err != nil {
			return nil, fmt.Errorf("credentials[%d]: %w", i, err)
		}
		if id.AccessKey != "" {
			c.byKey[id.AccessKey] = id
		}
		byUser[id.Principal] = append(byUser[id.Principal], id.Policies...)
		if id.Operator {
			c.operators[id.Account] = true
		}
	}
	for _, known := range []map[string]Identity{c.byKey, c.byCertificate} {
		for name, id := range known { // they are the user's, whichever key or certificate it uses
			id.Policies = byUser[id.Principal]
			known[name] = id
		}
	}
	return c, nil
}

// yamlLine is the part of a yaml error that says where.
func yamlLine(err error) string {
	_, rest, ok := strings.Cut(err.Error(), "line ")
	if line, _, colon := strings.Cut(rest, ":"); ok && colon {
		return " (line " + line + ")"
	}
	return ""
}

func (e credentialEntry) identity() (Identity, error) {
	name := e.AccessKeyID
	if name == "" && e.SecretAccessKey == "" {
		name = e.Certificate
	}
	switch {
	case name == "":
		return Identity{}, errors.New("accessKeyId is missing")
	case strings.ContainsAny(e.AccessKeyID, "/, \t\n"):
		return Identity{}, errors.New("accessKeyId must not contain slashes, commas or spaces")
	case e.SecretAccessKey == "" && e.AccessKeyID != "":
		return Identity{}, fmt.Errorf("secretAccessKey of %s is missing", e.AccessKeyID)
	case !arn.IsAccount(e.Account):
		return Identity{}, fmt.Errorf("account of %s must be 12 digits, in quotes", name)
	}
	id := Identity{AccessKey: e.AccessKeyID, Secret: e.SecretAccessKey, Account: e.Account, Operator: e.Operator}
	switch {
	case e.User == "":
		id.Principal = arn.Root(e.Account).String()
	case !strings.HasPrefix(e.User, "arn:"):
		id.Principal = arn.User(e.Account, e.User).String()
	default:
		a, err := arn.Parse(e.User)
		if err != nil {
			return Identity{}, fmt.Errorf("user of %s: %w", name, err)
		}
		if a.Account != e.Account {
			return Identity{}, fmt.Errorf("user of %s belongs to account %s, not %s", name, a.Account, e.Account)
		}
		id.Principal = e.User
	}
	return id, nil
}

// policies are those that the file gives to a user: each is a JSON text, or the
// path of a file that has one.
func (e credentialEntry) policies(dir string) ([]policy.Policy, error) {
	if len(e.Policies) > 0 && e.User == "" {
		return nil, fmt.Errorf("policies of %s: it is the root of its account, which needs none: say which user it is", e.AccessKeyID)
	}
	var all []policy.Policy
	for i, given := range e.Policies {
		name, text := fmt.Sprintf("credentials file's policy %d of %s", i, e.AccessKeyID), given
		if !strings.HasPrefix(strings.TrimSpace(given), "{") {
			path := given
			if !filepath.IsAbs(path) {
				path = filepath.Join(dir, path)
			}
			read, err := os.ReadFile(path)
			if err != nil {
				return nil, fmt.Errorf("policies[%d] of %s: %w", i, e.AccessKeyID, err)
			}
			name, text = filepath.Base(given), string(read)
		}
		d, err := policy.Parse(policy.Identity, text)
		if err != nil {
			return nil, fmt.Errorf("policies[%d] of %s: %w", i, e.AccessKeyID, err)
		}
		all = append(all, policy.Policy{Name: name, Document: d})
	}
	return all, nil
}
