// Package sdk uses our server, and beside it the Go one, through the public interface of the real client library.
package sdk

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"runtime"
	"testing"
	"time"

	"github.com/minio/kms-go/kes"

	"kescompat/harness"
)

// inClients runs a test with a client speaking as the admin, against both programs over both protocols.
func inClients(t *testing.T, test func(t *testing.T, s *harness.Server, c *kes.Client)) {
	t.Helper()
	harness.Both(t, func(t *testing.T, p harness.Program) {
		harness.Protocols(t, func(t *testing.T, protocol harness.Protocol) {
			s := harness.Start(t, p, harness.Config{})
			test(t, s, s.SDK(s.Config.Admin, protocol))
		})
	})
}

func TestServerInformation(t *testing.T) {
	inClients(t, func(t *testing.T, s *harness.Server, c *kes.Client) {
		ctx := harness.Deadline(t)
		version, err := c.Version(ctx)
		harness.Succeed(t, "Version", err)
		if version == "" {
			t.Error("the version is empty")
		}
		ready, err := c.IsReady(ctx)
		harness.Succeed(t, "IsReady", err)
		if !ready {
			t.Error("the server is not ready")
		}
		state, err := c.Status(ctx)
		harness.Succeed(t, "Status", err)
		if state.Version != version || state.OS != runtime.GOOS || state.Arch != runtime.GOARCH || state.CPUs < 1 ||
			state.UsableCPUs < 1 || !state.KeyStoreReachable || !state.KeystoreAvailable || state.KeyStoreLatency <= 0 {
			t.Errorf("unexpected status %+v", state)
		}
		apis, err := c.APIs(ctx)
		harness.Succeed(t, "APIs", err)
		found := false
		for _, api := range apis {
			if api.Path == "/v1/key/generate/" {
				found = api.Method == "PUT" && api.MaxBody == 1_000_000 && api.Timeout == 15*time.Second
			}
		}
		if !found {
			t.Errorf("/v1/key/generate/ is missing or wrong among %+v", apis)
		}
	})
}

func TestLifeOfAKey(t *testing.T) {
	inClients(t, func(t *testing.T, s *harness.Server, c *kes.Client) {
		ctx := harness.Deadline(t)
		before := time.Now()
		harness.Succeed(t, "CreateKey", c.CreateKey(ctx, "my-key"))
		info, err := c.DescribeKey(ctx, "my-key")
		harness.Succeed(t, "DescribeKey", err)
		if info.Name != "my-key" || info.CreatedBy.String() != s.Config.Admin.ID {
			t.Errorf("unexpected description %+v", info)
		}
		if info.CreatedAt.Before(before.Add(-time.Minute)) || info.CreatedAt.After(time.Now().Add(time.Minute)) {
			t.Errorf("created at %v, it is %v now", info.CreatedAt, time.Now())
		}
		harness.Succeed(t, "DeleteKey", c.DeleteKey(ctx, "my-key"))
		if _, err = c.DescribeKey(ctx, "my-key"); err != kes.ErrKeyNotFound {
			t.Errorf("DescribeKey after DeleteKey: %v", err)
		}
		harness.Succeed(t, "CreateKey again", c.CreateKey(ctx, "my-key"))
	})
}

func TestDataKeys(t *testing.T) {
	inClients(t, func(t *testing.T, s *harness.Server, c *kes.Client) {
		ctx := harness.Deadline(t)
		harness.Succeed(t, "CreateKey", c.CreateKey(ctx, "my-key"))
		var seen [][]byte
		for _, associated := range [][]byte{nil, {}, []byte("bucket/object"), bytes.Repeat([]byte{0xff, 0}, 50_000)} {
			dek, err := c.GenerateKey(ctx, "my-key", associated)
			harness.Succeed(t, "GenerateKey", err)
			if len(dek.Plaintext) != 32 || len(dek.Ciphertext) != 76 {
				t.Fatalf("%d bytes of plaintext, %d of ciphertext", len(dek.Plaintext), len(dek.Ciphertext))
			}
			for _, other := range seen {
				if bytes.Equal(dek.Plaintext, other) {
					t.Error("a data key came twice")
				}
			}
			seen = append(seen, dek.Plaintext)
			plaintext, err := c.Decrypt(ctx, "my-key", dek.Ciphertext, associated)
			harness.Succeed(t, "Decrypt", err)
			if !bytes.Equal(plaintext, dek.Plaintext) {
				t.Error("the data key decrypts to something else")
			}
		}
	})
}

func TestEncryption(t *testing.T) {
	inClients(t, func(t *testing.T, s *harness.Server, c *kes.Client) {
		ctx := harness.Deadline(t)
		for name, cipher := range map[string]kes.KeyAlgorithm{"aes": kes.AES256, "chacha": kes.ChaCha20} {
			harness.Succeed(t, "ImportKey", c.ImportKey(ctx, name, &kes.ImportKeyRequest{Key: harness.Bytes(7, 32), Cipher: cipher}))
			info, err := c.DescribeKey(ctx, name)
			harness.Succeed(t, "DescribeKey", err)
			if info.Algorithm != cipher {
				t.Errorf("a %v key is described as %v", cipher, info.Algorithm)
			}
			for _, size := range []int{0, 1, 31, 4096, 500_000} {
				plaintext := bytes.Repeat([]byte{'p'}, size)
				for _, associated := range [][]byte{nil, []byte("context")} {
					ciphertext, err := c.Encrypt(ctx, name, plaintext, associated)
					harness.Succeed(t, "Encrypt", err)
					if len(ciphertext) != size+44 {
						t.Errorf("%d bytes encrypt to %d", size, len(ciphertext))
					}
					decrypted, err := c.Decrypt(ctx, name, ciphertext, associated)
					harness.Succeed(t, "Decrypt", err)
					if !bytes.Equal(decrypted, plaintext) {
						t.Errorf("%d bytes decrypt to something else", size)
					}
					if _, err := c.Decrypt(ctx, name, ciphertext, []byte("other")); err != kes.ErrDecrypt {
						t.Errorf("Decrypt with another context: %v", err)
					}
				}
			}
		}
	})
}

func TestMessageAuthenticationCodes(t *testing.T) {
	inClients(t, func(t *testing.T, s *harness.Server, c *kes.Client) {
		ctx := harness.Deadline(t)
		secret := harness.Bytes(0x33, 32)
		harness.Plant(t, s.Config.KeyDir, "planted",
			harness.StoredKey(harness.StoredAES256, harness.Bytes(0, 32), secret, time.Now(), s.Config.Admin.ID))
		for _, message := range [][]byte{{}, []byte("hello"), bytes.Repeat([]byte("long"), 100_000)} {
			code, err := c.HMAC(ctx, "planted", message)
			harness.Succeed(t, "HMAC", err)
			mac := hmac.New(sha256.New, secret)
			mac.Write(message)
			if !hmac.Equal(code, mac.Sum(nil)) {
				t.Errorf("wrong code of %d bytes", len(message))
			}
		}
		harness.Succeed(t, "CreateKey", c.CreateKey(ctx, "created"))
		first, err := c.HMAC(ctx, "created", []byte("m"))
		harness.Succeed(t, "HMAC", err)
		second, err := c.HMAC(ctx, "created", []byte("m"))
		harness.Succeed(t, "HMAC", err)
		if !bytes.Equal(first, second) || len(first) != 32 {
			t.Error("the code of a message changes")
		}
	})
}
