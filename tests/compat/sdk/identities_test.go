package sdk

import (
	"testing"

	"github.com/minio/kms-go/kes"

	"kescompat/harness"
)

// TestEveryKindOfIdentity: an identity is a fingerprint of a public key, whatever the algorithm and the issuer.
func TestEveryKindOfIdentity(t *testing.T) {
	pki := harness.NewPKI(t)
	clients := map[string]*harness.Identity{
		"API key":             harness.NewAPIKey(t),
		"published API key":   harness.FromAPIKey(t, "kes:v1:AGaV6VXHasF0FnaB60WdCOeTZ8eTIDikL4zlN16c8NAs"),
		"self-signed Ed25519": harness.SelfSigned(t, harness.Ed25519),
		"self-signed ECDSA":   harness.SelfSigned(t, harness.ECDSA),
		"self-signed RSA":     harness.SelfSigned(t, harness.RSA),
		"issued Ed25519":      pki.Issue(t, harness.Ed25519),
		"issued ECDSA":        pki.Issue(t, harness.ECDSA),
		"issued RSA":          pki.Issue(t, harness.RSA),
	}
	if got := clients["published API key"].ID; got != "ea9826089311fe44d7590408ede9150f7c637b6cab0a91ee6fe1aa5d9fb366f6" {
		t.Fatalf("the published API key has identity %s", got)
	}
	harness.Both(t, func(t *testing.T, p harness.Program) {
		var all []*harness.Identity
		for _, id := range clients {
			all = append(all, id)
		}
		s := harness.Start(t, p, harness.Config{
			PKI:      pki,
			Policies: map[string]harness.Policy{"keys": {Allow: []string{"/v1/key/*"}, Identities: all}},
		})
		harness.Protocols(t, func(t *testing.T, protocol harness.Protocol) {
			ctx := harness.Deadline(t)
			for name, id := range clients {
				c := s.SDK(id, protocol)
				key := id.ID[:8] + "-" + string(protocol)
				harness.Succeed(t, name, c.CreateKey(ctx, key))
				info, err := c.DescribeKey(ctx, key)
				harness.Succeed(t, name, err)
				if info.CreatedBy != kes.Identity(id.ID) {
					t.Errorf("%s: the key is said to be created by %q", name, info.CreatedBy)
				}
				if _, err := c.Status(ctx); err != kes.ErrNotAllowed {
					t.Errorf("%s: what its policy does not name gives %v", name, err)
				}
			}
		})
	})
}

func TestAdminByCertificateAndNoAdmin(t *testing.T) {
	harness.Both(t, func(t *testing.T, p harness.Program) {
		harness.Protocols(t, func(t *testing.T, protocol harness.Protocol) {
			admin := harness.SelfSigned(t, harness.RSA)
			s := harness.Start(t, p, harness.Config{Admin: admin})
			_, err := s.SDK(admin, protocol).Status(harness.Deadline(t))
			harness.Succeed(t, "an admin with an RSA certificate", err)

			// The name of nobody, with a certificate to wait for the server by.
			nobody := *harness.NewAPIKey(t)
			id := nobody.ID
			nobody.ID = "disabled"
			s = harness.Start(t, p, harness.Config{Admin: &nobody})
			if _, err := s.SDK(&nobody, protocol).Status(harness.Deadline(t)); err != kes.ErrNotAllowed {
				t.Errorf("%s is served although there is no admin: %v", id, err)
			}
		})
	})
}
