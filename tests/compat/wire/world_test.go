package wire

import (
	"encoding/base64"
	"net/http"
	"testing"
	"time"

	"kescompat/harness"
)

// world is a server with the clients and the stored keys that the tables speak of.
type world struct {
	server     *harness.Server
	identities map[string]*harness.Identity
	clients    map[clientOf]*http.Client
}

type clientOf struct {
	name     string
	protocol harness.Protocol
}

// The identity that the vectors were created by.
const vectorOwner = "3ecfcdf38fcbe141ae26a1030f81e96b753365a46760ae6b578698a97c59fd22"

// Key material of the vectors.
const (
	zeroKey = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	firstK1 = "dDHbTWgo+Yh3u804SYB5OyVMy6RiLeJYBQth1f6KlEU="
)

// inWorlds runs a table against both programs over both protocols, each time on a fresh server.
func inWorlds(t *testing.T, table []exchange) {
	t.Helper()
	harness.Both(t, func(t *testing.T, p harness.Program) {
		harness.Protocols(t, func(t *testing.T, protocol harness.Protocol) {
			run(t, newWorld(t, p), protocol, table)
		})
	})
}

// inOurWorlds runs a table against our program alone.
func inOurWorlds(t *testing.T, table []exchange) {
	t.Helper()
	harness.Protocols(t, func(t *testing.T, protocol harness.Protocol) {
		run(t, newWorld(t, harness.Ours(t)), protocol, table)
	})
}

func newWorld(t *testing.T, p harness.Program) *world {
	t.Helper()
	w := &world{
		identities: map[string]*harness.Identity{
			"admin":     harness.NewAPIKey(t),
			"app":       harness.NewAPIKey(t),
			"reader":    harness.SelfSigned(t, harness.ECDSA),
			"stranger":  harness.SelfSigned(t, harness.Ed25519),
			"authority": harness.SelfSigned(t, harness.ECDSA, harness.AsCA),
		},
		clients: map[clientOf]*http.Client{},
	}
	keys := t.TempDir()
	plantKeys(t, keys)
	w.server = harness.Start(t, p, harness.Config{
		KeyDir: keys,
		Admin:  w.identities["admin"],
		Policies: map[string]harness.Policy{
			"app": {
				Allow: []string{
					"/v1/key/create/app-*", "/v1/key/import/app-*", "/v1/key/describe/app-*", "/v1/key/generate/app-*",
					"/v1/key/encrypt/app-*", "/v1/key/decrypt/app-*", "/v1/key/hmac/app-aes", "/v1/key/list/app-*",
					"/v1/status",
				},
				Deny:       []string{"/v1/key/create/app-forbidden*", "/v1/key/decrypt/app-chacha"},
				Identities: []*harness.Identity{w.identities["app"]},
			},
			"reader": {
				Allow:      []string{"/v1/key/list/*", "/v1/api"},
				Identities: []*harness.Identity{w.identities["reader"]},
			},
		},
	})
	return w
}

func (w *world) client(name string, protocol harness.Protocol) *http.Client {
	key := clientOf{name, protocol}
	if w.clients[key] == nil {
		w.clients[key] = w.server.HTTP(w.identities[name], protocol)
	}
	return w.clients[key]
}

// plantKeys stores a key of every kind and era.
func plantKeys(t *testing.T, dir string) {
	t.Helper()
	material := harness.Bytes(0x80, 32)
	created := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, blob := range map[string]string{
		"app-aes":    harness.StoredKey(harness.StoredAES256, material, material, created, ""),
		"app-chacha": harness.StoredKey(harness.StoredChaCha20, material, material, created, vectorOwner),
		"app-vector": "CiQKIMiHG7XrN94FuwblJJor4f7f6rbqAl7DwsLaiIoyz0D2EAESJAognLXl4yqa4cjZTcSbsU6sNnN8kP9ARWkXwa20YQZa9HgQARoM" +
			"CNithK0GEID67qYDIkAzZWNmY2RmMzhmY2JlMTQxYWUyNmExMDMwZjgxZTk2Yjc1MzM2NWE0Njc2MGFlNmI1Nzg2OThhOTdjNTlmZDIy",
		"app-newline":     harness.StoredKey(harness.StoredAES256, material, material, created, "") + "\n",
		"app-json":        `{"bytes":"` + zeroKey + `"}`,
		"app-json-chacha": `{"bytes":"` + zeroKey + `","algorithm":"XCHACHA20-POLY1305","created_at":"2009-11-10T23:00:00Z","created_by":"` + vectorOwner + `"}`,
		"app-k1":          `{"bytes":"` + firstK1 + `","algorithm":"AES256-GCM_SHA256"}`,
		"app-k1-chacha":   `{"bytes":"` + firstK1 + `","algorithm":"ChaCha20"}`,
		"app-broken":      `"bytes":"` + zeroKey + `"}`,
		"app-empty":       "",
		"app-short":       `{"bytes":"AAAA"}`,
		"app-odd":         `{"bytes":"` + zeroKey + `","algorithm":"AES128"}`,
		"other":           harness.StoredKey(harness.StoredAES256, material, material, created, ""),
	} {
		harness.Plant(t, dir, name, blob)
	}
}

func b64(b []byte) string { return base64.StdEncoding.EncodeToString(b) }
