package harness

import (
	"context"
	"net"
	"testing"
	"time"
)

// Deadline is what no test should reach.
func Deadline(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// Succeed ends the test where err is one.
func Succeed(t testing.TB, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// Eventually waits until the condition holds, and ends the test where it does not come to that.
func Eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if condition() {
			return
		}
	}
	t.Fatalf("it never comes about that %s", what)
}

// FreeAddress is one of loopback that nobody listens on.
func FreeAddress(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	Succeed(t, "Listen", err)
	defer listener.Close()
	return listener.Addr().String()
}
