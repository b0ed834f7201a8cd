package sdk

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/minio/kms-go/kes"

	"kescompat/harness"
)

// TestErrorsAreTheLibrarys: applications compare with errors.Is, which wants status and message to be equal.
func TestErrorsAreTheLibrarys(t *testing.T) {
	stranger := harness.NewAPIKey(t)
	limited := harness.NewAPIKey(t)
	authority := harness.SelfSigned(t, harness.ECDSA, harness.AsCA)
	harness.Both(t, func(t *testing.T, p harness.Program) {
		harness.Protocols(t, func(t *testing.T, protocol harness.Protocol) {
			s := harness.Start(t, p, harness.Config{Policies: map[string]harness.Policy{"limited": {
				Allow:      []string{"/v1/key/generate/my-*", "/v1/key/decrypt/my-*"},
				Deny:       []string{"/v1/key/decrypt/my-other"},
				Identities: []*harness.Identity{limited},
			}}})
			ctx := harness.Deadline(t)
			admin := s.SDK(s.Config.Admin, protocol)
			harness.Succeed(t, "CreateKey", admin.CreateKey(ctx, "my-key"))
			harness.Succeed(t, "CreateKey", admin.CreateKey(ctx, "my-other"))
			dek, err := admin.GenerateKey(ctx, "my-key", []byte("context"))
			harness.Succeed(t, "GenerateKey", err)
			harness.Plant(t, s.Config.KeyDir, "legacy", `{"bytes":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}`)
			harness.Plant(t, s.Config.KeyDir, "broken", `no key`)

			material := &kes.ImportKeyRequest{Key: make([]byte, 32), Cipher: kes.AES256}
			short := &kes.ImportKeyRequest{Key: make([]byte, 16), Cipher: kes.AES256}
			long := strings.Repeat("n", 81)
			for _, c := range []struct {
				name string
				as   *harness.Identity
				call func(context.Context, *kes.Client) error
				want error
			}{
				{"create twice", s.Config.Admin, create("my-key"), kes.ErrKeyExists},
				{"import over a key", s.Config.Admin, importKey("my-key", material), kes.ErrKeyExists},
				{"import too little", s.Config.Admin, importKey("new", short), kes.NewError(406, "invalid key size for 'AES256'")},
				{"create a name too long", s.Config.Admin, create(long),
					kes.NewError(400, "key name '"+long+"' is empty, too long or contains invalid characters")},
				{"create a name with a dot", s.Config.Admin, create("my.key"),
					kes.NewError(400, "key name 'my.key' is empty, too long or contains invalid characters")},
				{"describe a missing key", s.Config.Admin, describe("missing"), kes.ErrKeyNotFound},
				{"describe a broken key", s.Config.Admin, describe("broken"), kes.NewError(502, "failed to read key")},
				{"delete a missing key", s.Config.Admin, remove("missing"), kes.ErrKeyNotFound},
				{"generate with a missing key", s.Config.Admin, generate("missing"), kes.ErrKeyNotFound},
				{"encrypt with a missing key", s.Config.Admin, encrypt("missing"), kes.ErrKeyNotFound},
				{"decrypt with a missing key", s.Config.Admin, decrypt("missing", dek.Ciphertext, "context"), kes.ErrKeyNotFound},
				{"authenticate with a missing key", s.Config.Admin, authenticate("missing"), kes.ErrKeyNotFound},
				{"authenticate with a key of the first years", s.Config.Admin, authenticate("legacy"),
					kes.NewError(409, "key does not support HMAC")},
				{"decrypt without the context", s.Config.Admin, decrypt("my-key", dek.Ciphertext, ""), kes.ErrDecrypt},
				{"decrypt with another key", s.Config.Admin, decrypt("my-other", dek.Ciphertext, "context"), kes.ErrDecrypt},
				{"decrypt nothing", s.Config.Admin, decrypt("my-key", nil, ""), kes.ErrDecrypt},
				{"decrypt something cut short", s.Config.Admin, decrypt("my-key", dek.Ciphertext[1:], "context"), kes.ErrDecrypt},

				{"allowed", limited, generate("my-key"), nil},
				{"allowed, but missing", limited, generate("my-missing"), kes.ErrKeyNotFound},
				{"another key", limited, generate("other"), kes.ErrNotAllowed},
				{"another call", limited, create("my-new"), kes.ErrNotAllowed},
				{"denied", limited, decrypt("my-other", dek.Ciphertext, ""), kes.ErrNotAllowed},
				{"listing", limited, list, kes.ErrNotAllowed},
				{"the status", limited, status, kes.ErrNotAllowed},
				{"a stranger creating", stranger, create("new"), kes.ErrNotAllowed},
				{"a stranger describing", stranger, describe("my-key"), kes.ErrNotAllowed},
				{"a stranger describing a missing key", stranger, describe("missing"), kes.ErrNotAllowed},
				{"a stranger generating", stranger, generate("my-key"), kes.ErrNotAllowed},
				{"a stranger decrypting", stranger, decrypt("my-key", dek.Ciphertext, "context"), kes.ErrNotAllowed},
				{"a stranger deleting", stranger, remove("my-key"), kes.ErrNotAllowed},
				{"a stranger listing", stranger, list, kes.ErrNotAllowed},
				{"a stranger asking for the version", stranger, version, nil},
				{"an authority's certificate", authority, status, kes.NewError(400, "tls: client certificate is required")},
			} {
				if err := c.call(ctx, s.SDK(c.as, protocol)); !errors.Is(err, c.want) {
					t.Errorf("%s: got %v, expected %v", c.name, err, c.want)
				}
			}
			// In TLS 1.3 a client is done before the server refuses it, so how Go words the end of the connection
			// depends on who was first. Certain is that no answer comes.
			var answer kes.Error
			if _, err := s.SDK(nil, protocol).Version(ctx); err == nil || errors.As(err, &answer) {
				t.Errorf("a client without a certificate is answered: %v", err)
			}
		})
	})
}

type call = func(context.Context, *kes.Client) error

func create(name string) call {
	return func(ctx context.Context, c *kes.Client) error { return c.CreateKey(ctx, name) }
}

func importKey(name string, request *kes.ImportKeyRequest) call {
	return func(ctx context.Context, c *kes.Client) error { return c.ImportKey(ctx, name, request) }
}

func remove(name string) call {
	return func(ctx context.Context, c *kes.Client) error { return c.DeleteKey(ctx, name) }
}

func describe(name string) call {
	return func(ctx context.Context, c *kes.Client) error { _, err := c.DescribeKey(ctx, name); return err }
}

func generate(name string) call {
	return func(ctx context.Context, c *kes.Client) error { _, err := c.GenerateKey(ctx, name, nil); return err }
}

func encrypt(name string) call {
	return func(ctx context.Context, c *kes.Client) error { _, err := c.Encrypt(ctx, name, nil, nil); return err }
}

func decrypt(name string, ciphertext []byte, associated string) call {
	return func(ctx context.Context, c *kes.Client) error {
		_, err := c.Decrypt(ctx, name, ciphertext, []byte(associated))
		return err
	}
}

func authenticate(name string) call {
	return func(ctx context.Context, c *kes.Client) error { _, err := c.HMAC(ctx, name, nil); return err }
}

func list(ctx context.Context, c *kes.Client) error { _, _, err := c.ListKeys(ctx, "", -1); return err }

func status(ctx context.Context, c *kes.Client) error { _, err := c.Status(ctx); return err }

func version(ctx context.Context, c *kes.Client) error { _, err := c.Version(ctx); return err }
