package sdk

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/minio/kms-go/kes"

	"kescompat/harness"
)

const workers = 64

// TestManyAtOnce runs 64 goroutines through one client for some seconds. Not one call may fail.
func TestManyAtOnce(t *testing.T) {
	duration := 3 * time.Second
	if harness.Full() {
		duration = time.Minute
	}
	s := harness.Start(t, harness.Ours(t), harness.Config{})
	harness.Protocols(t, func(t *testing.T, protocol harness.Protocol) {
		// As MinIO does, so that new connections of http/1.1 resume sessions.
		config := s.TLS(s.Config.Admin)
		config.ClientSessionCache = tls.NewLRUClientSessionCache(100)
		c := s.SDKWith(config, protocol)
		ctx := harness.Deadline(t)
		shared := fmt.Sprintf("shared-%s", protocol)
		harness.Succeed(t, "CreateKey", c.CreateKey(ctx, shared))
		var calls atomic.Int64
		end := time.Now().Add(duration)
		var group sync.WaitGroup
		for worker := range workers {
			group.Add(1)
			go func() {
				defer group.Done()
				own := fmt.Sprintf("own-%s-%d", protocol, worker)
				for round := 0; time.Now().Before(end); round++ {
					n, err := work(ctx, c, shared, own, round)
					calls.Add(n)
					if err != nil {
						t.Errorf("worker %d, round %d: %v", worker, round, err)
						return
					}
				}
			}()
		}
		group.Wait()
		t.Logf("%d calls in %v", calls.Load(), duration)
		if calls.Load() < workers {
			t.Errorf("only %d calls in %v", calls.Load(), duration)
		}
	})
}

// work makes the calls that applications mix, and now and then takes a key through its whole life.
func work(ctx context.Context, c *kes.Client, shared, own string, round int) (calls int64, err error) {
	associated := make([]byte, rand.IntN(100))
	dek, err := c.GenerateKey(ctx, shared, associated)
	if err != nil {
		return 0, fmt.Errorf("GenerateKey: %w", err)
	}
	plaintext, err := c.Decrypt(ctx, shared, dek.Ciphertext, associated)
	if err != nil {
		return 1, fmt.Errorf("Decrypt: %w", err)
	}
	if !bytes.Equal(plaintext, dek.Plaintext) {
		return 2, errors.New("Decrypt: another plaintext")
	}
	if _, err := c.DescribeKey(ctx, shared); err != nil {
		return 2, fmt.Errorf("DescribeKey: %w", err)
	}
	if round%50 != 0 {
		return 3, nil
	}
	if err := c.CreateKey(ctx, own); err != nil {
		return 3, fmt.Errorf("CreateKey: %w", err)
	}
	if err := c.CreateKey(ctx, own); !errors.Is(err, kes.ErrKeyExists) {
		return 4, fmt.Errorf("CreateKey twice: %w", err)
	}
	if _, err := c.GenerateKey(ctx, own, nil); err != nil {
		return 5, fmt.Errorf("GenerateKey with an own key: %w", err)
	}
	if err := c.DeleteKey(ctx, own); err != nil {
		return 6, fmt.Errorf("DeleteKey: %w", err)
	}
	if _, err := c.GenerateKey(ctx, own, nil); !errors.Is(err, kes.ErrKeyNotFound) {
		return 7, fmt.Errorf("GenerateKey with a deleted key: %w", err)
	}
	return 8, nil
}

// TestRacingCreates: of many who create one name at once, exactly one is told that it did.
func TestRacingCreates(t *testing.T) {
	inClients(t, func(t *testing.T, s *harness.Server, c *kes.Client) {
		ctx := harness.Deadline(t)
		for round := range 10 {
			name := fmt.Sprintf("raced-%d", round)
			var won, lost atomic.Int64
			var group sync.WaitGroup
			for range 16 {
				group.Add(1)
				go func() {
					defer group.Done()
					switch err := c.CreateKey(ctx, name); {
					case err == nil:
						won.Add(1)
					case errors.Is(err, kes.ErrKeyExists):
						lost.Add(1)
					default:
						t.Errorf("CreateKey: %v", err)
					}
				}()
			}
			group.Wait()
			if won.Load() != 1 || lost.Load() != 15 {
				t.Errorf("%d creates of one name succeed, %d are told that it exists", won.Load(), lost.Load())
			}
		}
	})
}
