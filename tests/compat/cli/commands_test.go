package cli

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"kescompat/harness"
)

const (
	material   = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
	adminKey   = "kes:v1:AGaV6VXHasF0FnaB60WdCOeTZ8eTIDikL4zlN16c8NAs"
	notBase64  = "???"
	ciphertext = "zwdDgHeRlIFRnJ7+DIhs/ka7GFK2CFSfDELqg1VCyTQzZ58o7MAdupMLk3ZjlMo2ZUDwldL2o41nAWDc" // of 16 zeros under 32 zeros
)

// step is one run of the program. The Go program's run says what is right, except where ours departs on purpose.
type step struct {
	args    string
	reading messages
	ours    *departure
}

// messages says how much of stderr must be the same.
type messages int

const (
	everyWord messages = iota
	theStart           // up to the first ':' behind "Error: "
	anyError           // an error in words of its own
	anyUsage           // a usage text of its own
)

// departure is what our program prints on purpose where the Go one prints something else.
type departure struct {
	stdout  string
	because string
}

var steps = []step{
	{args: "key ls"},
	{args: "key create k1"},
	{args: "key create k1"},
	{args: "key create a b k1 c"},
	{args: "key create -e enclave k2"},
	{args: "key create -k k3"},
	{args: "key create"},
	{args: "key ls"},
	{args: "key ls k"},
	{args: "key ls none"},
	{args: "key ls *"},
	{args: "key ls --color never"},
	{args: "key ls --color=NEVER"},
	{args: "key ls --color sometimes"},
	{args: "key ls -e enclave -k"},
	{args: "key ls --enclave=x --insecure"},
	{args: "key ls a b"},
	{args: "key ls --json", ours: &departure{`["a","b","k1","k2","k3","legacy"]` + "\n",
		"the Go program prints the table behind the array, which no JSON parser reads"}},
	{args: "key ls none --json", ours: &departure{"[]\n", "an empty list is an array"}},
	{args: "key info k1"},
	{args: "key info legacy"},
	{args: "key info missing"},
	{args: "key info"},
	{args: "key info a b"},
	{args: "key import i1 " + material},
	{args: "key import i1 " + material},
	{args: "key import i2 AAEC"},
	{args: "key import i2 " + notBase64, reading: theStart},
	{args: "key import i2"},
	{args: "key import"},
	{args: "key dek k1"},
	{args: "key dek k1 Y3R4"},
	{args: "key dek -e enclave -k k1"},
	{args: "key dek k1 " + notBase64, reading: theStart},
	{args: "key dek missing"},
	{args: "key dek"},
	{args: "key dek k1 Y3R4 x"},
	{args: "key encrypt k1 hello"},
	{args: "key encrypt k1 "},
	{args: "key encrypt k1"},
	{args: "key encrypt missing hello"},
	{args: "key encrypt"},
	{args: "key decrypt legacy " + ciphertext},
	{args: "key decrypt legacy " + ciphertext + " Y3R4"},
	{args: "key decrypt k1 " + ciphertext},
	{args: "key decrypt k1 " + notBase64, reading: theStart},
	{args: "key decrypt k1 " + ciphertext + " " + notBase64, reading: theStart},
	{args: "key decrypt k1"},
	{args: "key decrypt"},
	{args: "key rm a"},
	{args: "key rm missing"},
	{args: "key rm b missing k1"},
	{args: "key rm"},
	{args: "key ls"},
	{args: "key nonsense"},
	{args: "key create k4 --nonsense"},
	{args: "key create --nonsense", reading: everyWord},
	{args: "nonsense"},
	{args: "", reading: anyUsage},
	{args: "key", reading: anyUsage},
	{args: "--help", reading: anyUsage},
	{args: "key -h", reading: anyUsage},
	{args: "key create --help", reading: anyUsage},
	{args: "key rm -h", reading: anyUsage},
	{args: "server --help", reading: anyUsage},
	{args: "identity new --help", reading: anyUsage},
	{args: "status"},
	{args: "status -k"},
	{args: "status --short"},
	{args: "status -s"},
	{args: "status x"},
	{args: "identity of " + adminKey},
	{args: "identity of kes:v1:AAAA"},
	{args: "identity of no-such-file", reading: anyError},
	{args: "identity of"},
	{args: "identity new --key only.key"},
	{args: "identity new --cert only.crt"},
	{args: "identity new --dns localhost"},
	{args: "identity new a b"},
	{args: "--version"},
	{args: "-v"},
}

// TestCommandsPrintTheSame runs the steps with each program at each server; the Go program at the Go server is right.
func TestCommandsPrintTheSame(t *testing.T) {
	config := func() harness.Config {
		config := harness.Config{Admin: harness.FromAPIKey(t, adminKey), KeyDir: t.TempDir()}
		harness.Plant(t, config.KeyDir, "legacy", `{"bytes":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",`+
			`"created_at":"2009-11-10T23:00:00Z","created_by":"`+strings.Repeat("ab", 32)+`"}`)
		return config
	}
	printTheSame(t, steps, config)
}

// printTheSame runs the steps with each program at each server, all of them configured alike.
func printTheSame(t *testing.T, steps []step, config func() harness.Config) {
	t.Helper()
	expected := perform(t, steps, harness.Peer(t), harness.Peer(t), config())
	for _, c := range []struct {
		name            string
		program, server func(testing.TB) harness.Program
	}{
		{"the Go program at our server", harness.Peer, harness.Ours},
		{"our program at the Go server", harness.Ours, harness.Peer},
		{"our program at our server", harness.Ours, harness.Ours},
	} {
		t.Run(c.name, func(t *testing.T) {
			program := c.program(t)
			for i, got := range perform(t, steps, program, c.server(t), config()) {
				s, want := steps[i], expected[i]
				if !program.IsPeer() && s.ours != nil {
					want.stdout = s.ours.stdout
				}
				if got = s.reading.abridge(got); got != s.reading.abridge(want) {
					t.Errorf("kes %s\n got code %d, stdout %q, stderr %q\nwant code %d, stdout %q, stderr %q", s.args,
						got.code, got.stdout, got.stderr, want.code, want.stdout, want.stderr)
				}
			}
		})
	}
}

