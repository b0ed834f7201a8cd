package harness

import (
	"cmp"
	"fmt"
	"sort"
	"strings"
)

// Policy is an entry of the configuration's policy section.
type Policy struct {
	Allow, Deny []string
	Identities  []*Identity
}

// Config is what a test chooses about a server; the rest is filled in by Start.
type Config struct {
	KeyDir   string            // directory of the fs key store; a fresh one if empty
	Admin    *Identity         // a fresh API key if nil
	Policies map[string]Policy // by name
	SkipAuth []string          // routes opened to everyone
	Timeouts map[string]string // of routes that are not in SkipAuth
	TLSAuth  string            // tls.auth: "", "on", "off", ours also "pinned"
	TLSCA    string            // tls.ca
	Proxies  []*Identity       // TLS proxies, which send certificates in X-Tls-Client-Cert
	Audit    string            // log.audit, off if empty
	Keys     []string          // keys to create at start
	PKI      *PKI              // a fresh one if nil
}

// text renders the configuration file. The cache settings are spelled out because the Go server's defaults are not
// the documented ones.
func (c *Config) text(addr string) string {
	var b strings.Builder
	line := func(indent int, format string, args ...any) {
		fmt.Fprintf(&b, "%s%s\n", strings.Repeat("  ", indent), fmt.Sprintf(format, args...))
	}
	line(0, "version: v1")
	line(0, "address: %q", addr)
	line(0, "admin:")
	line(1, "identity: %s", c.Admin.ID)
	line(0, "tls:")
	line(1, "key: %q", c.PKI.ServerKey)
	line(1, "cert: %q", c.PKI.ServerCert)
	if c.TLSAuth != "" {
		line(1, "auth: %s", c.TLSAuth)
	}
	if c.TLSCA != "" {
		line(1, "ca: %q", c.TLSCA)
	}
	if len(c.Proxies) > 0 {
		line(1, "proxy:")
		ids := make([]string, 0, len(c.Proxies))
		for _, id := range c.Proxies {
			ids = append(ids, id.ID)
		}
		writeList(line, "identities", ids)
		line(2, "header:")
		line(3, "cert: X-Tls-Client-Cert")
	}
	if len(c.SkipAuth)+len(c.Timeouts) > 0 {
		line(0, "api:")
		for route, timeout := range c.Timeouts {
			line(1, "%s:", route)
			line(2, "timeout: %s", timeout)
		}
		for _, route := range c.SkipAuth {
			line(1, "%s:", route)
			line(2, "skip_auth: true")
		}
	}
	if len(c.Policies) > 0 {
		line(0, "policy:")
		for _, name := range sortedNames(c.Policies) {
			policy := c.Policies[name]
			line(1, "%s:", name)
			writeList(line, "allow", policy.Allow)
			writeList(line, "deny", policy.Deny)
			ids := make([]string, 0, len(policy.Identities))
			for _, id := range policy.Identities {
				ids = append(ids, id.ID)
			}
			writeList(line, "identities", ids)
		}
	}
	if len(c.Keys) > 0 {
		line(0, "keys:")
		for _, name := range c.Keys {
			line(0, "- name: %s", name)
		}
	}
	line(0, "cache:")
	line(1, "expiry:")
	line(2, "any: 5m0s")
	line(2, "unused: 30s")
	line(0, "log:")
	line(1, "error: DEBUG")
	line(1, "audit: %q", cmp.Or(c.Audit, "off"))
	line(0, "keystore:")
	line(1, "fs:")
	line(2, "path: %q", c.KeyDir)
	return b.String()
}

func writeList(line func(int, string, ...any), key string, values []string) {
	if len(values) == 0 {
		return
	}
	line(2, "%s:", key)
	for _, value := range values {
		line(2, "- %q", value)
	}
}

func sortedNames(policies map[string]Policy) []string {
	names := make([]string, 0, len(policies))
	for name := range policies {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}
