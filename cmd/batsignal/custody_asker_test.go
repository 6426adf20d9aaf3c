package main

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Whoever interrupts while a passphrase or an address is asked for has a terminal that shows
// what they type, although the process still waits for a line.
func TestAnInterruptGivesTheTerminalBack(t *testing.T) {
	master, slave := openTerminal(t)
	defer slave.Close()
	echoes := func(want bool) {
		t.Helper()
		for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(time.Millisecond) {
			state, err := unix.IoctlGetTermios(int(slave.Fd()), unix.TCGETS)
			if err != nil {
				t.Fatal(err)
			}
			if (state.Lflag&unix.ECHO != 0) == want {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("the terminal shows what is typed: %t", !want)
			}
		}
	}
	ctx, interrupt := context.WithCancel(t.Context())
	talk := (&app{stdin: slave, stderr: io.Discard}).asker()
	ended := make(chan error, 1)
	go func() {
		_, err := talk.terminal(ctx).Ask("PIN:", true)
		ended <- err
	}()
	echoes(false)
	interrupt()
	echoes(true)
	if _, err := io.WriteString(master, "1234\n"); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if _, err := talk.hidden(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("asked again: %v", err)
	}
	_ = master.Close()
}

// Without a terminal a line is read as it is, spaces included.
func TestAPassphraseIsReadFromStandardInput(t *testing.T) {
	talk := (&app{stdin: strings.NewReader(" two words \nmore"), stderr: io.Discard}).asker()
	if text, err := talk.hidden(t.Context()); err != nil || text.Reveal() != " two words " {
		t.Errorf("%q, %v", text.Reveal(), err)
	}
}
