package cli

import (
	"crypto/x509"
	"encoding/pem"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"kescompat/harness"
)

var (
	apiKeyPattern   = regexp.MustCompile(`kes:v1:[A-Za-z0-9+/]{44}`)
	identityPattern = regexp.MustCompile(`[0-9a-f]{64}`)
)

// TestNewIdentitiesAreUnderstoodByBoth makes identities with one program and uses them with the other.
func TestNewIdentitiesAreUnderstoodByBoth(t *testing.T) {
	server := harness.Start(t, harness.Peer(t), harness.Config{})
	programs := []harness.Program{harness.Ours(t), harness.Peer(t)}
	for i, program := range programs {
		t.Run("made by "+program.Name, func(t *testing.T) {
			maker, user := newSession(t, program, server), newSession(t, programs[1-i], server)
			keyFile, certFile := maker.path("new.key"), maker.path("new.crt")
			text := maker.succeeds("identity", "new", "--key", keyFile, "--cert", certFile, "--ip", "127.0.0.1",
				"--ip", "::1", "--dns", "a.example,b.example", "--expiry", "5h", "the subject")
			apiKey, identity := apiKeyPattern.FindString(text), identityPattern.FindString(text)
			if strings.Index(text, "Your API key:") > strings.Index(text, "Your Identity:") || apiKey == "" || identity == "" {
				t.Fatalf("identity new prints %q", text)
			}
			for _, argument := range []string{apiKey, certFile} {
				if got := strings.TrimSpace(user.succeeds("identity", "of", argument)); got != identity {
					t.Errorf("identity of %s prints %s, expected %s", argument, got, identity)
				}
			}
			checkFiles(t, keyFile, certFile)

			asNew := user.without("KES_API_KEY").with("KES_CLIENT_KEY", keyFile).with("KES_CLIENT_CERT", certFile)
			want := "Error: failed to list keys: not authorized: insufficient permissions"
			if o := asNew.run("key", "ls"); o.code != 1 || strings.TrimSpace(o.stderr) != want {
				t.Errorf("a stranger by certificate: %+v", o)
			}
			if o := user.with("KES_API_KEY", apiKey).run("key", "ls"); o.code != 1 || strings.TrimSpace(o.stderr) != want {
				t.Errorf("a stranger by API key: %+v", o)
			}

			before, _ := os.ReadFile(keyFile)
			if o := maker.run("identity", "new", "--key", keyFile, "--cert", certFile); o.code != 1 {
				t.Errorf("files are overwritten: %+v", o)
			}
			if after, _ := os.ReadFile(keyFile); string(after) != string(before) {
				t.Error("a refused command changed the key file")
			}
			maker.succeeds("identity", "new", "--force", "--key", keyFile, "--cert", certFile)
			if after, _ := os.ReadFile(keyFile); string(after) == string(before) {
				t.Error("--force did not replace the key file")
			}
		})
	}
}

func checkFiles(t *testing.T, keyFile, certFile string) {
	t.Helper()
	for file, mode := range map[string]os.FileMode{keyFile: 0o600, certFile: 0o644} {
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != mode {
			t.Errorf("%s has mode %v, expected %v", file, info.Mode(), mode)
		}
	}
	text, err := os.ReadFile(certFile)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	if block == nil {
		t.Fatalf("%s is no PEM file", certFile)
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	if cert.Subject.CommonName != "the subject" || cert.IsCA || !slices.Equal(cert.DNSNames, []string{"a.example", "b.example"}) ||
		len(cert.IPAddresses) != 2 || cert.NotAfter.Sub(cert.NotBefore) != 5*time.Hour {
		t.Errorf("unexpected certificate: %v, CA %v, %v, %v, valid for %v", cert.Subject, cert.IsCA, cert.DNSNames,
			cert.IPAddresses, cert.NotAfter.Sub(cert.NotBefore))
	}
	for _, usage := range []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth} {
		if !slices.Contains(cert.ExtKeyUsage, usage) {
			t.Errorf("the certificate lacks extended key usage %v", usage)
		}
	}
}

