package metrics

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"kescompat/harness"
)

func TestPromtoolAcceptsBothVariants(t *testing.T) {
	promtool := harness.PeerProgram(t, "promtool")
	s := harness.Start(t, harness.Ours(t), harness.Config{TLSAuth: "off"})
	drive(t, s, harness.H2)
	for _, query := range []string{"", "?families=all"} {
		command := exec.Command(promtool, "check", "metrics")
		command.Stdin = strings.NewReader(scrape(t, s, harness.H2, query))
		output, err := command.CombinedOutput()
		// 1 is for what it cannot read, 3 for names that it would not have chosen.
		var exit *exec.ExitError
		if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 3) {
			t.Fatalf("promtool: %v\n%s", err, output)
		}
		for _, line := range strings.Split(strings.TrimSpace(string(output)), "\n") {
			if !chosenByKes.MatchString(line) {
				t.Errorf("%s: promtool complains: %s", query, line)
			}
		}
	}
}

// What promtool has against the names that KES chose.
var chosenByKes = regexp.MustCompile(`^(kes_(http_request|http_response|log)_(error|failure|success|time|audit_events|error_events)|` +
	`kes_system_[a-z_]+) .*`)

func TestPrometheusScrapesOverMutualTLS(t *testing.T) {
	monitor := harness.NewAPIKey(t)
	s := harness.Start(t, harness.Ours(t), harness.Config{Policies: map[string]harness.Policy{
		"monitoring": {Allow: []string{"/v1/metrics"}, Identities: []*harness.Identity{monitor}},
	}})
	drive(t, s, harness.H2)
	prometheus := startPrometheus(t, s, monitor)
	for query, want := range map[string]string{
		`up{job="kes"}`:                                                 "1",
		`sum(kes_http_request_success)`:                                 "4",
		`kes_http_request_error{code="404"}`:                            "1",
		`kes_requests_total{route="/v1/key/generate/"}`:                 "2",
		`kes_requests_refused_total{reason="method"}`:                   "1",
		`kes_requests_refused_total{reason="path"}`:                     "1",
		`kes_cache_entries`:                                             "1",
		`kes_store_offline`:                                             "0",
		`sum(kes_store_calls_total{operation="create"})`:                "2",
		`kes_request_duration_seconds_count{route="/v1/key/describe/"}`: "2",
		`kes_tls_certificate_not_after_timestamp_seconds{certificate="server"} > bool time()`:        "1",
		`histogram_quantile(0.5, kes_store_call_duration_seconds_bucket{operation="get"}) < bool 10`: "1",
	} {
		prometheus.expect(t, query, want)
	}
}

type prometheus struct {
	address string
	exited  chan struct{}
	log     string
}

// startPrometheus runs one that scrapes s as id, until the test ends.
func startPrometheus(t *testing.T, s *harness.Server, id *harness.Identity) *prometheus {
	t.Helper()
	program, dir := harness.PeerProgram(t, "prometheus"), t.TempDir()
	certificate, key := id.WriteFiles(t)
	config := filepath.Join(dir, "prometheus.yml")
	text := fmt.Sprintf(`global: {scrape_interval: 250ms, scrape_timeout: 250ms}
scrape_configs:
  - job_name: kes
    scheme: https
    metrics_path: /v1/metrics
    params: {families: [all]}
    tls_config: {ca_file: %q, cert_file: %q, key_file: %q}
    static_configs: [{targets: [%q]}]
`, s.Config.PKI.CAFile, certificate, key, s.Addr)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p := &prometheus{address: harness.FreeAddress(t), exited: make(chan struct{}), log: filepath.Join(dir, "prometheus.log")}
	log, err := os.Create(p.log)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	command := exec.Command(program, "--config.file="+config, "--storage.tsdb.path="+filepath.Join(dir, "data"),
		"--web.listen-address="+p.address)
	command.Stdout, command.Stderr, command.Dir = log, log, dir
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = command.Wait()
		close(p.exited)
	}()
	t.Cleanup(func() {
		_ = command.Process.Kill()
		<-p.exited
	})
	return p
}

// expect waits until the query answers one sample of that value.
func (p *prometheus) expect(t *testing.T, query, want string) {
	t.Helper()
	got := ""
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		select {
		case <-p.exited:
			log, _ := os.ReadFile(p.log)
			t.Fatalf("Prometheus ended by itself:\n%s", log)
		default:
		}
		if got = p.ask(query); got == want {
			return
		}
	}
	log, _ := os.ReadFile(p.log)
	t.Fatalf("%s is %s, expected %s\n%s", query, got, want, log)
}

func (p *prometheus) ask(query string) string {
	response, err := http.Get("http://" + p.address + "/api/v1/query?query=" + url.QueryEscape(query))
	if err != nil {
		return err.Error()
	}
	defer response.Body.Close()
	var answer struct {
		Data struct {
			Result []struct{ Value [2]any }
		}
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return err.Error()
	}
	if len(answer.Data.Result) != 1 {
		return fmt.Sprintf("%d samples", len(answer.Data.Result))
	}
	return fmt.Sprint(answer.Data.Result[0].Value[1])
}
