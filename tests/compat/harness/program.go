// Package harness starts the servers that the compatibility tests watch: the one built from this repository and the
// Go server it must be interchangeable with. Everything runs on loopback, in directories of the test, on free ports.
package harness

import (
	"os"
	"path/filepath"
	"testing"
)

// Program is one implementation of the `kes` executable.
type Program struct {
	Name string // "ours" or "go"; names the subtest
	Path string
}

// IsPeer says whether the program is the Go one.
func (p Program) IsPeer() bool { return p.Name == "go" }

// Ours is the executable built from this repository, named by KES_BIN.
func Ours(t testing.TB) Program {
	t.Helper()
	path := os.Getenv("KES_BIN")
	if path == "" {
		t.Fatal("KES_BIN does not name our executable; run the suite by `./dev test`, " +
			"or set KES_BIN=<build directory>/bin/kes")
	}
	requireExecutable(t, path, "build it by `./dev build`")
	return Program{Name: "ours", Path: path}
}

// Peer is the Go server and command line program: the file kes-go in KES_PEERS.
func Peer(t testing.TB) Program {
	t.Helper()
	return Program{Name: "go", Path: PeerProgram(t, "kes-go")}
}

// PeerProgram is the path of a program in KES_PEERS.
func PeerProgram(t testing.TB, name string) string {
	t.Helper()
	dir := os.Getenv("KES_PEERS")
	if dir == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			t.Fatalf("KES_PEERS is not set and there is no home directory: %v", err)
		}
		dir = filepath.Join(home, ".cache", "kes-dev", "peers")
	}
	path := filepath.Join(dir, name)
	requireExecutable(t, path, "`./dev test` puts it there, or set KES_PEERS to its directory")
	return path
}

// Both runs a test against our program and against the Go one, so that what we ask of ours is settled by the real one.
func Both(t *testing.T, test func(t *testing.T, p Program)) {
	t.Helper()
	t.Run("go", func(t *testing.T) { test(t, Peer(t)) })
	t.Run("ours", func(t *testing.T) { test(t, Ours(t)) })
}

// Full says whether the long variants were asked for by KES_FULL=1.
func Full() bool { return os.Getenv("KES_FULL") == "1" }

func requireExecutable(t testing.TB, path, hint string) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil || info.IsDir() || info.Mode()&0o111 == 0 {
		t.Fatalf("%s is no executable: %s", path, hint)
	}
}