// TestTheEnvironment: the variables that choose server and credentials, and which of them win.
func TestTheEnvironment(t *testing.T) {
	inSessions(t, func(t *testing.T, s *session) {
		s.succeeds("key", "create", "here")
		apiKey := s.env["KES_API_KEY"]
		certFile, keyFile := s.server.Config.Admin.WriteFiles(t)
		bare := s.without("KES_API_KEY").without("KES_SERVER")
		for name, works := range map[string]*session{
			"MINIO_KES_SERVER":           s.without("KES_SERVER").with("MINIO_KES_SERVER", s.server.Addr),
			"MINIO_KMS_KES_ENDPOINT":     s.without("KES_SERVER").with("MINIO_KMS_KES_ENDPOINT", s.server.URL),
			"MINIO_KES_SERVER first":     s.with("KES_SERVER", "127.0.0.1:1").with("MINIO_KES_SERVER", s.server.Addr),
			"https://":                   s.with("KES_SERVER", s.server.URL),
			"http://":                    s.with("KES_SERVER", "http://"+s.server.Addr),
			"a slash behind":             s.with("KES_SERVER", s.server.URL+"/"),
			"a list":                     s.with("KES_SERVER", s.server.Addr+","+s.server.Addr),
			"MINIO_KES_API_KEY":          s.without("KES_API_KEY").with("MINIO_KES_API_KEY", apiKey),
			"MINIO_KMS_KES_API_KEY":      s.without("KES_API_KEY").with("MINIO_KMS_KES_API_KEY", apiKey),
			"MINIO_KES_API_KEY first":    s.with("KES_API_KEY", "junk").with("MINIO_KES_API_KEY", apiKey),
			"KES_CLIENT_KEY and _CERT":   s.without("KES_API_KEY").with("KES_CLIENT_KEY", keyFile).with("KES_CLIENT_CERT", certFile),
			"MINIO_KES_KEY_FILE":         s.without("KES_API_KEY").with("MINIO_KES_KEY_FILE", keyFile).with("MINIO_KES_CERT_FILE", certFile),
			"MINIO_KES_CLIENT_KEY":       s.without("KES_API_KEY").with("MINIO_KES_CLIENT_KEY", keyFile).with("MINIO_KES_CLIENT_CERT", certFile),
			"everything by MinIO's name": bare.with("MINIO_KMS_KES_ENDPOINT", s.server.URL).with("MINIO_KMS_KES_API_KEY", apiKey),
		} {
			if o := works.run("key", "ls"); o != (outcome{0, "Key\nhere\n", ""}) {
				t.Errorf("%s: %+v", name, o)
			}
		}
		for name, c := range map[string]struct {
			session *session
			error   string
		}{
			"no credentials":        {s.without("KES_API_KEY"), "no API key specified. Consider setting MINIO_KES_API_KEY"},
			"a key without a cert":  {s.without("KES_API_KEY").with("KES_CLIENT_KEY", keyFile), "no certificate file specified. Consider setting MINIO_KES_CERT_FILE"},
			"a cert without a key":  {s.without("KES_API_KEY").with("KES_CLIENT_CERT", certFile), "no private key file specified. Consider setting MINIO_KES_KEY_FILE"},
			"both":                  {s.with("KES_CLIENT_KEY", keyFile).with("KES_CLIENT_CERT", certFile), "cannot be used at the same time"},
			"a broken API key":      {s.with("KES_API_KEY", "kes:v1:AAAA"), "kes: invalid API key: invalid length"},
			"nobody there":          {s.with("KES_SERVER", "127.0.0.1:1"), "connection refused"},
			"an untrusted server":   {s.with("SSL_CERT_FILE", os.DevNull), ""},
			"a missing certificate": {s.without("KES_API_KEY").with("KES_CLIENT_KEY", keyFile).with("KES_CLIENT_CERT", "missing"), "no such file"},
		} {
			o := c.session.run("key", "ls")
			if o.code != 1 || o.stdout != "" || !strings.HasPrefix(o.stderr, "Error: ") ||
				!strings.Contains(strings.ToLower(o.stderr), strings.ToLower(c.error)) {
				t.Errorf("%s: %+v, expected %q", name, o, c.error)
			}
		}
		if o := s.with("SSL_CERT_FILE", os.DevNull).run("key", "ls", "-k"); o.code != 0 {
			t.Errorf("-k does not skip the verification: %+v", o)
		}
	})
}
