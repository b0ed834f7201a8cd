// Package cli holds the command line programs against each other: the real Go one and ours, each as a client of the
// real Go server and of ours. What one prints, the other must print.
package cli

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"kescompat/harness"
)

// session is a program used as a client, in a directory of its own.
type session struct {
	t       *testing.T
	program harness.Program
	server  *harness.Server
	dir     string
	env     map[string]string
}

// outcome is what a run of a program leaves.
type outcome struct {
	code           int
	stdout, stderr string
}

// newSession speaks to the server as its admin, trusting the authority that issued the server's certificate.
func newSession(t *testing.T, program harness.Program, server *harness.Server) *session {
	t.Helper()
	return &session{
		t:       t,
		program: program,
		server:  server,
		dir:     t.TempDir(),
		env: map[string]string{
			"KES_SERVER":    server.Addr,
			"KES_API_KEY":   server.Config.Admin.APIKey,
			"SSL_CERT_FILE": server.Config.PKI.CAFile,
		},
	}
}

// with is the same session with one environment variable set.
func (s *session) with(name, value string) *session {
	other := *s
	other.env = map[string]string{}
	for k, v := range s.env {
		other.env[k] = v
	}
	other.env[name] = value
	return &other
}

// without is the same session with one environment variable missing.
func (s *session) without(name string) *session {
	other := s.with(name, "")
	delete(other.env, name)
	return other
}

// run executes the program with its output going to pipes.
func (s *session) run(args ...string) outcome {
	s.t.Helper()
	var stdout, stderr bytes.Buffer
	code := s.execute(args, func(cmd *exec.Cmd) error {
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		return cmd.Run()
	})
	return outcome{code, stdout.String(), stderr.String()}
}

// execute prepares the program and returns its exit code once start has seen it through.
func (s *session) execute(args []string, start func(cmd *exec.Cmd) error) int {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, s.program.Path, args...)
	cmd.Dir = s.dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + s.dir, "TZ=UTC"}
	for name, value := range s.env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	err := start(cmd)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		s.t.Fatalf("%s %s: %v", s.program.Name, strings.Join(args, " "), err)
	}
	if ctx.Err() != nil {
		s.t.Fatalf("%s %s does not end", s.program.Name, strings.Join(args, " "))
	}
	return cmd.ProcessState.ExitCode()
}

// succeeds is the output of a run that must succeed.
func (s *session) succeeds(args ...string) string {
	s.t.Helper()
	o := s.run(args...)
	if o.code != 0 || o.stderr != "" {
		s.t.Fatalf("%s %s ends with %d: %s", s.program.Name, strings.Join(args, " "), o.code, o.stderr)
	}
	return o.stdout
}

func (s *session) path(name string) string { return filepath.Join(s.dir, name) }

var varying = []struct {
	pattern *regexp.Regexp
	replace string
}{
	{regexp.MustCompile(`kes:v1:[A-Za-z0-9+/]{44}`), "<api key>"},
	{regexp.MustCompile(`(plaintext|ciphertext): ( *)([A-Za-z0-9+/]{4})+([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?\r`), "$1: $2<base64>\r"},
	{regexp.MustCompile(`"(plaintext|ciphertext)":"([A-Za-z0-9+/]{4})*[A-Za-z0-9+/]{2}=="`), `"$1":<base64>==`},
	{regexp.MustCompile(`"(plaintext|ciphertext)":"([A-Za-z0-9+/]{4})*[A-Za-z0-9+/]{3}="`), `"$1":<base64>=`},
	{regexp.MustCompile(`"(plaintext|ciphertext)":"([A-Za-z0-9+/]{4})*"`), `"$1":<base64>`},
	{regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d`), "<date>"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z`), "<time>"},
	{regexp.MustCompile(`127\.0\.0\.1:\d+`), "<address>"},
	{regexp.MustCompile(`(?m)^(  (?:Version|Uptime|Latency|· Heap|· Stack) +)[^\s].*?(\r?)$`), "$1<value>$2"},
	{regexp.MustCompile(`(?m)^((?:Version|Runtime|License|Copyright) +)[^\s].*?(\r?)$`), "$1<value>$2"},
}

// normal is the output without what differs between any two runs.
func (o outcome) normal() outcome {
	for _, v := range varying {
		o.stdout = v.pattern.ReplaceAllString(o.stdout, v.replace)
		o.stderr = v.pattern.ReplaceAllString(o.stderr, v.replace)
	}
	return o
}
