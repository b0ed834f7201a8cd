package harness

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/minio/kms-go/kes"
)

// Identity is a client: a certificate chain with its key, and the fingerprint a server knows it by.
type Identity struct {
	ID     string // lower-case hex SHA-256 of the SubjectPublicKeyInfo of the first certificate
	APIKey string // text form, empty unless the identity is an API key
	Cert   tls.Certificate
}

// KeyKind is a kind of private key.
type KeyKind string

// The kinds of key that certificates are made of.
const (
	Ed25519 KeyKind = "ed25519"
	ECDSA   KeyKind = "ecdsa"
	RSA     KeyKind = "rsa"
)

// NewAPIKey is a fresh API key with the certificate that the SDK makes for it.
func NewAPIKey(t testing.TB) *Identity {
	t.Helper()
	key, err := kes.GenerateAPIKey(nil)
	if err != nil {
		t.Fatalf("cannot generate an API key: %v", err)
	}
	return FromAPIKey(t, key.String())
}

// FromAPIKey is the identity of an API key in its text form.
func FromAPIKey(t testing.TB, text string) *Identity {
	t.Helper()
	key, err := kes.ParseAPIKey(text)
	if err != nil {
		t.Fatalf("cannot parse API key: %v", err)
	}
	cert, err := kes.GenerateCertificate(key)
	if err != nil {
		t.Fatalf("cannot make the certificate of an API key: %v", err)
	}
	return &Identity{ID: key.Identity().String(), APIKey: text, Cert: cert}
}

// CertOption changes the template of a certificate before it is signed.
type CertOption func(*x509.Certificate)

// AsCA makes the certificate a CA:TRUE one, as `openssl req -x509` does unasked.
func AsCA(c *x509.Certificate) {
	c.IsCA = true
	c.KeyUsage |= x509.KeyUsageCertSign
}

// Expired moves the certificate's validity into the past.
func Expired(c *x509.Certificate) {
	c.NotBefore = time.Now().Add(-48 * time.Hour)
	c.NotAfter = time.Now().Add(-24 * time.Hour)
}

// ServerAuthOnly replaces the certificate's extended key usage by serverAuth.
func ServerAuthOnly(c *x509.Certificate) {
	c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
}

// SelfSigned is a client with a certificate that it signed itself, CA:FALSE unless an option says otherwise.
func SelfSigned(t testing.TB, kind KeyKind, options ...CertOption) *Identity {
	t.Helper()
	key := newKey(t, kind)
	template := clientTemplate(options)
	return newIdentity(t, template, template, key, key)
}

// PKI is a certificate authority for one test, with the files that servers and programs read.
type PKI struct {
	Dir        string // holds the files below
	CAFile     string
	ServerCert string
	ServerKey  string
	Roots      *x509.CertPool

	ca  *x509.Certificate
	key crypto.Signer
}

// NewPKI makes an authority and a server certificate for 127.0.0.1.
func NewPKI(t testing.TB) *PKI {
	t.Helper()
	dir := t.TempDir()
	p := &PKI{
		Dir:        dir,
		CAFile:     filepath.Join(dir, "ca.crt"),
		ServerCert: filepath.Join(dir, "server.crt"),
		ServerKey:  filepath.Join(dir, "server.key"),
		key:        newKey(t, ECDSA),
		Roots:      x509.NewCertPool(),
	}
	authority := &x509.Certificate{
		SerialNumber:          serial(t),
		Subject:               pkix.Name{CommonName: "kes compat authority"},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(24 * time.Hour),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
	p.ca = sign(t, authority, authority, p.key.Public(), p.key)
	p.Roots.AddCert(p.ca)
	writePEM(t, p.CAFile, "CERTIFICATE", p.ca.Raw, 0o644)

	p.RenewServer(t)
	return p
}

// RenewServer replaces the server's key and certificate in their files, one after the other, and returns the new
// certificate's serial number.
func (p *PKI) RenewServer(t testing.TB) *big.Int {
	t.Helper()
	serverKey := newKey(t, ECDSA)
	server := sign(t, &x509.Certificate{
		SerialNumber:          serial(t),
		Subject:               pkix.Name{CommonName: "localhost"},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(24 * time.Hour),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1)},
		DNSNames:              []string{"localhost"},
	}, p.ca, serverKey.Public(), p.key)
	writePEM(t, p.ServerCert, "CERTIFICATE", server.Raw, 0o644)
	writePEM(t, p.ServerKey, "PRIVATE KEY", marshalKey(t, serverKey), 0o600)
	return server.SerialNumber
}

// Issue makes a client with a certificate signed by the authority.
func (p *PKI) Issue(t testing.TB, kind KeyKind, options ...CertOption) *Identity {
	t.Helper()
	return newIdentity(t, clientTemplate(options), p.ca, newKey(t, kind), p.key)
}

// WriteFiles stores the client's certificate and private key as PEM files and returns their paths.
func (id *Identity) WriteFiles(t testing.TB) (cert, key string) {
	t.Helper()
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "client.crt"), filepath.Join(dir, "client.key")
	writePEM(t, cert, "CERTIFICATE", id.Cert.Certificate[0], 0o644)
	writePEM(t, key, "PRIVATE KEY", marshalKey(t, id.Cert.PrivateKey.(crypto.Signer)), 0o600)
	return cert, key
}

// Followed is the same client sending further certificates, which anyone may copy, behind its own.
func (id *Identity) Followed(others ...*Identity) *Identity {
	chain := [][]byte{id.Cert.Certificate[0]}
	for _, other := range others {
		chain = append(chain, other.Cert.Certificate[0])
	}
	return &Identity{ID: id.ID, Cert: tls.Certificate{Certificate: chain, PrivateKey: id.Cert.PrivateKey}}
}

func clientTemplate(options []CertOption) *x509.Certificate {
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: "kes compat client"},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(24 * time.Hour),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		BasicConstraintsValid: true,
	}
	for _, option := range options {
		option(template)
	}
	return template
}

func newIdentity(t testing.TB, template, parent *x509.Certificate, key, signer crypto.Signer) *Identity {
	t.Helper()
	template.SerialNumber = serial(t)
	cert := sign(t, template, parent, key.Public(), signer)
	fingerprint := sha256.Sum256(cert.RawSubjectPublicKeyInfo)
	return &Identity{
		ID:   hex.EncodeToString(fingerprint[:]),
		Cert: tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key, Leaf: cert},
	}
}

func sign(t testing.TB, template, parent *x509.Certificate, pub crypto.PublicKey, key crypto.Signer) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, pub, key)
	if err != nil {
		t.Fatalf("cannot sign a certificate: %v", err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatalf("cannot read a certificate back: %v", err)
	}
	return cert
}

func newKey(t testing.TB, kind KeyKind) crypto.Signer {
	t.Helper()
	var key crypto.Signer
	var err error
	switch kind {
	case Ed25519:
		_, key, err = ed25519.GenerateKey(rand.Reader)
	case ECDSA:
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case RSA:
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	default:
		t.Fatalf("unknown kind of key %q", kind)
	}
	if err != nil {
		t.Fatalf("cannot generate a key: %v", err)
	}
	return key
}

func serial(t testing.TB) *big.Int {
	t.Helper()
	n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		t.Fatalf("cannot make a serial number: %v", err)
	}
	return n
}

func marshalKey(t testing.TB, key crypto.Signer) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatalf("cannot encode a private key: %v", err)
	}
	return der
}

func writePEM(t testing.TB, path, kind string, der []byte, mode os.FileMode) {
	t.Helper()
	text := pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
	if err := os.WriteFile(path, text, mode); err != nil {
		t.Fatal(err)
	}
}
