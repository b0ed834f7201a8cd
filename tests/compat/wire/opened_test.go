package wire

import (
	"encoding/json"
	"strings"
	"testing"

	"kescompat/harness"
)

// TestOpenedRoutesInEveryMode is about ours alone: probes have no certificate, whatever is asked of those who do.
func TestOpenedRoutesInEveryMode(t *testing.T) {
	for _, mode := range []string{"off", "on", "pinned"} {
		t.Run(mode, func(t *testing.T) {
			pki := harness.NewPKI(t)
			s := harness.Start(t, harness.Ours(t), harness.Config{
				PKI: pki, Admin: pki.Issue(t, harness.ECDSA), TLSAuth: mode, TLSCA: pki.CAFile, Audit: "DEBUG",
				SkipAuth: []string{"/v1/ready", "/v1/status"}})
			stranger, authority := harness.NewAPIKey(t), harness.SelfSigned(t, harness.ECDSA, harness.AsCA)
			harness.Protocols(t, func(t *testing.T, p harness.Protocol) {
				for path, want := range map[string]int{"/v1/ready": 200, "/v1/status": 200, "/version": 200, "/v1/api": 400,
					"/v1/key/list/": 400} {
					status, body, err := ask(t, s, s.TLS(nil), p, path)
					expect(t, path+" without a certificate", status, body, err, want, "")
				}
				status, body, err := ask(t, s, s.TLS(s.Config.Admin), p, "/v1/status")
				expect(t, "an opened route for the admin", status, body, err, 200, "")
				if mode != "off" {
					refused(t, s, "a stranger's certificate", s.TLS(stranger), "unknown certificate authority")
					return
				}
				for _, id := range []*harness.Identity{stranger, authority} {
					status, body, err = ask(t, s, harness.Always(s.TLS(nil), id), p, "/v1/ready")
					expect(t, "an opened route for a stranger", status, body, err, 200, "")
				}
			})
			if log := s.Log(); !strings.Contains(log, `req.path=/v1/ready req.ip=127.0.0.1 req.identity=""`) {
				t.Errorf("the audit log shows no probe without an identity:\n%s", log)
			}
		})
	}
}

// TestUnknownRoutesOpenNothing: the Go server drops the demand for certificates even then.
func TestUnknownRoutesOpenNothing(t *testing.T) {
	s := harness.Start(t, harness.Ours(t), harness.Config{SkipAuth: []string{"/v1/raedy", "/v1/ready/"}})
	refused(t, s, "no certificate", s.TLS(nil), "certificate required")
	for _, route := range s.Config.SkipAuth {
		if !strings.Contains(s.Log(), "WARNING: ") || !strings.Contains(s.Log(), route+": unknown route, it has no effect") {
			t.Errorf("no warning about %s:\n%s", route, s.Log())
		}
	}
}

// TestTimeoutsOfRoutes: /v1/api says what is in force.
func TestTimeoutsOfRoutes(t *testing.T) {
	inServers(t, harness.Config{Timeouts: map[string]string{"/v1/key/create/": "47s", "/v1/status": "0s"}},
		func(t *testing.T, s *harness.Server, p harness.Protocol) {
			_, body, err := ask(t, s, s.TLS(s.Config.Admin), p, "/v1/api")
			if err != nil {
				t.Fatal(err)
			}
			var routes []struct {
				Path    string
				Timeout int
			}
			if err := json.Unmarshal([]byte(body), &routes); err != nil {
				t.Fatalf("%v: %s", err, body)
			}
			got := map[string]int{}
			for _, route := range routes {
				got[route.Path] = route.Timeout
			}
			for path, want := range map[string]int{"/v1/key/create/": 47, "/v1/status": 15, "/v1/key/delete/": 15, "/version": 10} {
				if got[path] != want {
					t.Errorf("%s: %d s, expected %d", path, got[path], want)
				}
			}
		})
}
