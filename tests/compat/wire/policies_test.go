package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"kescompat/harness"
)

const (
	noSuchPolicy   = "policy does not exist"
	noSuchIdentity = "identity does not exist"
)

// described checks a description: members of the given values, and times and authors that make sense.
func described(w *world, members string) answer {
	return answer{status: http.StatusOK, check: func(body []byte) error {
		var got map[string]any
		if err := json.Unmarshal(body, &got); err != nil {
			return err
		}
		created, _ := got["created_at"].(string)
		if at, err := time.Parse(time.RFC3339Nano, created); err != nil || time.Since(at) > time.Hour {
			return fmt.Errorf("created_at is %q", created)
		}
		if got["admin"] != true && got["created_by"] != w.identities["admin"].ID {
			return fmt.Errorf("created_by is %v", got["created_by"])
		}
		delete(got, "created_at")
		delete(got, "created_by")
		var want map[string]any
		if err := json.Unmarshal([]byte(members), &want); err != nil {
			return err
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			return fmt.Errorf("it is %s, expected %s and who created it when", body, members)
		}
		return nil
	}}
}

func TestPoliciesAndIdentitiesAreRead(t *testing.T) {
	harness.Both(t, func(t *testing.T, p harness.Program) {
		harness.Protocols(t, func(t *testing.T, protocol harness.Protocol) {
			w := newWorld(t, p)
			id := func(name string) string { return w.identities[name].ID }
			allIdentities := func(body []byte) error {
				for _, name := range []string{"admin", "app", "reader"} {
					if !bytes.Contains(body, []byte(id(name))) {
						return fmt.Errorf("%s is missing in %s", name, body)
					}
				}
				return nil
			}
			run(t, w, protocol, []exchange{
				{name: "describe a policy", target: "/v1/policy/describe/app", want: described(w, `{"name":"app"}`)},
				{name: "read a policy", target: "/v1/policy/read/reader",
					want: described(w, `{"name":"reader","allow":{"/v1/key/list/*":{},"/v1/api":{}}}`)},
				{name: "describe a missing policy", target: "/v1/policy/describe/none",
					want: failure(http.StatusNotFound, noSuchPolicy)},
				{name: "read a missing policy", target: "/v1/policy/read/none", want: failure(http.StatusNotFound, noSuchPolicy)},
				{name: "read a policy that cannot be", target: "/v1/policy/read/a.b",
					want: failure(http.StatusBadRequest, "policy name 'a.b' is empty, too long or contains invalid characters")},
				{name: "list all policies", target: "/v1/policy/list/", want: value(`{"names":["app","reader"],"continue_at":""}`)},
				{name: "list policies by prefix", target: "/v1/policy/list/re*", want: value(`{"names":["reader"],"continue_at":""}`)},
				{name: "list policies by a bad pattern", target: "/v1/policy/list/a**",
					want: failure(http.StatusBadRequest, "listing pattern 'a**' is empty, too long or is invalid")},
				{name: "describe an identity", target: "/v1/identity/describe/" + id("app"), want: described(w, `{"policy":"app"}`)},
				{name: "describe the admin", target: "/v1/identity/describe/" + id("admin"), want: described(w, `{"admin":true}`)},
				{name: "describe a stranger", target: "/v1/identity/describe/" + id("stranger"),
					want: failure(http.StatusNotFound, noSuchIdentity)},
				{name: "describe an identity that cannot be", target: "/v1/identity/describe/-",
					want: failure(http.StatusBadRequest, "identity '-' is empty, too long or contains invalid characters")},
				{name: "list all identities", target: "/v1/identity/list/",
					want: answer{status: http.StatusOK, check: allIdentities}},
				{name: "list identities by prefix", target: "/v1/identity/list/" + id("app")[:20] + "*",
					want: value(`{"identities":["` + id("app") + `"],"continue_at":""}`)},
				{name: "describe oneself as the admin", target: "/v1/identity/self/describe",
					want: described(w, `{"identity":"`+id("admin")+`","admin":true}`)},
				{name: "describe oneself", as: "reader", target: "/v1/identity/self/describe",
					want: described(w, `{"identity":"`+id("reader")+`","policy":"reader","allow":{"/v1/key/list/*":{},"/v1/api":{}}}`),
					differ: &difference{failure(http.StatusNotFound, noSuchIdentity),
						"it looks the empty name up; the client library asks for what we answer"}},
				{name: "describe oneself as a stranger", as: "stranger", target: "/v1/identity/self/describe",
					want: failure(http.StatusNotFound, noSuchIdentity)},
				{name: "policies are not for everyone", as: "app", target: "/v1/policy/read/app", want: notAllowed},
				{name: "identities are not for everyone", as: "app", target: "/v1/identity/list/", want: notAllowed},
			})
		})
	})
}

