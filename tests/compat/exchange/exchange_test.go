// Package exchange runs our server and the Go one side by side on one key directory: what either writes, the other
// must serve; what either seals, the other must open.
package exchange

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/minio/kms-go/kes"

	"kescompat/harness"
)

// pair is both servers on one directory, with the same admin.
type pair struct {
	dir     string
	admin   *harness.Identity
	servers map[string]*harness.Server
	clients map[string]*kes.Client
}

var names = []string{"ours", "go"}

func newPair(t *testing.T) *pair {
	t.Helper()
	p := &pair{
		dir:     t.TempDir(),
		admin:   harness.NewAPIKey(t),
		servers: map[string]*harness.Server{},
		clients: map[string]*kes.Client{},
	}
	pki := harness.NewPKI(t)
	for _, program := range []harness.Program{harness.Ours(t), harness.Peer(t)} {
		s := harness.Start(t, program, harness.Config{KeyDir: p.dir, Admin: p.admin, PKI: pki})
		p.servers[program.Name] = s
		p.clients[program.Name] = s.SDK(p.admin, harness.H2)
	}
	return p
}

// eachWay runs a test with either server as the one that writes and the other as the one that reads.
func eachWay(t *testing.T, test func(t *testing.T, p *pair, writer, reader *kes.Client)) {
	t.Helper()
	for i, writer := range names {
		reader := names[1-i]
		t.Run(writer+" to "+reader, func(t *testing.T) {
			p := newPair(t)
			test(t, p, p.clients[writer], p.clients[reader])
		})
	}
}

var contexts = map[string][]byte{
	"no context":      nil,
	"a context":       []byte(`{"bucket":"a/b"}`),
	"a binary one":    {0, 255, 0, 10},
	"one of 50 kByte": bytes.Repeat([]byte("c"), 50_000),
}

// crossOver has each client open what the other seals under the key, and compares their codes.
func crossOver(t *testing.T, key string, a, b *kes.Client, withHMAC bool) {
	t.Helper()
	ctx := harness.Deadline(t)
	plaintexts := [][]byte{{}, []byte("p"), bytes.Repeat([]byte("plaintext"), 1000)}
	for _, way := range [][2]*kes.Client{{a, b}, {b, a}} {
		for name, associated := range contexts {
			dek, err := way[0].GenerateKey(ctx, key, associated)
			harness.Succeed(t, "GenerateKey with "+name, err)
			opened, err := way[1].Decrypt(ctx, key, dek.Ciphertext, associated)
			harness.Succeed(t, "Decrypt of a data key with "+name, err)
			if !bytes.Equal(opened, dek.Plaintext) {
				t.Errorf("%s: a data key opens to something else", name)
			}
			if _, err := way[1].Decrypt(ctx, key, dek.Ciphertext, []byte("another")); !errors.Is(err, kes.ErrDecrypt) {
				t.Errorf("%s: with another context: %v", name, err)
			}
			for _, plaintext := range plaintexts {
				ciphertext, err := way[0].Encrypt(ctx, key, plaintext, associated)
				harness.Succeed(t, "Encrypt with "+name, err)
				opened, err := way[1].Decrypt(ctx, key, ciphertext, associated)
				harness.Succeed(t, "Decrypt with "+name, err)
				if !bytes.Equal(opened, plaintext) {
					t.Errorf("%s: %d bytes open to something else", name, len(plaintext))
				}
			}
		}
	}
	message := []byte("message")
	first, err := a.HMAC(ctx, key, message)
	if !withHMAC {
		if want := kes.NewError(409, "key does not support HMAC"); !errors.Is(err, want) {
			t.Errorf("HMAC: %v, expected %v", err, want)
		}
		return
	}
	harness.Succeed(t, "HMAC", err)
	second, err := b.HMAC(ctx, key, message)
	harness.Succeed(t, "HMAC", err)
	if !bytes.Equal(first, second) {
		t.Error("the servers compute different codes")
	}
}

func sameDescription(t *testing.T, key string, a, b *kes.Client) *kes.KeyInfo {
	t.Helper()
	ctx := harness.Deadline(t)
	first, err := a.DescribeKey(ctx, key)
	harness.Succeed(t, "DescribeKey", err)
	second, err := b.DescribeKey(ctx, key)
	harness.Succeed(t, "DescribeKey", err)
	if *first != *second {
		t.Errorf("described as %+v and as %+v", first, second)
	}
	return first
}

