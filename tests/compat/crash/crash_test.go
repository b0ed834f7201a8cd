// Package crash takes our server away in the middle of creating keys: by kill -9, and by reloading its key store while
// a second server works on the same directory. What was acknowledged must be there, and nothing may be half there.
package crash

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/minio/kms-go/kes"

	"kescompat/harness"
)

const creators = 16

// ledger is what the clients were told about the keys they asked for.
type ledger struct {
	mutex        sync.Mutex
	acknowledged map[string]kes.DEK // with a data key made at once, if that was still answered
	unknown      []string           // the answer got lost
}

func (l *ledger) acknowledge(name string, dek kes.DEK) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.acknowledged[name] = dek
}

func (l *ledger) lose(name string) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.unknown = append(l.unknown, name)
}

func (l *ledger) count() int {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return len(l.acknowledged)
}

func TestKilledWhileCreating(t *testing.T) {
	rounds := 6
	if harness.Full() {
		rounds = 100
	}
	admin, pki, dir := harness.NewAPIKey(t), harness.NewPKI(t), t.TempDir()
	config := harness.Config{KeyDir: dir, Admin: admin, PKI: pki}
	book := &ledger{acknowledged: map[string]kes.DEK{}}
	lost := 0
	for round := range rounds {
		s := harness.Start(t, harness.Ours(t), config)
		ctx, cancel := context.WithCancel(context.Background())
		var group sync.WaitGroup
		for creator := range creators {
			group.Add(1)
			go func() {
				defer group.Done()
				create(ctx, s.SDK(admin, harness.H2), fmt.Sprintf("key-%d-%d", round, creator), book)
			}()
		}
		// A random number of keys later, in the middle of whatever goes on then.
		target := book.count() + 20 + rand.IntN(200)
		reached := waitUntil(func() bool { return book.count() >= target })
		s.Kill(t)
		cancel()
		group.Wait()
		if !reached {
			t.Fatalf("the clients come to a halt at %d keys", book.count())
		}
		lost += len(book.unknown)
		verify(t, config, book)
	}
	t.Logf("%d keys acknowledged, %d answers lost, over %d kills", len(book.acknowledged)-lost, lost, rounds)
}

// create makes keys named prefix-0, prefix-1, … until the server is gone.
func create(ctx context.Context, c *kes.Client, prefix string, book *ledger) {
	for i := 0; ctx.Err() == nil; i++ {
		name := fmt.Sprintf("%s-%d", prefix, i)
		if err := c.CreateKey(ctx, name); err != nil {
			book.lose(name)
			return
		}
		dek, err := c.GenerateKey(ctx, name, []byte(name))
		if err != nil {
			book.acknowledge(name, kes.DEK{})
			return
		}
		book.acknowledge(name, dek)
	}
}

// verify restarts the server and looks every key up: those acknowledged work, those in doubt are whole or free.
func verify(t *testing.T, config harness.Config, book *ledger) {
	t.Helper()
	s := harness.Start(t, harness.Ours(t), config)
	c := s.SDK(config.Admin, harness.H2)
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	for name, dek := range book.acknowledged {
		if dek.Ciphertext == nil {
			_, err := c.GenerateKey(ctx, name, nil)
			harness.Succeed(t, "an acknowledged key: GenerateKey with "+name, err)
			continue
		}
		plaintext, err := c.Decrypt(ctx, name, dek.Ciphertext, []byte(name))
		harness.Succeed(t, "an acknowledged key: Decrypt with "+name, err)
		if !bytes.Equal(plaintext, dek.Plaintext) {
			t.Fatalf("%s is another key than before the crash", name)
		}
	}
	for _, name := range book.unknown {
		if err := c.CreateKey(ctx, name); err != nil && !errors.Is(err, kes.ErrKeyExists) {
			t.Errorf("%s, in doubt before the crash, can be neither used nor created: %v", name, err)
		}
		dek, err := c.GenerateKey(ctx, name, []byte(name))
		harness.Succeed(t, "a key in doubt: GenerateKey with "+name, err)
		book.acknowledged[name] = dek
	}
	book.unknown = nil
	verifyListing(ctx, t, c, config.KeyDir, book)
	s.Stop(t)
}

