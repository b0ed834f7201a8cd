package wire

import (
	"crypto/tls"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"kescompat/harness"
)

// ask sends GET path over a fresh connection and returns status and message, or the error of the handshake.
func ask(t *testing.T, s *harness.Server, config *tls.Config, p harness.Protocol, path string) (int, string, error) {
	t.Helper()
	client := s.HTTPWith(config, p)
	defer client.CloseIdleConnections()
	response, err := client.Get(s.URL + path)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatalf("cannot read the body: %v", err)
	}
	return response.StatusCode, string(body), nil
}

func inServers(t *testing.T, c harness.Config, test func(*testing.T, *harness.Server, harness.Protocol)) {
	t.Helper()
	harness.Both(t, func(t *testing.T, p harness.Program) {
		s := harness.Start(t, p, c)
		harness.Protocols(t, func(t *testing.T, protocol harness.Protocol) { test(t, s, protocol) })
	})
}

func expect(t *testing.T, name string, status int, body string, err error, wantStatus int, wantMessage string) {
	t.Helper()
	if err != nil {
		t.Errorf("%s: %v, expected %d", name, err, wantStatus)
		return
	}
	if status != wantStatus || !strings.Contains(body, wantMessage) {
		t.Errorf("%s: answered %d %s, expected %d %s", name, status, body, wantStatus, wantMessage)
	}
}

// refused requires that the server ends the handshake with the alert. The request is left out: over TLS 1.3 a client
// learns of the refusal when it reads, and writing first would race with the server's closing of the connection.
func refused(t *testing.T, s *harness.Server, name string, config *tls.Config, alert string) {
	t.Helper()
	conn, err := tls.Dial("tcp", s.Addr, config)
	if err == nil {
		defer conn.Close()
		if err = conn.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
			t.Fatal(err)
		}
		_, err = conn.Read(make([]byte, 1))
	}
	if err == nil || !strings.Contains(err.Error(), alert) {
		t.Errorf("%s: the handshake ends with %v, expected %q", name, err, alert)
	}
}

func TestTheIdentityIsTheKeyThatSignedTheHandshake(t *testing.T) {
	admin := harness.SelfSigned(t, harness.ECDSA)
	stranger := harness.SelfSigned(t, harness.ECDSA)
	authority := harness.SelfSigned(t, harness.ECDSA, harness.AsCA)
	inServers(t, harness.Config{Admin: admin}, func(t *testing.T, s *harness.Server, p harness.Protocol) {
		for _, c := range []struct {
			name    string
			client  *harness.Identity
			status  int
			message string
			differ  bool // the Go server is taken in
		}{
			{"the admin", admin, 200, "", false},
			{"a stranger", stranger, 403, "not authorized: insufficient permissions", false},
			{"an authority", authority, 400, "tls: client certificate is required", false},
			{"the admin with the authority behind", admin.Followed(authority), 200, "", false},
			{"a stranger with the admin's public certificate behind", stranger.Followed(admin), 400,
				"tls: received more than one client certificate", false},
			{"the admin with a stranger's behind", admin.Followed(stranger), 400,
				"tls: received more than one client certificate", false},
			{"a stranger with an authority and the admin's behind", stranger.Followed(authority, admin), 400,
				"tls: received more than one client certificate", false},
			// The Go server takes the only certificate that is not CA:TRUE, wherever it stands: anyone who has seen the
			// admin's certificate, which is public, is the admin. Ours looks at the one whose key signed the handshake.
			{"an authority with the admin's public certificate behind", authority.Followed(admin), 400,
				"tls: client certificate is required", true},
			{"an authority with two behind", authority.Followed(authority, admin), 400,
				"tls: client certificate is required", true},
		} {
			status, body, err := ask(t, s, harness.Always(s.TLS(nil), c.client), p, "/v1/status")
			if c.differ && s.Program.IsPeer() {
				expect(t, c.name, status, body, err, 200, "")
				continue
			}
			expect(t, c.name, status, body, err, c.status, c.message)
		}
	})
}

func TestClientCertificatesWithoutVerification(t *testing.T) {
	admin := harness.NewAPIKey(t)
	pki := harness.NewPKI(t)
	expired := harness.SelfSigned(t, harness.ECDSA, harness.Expired)
	serverOnly := harness.SelfSigned(t, harness.RSA, harness.ServerAuthOnly)
	issued := pki.Issue(t, harness.Ed25519)
	all := []*harness.Identity{expired, serverOnly, issued}
	for name, mode := range map[string]string{"not said": "", "off": "off"} {
		t.Run(name, func(t *testing.T) {
			inServers(t, harness.Config{
				Admin: admin, PKI: pki, TLSAuth: mode,
				Policies: map[string]harness.Policy{"all": {Allow: []string{"/v1/*"}, Identities: all}},
			}, func(t *testing.T, s *harness.Server, p harness.Protocol) {
				for name, id := range map[string]*harness.Identity{"an API key": admin, "an expired certificate": expired,
					"a certificate for servers": serverOnly, "an issued certificate": issued} {
					status, body, err := ask(t, s, s.TLS(id), p, "/v1/status")
					expect(t, name, status, body, err, 200, "")
				}
				refused(t, s, "no certificate", s.TLS(nil), "certificate required")
				old := s.TLS(nil)
				old.MaxVersion = tls.VersionTLS12
				refused(t, s, "no certificate over TLS 1.2", old, "handshake failure")
			})
		})
	}
}

