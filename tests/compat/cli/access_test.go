package cli

import (
	"testing"

	"kescompat/harness"
)

const userKey = "kes:v1:ACQpoGqx3rHHjT938Hfu5hVVQJHZWSqVI2Xp1KlYxFVw"

// accessSteps look at policies and identities.
var accessSteps = []step{
	{args: "key create k1"},
	{args: "ls"},
	{args: "ls k"},
	{args: "ls none"},
	{args: "ls --json"},
	{args: "ls -i"},
	{args: "ls --identity 04"},
	{args: "ls -p"},
	{args: "ls -p app --json"},
	{args: "ls -p none --json", ours: &departure{"[]\n", "an empty list is an array"}},
	{args: "ls -i -p"},
	{args: "ls a b", reading: anyError},
	{args: "ls --nonsense", reading: anyError},
	{args: "policy", reading: anyUsage},
	{args: "policy nonsense"},
	{args: "policy ls", ours: &departure{"Policy\napp\napp-ops\nempty\n", "the Go program's heading says Key"}},
	{args: "policy ls none"},
	{args: "policy ls a b"},
	{args: "policy ls --json", ours: &departure{`["app","app-ops","empty"]` + "\n",
		"the Go program prints the table behind the array"}},
	{args: "policy info app"},
	{args: "policy info app --json"},
	{args: "policy info missing"},
	{args: "policy info bad!name"},
	{args: "policy info", reading: anyError},
	{args: "policy show app"},
	{args: "policy show app --json"},
	{args: "policy show empty"},
	{args: "policy show missing"},
	{args: "policy show"},
	{args: "policy show -h", reading: anyUsage},
	{args: "identity info"},
	{args: "identity info 0426fa9a04bc2756b92fbe8a97e1a1e07b53ecf04ed33da22c33e5c9faeb8cbb"},
	{args: "identity info missing"},
	{args: "identity info a b"},
	{args: "identity ls"},
	{args: "identity ls 04*"},
	{args: "identity ls none"},
	{args: "identity ls a b"},
	{args: "log a", reading: anyError},
	{args: "log --audit --error"},
	{args: "metric a"},
	{args: "metric --rate soon"},
}

// TestLookingAtAccessPrintsTheSame compares the commands about policies and identities.
func TestLookingAtAccessPrintsTheSame(t *testing.T) {
	printTheSame(t, accessSteps, func() harness.Config {
		return harness.Config{
			Admin: harness.FromAPIKey(t, adminKey),
			Policies: map[string]harness.Policy{
				"app": {Allow: []string{"/v1/key/create/app*", "/v1/key/<x>"}, Deny: []string{"/v1/key/create/app-internal*"},
					Identities: []*harness.Identity{harness.FromAPIKey(t, userKey)}},
				"app-ops": {Allow: []string{"/v1/policy/*"}},
				"empty":   {},
			},
		}
	})
}
