// Package proxy puts our server behind real TLS proxies.
package proxy

import (
	"encoding/base64"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"kescompat/harness"
)

const header = "X-Tls-Client-Cert"

// world is a server with everybody who may or may not use it through a proxy.
type world struct {
	server                                  *harness.Server
	proxy, admin, app, other, stranger, own *harness.Identity
	authority, expired                      *harness.Identity
}

func newWorld(t *testing.T, auth string) world {
	t.Helper()
	pki := harness.NewPKI(t)
	w := world{
		proxy: pki.Issue(t, harness.ECDSA), admin: pki.Issue(t, harness.Ed25519), app: pki.Issue(t, harness.ECDSA),
		other: pki.Issue(t, harness.RSA), stranger: pki.Issue(t, harness.ECDSA),
		own: harness.NewAPIKey(t), authority: harness.SelfSigned(t, harness.ECDSA, harness.AsCA),
		expired: pki.Issue(t, harness.ECDSA, harness.Expired),
	}
	w.server = harness.Start(t, harness.Ours(t), harness.Config{
		PKI: pki, Admin: w.admin, TLSAuth: auth, TLSCA: pki.CAFile, Proxies: []*harness.Identity{w.proxy}, Audit: "DEBUG",
		Policies: map[string]harness.Policy{
			"app":   {Allow: []string{"/v1/status", "/v1/key/create/app-*"}, Identities: []*harness.Identity{w.app, w.own, w.expired}},
			"other": {Allow: []string{"/v1/api"}, Identities: []*harness.Identity{w.other}},
		},
	})
	return w
}

// client speaks as id, or as nobody if id is nil.
func client(s *harness.Server, id *harness.Identity, p harness.Protocol) *http.Client {
	config := s.TLS(nil)
	if id != nil {
		config = harness.Always(config, id)
	}
	return s.HTTPWith(config, p)
}

func ask(t *testing.T, c *http.Client, method, url string, headers ...string) (int, string) {
	t.Helper()
	request, err := http.NewRequest(method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Add(headers[i], headers[i+1])
	}
	response, err := c.Do(request)
	if err != nil {
		t.Fatalf("%s %s: %v", method, url, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

func escaped(id *harness.Identity) string {
	return url.QueryEscape(string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: id.Cert.Certificate[0]})))
}

func inFront(t *testing.T, auth string, test func(t *testing.T, w world, url string)) {
	for _, p := range programs {
		t.Run(p.name, func(t *testing.T) {
			w := newWorld(t, auth)
			f := p.start(t, w.server, w.proxy)
			test(t, w, "https://"+f.addr)
		})
	}
}

func TestEachRequestIsItsClients(t *testing.T) {
	type expected struct{ off, pinned, on int }
	for _, auth := range []string{"off", "pinned", "on"} {
		t.Run(auth, func(t *testing.T) {
			inFront(t, auth, func(t *testing.T, w world, url string) {
				for _, c := range []struct {
					name   string
					id     *harness.Identity
					path   string
					status expected
				}{
					{"the admin", w.admin, "/v1/status", expected{200, 200, 200}},
					{"a client", w.app, "/v1/status", expected{200, 200, 200}},
					{"a client beyond its policy", w.app, "/v1/api", expected{403, 403, 403}},
					{"another client", w.other, "/v1/api", expected{200, 200, 200}},
					{"an API key", w.own, "/v1/status", expected{200, 200, 403}},
					{"a stranger", w.stranger, "/v1/status", expected{403, 403, 403}},
					{"an authority", w.authority, "/v1/status", expected{400, 400, 400}},
					{"nobody", nil, "/v1/status", expected{400, 400, 400}},
					{"nobody where nobody is asked for", nil, "/version", expected{200, 200, 200}},
				} {
					want := map[string]int{"off": c.status.off, "pinned": c.status.pinned, "on": c.status.on}[auth]
					harness.Protocols(t, func(t *testing.T, p harness.Protocol) {
						status, body := ask(t, client(w.server, c.id, p), "GET", url+c.path)
						if status != want {
							t.Errorf("%s: answered %d %s, expected %d", c.name, status, body, want)
						}
					})
				}
			})
		})
	}
}

