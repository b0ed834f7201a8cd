package sdk

import (
	"context"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/minio/kms-go/kes"

	"kescompat/harness"
)

// TestStreams reads both logs with the Go client while they are written. Our server alone: nothing arrives from the
// other one.
func TestStreams(t *testing.T) {
	harness.Protocols(t, func(t *testing.T, protocol harness.Protocol) {
		s := harness.Start(t, harness.Ours(t), harness.Config{})
		ctx, c := harness.Deadline(t), s.SDK(s.Config.Admin, protocol)
		// The streams have a client of their own, since over http/1.1 each holds a connection.
		readers := s.SDK(s.Config.Admin, protocol)

		audit, err := readers.AuditLog(ctx)
		harness.Succeed(t, "AuditLog", err)
		defer audit.Close()
		before := time.Now()
		harness.Succeed(t, "CreateKey", c.CreateKey(ctx, "streamed"))
		if !audit.Next() {
			t.Fatalf("no audit event: %v", audit.Close())
		}
		event := audit.Event()
		if event.APIPath != "/v1/key/create/streamed" || event.StatusCode != http.StatusOK ||
			event.ClientIdentity != kes.Identity(s.Config.Admin.ID) || !event.ClientIP.IsLoopback() ||
			event.ResponseTime <= 0 || event.ResponseTime > time.Since(before) || time.Since(event.Timestamp) > time.Minute {
			t.Errorf("unexpected audit event %+v", event)
		}

		errorLog, err := readers.ErrorLog(ctx)
		harness.Succeed(t, "ErrorLog", err)
		defer errorLog.Close()
		stranger, err := net.Dial("tcp", s.Addr)
		harness.Succeed(t, "Dial", err)
		_, err = stranger.Write([]byte("GET / HTTP/1.1\r\n\r\n"))
		harness.Succeed(t, "Write", err)
		stranger.Close()
		if !errorLog.Next() {
			t.Fatalf("no error event: %v", errorLog.Close())
		}
		if message := errorLog.Event().Message; !strings.Contains(message, "plain HTTP request") {
			t.Errorf("unexpected error event %q", message)
		}
	})
}

// TestStreamEndsWithTheRight takes the right to read a log away while it is read.
func TestStreamEndsWithTheRight(t *testing.T) {
	reader := harness.NewAPIKey(t)
	s := harness.Start(t, harness.Ours(t), harness.Config{Policies: map[string]harness.Policy{
		"auditor": {Allow: []string{"/v1/log/audit"}, Identities: []*harness.Identity{reader}}}})
	ctx, cancel := context.WithCancel(harness.Deadline(t))
	defer cancel()
	audit, err := s.SDK(reader, harness.H2).AuditLog(ctx)
	harness.Succeed(t, "AuditLog", err)
	defer audit.Close()

	s.Config.Policies = map[string]harness.Policy{"auditor": {Allow: []string{"/version"}, Identities: []*harness.Identity{reader}}}
	s.Reload(t)
	for audit.Next() {
		if strings.HasPrefix(audit.Event().APIPath, "/v1/key/") {
			t.Errorf("it goes on after the right is gone: %+v", audit.Event())
		}
	}
}
