package cli

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"kescompat/harness"
)

// onTerminal are runs whose output differs between a terminal and a pipe.
var onTerminal = []string{
	"key ls",
	"key ls none",
	"key ls --color never",
	"key info k1",
	"key dek k1",
	"key dek k1 Y3R4",
	"key encrypt k1 hello",
	"key decrypt legacy " + ciphertext,
	"key create k1",
	"key nonsense",
	"status",
	"status --short",
	"identity of " + adminKey,
	"--version",
}

var escapes = regexp.MustCompile("\x1b\\[[0-9;]*m")

// TestOnATerminalTheyPrintTheSame compares without colours, then requires that colours are all that TERM adds.
func TestOnATerminalTheyPrintTheSame(t *testing.T) {
	admin := harness.FromAPIKey(t, adminKey)
	config := harness.Config{Admin: admin, KeyDir: t.TempDir()}
	harness.Plant(t, config.KeyDir, "legacy", `{"bytes":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}`)
	server := harness.Start(t, harness.Ours(t), config)
	ours := newSession(t, harness.Ours(t), server).with("TERM", "xterm-256color")
	peer := newSession(t, harness.Peer(t), server).with("TERM", "xterm-256color")
	ours.succeeds("key", "create", "k1")
	for _, line := range onTerminal {
		args := strings.Split(line, " ")
		want := peer.with("NO_COLOR", "1").runOnTerminal(args...).normal()
		got := ours.with("NO_COLOR", "1").runOnTerminal(args...).normal()
		if got != want {
			t.Errorf("kes %s\n got code %d, %q\nwant code %d, %q", line, got.code, got.stdout, want.code, want.stdout)
		}
		coloured := ours.runOnTerminal(args...)
		coloured.stdout = escapes.ReplaceAllString(coloured.stdout, "")
		if coloured.normal() != got {
			t.Errorf("kes %s prints in colours %q, without %q", line, coloured.stdout, got.stdout)
		}
	}
}

func TestColours(t *testing.T) {
	harness.Both(t, func(t *testing.T, p harness.Program) {
		s := newSession(t, p, harness.Start(t, harness.Ours(t), harness.Config{}))
		s.succeeds("key", "create", "k1")
		s = s.with("TERM", "xterm-256color")
		for line, want := range map[string]bool{"key ls": true, "key ls --color never": false, "key ls --color auto": true,
			"key ls --color Always": true, "status": true} {
			args := strings.Split(line, " ")
			if got := escapes.MatchString(s.runOnTerminal(args...).stdout); got != want {
				t.Errorf("kes %s on a terminal: colours are %v, expected %v", line, got, want)
			}
		}
		for line, want := range map[string]bool{"key ls": false, "key ls --color always": true, "key ls --color auto": false,
			"status": false} {
			if got := escapes.MatchString(s.succeeds(strings.Split(line, " ")...)); got != want {
				t.Errorf("kes %s into a pipe: colours are %v, expected %v", line, got, want)
			}
		}
	})
}

// runOnTerminal executes the program with a terminal as its input, output and errors; what it prints is in stdout.
func (s *session) runOnTerminal(args ...string) outcome {
	s.t.Helper()
	master, slave, err := openTerminal()
	if err != nil {
		s.t.Fatalf("cannot open a terminal: %v", err)
	}
	defer master.Close()
	var printed bytes.Buffer
	code := s.execute(args, func(cmd *exec.Cmd) error {
		cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
		err := cmd.Start()
		slave.Close()
		if err != nil {
			return err
		}
		// Reading ends with EIO when the last program has closed its side.
		_, _ = io.Copy(&printed, master)
		return cmd.Wait()
	})
	return outcome{code: code, stdout: printed.String()}
}

// openTerminal makes a pair of pseudo terminals.
func openTerminal() (master, slave *os.File, err error) {
	master, err = os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		return nil, nil, err
	}
	var number, unlocked int32
	for request, argument := range map[uintptr]*int32{syscall.TIOCGPTN: &number, syscall.TIOCSPTLCK: &unlocked} {
		_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, master.Fd(), request, uintptr(unsafe.Pointer(argument)))
		if errno != 0 {
			master.Close()
			return nil, nil, errno
		}
	}
	slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		master.Close()
	}
	return master, slave, err
}