// TestClientsDoNotMix: the proxy uses the same connections to the server for all of them.
func TestClientsDoNotMix(t *testing.T) {
	inFront(t, "off", func(t *testing.T, w world, url string) {
		var all sync.WaitGroup
		for i := range 8 {
			id, path := w.app, "/v1/status"
			if i%2 == 1 {
				id, path = w.other, "/v1/api"
			}
			c := client(w.server, id, harness.H2)
			all.Add(1)
			go func() {
				defer all.Done()
				for _, try := range []string{"/v1/status", "/v1/api", "/v1/status", "/v1/api", "/v1/status", "/v1/api"} {
					response, err := c.Get(url + try)
					if err != nil {
						t.Errorf("%s: %v", try, err)
						return
					}
					response.Body.Close()
					if allowed := response.StatusCode == 200; allowed != (try == path) || (!allowed && response.StatusCode != 403) {
						t.Errorf("%s as the client of %s: %d", try, path, response.StatusCode)
					}
				}
			}()
		}
		all.Wait()
	})
}

func TestWhatAClientClaimsThroughAProxyIsReplaced(t *testing.T) {
	inFront(t, "off", func(t *testing.T, w world, url string) {
		der := base64.StdEncoding.EncodeToString(w.admin.Cert.Certificate[0])
		harness.Protocols(t, func(t *testing.T, p harness.Protocol) {
			for _, claim := range []string{escaped(w.admin), der, ":" + der + ":"} {
				status, _ := ask(t, client(w.server, w.stranger, p), "GET", url+"/v1/status", header, claim, "X-Forwarded-For", "203.0.113.9")
				if status != 403 {
					t.Errorf("a stranger who claims to be the admin: %d", status)
				}
				status, _ = ask(t, client(w.server, nil, p), "GET", url+"/v1/status", header, claim, header, claim)
				if status != 400 {
					t.Errorf("nobody who claims to be the admin: %d", status)
				}
			}
		})
		harness.Eventually(t, "the refusal is audited", func() bool { return strings.Contains(w.server.Log(), w.stranger.ID) })
		if strings.Contains(w.server.Log(), "203.0.113.9") {
			t.Error("an address that a client has made up is in the log")
		}
	})
}

func TestTheAuditLogShowsTheClient(t *testing.T) {
	inFront(t, "off", func(t *testing.T, w world, url string) {
		config := harness.Always(w.server.TLS(nil), w.app)
		from := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 9)}}
		c := &http.Client{Transport: &http.Transport{TLSClientConfig: config, DialContext: from.DialContext}}
		defer c.CloseIdleConnections()
		if status, body := ask(t, c, "PUT", url+"/v1/key/create/app-1"); status != 200 {
			t.Fatalf("create: %d %s", status, body)
		}
		want := "secret key 'app-1' created"
		line := func() string {
			for _, line := range strings.Split(w.server.Log(), "\n") {
				if strings.Contains(line, want) {
					return line
				}
			}
			return ""
		}
		harness.Eventually(t, "the creation is audited", func() bool { return line() != "" })
		if !strings.Contains(line(), "req.ip=127.0.0.9") || !strings.Contains(line(), "req.identity="+w.app.ID) {
			t.Errorf("the audit log shows: %s", line())
		}
	})
}