// TestPoliciesAreChangedAtRunTime walks through what an operator does. The routes are of KES until 2023.
func TestPoliciesAreChangedAtRunTime(t *testing.T) {
	harness.Protocols(t, func(t *testing.T, protocol harness.Protocol) {
		w := newWorld(t, harness.Ours(t))
		id := func(name string) string { return w.identities[name].ID }
		post, remove := http.MethodPost, http.MethodDelete
		run(t, w, protocol, []exchange{
			{name: "a stranger has no policy", as: "stranger", target: "/v1/status", want: notAllowed},
			{name: "write a policy", method: post, target: "/v1/policy/write/new",
				body: `{"allow":["/v1/status","/v1/policy/*"],"deny":["/v1/policy/read/app"]}`, form: unknown, want: success},
			{name: "read it", target: "/v1/policy/read/new",
				want: described(w, `{"name":"new","allow":{"/v1/policy/*":{},"/v1/status":{}},"deny":{"/v1/policy/read/app":{}}}`)},
			{name: "assign it", method: post, target: "/v1/policy/assign/new",
				body: `{"identity":"` + id("stranger") + `"}`, form: unknown, want: success},
			{name: "it holds", as: "stranger", target: "/v1/status", want: answer{status: http.StatusOK}},
			{name: "its deny holds", as: "stranger", target: "/v1/policy/read/app", want: notAllowed},
			{name: "its wildcard does not open the routes that change policies", as: "stranger", method: post,
				target: "/v1/policy/write/other", body: `{}`, want: notAllowed},
			{name: "no policy written here does", method: post, target: "/v1/policy/write/new",
				body: `{"allow":["/v1/policy/write/*"]}`,
				want: failure(http.StatusBadRequest, "policy 'new' cannot allow '/v1/policy/write/*': only a policy of the configuration file can")},
			{name: "move an identity off its policy", method: post, target: "/v1/identity/assign/new/" + id("app"), want: success},
			{name: "the old rights are gone", as: "app", target: "/v1/key/describe/app-aes", want: notAllowed},
			{name: "the new ones are there", as: "app", target: "/v1/policy/read/reader", want: answer{status: http.StatusOK}},
			{name: "the admin cannot be assigned", method: post, target: "/v1/policy/assign/new",
				body: `{"identity":"` + id("admin") + `"}`, want: failure(http.StatusBadRequest, "cannot assign policy to system admin")},
			{name: "forget an identity", method: remove, target: "/v1/identity/forget/" + id("app"), want: success},
			{name: "it does not fall back on the file", as: "app", target: "/v1/status", want: notAllowed},
			{name: "forget it again", method: remove, target: "/v1/identity/delete/" + id("app"),
				want: failure(http.StatusNotFound, noSuchIdentity)},
			{name: "delete the policy", method: remove, target: "/v1/policy/delete/new", want: success},
			{name: "it does not hold any more", as: "stranger", target: "/v1/status", want: notAllowed},
			{name: "delete a policy of the file", method: remove, target: "/v1/policy/delete/reader", want: success},
			{name: "nor does that", as: "reader", target: "/v1/api", want: notAllowed},
			{name: "what is left", target: "/v1/policy/list/", want: value(`{"names":["app"],"continue_at":""}`)},
		})
	})
}

// TestDelegatedChanges is about an identity to which the file gives the routes by name.
func TestDelegatedChanges(t *testing.T) {
	desk, client := harness.NewAPIKey(t), harness.NewAPIKey(t)
	w := &world{identities: map[string]*harness.Identity{"admin": harness.NewAPIKey(t), "desk": desk, "client": client},
		clients: map[clientOf]*http.Client{}}
	w.server = harness.Start(t, harness.Ours(t), harness.Config{Admin: w.identities["admin"], Policies: map[string]harness.Policy{
		"desk": {Allow: []string{"/v1/policy/write/*", "/v1/policy/assign/*", "/v1/key/*"},
			Deny: []string{"/v1/key/delete/*"}, Identities: []*harness.Identity{desk}},
		"admins": {Allow: []string{"*"}},
	}})
	write := func(name, body string, want answer) exchange {
		return exchange{name: "write " + name + " " + body, as: "desk", method: http.MethodPost,
			target: "/v1/policy/write/" + name, body: body, want: want}
	}
	assign := func(policy string, who *harness.Identity, want answer) exchange {
		return exchange{name: "assign " + policy, as: "desk", method: http.MethodPost,
			target: "/v1/policy/assign/" + policy, body: `{"identity":"` + who.ID + `"}`, want: want}
	}
	run(t, w, harness.H2, []exchange{
		write("ours", `{"allow":["/v1/key/create/*"]}`, success),
		write("all", `{"allow":["/v1/*"]}`, notAllowed),
		write("keys", `{"allow":["/v1/key/*"]}`, notAllowed),
		write("keys", `{"allow":["/v1/key/*"],"deny":["/v1/key/delete/*"]}`, success),
		write("desk", `{"allow":["*"]}`, notAllowed),
		assign("ours", client, success),
		assign("admins", client, notAllowed),
		assign("desk", client, notAllowed),
		assign("ours", desk, failure(http.StatusForbidden, "identity cannot assign policy to itself")),
		{name: "what was not given by name", as: "desk", method: http.MethodDelete, target: "/v1/policy/delete/ours", want: notAllowed},
		{name: "the client's rights", as: "client", method: http.MethodPut, target: "/v1/key/create/mine", want: success},
		{name: "and no more", as: "client", target: "/v1/key/list/", want: notAllowed},
	})
}

