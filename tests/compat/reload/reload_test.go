// Package reload changes what a server runs on while clients use it.
package reload

import (
	"crypto/tls"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"kescompat/harness"
)

const reloads = 20

// load is clients that never pause.
type load struct {
	stop     atomic.Bool
	requests atomic.Int64
	all      sync.WaitGroup
}

// run asks until the load stops and fails the test on anything but 200.
func (l *load) run(t *testing.T, what string, ask func() (*http.Response, error)) {
	l.all.Add(1)
	go func() {
		defer l.all.Done()
		for !l.stop.Load() {
			response, err := ask()
			if err != nil {
				t.Errorf("%s: %v", what, err)
				return
			}
			body, err := io.ReadAll(response.Body)
			response.Body.Close()
			if err != nil || response.StatusCode != http.StatusOK {
				t.Errorf("%s: %d %s %v", what, response.StatusCode, body, err)
				return
			}
			l.requests.Add(1)
		}
	}()
}

func generate(c *http.Client, url string) func() (*http.Response, error) {
	return func() (*http.Response, error) {
		return c.Post(url+"/v1/key/generate/my-key", "application/json", strings.NewReader("{}"))
	}
}

// serial is that of the certificate which a new connection is shown.
func serial(t *testing.T, s *harness.Server, id *harness.Identity) *big.Int {
	t.Helper()
	conn, err := tls.Dial("tcp", s.Addr, s.TLS(id))
	if err != nil {
		t.Errorf("a new connection: %v", err)
		return new(big.Int)
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0].SerialNumber
}

func counted(s *harness.Server, what string) int { return strings.Count(s.Log(), what) }

const reloaded = "=> Reloading configuration after SIGHUP signal completed."

// TestReloadsUnderLoadLoseNoRequest changes policies, the server's certificate, the mode and the authorities.
func TestReloadsUnderLoadLoseNoRequest(t *testing.T) {
	pki, other := harness.NewPKI(t), harness.NewPKI(t)
	app := pki.Issue(t, harness.ECDSA)
	allow := func(extra string) map[string]harness.Policy {
		return map[string]harness.Policy{"app": {Allow: []string{"/v1/key/generate/*", extra}, Identities: []*harness.Identity{app}}}
	}
	s := harness.Start(t, harness.Ours(t), harness.Config{
		PKI: pki, Admin: pki.Issue(t, harness.ECDSA), TLSCA: pki.CAFile, Policies: allow("/v1/status"), Keys: []string{"my-key"}})
	both := t.TempDir() + "/both.crt"
	if err := os.WriteFile(both, append(read(t, pki.CAFile), read(t, other.CAFile)...), 0o600); err != nil {
		t.Fatal(err)
	}

	l := &load{}
	for i := range 4 {
		l.run(t, fmt.Sprintf("h2 client %d", i), generate(s.HTTP(app, harness.H2), s.URL))
		l.run(t, fmt.Sprintf("http/1.1 client %d", i), generate(s.HTTP(app, harness.H1), s.URL))
	}
	l.run(t, "new connections", func() (*http.Response, error) {
		c := s.HTTP(app, harness.H2)
		defer c.CloseIdleConnections()
		return generate(c, s.URL)()
	})
	for i := range reloads {
		// One after the other: policies, the mode, the authorities.
		s.Config.Policies = allow(fmt.Sprintf("/v1/key/create/%d-*", i))
		s.Config.TLSAuth = []string{"off", "on", "pinned", "on"}[i%4]
		s.Config.TLSCA = []string{pki.CAFile, both}[i/4%2]
		shown := pki.RenewServer(t)
		s.Reload(t)
		harness.Eventually(t, "the reload is done", func() bool { return counted(s, reloaded) == i+1 || t.Failed() })
		if now := serial(t, s, app); now.Cmp(shown) != 0 {
			t.Errorf("reload %d: new connections are shown certificate %v instead of %v", i, now, shown)
		}
		before := l.requests.Load()
		harness.Eventually(t, "requests go on", func() bool { return l.requests.Load() > before+50 || t.Failed() })
	}
	l.stop.Store(true)
	l.all.Wait()
	t.Logf("%d requests over %d reloads", l.requests.Load(), reloads)
}