func TestCreatedKeys(t *testing.T) {
	eachWay(t, func(t *testing.T, p *pair, writer, reader *kes.Client) {
		ctx := harness.Deadline(t)
		harness.Succeed(t, "CreateKey", writer.CreateKey(ctx, "created"))
		if err := reader.CreateKey(ctx, "created"); !errors.Is(err, kes.ErrKeyExists) {
			t.Errorf("the other server creates the key again: %v", err)
		}
		info := sameDescription(t, "created", writer, reader)
		if info.CreatedBy.String() != p.admin.ID || time.Since(info.CreatedAt) > time.Hour {
			t.Errorf("unexpected description %+v", info)
		}
		crossOver(t, "created", writer, reader, true)
	})
}

func TestImportedKeys(t *testing.T) {
	for name, cipher := range map[string]kes.KeyAlgorithm{"AES256": kes.AES256, "ChaCha20": kes.ChaCha20} {
		t.Run(name, func(t *testing.T) {
			eachWay(t, func(t *testing.T, p *pair, writer, reader *kes.Client) {
				request := &kes.ImportKeyRequest{Key: harness.Bytes(0x40, 32), Cipher: cipher}
				harness.Succeed(t, "ImportKey", writer.ImportKey(harness.Deadline(t), "imported", request))
				if info := sameDescription(t, "imported", writer, reader); info.Algorithm != cipher {
					t.Errorf("a %v key is described as %v", cipher, info.Algorithm)
				}
				crossOver(t, "imported", writer, reader, true)
			})
		})
	}
}

// TestStoredKeysOfAllEras plants the keys that older servers left behind.
func TestStoredKeysOfAllEras(t *testing.T) {
	const owner = "40235905b7b83e0537a002db523cd019d6709b899adc249c957860cd00fa9f78"
	for name, c := range map[string]struct {
		blob string
		hmac bool
	}{
		"json-2019": {`{"bytes":"J8qmOyEV2ce2yoAC+5t0Y7CSP/hTMppL7XHpAnyc+0E="}`, false},
		"json-aes": {`{"bytes":"J8qmOyEV2ce2yoAC+5t0Y7CSP/hTMppL7XHpAnyc+0E=","algorithm":"AES256-GCM_SHA256",` +
			`"created_at":"2009-11-10T23:00:00Z","created_by":"` + owner + `"}`, false},
		"json-chacha": {`{"bytes":"9ew6BCae3+13sniOUwttEJ62amg98YXc0OW0WBhNiCY=","algorithm":"XCHACHA20-POLY1305",` +
			`"created_at":"2009-11-10T23:00:00.123456789Z","created_by":"` + owner + `"}`, false},
		"json-spaced": {" {\n \"Bytes\" : \"J8qmOyEV2ce2yoAC+5t0Y7CSP/hTMppL7XHpAnyc+0E=\", \"other\": [1] }\n", false},
		"today-aes":   {harness.StoredKey(harness.StoredAES256, harness.Bytes(1, 32), harness.Bytes(2, 32), time.Unix(1, 2), owner), true},
		"today-chacha": {harness.StoredKey(harness.StoredChaCha20, harness.Bytes(1, 32), harness.Bytes(2, 32),
			time.Date(2024, 1, 2, 3, 4, 5, 6, time.UTC), "disabled"), true},
		"today-newline": {harness.StoredKey(harness.StoredAES256, harness.Bytes(1, 32), harness.Bytes(2, 32), time.Unix(0, 0), "") + "\n", true},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPair(t)
			harness.Plant(t, p.dir, name, c.blob)
			sameDescription(t, name, p.clients["ours"], p.clients["go"])
			crossOver(t, name, p.clients["ours"], p.clients["go"], c.hmac)
			after, err := os.ReadFile(filepath.Join(p.dir, name))
			if err != nil || string(after) != c.blob {
				t.Errorf("reading a key rewrote it: %q, %v", after, err)
			}
		})
	}
}

// TestCiphertextsWithALeadingMark seals until the raw ciphertexts begin with the bytes that mark older formats.
func TestCiphertextsWithALeadingMark(t *testing.T) {
	eachWay(t, func(t *testing.T, p *pair, writer, reader *kes.Client) {
		ctx := harness.Deadline(t)
		harness.Succeed(t, "CreateKey", writer.CreateKey(ctx, "key"))
		found := map[byte]bool{}
		for attempts := 0; !found[0x95] || !found['{']; attempts++ {
			if attempts == 20_000 {
				t.Fatalf("found only %v after %d attempts", found, attempts)
			}
			ciphertext, err := writer.Encrypt(ctx, "key", []byte("plaintext"), nil)
			harness.Succeed(t, "Encrypt", err)
			if mark := ciphertext[0]; mark == 0x95 || mark == '{' {
				plaintext, err := reader.Decrypt(ctx, "key", ciphertext, nil)
				harness.Succeed(t, fmt.Sprintf("Decrypt of a ciphertext that begins with %#x", mark), err)
				if string(plaintext) != "plaintext" {
					t.Errorf("a ciphertext that begins with %#x opens to %q", mark, plaintext)
				}
				found[mark] = true
			}
		}
	})
}

