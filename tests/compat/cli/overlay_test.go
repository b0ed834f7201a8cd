package cli

import (
	"os"
	"strings"
	"testing"

	"kescompat/harness"
)

// TestPoliciesForAWhile takes a policy through its life at a server that runs: made, used, removed, and gone with a
// restart. The Go program had these commands once, and its present one has not.
func TestPoliciesForAWhile(t *testing.T) {
	user := harness.FromAPIKey(t, userKey)
	server := harness.Start(t, harness.Ours(t), harness.Config{})
	admin := newSession(t, harness.Ours(t), server)
	asUser := admin.with("KES_API_KEY", userKey)
	refused := "Error: failed to create key \"app-2\": not authorized: insufficient permissions\n"

	file := admin.path("policy.yml")
	write(t, file, "allow:\n- /v1/key/create/app-*\n- /v1/policy/*\ndeny:\n- /v1/key/create/app-internal\n")
	admin.succeeds("policy", "create", "app", file)
	if got := admin.succeeds("ls", "--policy"); got != "Policy\napp\n" {
		t.Errorf("ls --policy prints %q", got)
	}
	admin.succeeds("policy", "assign", "app", user.ID)

	asUser.succeeds("key", "create", "app-1")
	if o := asUser.run("key", "create", "app-internal"); o.code != 1 {
		t.Errorf("the deny rule does not count: %+v", o)
	}
	if got := asUser.succeeds("identity", "info"); !strings.Contains(got, "· /v1/key/create/app-*\n") {
		t.Errorf("identity info prints %q", got)
	}
	// What `show` prints is what `create` reads, and the Go program reads it too.
	shown := newSession(t, harness.Peer(t), server).succeeds("policy", "show", "app")
	if ours := admin.succeeds("policy", "show", "app"); ours != shown {
		t.Errorf("policy show prints %q, the Go program %q", ours, shown)
	}
	write(t, file, shown)
	admin.succeeds("policy", "create", "copy", file)

	if o := asUser.run("policy", "create", "mine", file); o.code != 1 {
		t.Errorf("a policy made at run time lets its owner make others: %+v", o)
	}
	admin.succeeds("identity", "rm", user.ID)
	if o := asUser.run("key", "create", "app-2"); o.stderr != refused {
		t.Errorf("an identity taken off its policy: %+v", o)
	}
	admin.succeeds("identity", "assign", user.ID, "app")
	asUser.succeeds("key", "create", "app-3")
	admin.succeeds("policy", "rm", "app", "copy")
	if o := asUser.run("key", "create", "app-2"); o.stderr != refused {
		t.Errorf("an identity whose policy is deleted: %+v", o)
	}

	admin.succeeds("policy", "create", "app", file)
	server.Stop(t)
	again := newSession(t, harness.Ours(t), harness.Start(t, harness.Ours(t), server.Config))
	if got := again.succeeds("policy", "ls", "--json"); got != "[]\n" {
		t.Errorf("after a restart there are the policies %s", got)
	}
}

// TestAnOlderGrantChangesNothing gives a client what administrators gave for reading when there was nothing to write.
func TestAnOlderGrantChangesNothing(t *testing.T) {
	user := harness.FromAPIKey(t, userKey)
	server := harness.Start(t, harness.Ours(t), harness.Config{Policies: map[string]harness.Policy{
		"reader": {Allow: []string{"/v1/policy/*", "/v1/identity/*"}, Identities: []*harness.Identity{user}},
		"other":  {Allow: []string{"/v1/key/create/*"}},
	}})
	admin := newSession(t, harness.Ours(t), server)
	reader := admin.with("KES_API_KEY", userKey)
	before := admin.succeeds("policy", "show", "other")
	file := admin.path("policy.json")
	write(t, file, `{"allow":["*"]}`)
	for _, command := range []string{"policy create more " + file, "policy create reader " + file, "policy create other " + file,
		"policy assign other " + user.ID, "policy rm other", "identity assign " + user.ID + " other", "identity rm " + user.ID} {
		o := reader.run(strings.Split(command, " ")...)
		if o.code != 1 || !strings.HasSuffix(o.stderr, ": not authorized: insufficient permissions\n") {
			t.Errorf("kes %s: %+v", command, o)
		}
	}
	if after := reader.succeeds("policy", "show", "other"); after != before {
		t.Errorf("the policy was %s and is %s", before, after)
	}
	if got := reader.succeeds("policy", "ls", "--json"); got != `["other","reader"]`+"\n" {
		t.Errorf("the policies are now %s", got)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
