// Package metrics asks our server, and beside it the Go one, what they count: through the real client library,
// promtool and a real Prometheus.
package metrics

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/minio/kms-go/kes"

	"kescompat/harness"
)

// drive makes requests of each kind: 4 that succeed, 3 with errors, and others that no server counts among them.
func drive(t *testing.T, s *harness.Server, p harness.Protocol) {
	t.Helper()
	admin := s.HTTP(s.Config.Admin, p)
	stranger := s.HTTP(harness.NewAPIKey(t), p)
	for _, one := range []struct {
		client         *http.Client
		method, target string
		body           string
		status         int
	}{
		{admin, http.MethodPut, "/v1/key/create/driven", "", http.StatusOK},
		{admin, http.MethodPut, "/v1/key/create/driven", "", http.StatusBadRequest},
		{admin, http.MethodPut, "/v1/key/generate/driven", "{}", http.StatusOK},
		{admin, http.MethodPut, "/v1/key/generate/driven", "{}", http.StatusOK},
		{admin, http.MethodGet, "/v1/key/describe/missing", "", http.StatusNotFound},
		{admin, http.MethodGet, "/v1/key/describe/no-name-", "", http.StatusBadRequest},
		{admin, http.MethodGet, "/v1/key/list/", "", http.StatusOK},
		{admin, http.MethodGet, "/version", "", http.StatusOK},
		{admin, http.MethodGet, "/v1/ready", "", http.StatusOK},
		{admin, http.MethodGet, "/v1/status", "", http.StatusOK},
		{admin, http.MethodGet, "/v1/api", "", http.StatusOK},
		{admin, http.MethodGet, "/v1/nowhere", "", http.StatusNotFound},
		{admin, http.MethodDelete, "/v1/key/create/driven", "", http.StatusMethodNotAllowed},
		{stranger, http.MethodPut, "/v1/key/generate/driven", "{}", http.StatusForbidden},
	} {
		request, err := http.NewRequest(one.method, s.URL+one.target, strings.NewReader(one.body))
		if err != nil {
			t.Fatal(err)
		}
		if status, _, text := send(t, one.client, request); status != one.status {
			t.Fatalf("%s %s: %d %s, expected %d", one.method, one.target, status, text, one.status)
		}
	}
}

func send(t *testing.T, client *http.Client, request *http.Request) (int, http.Header, string) {
	t.Helper()
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, response.Header, string(body)
}

// scrape is what a GET of the metrics answers.
func scrape(t *testing.T, s *harness.Server, p harness.Protocol, query string) string {
	t.Helper()
	request, err := http.NewRequest(http.MethodGet, s.URL+"/v1/metrics"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	status, header, text := send(t, s.HTTP(s.Config.Admin, p), request)
	if status != http.StatusOK {
		t.Fatalf("%d %s", status, text)
	}
	if got := header.Get("Content-Type"); !strings.HasPrefix(got, "text/plain; version=0.0.4; charset=utf-8") {
		t.Errorf("Content-Type %q", got)
	}
	if len(text) > 1<<20 {
		t.Errorf("%d bytes, clients read 1 MiB", len(text))
	}
	return text
}

func TestClientLibraryReadsWhatWasDriven(t *testing.T) {
	harness.Both(t, func(t *testing.T, program harness.Program) {
		harness.Protocols(t, func(t *testing.T, p harness.Protocol) {
			s := harness.Start(t, program, harness.Config{})
			client := s.SDK(s.Config.Admin, p)
			before, err := client.Metrics(harness.Deadline(t))
			if err != nil {
				t.Fatal(err)
			}
			if before.RequestOK != 0 || before.RequestErr != 0 || before.RequestFail != 0 {
				t.Errorf("counted before anything was asked: %+v", before)
			}
			drive(t, s, p)
			after, err := client.Metrics(harness.Deadline(t))
			if err != nil {
				t.Fatal(err)
			}
			check(t, after)
		})
	})
}

func check(t *testing.T, m kes.Metric) {
	t.Helper()
	if m.RequestOK != 4 || m.RequestErr != 3 || m.RequestFail != 0 || m.RequestActive != 0 {
		t.Errorf("the counts are not what was driven: %+v", m)
	}
	if m.LatencyHistogram[10*time.Second] != 7 || len(m.LatencyHistogram) != 10 {
		t.Errorf("the histogram is not of what was driven: %v", m.LatencyHistogram)
	}
	if m.CPUs < 1 || m.UsableCPUs < 1 || m.Threads < 1 || m.HeapAlloc <= 0 || m.StackAlloc <= 0 {
		t.Errorf("implausible: %+v", m)
	}
	if m.UpTime%(10*time.Millisecond) != 0 {
		t.Errorf("the up time %v is not cut to 10 ms", m.UpTime)
	}
}

func TestFamiliesOfKesAreThoseOfTheGoServer(t *testing.T) {
	heads := map[string]string{}
	harness.Both(t, func(t *testing.T, program harness.Program) {
		s := harness.Start(t, program, harness.Config{})
		drive(t, s, harness.H2)
		var kept []string
		for _, line := range strings.Split(scrape(t, s, harness.H2, ""), "\n") {
			if strings.HasPrefix(line, "# ") {
				kept = append(kept, line)
			}
		}
		heads[program.Name] = strings.Join(kept, "\n")
	})
	if heads["ours"] != heads["go"] {
		t.Errorf("ours:\n%s\nthe Go server's:\n%s", heads["ours"], heads["go"])
	}
}

func TestUnknownFamiliesAreRefused(t *testing.T) {
	s := harness.Start(t, harness.Ours(t), harness.Config{})
	for query, want := range map[string]int{
		"?families=all": http.StatusOK, "?x=y&families=all": http.StatusOK, "?x=y": http.StatusOK, "?": http.StatusOK,
		"?families=kes": http.StatusOK, "?families=": http.StatusBadRequest, "?families=some": http.StatusBadRequest,
	} {
		request, err := http.NewRequest(http.MethodGet, s.URL+"/v1/metrics"+query, nil)
		if err != nil {
			t.Fatal(err)
		}
		if status, _, text := send(t, s.HTTP(s.Config.Admin, harness.H2), request); status != want {
			t.Errorf("%s: %d %s, expected %d", query, status, text, want)
		}
	}
}