func TestListingAndDeleting(t *testing.T) {
	eachWay(t, func(t *testing.T, p *pair, writer, reader *kes.Client) {
		ctx := harness.Deadline(t)
		var created []string
		for i := range 20 {
			name := fmt.Sprintf("key-%02d", i)
			created = append(created, name)
			harness.Succeed(t, "CreateKey", writer.CreateKey(ctx, name))
		}
		for who, c := range map[string]*kes.Client{"the writer": writer, "the reader": reader} {
			listed, next, err := c.ListKeys(ctx, "", -1)
			harness.Succeed(t, "ListKeys", err)
			if !slices.Equal(listed, created) || next != "" {
				t.Errorf("%s lists %v, continued at %q", who, listed, next)
			}
		}
		// The reader has not used the key, so it is in no cache of its own.
		harness.Succeed(t, "DeleteKey", writer.DeleteKey(ctx, "key-07"))
		if _, err := reader.DescribeKey(ctx, "key-07"); !errors.Is(err, kes.ErrKeyNotFound) {
			t.Errorf("a deleted key is described: %v", err)
		}
		if err := reader.DeleteKey(ctx, "key-07"); !errors.Is(err, kes.ErrKeyNotFound) {
			t.Errorf("a deleted key is deleted again: %v", err)
		}
		harness.Succeed(t, "CreateKey after the other's DeleteKey", reader.CreateKey(ctx, "key-07"))
		crossOver(t, "key-07", writer, reader, true)
	})
}

// TestOneOfTwoServersCreates races the servers for the same names.
func TestOneOfTwoServersCreates(t *testing.T) {
	p := newPair(t)
	ctx := harness.Deadline(t)
	for round := range 100 {
		key := fmt.Sprintf("raced-%d", round)
		results := make([]error, len(names))
		var group sync.WaitGroup
		for i, name := range names {
			group.Add(1)
			go func() {
				defer group.Done()
				results[i] = p.clients[name].CreateKey(ctx, key)
			}()
		}
		group.Wait()
		won := 0
		for i, err := range results {
			if err == nil {
				won++
			} else if !errors.Is(err, kes.ErrKeyExists) {
				t.Errorf("%s: %v", names[i], err)
			}
		}
		if won != 1 {
			t.Errorf("%s is created %d times", key, won)
		}
	}
	// Whoever won, both serve the same key.
	crossOver(t, "raced-0", p.clients["ours"], p.clients["go"], true)
}

// TestTheFilesLookAlike: the Go server serves what it would have written itself.
func TestTheFilesLookAlike(t *testing.T) {
	p := newPair(t)
	ctx := harness.Deadline(t)
	for _, name := range names {
		harness.Succeed(t, "CreateKey", p.clients[name].CreateKey(ctx, name))
	}
	entries, err := os.ReadDir(p.dir)
	harness.Succeed(t, "ReadDir", err)
	if len(entries) != 2 {
		t.Errorf("%d files for two keys: %v", len(entries), entries)
	}
	for _, name := range names {
		info, err := os.Stat(filepath.Join(p.dir, name))
		harness.Succeed(t, "Stat", err)
		if info.Mode() != 0o600 {
			t.Errorf("%s has mode %v", name, info.Mode())
		}
		blob, err := os.ReadFile(filepath.Join(p.dir, name))
		harness.Succeed(t, "ReadFile", err)
		if !strings.HasPrefix(string(blob), "CiQKI") || strings.ContainsAny(string(blob), "\n ") || len(blob) < 200 || len(blob) > 212 {
			t.Errorf("%s is stored as %q", name, blob)
		}
	}
}

// TestKeysOfTheConfiguration: ours creates the keys that the configuration names; the Go server v0.24.0 ignores them.
func TestKeysOfTheConfiguration(t *testing.T) {
	admin, pki, dir := harness.NewAPIKey(t), harness.NewPKI(t), t.TempDir()
	config := harness.Config{KeyDir: dir, Admin: admin, PKI: pki, Keys: []string{"first", "second"}}
	ours := harness.Start(t, harness.Ours(t), config)
	peer := harness.Start(t, harness.Peer(t), config)
	for _, name := range config.Keys {
		info := sameDescription(t, name, ours.SDK(admin, harness.H2), peer.SDK(admin, harness.H2))
		if info.CreatedBy.String() != admin.ID {
			t.Errorf("%s is created by %q", name, info.CreatedBy)
		}
		crossOver(t, name, ours.SDK(admin, harness.H2), peer.SDK(admin, harness.H2), true)
	}
	ours.Stop(t)
	again := harness.Start(t, harness.Ours(t), config)
	crossOver(t, "first", again.SDK(admin, harness.H2), peer.SDK(admin, harness.H2), true)
}
