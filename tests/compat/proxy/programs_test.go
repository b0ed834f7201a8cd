package proxy

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"kescompat/harness"
)

// front is a TLS proxy that a test has put before a server.
type front struct {
	addr string
	log  string // path
}

// program is a kind of TLS proxy, configured as the documentation says.
type program struct {
	name string
	// wrap completes the documented text, which lacks what is no business of the server's.
	wrap func(dir, documented string) string
	args func(dir, config string) []string
}

var programs = []program{
	{
		name: "nginx",
		wrap: func(dir, documented string) string {
			return fmt.Sprintf(`
				user root;
				daemon off;
				master_process off;
				pid %[1]s/pid;
				error_log stderr info;
				events {}
				http {
					access_log off;
					client_body_temp_path %[1]s/body;
					proxy_temp_path %[1]s/proxy;
					fastcgi_temp_path %[1]s/fastcgi;
					uwsgi_temp_path %[1]s/uwsgi;
					scgi_temp_path %[1]s/scgi;
					%[2]s
				}`, dir, documented)
		},
		args: func(dir, config string) []string { return []string{"-p", dir, "-e", "stderr", "-c", config} },
	},
	{
		name: "haproxy",
		wrap: func(_, documented string) string {
			return "global\n    maxconn 100\ndefaults\n    timeout connect 10s\n    timeout client 1m\n    timeout server 1m\n" +
				documented
		},
		args: func(_, config string) []string { return []string{"-db", "-f", config} },
	},
}

// documented is the configuration in docs/tls-proxy.md for the program.
func documented(t *testing.T, name string) string {
	t.Helper()
	page, err := os.ReadFile("../../../docs/tls-proxy.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(page), "```"+name+"\n")
	text, _, ended := strings.Cut(rest, "```\n")
	if !found || !ended {
		t.Fatalf("docs/tls-proxy.md has no configuration for %s", name)
	}
	return text
}

// start runs the program before the server until the test ends.
func (p program) start(t *testing.T, s *harness.Server, id *harness.Identity) *front {
	t.Helper()
	path, err := exec.LookPath(p.name)
	if err != nil {
		if path, err = exec.LookPath("/usr/sbin/" + p.name); err != nil {
			t.Fatalf("%s is not installed: run `./dev test`, which installs it", p.name)
		}
	}
	dir := t.TempDir()
	f := &front{addr: harness.FreeAddress(t), log: filepath.Join(dir, "log")}
	writeFiles(t, dir, s, id)
	_, port, _ := net.SplitHostPort(f.addr)
	text := strings.NewReplacer(
		"/etc/"+p.name+"/kes/", dir+"/",
		"listen 443", "listen "+f.addr,
		"bind :443", "bind 127.0.0.1:"+port,
		"127.0.0.1:7373", s.Addr,
		"kes.example.net", "localhost").Replace(documented(t, p.name))
	config := filepath.Join(dir, "config")
	if err := os.WriteFile(config, []byte(p.wrap(dir, text)), 0o600); err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(f.log)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd := exec.Command(path, p.args(dir, config)...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(exited)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-exited
		if t.Failed() {
			t.Logf("log of %s:\n%s", p.name, f.text())
		}
	})
	f.wait(t, exited)
	return f
}

func (f *front) wait(t *testing.T, exited chan struct{}) {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		select {
		case <-exited:
			t.Fatalf("the proxy does not start:\n%s", f.text())
		default:
		}
		if conn, err := net.Dial("tcp", f.addr); err == nil {
			conn.Close()
			return
		}
	}
	t.Fatalf("the proxy does not listen:\n%s", f.text())
}

func (f *front) text() string {
	text, _ := os.ReadFile(f.log)
	return string(text)
}

// writeFiles puts what the documented configurations name into dir.
func writeFiles(t *testing.T, dir string, s *harness.Server, id *harness.Identity) {
	t.Helper()
	cert, key := id.WriteFiles(t)
	pki := s.Config.PKI
	for name, sources := range map[string][]string{
		"public.crt": {pki.ServerCert}, "public.key": {pki.ServerKey}, "public.pem": {pki.ServerCert, pki.ServerKey},
		"proxy.crt": {cert}, "proxy.key": {key}, "proxy.pem": {cert, key}, "ca.crt": {pki.CAFile},
	} {
		var text []byte
		for _, source := range sources {
			part, err := os.ReadFile(source)
			if err != nil {
				t.Fatal(err)
			}
			text = append(text, part...)
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