// verifyListing requires the listing to be exactly the keys of the ledger, and the directory to hold no other file
// that a listing would show.
func verifyListing(ctx context.Context, t *testing.T, c *kes.Client, dir string, book *ledger) {
	t.Helper()
	var want []string
	for name := range book.acknowledged {
		want = append(want, name)
	}
	slices.Sort(want)
	var listed []string
	for prefix := ""; ; {
		names, next, err := c.ListKeys(ctx, prefix, -1)
		harness.Succeed(t, "ListKeys", err)
		listed = append(listed, names...)
		if next == "" {
			break
		}
		prefix = next
	}
	if !slices.Equal(listed, want) {
		t.Errorf("%d keys are listed, %d are known", len(listed), len(want))
	}
	entries, err := os.ReadDir(dir)
	harness.Succeed(t, "ReadDir", err)
	visible := 0
	for _, entry := range entries {
		if !strings.HasPrefix(entry.Name(), ".") {
			visible++
		}
	}
	if visible != len(want) {
		t.Errorf("%d files for %d keys", visible, len(want))
	}
}

// TestReloadedWhileCreating: two servers on one directory, both told to reload again and again.
func TestReloadedWhileCreating(t *testing.T) {
	total := int64(1_000)
	if harness.Full() {
		total = 10_000
	}
	admin, pki, dir := harness.NewAPIKey(t), harness.NewPKI(t), t.TempDir()
	config := harness.Config{KeyDir: dir, Admin: admin, PKI: pki}
	servers := []*harness.Server{harness.Start(t, harness.Ours(t), config), harness.Start(t, harness.Ours(t), config)}
	book := &ledger{acknowledged: map[string]kes.DEK{}}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()

	var next, reloads atomic.Int64
	var group sync.WaitGroup
	for creator := range creators {
		group.Add(1)
		go func() {
			defer group.Done()
			// Every name is asked of both servers: one creates it, the other says that it exists.
			clients := []*kes.Client{servers[creator%2].SDK(admin, harness.H2), servers[1-creator%2].SDK(admin, harness.H2)}
			for i := next.Add(1); i <= total; i = next.Add(1) {
				if err := createOnBoth(ctx, clients, fmt.Sprintf("key-%06d", i), book); err != nil {
					t.Errorf("key %d: %v", i, err)
					return
				}
			}
		}()
	}
	done := make(chan struct{})
	go func() { group.Wait(); close(done) }()
	for finished := false; !finished; {
		for _, s := range servers {
			before := strings.Count(s.Log(), "SIGHUP signal received")
			s.Reload(t)
			// A signal sent while another is pending is not counted, so wait until this one is seen.
			if !waitUntil(func() bool { return strings.Count(s.Log(), "SIGHUP signal received") > before }) {
				t.Fatal("the server does not notice SIGHUP")
			}
			reloads.Add(1)
		}
		select {
		case <-done:
			finished = true
		case <-ctx.Done():
			t.Fatal(ctx.Err())
		default:
		}
	}
	t.Logf("%d keys, %d reloads", book.count(), reloads.Load())
	if int64(book.count()) != total {
		t.Errorf("%d of %d keys were created", book.count(), total)
	}
	for _, s := range servers {
		if strings.Contains(s.Log(), "Failed to") {
			t.Errorf("a reload failed:\n%s", s.Log())
		}
		c := s.SDK(admin, harness.H2)
		for name, dek := range book.acknowledged {
			plaintext, err := c.Decrypt(ctx, name, dek.Ciphertext, []byte(name))
			harness.Succeed(t, "Decrypt with "+name, err)
			if !bytes.Equal(plaintext, dek.Plaintext) {
				t.Fatalf("%s is another key on another server", name)
			}
		}
		verifyListing(ctx, t, c, dir, book)
	}
}

func createOnBoth(ctx context.Context, clients []*kes.Client, name string, book *ledger) error {
	if err := clients[0].CreateKey(ctx, name); err != nil {
		return fmt.Errorf("CreateKey: %w", err)
	}
	if err := clients[1].CreateKey(ctx, name); !errors.Is(err, kes.ErrKeyExists) {
		return fmt.Errorf("CreateKey on the other server: %w", err)
	}
	dek, err := clients[1].GenerateKey(ctx, name, []byte(name))
	if err != nil {
		return fmt.Errorf("GenerateKey on the other server: %w", err)
	}
	book.acknowledge(name, dek)
	return nil
}

func waitUntil(condition func() bool) bool {
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
		if condition() {
			return true
		}
		time.Sleep(time.Millisecond)
	}
	return condition()
}