// TestOnlyProxiesAreBelieved speaks to the server itself.
func TestOnlyProxiesAreBelieved(t *testing.T) {
	w := newWorld(t, "off")
	url := w.server.URL
	claims := []string{header, escaped(w.admin), "X-Forwarded-For", "203.0.113.9"}
	told := []string{header, escaped(w.admin), "X-Forwarded-For", "203.0.113.10"}
	harness.Protocols(t, func(t *testing.T, p harness.Protocol) {
		for _, c := range []struct {
			name    string
			id      *harness.Identity
			path    string
			headers []string
			want    int
			message string
		}{
			{"a stranger's claim", w.stranger, "/v1/status", claims, 403, ""},
			{"a client's claim", w.app, "/v1/api", claims, 403, ""},
			{"a client's claim where it needs none", w.app, "/v1/status", append([]string{header, "nonsense"}, claims...), 200, ""},
			{"the proxy's", w.proxy, "/v1/status", told, 200, ""},
			{"the proxy's own", w.proxy, "/v1/status", nil, 400, "tls: client certificate is required"},
			{"the proxy for itself", w.proxy, "/v1/status", []string{header, escaped(w.proxy)}, 403, ""},
			{"the proxy for an authority", w.proxy, "/v1/status", []string{header, escaped(w.authority)}, 400, "tls: client certificate is required"},
			{"the proxy with two headers", w.proxy, "/v1/status", append([]string{header, escaped(w.app)}, told...), 400,
				"tls: received more than one client certificate"},
			{"the proxy with two values", w.proxy, "/v1/status", []string{header, escaped(w.app) + "," + escaped(w.admin)}, 400,
				"tls: received more than one client certificate"},
			{"the proxy with nonsense", w.proxy, "/v1/status", []string{header, "nonsense"}, 400, "invalid client certificate"},
			{"the proxy with another header", w.proxy, "/v1/status", []string{"X_Tls_Client_Cert", escaped(w.admin)}, 400,
				"tls: client certificate is required"},
		} {
			status, body := ask(t, client(w.server, c.id, p), "GET", url+c.path, c.headers...)
			if status != c.want || !strings.Contains(body, c.message) {
				t.Errorf("%s: %d %s, expected %d %s", c.name, status, body, c.want, c.message)
			}
		}
	})
	harness.Eventually(t, "what the proxy says of its client's address is in the audit log", func() bool {
		return strings.Contains(w.server.Log(), "req.ip=203.0.113.10 req.identity="+w.admin.ID)
	})
	if strings.Contains(w.server.Log(), "203.0.113.9 ") {
		t.Error("an address that was made up is in the log")
	}
}

// TestForwardedCertificatesAreCheckedAsInAHandshake leaves out the real proxies, which may check more than they need to.
func TestForwardedCertificatesAreCheckedAsInAHandshake(t *testing.T) {
	for auth, want := range map[string]map[string]int{
		"off":    {"issued": 200, "API key": 200, "expired": 200, "stranger": 403},
		"pinned": {"issued": 200, "API key": 200, "expired": 200, "stranger": 403},
		"on":     {"issued": 200, "API key": 403, "expired": 403, "stranger": 403},
	} {
		t.Run(auth, func(t *testing.T) {
			w := newWorld(t, auth)
			c := client(w.server, w.proxy, harness.H2)
			for name, id := range map[string]*harness.Identity{"issued": w.app, "API key": w.own, "expired": w.expired, "stranger": w.stranger} {
				if status, body := ask(t, c, "GET", w.server.URL+"/v1/status", header, escaped(id)); status != want[name] {
					t.Errorf("%s: %d %s, expected %d", name, status, body, want[name])
				}
			}
			if auth == "on" {
				harness.Eventually(t, "the error log says why", func() bool {
					return strings.Contains(w.server.Log(), "certificate of "+w.expired.ID+" that a proxy has forwarded refused: certificate has expired; renew the certificate")
				})
			}
		})
	}
}

// TestPolicyChangesReachForwardedClientsAtOnce keeps the proxy's connection and what was remembered of the client.
func TestPolicyChangesReachForwardedClientsAtOnce(t *testing.T) {
	w := newWorld(t, "pinned")
	c := client(w.server, w.proxy, harness.H2)
	get := func(id *harness.Identity) int {
		status, _ := ask(t, c, "GET", w.server.URL+"/v1/status", header, escaped(id))
		return status
	}
	if before := get(w.own); before != 200 {
		t.Fatalf("before: %d", before)
	}
	w.server.Config.Policies = map[string]harness.Policy{"app": {Allow: []string{"/v1/status"}, Identities: []*harness.Identity{w.other}}}
	w.server.Reload(t)
	harness.Eventually(t, "the other may", func() bool { return get(w.other) == 200 })
	if after := get(w.own); after != 403 {
		t.Errorf("after: %d", after)
	}
}
