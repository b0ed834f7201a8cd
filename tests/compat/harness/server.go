package harness

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Deadlines are generous because builds with sanitizers share a small machine with other jobs.
const (
	startDeadline = 60 * time.Second
	stopDeadline  = 30 * time.Second
)

// Server is a running server of either program.
type Server struct {
	Program Program
	Config  Config
	Addr    string // 127.0.0.1:<port>
	URL     string // https://<Addr>

	configPath string
	logPath    string
	cmd        *exec.Cmd
	exited     chan struct{} // closed when the process has ended

	mutex   sync.Mutex
	clients []insisting
}

// Start runs a server of the program until the test ends and returns when it answers requests.
func Start(t testing.TB, p Program, c Config) *Server {
	t.Helper()
	s := prepare(t, p, c)
	t.Cleanup(func() {
		s.leave(t)
		if t.Failed() {
			t.Logf("log of the %s server at %s:\n%s", p.Name, s.Addr, tail(s.Log(), 8000))
		}
	})
	// Another process may take the port between our choosing it and the server's binding it: choose again.
	for attempt := 0; ; attempt++ {
		err := s.launch()
		if err == nil {
			return s
		}
		if attempt == 4 || !strings.Contains(strings.ToLower(s.Log()), "address already in use") {
			t.Fatalf("the %s server does not start: %v\n%s", p.Name, err, tail(s.Log(), 8000))
		}
	}
}

// StartRefused runs the program with a configuration that it must refuse, and returns what it printed.
func StartRefused(t testing.TB, p Program, c Config) string {
	t.Helper()
	s := prepare(t, p, c)
	t.Cleanup(s.end)
	if err := s.launch(); err == nil {
		t.Fatalf("the %s server starts with a configuration it must refuse:\n%s", p.Name, s.Config.text(s.Addr))
	}
	return s.Log()
}

// prepare fills in what the test left open.
func prepare(t testing.TB, p Program, c Config) *Server {
	t.Helper()
	if c.PKI == nil {
		c.PKI = NewPKI(t)
	}
	if c.Admin == nil {
		c.Admin = NewAPIKey(t)
	}
	if c.KeyDir == "" {
		c.KeyDir = t.TempDir()
	}
	dir := t.TempDir()
	return &Server{
		Program:    p,
		Config:     c,
		configPath: filepath.Join(dir, "config.yml"),
		logPath:    filepath.Join(dir, "server.log"),
	}
}

// Stop ends the server by SIGTERM and requires it to leave in good order.
func (s *Server) Stop(t testing.TB) {
	t.Helper()
	s.signal(t, syscall.SIGTERM)
	select {
	case <-s.exited:
	case <-time.After(stopDeadline):
		s.end()
		t.Errorf("the %s server does not stop within %v of SIGTERM", s.Program.Name, stopDeadline)
		return
	}
	if !s.cmd.ProcessState.Success() {
		t.Errorf("the %s server ends with %v after SIGTERM", s.Program.Name, s.cmd.ProcessState)
	}
}

// Kill ends the server by SIGKILL, as a power failure would.
func (s *Server) Kill(t testing.TB) {
	t.Helper()
	s.signal(t, syscall.SIGKILL)
	<-s.exited
}

// Reload asks the server by SIGHUP to read its configuration again; what changed in s.Config is written out first.
func (s *Server) Reload(t testing.TB) {
	t.Helper()
	s.ReloadText(t, s.Config.text(s.Addr))
}

// ReloadText is Reload with a configuration file of the test's own.
func (s *Server) ReloadText(t testing.TB, text string) {
	t.Helper()
	// Replaced as a whole, because the server may be reading it for an earlier signal.
	if err := os.WriteFile(s.configPath+".new", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(s.configPath+".new", s.configPath); err != nil {
		t.Fatal(err)
	}
	s.signal(t, syscall.SIGHUP)
}

// Running says whether the process still lives.
func (s *Server) Running() bool {
	select {
	case <-s.exited:
		return false
	default:
		return true
	}
}

// Log is what the server printed so far.
func (s *Server) Log() string {
	text, err := os.ReadFile(s.logPath)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func (s *Server) launch() error {
	port, err := freePort()
	if err != nil {
		return err
	}
	s.Addr = fmt.Sprintf("127.0.0.1:%d", port)
	s.URL = "https://" + s.Addr
	if err := os.WriteFile(s.configPath, []byte(s.Config.text(s.Addr)), 0o600); err != nil {
		return err
	}
	log, err := os.Create(s.logPath)
	if err != nil {
		return err
	}
	defer log.Close()
	s.cmd = exec.Command(s.Program.Path, "server", "--config", s.configPath)
	s.cmd.Stdout, s.cmd.Stderr = log, log
	s.cmd.Dir = filepath.Dir(s.configPath)
	// The server must not outlive a test run that is killed.
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := s.cmd.Start(); err != nil {
		return err
	}
	s.exited = make(chan struct{})
	go func(cmd *exec.Cmd, exited chan struct{}) {
		_ = cmd.Wait()
		close(exited)
	}(s.cmd, s.exited)
	return s.waitUntilReady()
}

// waitUntilReady polls /version, which needs no policy, with the admin's certificate.
func (s *Server) waitUntilReady() error {
	client := s.HTTPWith(Always(s.TLS(nil), s.Config.Admin), H1)
	defer client.CloseIdleConnections()
	last := errors.New("no attempt was made")
	for deadline := time.Now().Add(startDeadline); time.Now().Before(deadline); {
		select {
		case <-s.exited:
			return fmt.Errorf("it ended: %v", s.cmd.ProcessState)
		default:
		}
		response, err := client.Get(s.URL + "/version")
		if err == nil {
			_, _ = io.Copy(io.Discard, response.Body)
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
			err = errors.New(response.Status)
		}
		last = err
		time.Sleep(10 * time.Millisecond)
	}
	return fmt.Errorf("it is not ready within %v: %w", startDeadline, last)
}

func (s *Server) signal(t testing.TB, sig syscall.Signal) {
	t.Helper()
	if !s.Running() {
		t.Fatalf("the %s server ended by itself: %v\n%s", s.Program.Name, s.cmd.ProcessState, tail(s.Log(), 8000))
	}
	if err := s.cmd.Process.Signal(sig); err != nil {
		t.Fatalf("cannot send %v to the %s server: %v", sig, s.Program.Name, err)
	}
}

// leave stops a server that the test left running: sanitizers report on a process that ends in good order.
func (s *Server) leave(t testing.TB) {
	s.mutex.Lock()
	for _, client := range s.clients {
		client.CloseIdleConnections()
	}
	s.mutex.Unlock()
	if s.exited != nil && s.Running() {
		s.Stop(t)
	}
	s.end()
	if strings.Contains(s.Log(), "Sanitizer: ") {
		t.Errorf("a sanitizer speaks in the log of the %s server", s.Program.Name)
	}
}

// end kills what is left of the process, whatever state it is in.
func (s *Server) end() {
	if s.exited == nil {
		return
	}
	if s.Running() {
		_ = s.cmd.Process.Kill()
	}
	<-s.exited
}

func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}

func tail(text string, n int) string {
	if len(text) <= n {
		return text
	}
	return "…" + text[len(text)-n:]
}