func perform(t *testing.T, steps []step, program, server harness.Program, config harness.Config) []outcome {
	t.Helper()
	s := newSession(t, program, harness.Start(t, server, config))
	var outcomes []outcome
	for _, step := range steps {
		var args []string
		if step.args != "" {
			args = strings.Split(step.args, " ")
		}
		outcomes = append(outcomes, s.run(args...).normal())
	}
	return outcomes
}

func (m messages) abridge(o outcome) outcome {
	switch m {
	case theStart:
		head, rest, _ := strings.Cut(o.stderr, "Error: ")
		start, _, _ := strings.Cut(rest, ":")
		o.stderr = head + "Error: " + start
	case anyError:
		if strings.HasPrefix(o.stderr, "Error: ") {
			o.stderr = "<error>"
		}
	case anyUsage:
		if strings.Contains(o.stderr, "Usage:") || strings.Contains(o.stderr, "usage:") {
			o.stderr = "<usage>"
		}
	}
	return o
}

// TestJSONOutput compares what programs read, member by member.
func TestJSONOutput(t *testing.T) {
	inSessions(t, func(t *testing.T, s *session) {
		s.succeeds("key", "create", "k1")
		info := object(t, s.succeeds("key", "info", "--json", "k1"))
		if info["name"] != "k1" || info["created_by"] != s.server.Config.Admin.ID || info["created_at"] == nil {
			t.Errorf("key info prints %v", info)
		}
		if !s.program.IsPeer() && info["algorithm"] == nil {
			t.Error("key info lacks the algorithm, which the Go program leaves out by mistake")
		}
		status := object(t, s.succeeds("status", "--json"))
		for _, member := range []string{"version", "os", "arch", "num_cpu", "num_cpu_used", "mem_heap_used",
			"mem_stack_used", "keystore_latency"} {
			if status[member] == nil {
				t.Errorf("status --json lacks %s: %v", member, status)
			}
		}
		var routes []map[string]any
		if err := json.Unmarshal([]byte(s.succeeds("status", "--api", "--json")), &routes); err != nil {
			t.Errorf("status --api --json: %v", err)
		}
		create := map[string]any{"method": "PUT", "path": "/v1/key/create/", "timeout": float64(15)}
		encrypt := map[string]any{"method": "PUT", "path": "/v1/key/encrypt/", "timeout": float64(15), "max_body": float64(1_000_000)}
		for _, want := range []map[string]any{create, encrypt} {
			if !containsRoute(routes, want) {
				t.Errorf("status --api --json lacks %v among %v", want, routes)
			}
		}
		table := s.succeeds("status", "--api")
		for _, line := range []string{"  Method  API ", "  PUT     /v1/key/create/ ", "  DELETE  /v1/key/delete/ "} {
			if !strings.Contains(table, "\n"+line) {
				t.Errorf("status --api lacks %q:\n%s", line, table)
			}
		}
	})
}

func containsRoute(routes []map[string]any, want map[string]any) bool {
	for _, route := range routes {
		if reflect.DeepEqual(route, want) {
			return true
		}
	}
	return false
}

func object(t *testing.T, text string) map[string]any {
	t.Helper()
	var value map[string]any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatalf("%q is no JSON object: %v", text, err)
	}
	return value
}

// TestRoundTrips takes ciphertexts from one program to the other.
func TestRoundTrips(t *testing.T) {
	harness.Both(t, func(t *testing.T, p harness.Program) {
		server := harness.Start(t, p, harness.Config{})
		programs := []*session{newSession(t, harness.Ours(t), server), newSession(t, harness.Peer(t), server)}
		for i, writer := range programs {
			reader := programs[1-i]
			key := fmt.Sprintf("key-%d", i)
			writer.succeeds("key", "create", key)
			sealed := object(t, writer.succeeds("key", "encrypt", key, "hello world"))
			opened := object(t, reader.succeeds("key", "decrypt", key, sealed["ciphertext"].(string)))
			if opened["plaintext"] != "aGVsbG8gd29ybGQ=" {
				t.Errorf("encrypt with %s, decrypt with %s: %v", writer.program.Name, reader.program.Name, opened)
			}
			dek := object(t, writer.succeeds("key", "dek", key, "Y3R4"))
			opened = object(t, reader.succeeds("key", "decrypt", key, dek["ciphertext"].(string), "Y3R4"))
			if opened["plaintext"] != dek["plaintext"] {
				t.Errorf("dek with %s, decrypt with %s: %v", writer.program.Name, reader.program.Name, opened)
			}
			if o := reader.run("key", "decrypt", key, dek["ciphertext"].(string)); o.code != 1 ||
				!strings.Contains(o.stderr, "decryption failed: ciphertext is not authentic") {
				t.Errorf("decrypt with %s without the context: %+v", reader.program.Name, o)
			}
		}
	})
}

// inSessions runs a test with each program at each server.
func inSessions(t *testing.T, test func(t *testing.T, s *session)) {
	t.Helper()
	for _, server := range []string{"go", "ours"} {
		t.Run("at "+server, func(t *testing.T) {
			harness.Both(t, func(t *testing.T, program harness.Program) {
				p := harness.Ours
				if server == "go" {
					p = harness.Peer
				}
				test(t, newSession(t, program, harness.Start(t, p(t), harness.Config{})))
			})
		})
	}
}