// TestRotatedCertificatesAreServed without a signal.
func TestRotatedCertificatesAreServed(t *testing.T) {
	pki := harness.NewPKI(t)
	app := pki.Issue(t, harness.ECDSA)
	s := harness.Start(t, harness.Ours(t), harness.Config{
		PKI: pki, Admin: app, TLSAuth: "on", TLSCA: pki.CAFile, Keys: []string{"my-key"}})
	l := &load{}
	l.run(t, "h2 client", generate(s.HTTP(app, harness.H2), s.URL))
	l.run(t, "http/1.1 client", generate(s.HTTP(app, harness.H1), s.URL))
	for range 2 {
		shown := pki.RenewServer(t)
		harness.Eventually(t, "the new certificate is served", func() bool { return serial(t, s, app).Cmp(shown) == 0 || t.Failed() })
	}

	// A file that does not belong to the other changes nothing and is told of, with its place.
	good := read(t, pki.ServerKey)
	write(t, pki.ServerKey, "no key")
	harness.Eventually(t, "the bad key is complained about", func() bool {
		log := s.Log()
		return strings.Contains(log, "Failed to reload TLS configuration: ") && strings.Contains(log, "config.yml:7:") &&
			strings.Contains(log, pki.ServerKey)
	})
	serial(t, s, app)
	write(t, pki.ServerKey, string(good))

	// A changed authority counts as well.
	other := harness.NewPKI(t)
	newcomer := other.Issue(t, harness.ECDSA)
	if _, err := tls.Dial("tcp", s.Addr, s.TLS(newcomer)); err != nil && !strings.Contains(err.Error(), "unknown") {
		t.Fatalf("the newcomer's first handshake: %v", err)
	}
	write(t, pki.CAFile, string(read(t, pki.CAFile))+string(read(t, other.CAFile)))
	harness.Eventually(t, "the newcomer is let in", func() bool {
		response, err := s.HTTP(newcomer, harness.H1).Get(s.URL + "/version")
		if err != nil {
			return false
		}
		response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
	l.stop.Store(true)
	l.all.Wait()
	t.Logf("%d requests", l.requests.Load())
}

// TestBadFilesChangeNothing tries every kind under load.
func TestBadFilesChangeNothing(t *testing.T) {
	pki := harness.NewPKI(t)
	app := pki.Issue(t, harness.ECDSA)
	s := harness.Start(t, harness.Ours(t), harness.Config{PKI: pki, Admin: app, Keys: []string{"my-key"}})
	l := &load{}
	l.run(t, "h2 client", generate(s.HTTP(app, harness.H2), s.URL))
	empty := t.TempDir() + "/empty.crt"
	write(t, empty, "")
	shown := serial(t, s, app)
	for _, c := range []struct {
		name   string
		change func(*harness.Config)
		why    string
	}{
		{"an authority that is none", func(c *harness.Config) { c.TLSCA = empty }, "config.yml:8:7: failed to read TLS CA certificates: '" + empty + "'"},
		{"a mode that is none", func(c *harness.Config) { c.TLSAuth = "maybe" }, "config.yml:8:9: tls.auth: "},
		{"an identity of two policies", func(c *harness.Config) {
			c.Policies = map[string]harness.Policy{"a": {Identities: []*harness.Identity{harness.NewAPIKey(t)}},
				"b": {Identities: []*harness.Identity{app}}}
		}, "is already admin"},
		{"a store that cannot be opened", func(c *harness.Config) { c.KeyDir = empty }, empty},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := s.Config
			defer func() { s.Config = before }()
			c.change(&s.Config)
			s.Reload(t)
			harness.Eventually(t, "the failure is told of: "+c.why, func() bool { return strings.Contains(s.Log(), c.why) })
			if now := serial(t, s, app); now.Cmp(shown) != 0 {
				t.Error("another certificate is served")
			}
		})
	}
	s.Reload(t)
	harness.Eventually(t, "a good file is taken afterwards", func() bool { return counted(s, reloaded) == 1 })
	l.stop.Store(true)
	l.all.Wait()
}

// TestThePinnedModeFollowsThePolicies: whoever is named may come, and whoever no longer is may not.
func TestThePinnedModeFollowsThePolicies(t *testing.T) {
	app, stranger := harness.NewAPIKey(t), harness.NewAPIKey(t)
	named := func(who ...*harness.Identity) map[string]harness.Policy {
		return map[string]harness.Policy{"app": {Allow: []string{"/v1/status"}, Identities: who}}
	}
	s := harness.Start(t, harness.Ours(t), harness.Config{TLSAuth: "pinned", Policies: named(app)})
	status := func(c *http.Client) int {
		response, err := c.Get(s.URL + "/v1/status")
		if err != nil {
			return 0
		}
		response.Body.Close()
		return response.StatusCode
	}
	sessions := s.TLS(app)
	sessions.ClientSessionCache = tls.NewLRUClientSessionCache(100)
	existing := s.HTTPWith(sessions, harness.H2)
	if got := status(existing); got != 200 {
		t.Fatalf("the named one: %d", got)
	}
	if got := status(s.HTTP(stranger, harness.H1)); got != 0 {
		t.Errorf("a stranger is answered %d", got)
	}
	harness.Eventually(t, "the log names the stranger and what to do", func() bool {
		return strings.Contains(s.Log(), "client certificate of "+stranger.ID+" refused: ") &&
			strings.Contains(s.Log(), "name its identity in a policy")
	})

	s.Config.Policies = named(stranger)
	s.Reload(t)
	harness.Eventually(t, "the stranger is let in", func() bool { return status(s.HTTP(stranger, harness.H1)) == 200 })
	if got := status(existing); got != 403 {
		t.Errorf("the connection of one who is no longer named: %d", got)
	}
	if got := status(s.HTTPWith(sessions, harness.H1)); got != 0 {
		t.Errorf("the session of one who is no longer named: %d", got)
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}