func TestAPIKeysWorkBesideAnAuthorityThatIsNotAskedFor(t *testing.T) {
	admin := harness.NewAPIKey(t)
	pki := harness.NewPKI(t)
	inServers(t, harness.Config{Admin: admin, PKI: pki, TLSCA: pki.CAFile}, func(t *testing.T, s *harness.Server, p harness.Protocol) {
		if s.Program.IsPeer() {
			// The Go server names its authorities even when it verifies nothing, and a Go client then keeps back
			// the self-signed certificate of an API key.
			refused(t, s, "an API key", s.TLS(admin), "certificate required")
			return
		}
		status, body, err := ask(t, s, s.TLS(admin), p, "/v1/status")
		expect(t, "an API key", status, body, err, 200, "")
	})
}

func TestClientCertificatesWithVerification(t *testing.T) {
	pki := harness.NewPKI(t)
	admin := pki.Issue(t, harness.ECDSA)
	stranger := pki.Issue(t, harness.Ed25519)
	inServers(t, harness.Config{Admin: admin, PKI: pki, TLSAuth: "on", TLSCA: pki.CAFile},
		func(t *testing.T, s *harness.Server, p harness.Protocol) {
			status, body, err := ask(t, s, s.TLS(admin), p, "/v1/status")
			expect(t, "issued", status, body, err, 200, "")
			status, body, err = ask(t, s, s.TLS(stranger), p, "/v1/status")
			expect(t, "issued to a stranger", status, body, err, 403, "not authorized: insufficient permissions")
			for _, c := range []struct {
				name   string
				client *harness.Identity
				alert  string
			}{
				{"self-signed", harness.SelfSigned(t, harness.ECDSA), "unknown certificate authority"},
				{"an API key", harness.NewAPIKey(t), "unknown certificate authority"},
				{"expired", pki.Issue(t, harness.ECDSA, harness.Expired), "expired certificate"},
				{"for servers only", pki.Issue(t, harness.ECDSA, harness.ServerAuthOnly), "certificate"},
				{"issued by another authority", harness.NewPKI(t).Issue(t, harness.ECDSA), "unknown certificate authority"},
			} {
				refused(t, s, c.name, harness.Always(s.TLS(nil), c.client), c.alert)
			}
			refused(t, s, "no certificate", s.TLS(nil), "certificate required")
		})
}

func TestOpenedRoutes(t *testing.T) {
	inServers(t, harness.Config{SkipAuth: []string{"/v1/ready"}}, func(t *testing.T, s *harness.Server, p harness.Protocol) {
		for path, want := range map[string]int{"/version": 200, "/v1/ready": 200, "/v1/status": 400, "/v1/key/list/": 400} {
			status, body, err := ask(t, s, s.TLS(nil), p, path)
			message := ""
			if want == 400 {
				message = "tls: client certificate is required"
			}
			expect(t, path+" without a certificate", status, body, err, want, message)
		}
		stranger := harness.NewAPIKey(t)
		status, body, err := ask(t, s, s.TLS(stranger), p, "/v1/ready")
		expect(t, "an opened route for a stranger", status, body, err, 200, "")
		status, body, err = ask(t, s, s.TLS(stranger), p, "/v1/status")
		expect(t, "another route for a stranger", status, body, err, 403, "")
		status, body, err = ask(t, s, s.TLS(s.Config.Admin), p, "/v1/status")
		expect(t, "another route for the admin", status, body, err, 200, "")
	})
}

func TestResumedSessionsKeepTheirIdentity(t *testing.T) {
	admin := harness.NewAPIKey(t)
	known := harness.SelfSigned(t, harness.RSA)
	inServers(t, harness.Config{
		Admin:    admin,
		Policies: map[string]harness.Policy{"known": {Allow: []string{"/v1/api"}, Identities: []*harness.Identity{known}}},
	}, func(t *testing.T, s *harness.Server, p harness.Protocol) {
		for name, version := range map[string]uint16{"TLS 1.2": tls.VersionTLS12, "TLS 1.3": tls.VersionTLS13} {
			for _, id := range []*harness.Identity{admin, known} {
				config := s.TLS(id)
				config.MinVersion, config.MaxVersion = version, version
				config.ClientSessionCache = tls.NewLRUClientSessionCache(100)
				for round := range 4 {
					status, body, err := ask(t, s, config, p, "/v1/api")
					expect(t, name, status, body, err, http.StatusOK, "")
					status, body, err = ask(t, s, config, p, "/v1/status")
					want := map[bool]int{true: 200, false: 403}[id == admin]
					expect(t, name, status, body, err, want, "")
					if t.Failed() {
						t.Fatalf("%s: the identity is lost in round %d", name, round)
					}
				}
			}
		}
	})
}

// TestOldTLSIsRefused: crypto/tls still speaks TLS 1.1 when told to.
func TestOldTLSIsRefused(t *testing.T) {
	inServers(t, harness.Config{}, func(t *testing.T, s *harness.Server, p harness.Protocol) {
		config := s.TLS(s.Config.Admin)
		config.MinVersion, config.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
		refused(t, s, "TLS 1.1", config, "protocol version")
	})
}