// TestChangesHoldAtOnceOnEveryConnection: connections live on different event loops.
func TestChangesHoldAtOnceOnEveryConnection(t *testing.T) {
	w := newWorld(t, harness.Ours(t))
	change := func(method, target string) {
		t.Helper()
		e := exchange{method: method, target: target}
		if err := e.perform(w, harness.H2, success); err != nil {
			t.Fatalf("%s %s: %v", method, target, err)
		}
	}
	reader := w.identities["reader"]
	clients := make([]*http.Client, 16)
	for i := range clients {
		clients[i] = w.server.HTTP(reader, harness.H1)
	}
	everybodyGets := func(status int) {
		t.Helper()
		var group sync.WaitGroup
		for _, client := range clients {
			group.Add(1)
			go func() {
				defer group.Done()
				response, err := client.Get(w.server.URL + "/v1/api")
				if err != nil {
					t.Error(err)
					return
				}
				response.Body.Close()
				if response.StatusCode != status {
					t.Errorf("answered %s, expected %d", response.Status, status)
				}
			}()
		}
		group.Wait()
	}
	for range 20 {
		everybodyGets(http.StatusOK)
		change(http.MethodDelete, "/v1/identity/forget/"+reader.ID)
		everybodyGets(http.StatusForbidden)
		change(http.MethodPost, "/v1/identity/assign/reader/"+reader.ID)
	}
}

// TestChangesAndReloads: what was changed at run time stays over a reload until the file says something else, and
// goes with a restart.
func TestChangesAndReloads(t *testing.T) {
	w := newWorld(t, harness.Ours(t))
	ask := func(as, method, target, body string, want answer) error {
		e := exchange{as: as, method: method, target: target, body: body}
		return e.perform(w, harness.H2, want)
	}
	must := func(as, method, target, body string, want answer) {
		t.Helper()
		if err := ask(as, method, target, body, want); err != nil {
			t.Fatalf("%s %s as %s: %v", method, target, as, err)
		}
	}
	eventually := func(what string, condition func() bool) {
		t.Helper()
		for end := time.Now().Add(time.Minute); !condition(); time.Sleep(5 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("it never comes about that %s", what)
			}
		}
	}
	allowed := answer{status: http.StatusOK}
	must("", http.MethodPost, "/v1/policy/write/reader", `{"allow":["/v1/status"]}`, success)
	must("", http.MethodPost, "/v1/policy/write/new", `{"allow":["/v1/api"]}`, success)
	must("", http.MethodPost, "/v1/policy/assign/new", `{"identity":"`+w.identities["stranger"].ID+`"}`, success)

	policies := w.server.Config.Policies
	policies["marker"] = harness.Policy{Allow: []string{"/v1/status"}}
	w.server.Reload(t)
	eventually("the file is read again", func() bool {
		return ask("", "", "/v1/policy/describe/marker", "", allowed) == nil
	})
	must("reader", "", "/v1/status", "", allowed)
	must("reader", "", "/v1/key/list/", "", notAllowed)
	must("stranger", "", "/v1/api", "", allowed)

	reader := policies["reader"]
	reader.Deny = []string{"/v1/key/list/secret*"}
	policies["reader"] = reader
	w.server.Reload(t)
	eventually("the file wins", func() bool { return ask("reader", "", "/v1/key/list/", "", allowed) == nil })
	must("reader", "", "/v1/status", "", notAllowed)
	must("stranger", "", "/v1/api", "", allowed)
	eventually("the log tells", func() bool {
		return strings.Contains(w.server.Log(), "policy 'reader': the configuration file has changed")
	})
}
