package sdk

import (
	"context"
	"errors"
	"io"
	"slices"
	"testing"

	"github.com/minio/kms-go/kes"

	"kescompat/harness"
)

func TestPoliciesAndIdentities(t *testing.T) {
	app, stranger := harness.NewAPIKey(t), harness.SelfSigned(t, harness.ECDSA)
	harness.Both(t, func(t *testing.T, p harness.Program) {
		harness.Protocols(t, func(t *testing.T, protocol harness.Protocol) {
			s := harness.Start(t, p, harness.Config{Policies: map[string]harness.Policy{
				"app": {Allow: []string{"/v1/key/create/*", "/v1/status"}, Deny: []string{"/v1/key/create/x*"},
					Identities: []*harness.Identity{app}},
				"bare": {},
			}})
			ctx, c := harness.Deadline(t), s.SDK(s.Config.Admin, protocol)
			admin := kes.Identity(s.Config.Admin.ID)

			info, err := c.DescribePolicy(ctx, "app")
			harness.Succeed(t, "DescribePolicy", err)
			if info.Name != "app" || info.CreatedAt.IsZero() || info.CreatedBy != admin {
				t.Errorf("unexpected description %+v", info)
			}
			if _, err = c.DescribePolicy(ctx, "none"); !errors.Is(err, kes.ErrPolicyNotFound) {
				t.Errorf("DescribePolicy of a missing one: %v", err)
			}
			policy, err := c.GetPolicy(ctx, "app")
			harness.Succeed(t, "GetPolicy", err)
			if _, ok := policy.Allow["/v1/key/create/*"]; !ok || len(policy.Allow) != 2 || len(policy.Deny) != 1 {
				t.Errorf("unexpected policy %+v", policy)
			}
			names := kes.ListIter[string]{NextFunc: c.ListPolicies}
			checkList(t, ctx, &names, "app", "bare")

			identity, err := c.DescribeIdentity(ctx, kes.Identity(app.ID))
			harness.Succeed(t, "DescribeIdentity", err)
			if identity.IsAdmin || identity.Policy != "app" || identity.CreatedBy != admin {
				t.Errorf("unexpected identity %+v", identity)
			}
			if _, err = c.DescribeIdentity(ctx, kes.Identity(stranger.ID)); !errors.Is(err, kes.ErrIdentityNotFound) {
				t.Errorf("DescribeIdentity of a stranger: %v", err)
			}
			identities := kes.ListIter[kes.Identity]{NextFunc: c.ListIdentities}
			all := []kes.Identity{admin, kes.Identity(app.ID)}
			slices.Sort(all)
			checkList(t, ctx, &identities, all...)

			self, _, err := c.DescribeSelf(ctx)
			harness.Succeed(t, "DescribeSelf", err)
			if !self.IsAdmin || self.Identity != admin {
				t.Errorf("unexpected admin %+v", self)
			}
			if p.IsPeer() {
				return // it answers 404 to everybody else
			}
			self, policy, err = s.SDK(app, protocol).DescribeSelf(ctx)
			harness.Succeed(t, "DescribeSelf of another", err)
			if self.IsAdmin || self.Identity != kes.Identity(app.ID) || self.Policy != "app" || len(policy.Allow) != 2 ||
				len(policy.Deny) != 1 {
				t.Errorf("unexpected self %+v with %+v", self, policy)
			}
			if _, _, err = s.SDK(stranger, protocol).DescribeSelf(ctx); !errors.Is(err, kes.ErrIdentityNotFound) {
				t.Errorf("DescribeSelf of a stranger: %v", err)
			}
		})
	})
}

func checkList[T comparable](t *testing.T, ctx context.Context, list *kes.ListIter[T], want ...T) {
	t.Helper()
	got := []T{}
	for next, err := list.Next(ctx); ; next, err = list.Next(ctx) {
		if errors.Is(err, io.EOF) {
			break
		}
		harness.Succeed(t, "Next", err)
		got = append(got, next)
	}
	if !slices.Equal(got, want) {
		t.Errorf("listed %v, expected %v", got, want)
	}
}
