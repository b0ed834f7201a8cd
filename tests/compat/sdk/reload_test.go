package sdk

import (
	"errors"
	"strings"
	"testing"

	"github.com/minio/kms-go/kes"

	"kescompat/harness"
)

// TestReload changes everything that SIGHUP is for, under a client that stays connected.
func TestReload(t *testing.T) {
	app, newcomer := harness.NewAPIKey(t), harness.SelfSigned(t, harness.ECDSA)
	policy := func(allow string, who ...*harness.Identity) map[string]harness.Policy {
		return map[string]harness.Policy{"app": {Allow: []string{allow}, Identities: who}}
	}
	harness.Both(t, func(t *testing.T, p harness.Program) {
		s := harness.Start(t, p, harness.Config{Policies: policy("/v1/key/create/*", app)})
		ctx := harness.Deadline(t)
		first, second := s.SDK(app, harness.H2), s.SDK(newcomer, harness.H2)
		oldAdmin := s.SDK(s.Config.Admin, harness.H2)
		harness.Succeed(t, "CreateKey", first.CreateKey(ctx, "before"))
		if err := second.CreateKey(ctx, "newcomer"); !errors.Is(err, kes.ErrNotAllowed) {
			t.Fatalf("the newcomer is let in early: %v", err)
		}

		s.Config.Policies = policy("/v1/key/create/new*", newcomer)
		s.Reload(t)
		harness.Eventually(t, "the newcomer's policy holds", func() bool { return second.CreateKey(ctx, "newcomer") == nil })
		if err := second.CreateKey(ctx, "other"); !errors.Is(err, kes.ErrNotAllowed) {
			t.Errorf("what the new policy does not allow: %v", err)
		}
		if err := first.CreateKey(ctx, "after"); !errors.Is(err, kes.ErrNotAllowed) {
			t.Errorf("what the old policy allowed: %v", err)
		}

		s.ReloadText(t, "version: v1\nadmin: [\n")
		harness.Eventually(t, "the broken file is complained about", func() bool { return strings.Contains(s.Log(), "Failed to reload server config") })
		harness.Succeed(t, "CreateKey after a broken reload", second.CreateKey(ctx, "new-2"))

		admin, dir := harness.NewAPIKey(t), t.TempDir()
		s.Config.Admin, s.Config.KeyDir = admin, dir
		s.Reload(t)
		c := s.SDK(admin, harness.H2)
		harness.Eventually(t, "the new admin is one", func() bool { _, err := c.Status(ctx); return err == nil })
		if _, err := oldAdmin.Status(ctx); !errors.Is(err, kes.ErrNotAllowed) {
			t.Errorf("the old admin: %v", err)
		}
		if _, err := c.DescribeKey(ctx, "before"); !errors.Is(err, kes.ErrKeyNotFound) {
			t.Errorf("a key of the old directory: %v", err)
		}
		harness.Succeed(t, "CreateKey in the new directory", c.CreateKey(ctx, "before"))
	})
}

// TestConfigurationsThatAreRefused are those which promise something that must not be.
func TestConfigurationsThatAreRefused(t *testing.T) {
	admin, app := harness.NewAPIKey(t), harness.NewAPIKey(t)
	all := []string{"/v1/*"}
	for name, c := range map[string]struct {
		config harness.Config
		also   bool // the Go server refuses too
	}{
		"the admin in a policy": {harness.Config{Admin: admin, Policies: map[string]harness.Policy{
			"p": {Allow: all, Identities: []*harness.Identity{admin}}}}, true},
		"an identity in two policies": {harness.Config{Policies: map[string]harness.Policy{
			"p": {Allow: all, Identities: []*harness.Identity{app}}, "q": {Identities: []*harness.Identity{app}}}}, true},
		"an identity twice in one policy": {harness.Config{Policies: map[string]harness.Policy{
			"p": {Allow: all, Identities: []*harness.Identity{app, app}}}}, true},
		"a policy name with a dot": {harness.Config{Policies: map[string]harness.Policy{"p.q": {Allow: all}}}, true},
		"tls.auth of neither kind": {harness.Config{TLSAuth: "sometimes"}, true},
		// The Go server would then serve keys to everyone.
		"keys opened to everyone": {harness.Config{SkipAuth: []string{"/v1/key/decrypt/"}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if log := harness.StartRefused(t, harness.Ours(t), c.config); log == "" {
				t.Error("our server says nothing")
			}
			if c.also {
				harness.StartRefused(t, harness.Peer(t), c.config)
			}
		})
	}
}
