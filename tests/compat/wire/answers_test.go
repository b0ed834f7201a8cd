package wire

import (
	"encoding/json"
	"fmt"
	"net/http"
	"runtime"
	"testing"
)

func TestServerInformation(t *testing.T) {
	inWorlds(t, []exchange{
		{name: "version", target: "/version", want: answer{status: http.StatusOK, check: isVersion}},
		{name: "ready", target: "/v1/ready", want: success},
		{name: "status", target: "/v1/status", want: answer{status: http.StatusOK, check: isStatus}},
		{name: "api", target: "/v1/api", want: answer{status: http.StatusOK, check: isAPI}},
	})
}

func isVersion(body []byte) error {
	var version map[string]string
	if err := json.Unmarshal(body, &version); err != nil {
		return err
	}
	if version["version"] == "" || version["commit"] == "" || len(version) != 2 {
		return fmt.Errorf("expected version and commit: %s", body)
	}
	if len(body) > 1024 {
		return fmt.Errorf("clients read at most 1 KiB, there are %d bytes", len(body))
	}
	return nil
}

func isStatus(body []byte) error {
	var status struct {
		Version     string  `json:"version"`
		OS          string  `json:"os"`
		Arch        string  `json:"arch"`
		UpTime      *uint64 `json:"uptime"`
		CPUs        int     `json:"num_cpu"`
		UsableCPUs  int     `json:"num_cpu_used"`
		Heap        *uint64 `json:"mem_heap_used"`
		Stack       *uint64 `json:"mem_stack_used"`
		Latency     int     `json:"keystore_latency"`
		Unreachable bool    `json:"keystore_unreachable"`
		Unavailable bool    `json:"keystore_unavailable"`
	}
	if err := json.Unmarshal(body, &status); err != nil {
		return err
	}
	switch {
	case status.Version == "", status.UpTime == nil, status.Heap == nil, status.Stack == nil:
		return fmt.Errorf("version, uptime, mem_heap_used or mem_stack_used is missing: %s", body)
	case status.OS != runtime.GOOS, status.Arch != runtime.GOARCH:
		return fmt.Errorf("the system is %s/%s, not %s/%s", runtime.GOOS, runtime.GOARCH, status.OS, status.Arch)
	case status.CPUs < 1, status.UsableCPUs < 1, status.UsableCPUs > status.CPUs:
		return fmt.Errorf("%d usable of %d CPUs", status.UsableCPUs, status.CPUs)
	case status.Latency < 1, status.Unreachable, status.Unavailable:
		return fmt.Errorf("the key store is healthy, yet: %s", body)
	}
	return nil
}

// isAPI accepts a list of routes that has at least those which clients depend on, as the Go server describes them.
func isAPI(body []byte) error {
	type route struct {
		Method  string `json:"method"`
		Path    string `json:"path"`
		MaxBody int64  `json:"max_body"`
		Timeout int64  `json:"timeout"`
	}
	var routes []route
	if err := json.Unmarshal(body, &routes); err != nil {
		return err
	}
	listed := map[string]route{}
	for _, r := range routes {
		listed[r.Path] = r
	}
	for _, want := range []route{
		{"GET", "/version", 0, 10},
		{"GET", "/v1/ready", 0, 15},
		{"GET", "/v1/status", 0, 15},
		{"GET", "/v1/api", 0, 10},
		{"PUT", "/v1/key/create/", 0, 15},
		{"PUT", "/v1/key/import/", maxBody, 15},
		{"GET", "/v1/key/describe/", 0, 15},
		{"DELETE", "/v1/key/delete/", 0, 15},
		{"GET", "/v1/key/list/", 0, 15},
		{"PUT", "/v1/key/generate/", maxBody, 15},
		{"PUT", "/v1/key/encrypt/", maxBody, 15},
		{"PUT", "/v1/key/decrypt/", maxBody, 15},
		{"PUT", "/v1/key/hmac/", maxBody, 15},
	} {
		if got := listed[want.Path]; got != want {
			return fmt.Errorf("%s is described as %+v, expected %+v", want.Path, got, want)
		}
	}
	return nil
}
