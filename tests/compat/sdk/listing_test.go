package sdk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/minio/kms-go/kes"

	"kescompat/harness"
)

// goPage is the most names the Go server ever lists: it takes its own continuation for a prefix.
const goPage = 1024

// keysNamed starts a server whose store holds keys of these names, all of them the same key.
func keysNamed(t *testing.T, p harness.Program, names []string, policies map[string]harness.Policy) *harness.Server {
	t.Helper()
	dir, one := t.TempDir(), t.TempDir()
	harness.Plant(t, one, "key",
		harness.StoredKey(harness.StoredAES256, harness.Bytes(1, 32), harness.Bytes(2, 32), time.Now(), ""))
	for _, name := range names {
		if err := os.Link(filepath.Join(one, "key"), filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return harness.Start(t, p, harness.Config{KeyDir: dir, Policies: policies})
}

func iterate(ctx context.Context, t *testing.T, c *kes.Client) []string {
	t.Helper()
	iter := kes.ListIter[string]{NextFunc: c.ListKeys}
	var names []string
	for {
		name, err := iter.Next(ctx)
		if errors.Is(err, io.EOF) {
			return names
		}
		harness.Succeed(t, "Next", err)
		names = append(names, name)
	}
}

// all follows the continuation of a prefix by hand, as applications do.
func all(ctx context.Context, t *testing.T, c *kes.Client, prefix string) (names []string, pages int) {
	t.Helper()
	for {
		page, next, err := c.ListKeys(ctx, prefix, -1)
		harness.Succeed(t, "ListKeys", err)
		names, pages = append(names, page...), pages+1
		if next == "" {
			return names, pages
		}
		if pages > 1000 {
			t.Fatalf("the listing does not end, it continues at %q", next)
		}
		prefix = next
	}
}

func TestListingOfSome(t *testing.T) {
	names := []string{"0-key", "1-key", "my-key", "my-key2"}
	harness.Both(t, func(t *testing.T, p harness.Program) {
		s := keysNamed(t, p, names, nil)
		harness.Protocols(t, func(t *testing.T, protocol harness.Protocol) {
			ctx := harness.Deadline(t)
			c := s.SDK(s.Config.Admin, protocol)
			if got := iterate(ctx, t, c); !slices.Equal(got, names) {
				t.Errorf("the iterator gives %v", got)
			}
			for prefix, want := range map[string][]string{
				"": names, "*": names, "my": names[2:], "my-key": names[2:], "my-key2": names[3:], "none": nil,
			} {
				got, pages := all(ctx, t, c, prefix)
				if !slices.Equal(got, want) || pages != 1 {
					t.Errorf("prefix %q gives %v in %d pages", prefix, got, pages)
				}
			}
			iter := kes.ListIter[string]{NextFunc: c.ListKeys}
			if got, err := iter.SeekTo(ctx, "my-key2"); err != nil || got != "my-key2" {
				t.Errorf("SeekTo gives %q, %v", got, err)
			}
		})
	})
}

func TestListingOfNone(t *testing.T) {
	inClients(t, func(t *testing.T, s *harness.Server, c *kes.Client) {
		if got := iterate(harness.Deadline(t), t, c); len(got) != 0 {
			t.Errorf("an empty store lists %v", got)
		}
	})
}

func TestListingOfThousands(t *testing.T) {
	var names []string
	for i := range 3000 {
		names = append(names, fmt.Sprintf("key-%d", i))
	}
	slices.Sort(names)
	harness.Both(t, func(t *testing.T, p harness.Program) {
		s := keysNamed(t, p, names, nil)
		want := names
		if p.IsPeer() {
			want = names[:goPage+1] // its second page is the one name that begins with its continuation
		}
		harness.Protocols(t, func(t *testing.T, protocol harness.Protocol) {
			ctx := harness.Deadline(t)
			c := s.SDK(s.Config.Admin, protocol)
			if got := iterate(ctx, t, c); !sameNames(got, want, p) {
				t.Errorf("the iterator gives %d names, expected %d", len(got), len(want))
			}
			if p.IsPeer() {
				return
			}
			if got, _ := all(ctx, t, c, ""); !slices.Equal(got, names) {
				t.Errorf("%d of %d names are listed", len(got), len(names))
			}
			if got, _ := all(ctx, t, c, "key-1"); len(got) != 1111 {
				t.Errorf("%d names begin with key-1, expected 1111", len(got))
			}
		})
	})
}

// TestListingBeyondWhatAClientReads: more names than fit the 1 MiB that the library reads of an answer.
func TestListingBeyondWhatAClientReads(t *testing.T) {
	var long []string
	for i := range 13_000 {
		long = append(long, fmt.Sprintf("app-%s-%06d", strings.Repeat("n", 69), i))
	}
	names := slices.Concat([]string{"another"}, long, []string{"zebra"})
	app := harness.NewAPIKey(t)
	s := keysNamed(t, harness.Ours(t), names, map[string]harness.Policy{
		"app": {Allow: []string{"/v1/key/list/app-*"}, Identities: []*harness.Identity{app}},
	})
	harness.Protocols(t, func(t *testing.T, protocol harness.Protocol) {
		ctx := harness.Deadline(t)
		c := s.SDK(s.Config.Admin, protocol)
		if got := iterate(ctx, t, c); !slices.Equal(got, names) {
			t.Errorf("the iterator gives %d of %d names", len(got), len(names))
		}
		if got, pages := all(ctx, t, c, ""); !slices.Equal(got, names) || pages < 2 {
			t.Errorf("%d of %d names are listed in %d pages", len(got), len(names), pages)
		}
		if got, _ := all(ctx, t, c, "app"); !slices.Equal(got, long) {
			t.Errorf("%d names are listed by prefix, expected %d", len(got), len(long))
		}
		// The continuation begins with the prefix, so that a rule on the prefix covers it.
		if got, pages := all(ctx, t, s.SDK(app, protocol), "app-n"); !slices.Equal(got, long) || pages < 2 {
			t.Errorf("under a policy %d of %d names are listed in %d pages", len(got), len(long), pages)
		}
	})
}

// sameNames compares listings; the Go server's is only looked at for being cut off.
func sameNames(got, want []string, p harness.Program) bool {
	if p.IsPeer() {
		return len(got) >= goPage && len(got) < 3000
	}
	return slices.Equal(got, want)
}
