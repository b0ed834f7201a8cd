package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"os/exec"
	"testing"
	"time"

	"kescompat/harness"
)

// follow runs a program that goes on until it is stopped, and returns the first line it prints that `trigger`, called
// again and again, brings about.
func (s *session) follow(trigger func(), args ...string) string {
	s.t.Helper()
	line := make(chan string, 1)
	s.execute(args, func(cmd *exec.Cmd) error {
		pipe, err := cmd.StdoutPipe()
		if err != nil {
			return err
		}
		if err = cmd.Start(); err != nil {
			return err
		}
		go func() {
			text, _ := bufio.NewReader(pipe).ReadString('\n')
			line <- text
			_ = cmd.Process.Kill()
		}()
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		go func() {
			for tick := time.NewTicker(50 * time.Millisecond); ctx.Err() == nil; <-tick.C {
				trigger()
			}
		}()
		_ = cmd.Wait()
		return nil
	})
	select {
	case text := <-line:
		return text
	case <-time.After(time.Minute):
		s.t.Fatalf("%s %v prints nothing", s.program.Name, args)
		return ""
	}
}

// TestFollowing reads the logs and the metrics of our server with both programs.
func TestFollowing(t *testing.T) {
	server := harness.Start(t, harness.Ours(t), harness.Config{})
	client := server.HTTP(server.Config.Admin, harness.H2)
	ask := func() {
		if answer, err := client.Get(server.URL + "/v1/key/describe/followed"); err == nil {
			_ = answer.Body.Close()
		}
	}
	harness.Both(t, func(t *testing.T, program harness.Program) {
		s := newSession(t, program, server)

		var event struct {
			Request  struct{ Path string } `json:"request"`
			Response struct{ Code int }    `json:"response"`
		}
		if text := s.follow(ask, "log", "--audit", "--json"); json.Unmarshal([]byte(text), &event) != nil ||
			event.Request.Path != "/v1/key/describe/followed" || event.Response.Code != 404 {
			t.Errorf("log prints %q", text)
		}

		var metrics map[string]any
		if text := s.follow(func() {}, "metric", "--rate", "1s"); json.Unmarshal([]byte(text), &metrics) != nil || len(metrics) == 0 {
			t.Errorf("metric prints %q", text)
		}
	})
}
