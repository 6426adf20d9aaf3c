package main

import (
	"context"
	"errors"
	"os/exec"
	"testing"
)

// aStage has a child that is a program of the system's.
func aStage(name string, args ...string) *stage {
	return &stage{cmd: exec.Command(name, args...), rings: make(chan ring, 1), ended: make(chan error, 1)}
}

// A child that does not come up does not keep whoever wants to leave.
func TestAStageThatDoesNotBeginCanBeInterrupted(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()
	s := aStage("cat")
	if err := s.launch(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if s.cmd.ProcessState == nil {
		t.Error("the child was left")
	}
}

// What a child says last is read, even if nobody looks at it, and its end is told once.
func TestAStageEndsThoughNobodyLooks(t *testing.T) {
	s := aStage("sh", "-c", `echo '{"Ready":true}'; for i in 1 2 3 4 5; do echo '{"Who":"jan"}'; done; cat`)
	if err := s.launch(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.stop()
	if s.cmd.ProcessState == nil {
		t.Error("the child was left")
	}
}
