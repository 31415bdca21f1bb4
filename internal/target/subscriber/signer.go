package subscriber

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"sync"
	"time"

	"github.com/carillon-events/carillon/internal/notification"
	"github.com/carillon-events/carillon/internal/seal"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/topic"
)

// CertificatePath is how the paths of certificates begin, as AWS names them.
const CertificatePath = "/SimpleNotificationService-"

// Signer signs documents with a key that the store keeps, made when it is needed
// first, and shows its certificate to whoever asks.
//
//	'm' "signer"    {1 u8}{sealed JSON of identityRecord}
//
// The certificate is the key's own: nobody has to trust it who does not trust
// the host that it comes from.
type Signer struct {
	shard *store.Shard
	box   *seal.Box
	now   func() time.Time

	mu   sync.Mutex // guards have, and that one key is made
	have *identity
}

const (
	identityVersion = 1
	identityOwner   = "signer"
	keyBits         = 2048
	// A certificate holds for validFor, and is replaced with its key when it has
	// less than renewBefore to go.
	validFor    = 10 * 365 * 24 * time.Hour
	renewBefore = 30 * 24 * time.Hour
)

// commonName is a name that AWS's own certificate has, and that the SnsMessageManager
// of its Java SDK wants to see in every one.
const commonName = "sns.amazonaws.com"

var identityKey = append([]byte{store.SpaceMeta}, "signer"...)

type identityRecord struct {
	Key         []byte `json:"key"`         // PKCS #8
	Certificate []byte `json:"certificate"` // DER
}

type identity struct {
	key  *rsa.PrivateKey
	cert *x509.Certificate
	pem  []byte
	path string
}

// NewSigner is a Signer, whose key box seals.
func NewSigner(shard *store.Shard, box *seal.Box) *Signer {
	return &Signer{shard: shard, box: box, now: time.Now}
}

// Sign signs a document, and tells the path of the certificate.
func (s *Signer) Sign(ctx context.Context, n *notification.Notification, version string) (path string, err error) {
	i, err := s.identity(ctx, true)
	if err != nil {
		return "", fmt.Errorf("the key that notifications are signed with: %w", err)
	}
	return i.path, n.Sign(i.key, version)
}

// ForQueues has a key made if there is none, and signs with the one that there
// is then, for as long as the process lives: it waits for no transaction. base is
// where the certificate is.
func (s *Signer) ForQueues(ctx context.Context, base string) (topic.Sign, error) {
	i, err := s.identity(ctx, true)
	if err != nil {
		return nil, fmt.Errorf("the key that notifications are signed with: %w", err)
	}
	return func(n *notification.Notification, sha256 bool) error {
		n.SigningCertURL = base + i.path
		return n.Sign(i.key, versionOf(sha256))
	}, nil
}

// ServeHTTP shows the certificate.
func (s *Signer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "It must be a GET.", http.StatusMethodNotAllowed)
		return
	}
	i, err := s.identity(r.Context(), false) // no stranger has a key made
	if err != nil {
		http.Error(w, "The certificate cannot be read.", http.StatusServiceUnavailable)
		return
	}
	if i == nil || r.URL.Path != i.path {
		http.Error(w, "There is no such certificate.", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "application/x-pem-file")
	w.Header().Set("Cache-Control", "public, max-age=86400")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(i.pem)
}

// identity is the key with its certificate; if there is none, or an old one, one
// that is made now, or nil.
func (s *Signer) identity(ctx context.Context, make bool) (*identity, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.have != nil && (!make || s.fresh(s.have)) {
		return s.have, nil
	}
	kept, err := s.load()
	if err != nil {
		return nil, err
	}
	if kept == nil || make && !s.fresh(kept) {
		if !make {
			return nil, nil
		}
		if kept, err = s.create(ctx); err != nil {
			return nil, err
		}
	}
	s.have = kept
	return kept, nil
}

func (s *Signer) fresh(i *identity) bool { return s.now().Add(renewBefore).Before(i.cert.NotAfter) }

func (s *Signer) load() (*identity, error) {
	var value []byte
	err := s.shard.View(func(v *store.View) error {
		kept, _, err := v.Get(identityKey)
		value = append(value, kept...)
		return err
	})
	if err != nil || value == nil {
		return nil, err
	}
	return s.open(value)
}

var errIdentity = errors.New("its record is damaged")

func (s *Signer) open(value []byte) (*identity, error) {
	if value[0] != identityVersion {
		return nil, errIdentity
	}
	plain, err := s.box.Open(value[1:], identityOwner)
	if err != nil {
		return nil, err
	}
	var rec identityRecord
	if json.Unmarshal(plain, &rec) != nil {
		return nil, errIdentity
	}
	key, err := x509.ParsePKCS8PrivateKey(rec.Key)
	if err != nil {
		return nil, errIdentity // and not why: it may quote the key
	}
	private, ok := key.(*rsa.PrivateKey)
	if !ok {
		return nil, errIdentity
	}
	return newIdentity(private, rec.Certificate)
}

func newIdentity(key *rsa.PrivateKey, der []byte) (*identity, error) {
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, errIdentity
	}
	sum := sha256.Sum256(der)
	return &identity{
		key: key, cert: cert, path: CertificatePath + hex.EncodeToString(sum[:16]) + ".pem",
		pem: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
	}, nil
}

// create makes a key with its certificate and keeps them.
func (s *Signer) create(ctx context.Context) (*identity, error) {
	key, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	now := s.now()
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "Carillon notifications"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(validFor), KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection}, // messages, and no TLS
		DNSNames:              []string{commonName},
		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	plain, err := json.Marshal(identityRecord{secret, der})
	if err != nil {
		return nil, err
	}
	sealed, err := s.box.Seal(plain, identityOwner)
	if err != nil {
		return nil, err
	}
	err = s.shard.Update(ctx, func(tx *store.Tx) error { return tx.Set(identityKey, append([]byte{identityVersion}, sealed...)) })
	if err != nil {
		return nil, err
	}
	return newIdentity(key, der)
}
