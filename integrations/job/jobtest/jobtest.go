// Package jobtest owns a run for tests of kinds: it keeps in memory what a kind tells, and
// takes back what its steps left, without a database and without the engine.
//
// It does not redact, retry or time anything: those are the engine's, and tested there.
package jobtest

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"batsignal/integrations/job"
)

// Memory is what a run told. Its fields may be read when the kind has returned, its methods
// at any time.
type Memory struct {
	Lines  []string // of the log
	Said   []string // in the rooms of the run
	Did    []string // what it said that it is doing
	Steps  []Step   // as they began
	Number int64    // how far it got
	Of     int64
	Unit   string

	// Die, if it is set, is asked before each step begins and after each that ended; an
	// error is what the kind gets there. It is for tests of what a crash leaves.
	Die func(when string) error

	mu      sync.Mutex
	scratch string
}

// Step is a step that began.
type Step struct {
	job.Step
	Ended  bool
	Err    error // of its end
	Undone bool
}

// Run makes a run that keeps in memory. What a leaves out is filled in: a number, a name, the
// first attempt, a time, and a directory for scratch that is removed when the test ends.
func Run(t testing.TB, a job.About) (*job.Run, *Memory) {
	t.Helper()
	if a.ID == 0 {
		a.ID = 1
	}
	if a.Job == "" {
		a.Job = "test"
	}
	if a.Attempt == 0 {
		a.Attempt = 1
	}
	if a.AskedAt.IsZero() {
		a.AskedAt = time.Date(2026, 3, 1, 3, 14, 0, 0, time.UTC)
	}
	if a.By == "" {
		a.By = "ada"
	}
	if a.Params == nil {
		a.Params = job.Params{}
	}
	if a.ScratchRoot == "" {
		a.ScratchRoot = t.TempDir()
	}
	m := &Memory{scratch: a.ScratchRoot}
	return job.NewRun(a, m), m
}

// UndoAll takes back what steps left, the last first, as the engine does at the end of a run.
// What could not be taken back stays, and can be tried again.
func (m *Memory) UndoAll(ctx context.Context, k job.Kind) error {
	m.mu.Lock()
	steps := slices.Clone(m.Steps)
	m.mu.Unlock()
	var errs []error
	for n := len(steps) - 1; n >= 0; n-- {
		s := steps[n]
		if s.Undo == "" || s.Undone {
			continue
		}
		if err := m.undo(ctx, k, s.Step); err != nil {
			errs = append(errs, err)
			continue
		}
		m.mu.Lock()
		m.Steps[n].Undone = true
		m.mu.Unlock()
	}
	return errors.Join(errs...)
}

func (m *Memory) undo(ctx context.Context, k job.Kind, s job.Step) error {
	if s.Undo == job.UndoScratch {
		var memo job.ScratchMemo
		if err := json.Unmarshal(s.Memo, &memo); err != nil {
			return err
		}
		if filepath.Dir(memo.Dir) != filepath.Clean(m.scratch) {
			return errors.New("a scratch directory is not where they are: " + memo.Dir)
		}
		return os.RemoveAll(memo.Dir)
	}
	u, ok := k.(job.Undoer)
	if !ok {
		return errors.New("the kind takes nothing back, but a step says " + s.Undo)
	}
	return u.Undo(ctx, s)
}

// Left names the steps that left something which nobody took back.
func (m *Memory) Left() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var left []string
	for _, s := range m.Steps {
		if s.Undo != "" && !s.Undone {
			left = append(left, s.Name)
		}
	}
	return left
}

// Text is the log, and what was said, as one text: to look for what must not be there.
func (m *Memory) Text() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var b strings.Builder
	for _, list := range [][]string{m.Lines, m.Said, m.Did} {
		for _, line := range list {
			b.WriteString(line + "\n")
		}
	}
	for _, s := range m.Steps {
		b.WriteString(s.Name + " " + s.Undo + " " + string(s.Memo) + "\n")
	}
	return b.String()
}

// Log implements [job.Keeper].
func (m *Memory) Log(_ context.Context, text string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.Lines = append(m.Lines, strings.Split(text, "\n")...)
}

// Progress implements [job.Keeper].
func (m *Memory) Progress(done, total int64, unit string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.Number, m.Of, m.Unit = done, total, unit
}

// Doing implements [job.Keeper].
func (m *Memory) Doing(_ context.Context, what string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.Did = append(m.Did, what)
}

// Say implements [job.Keeper].
func (m *Memory) Say(_ context.Context, text string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.Said = append(m.Said, text)
	return nil
}

// Begin implements [job.Keeper].
func (m *Memory) Begin(ctx context.Context, s job.Step) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, context.Cause(ctx)
	}
	if err := m.dies("before " + s.Name); err != nil {
		return 0, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.Steps = append(m.Steps, Step{Step: s})
	return len(m.Steps), nil
}

// Ended implements [job.Keeper].
func (m *Memory) Ended(_ context.Context, n int, err error) error {
	m.mu.Lock()
	m.Steps[n-1].Ended, m.Steps[n-1].Err = true, err
	name := m.Steps[n-1].Name
	m.mu.Unlock()
	return m.dies("after " + name)
}

func (m *Memory) dies(when string) error {
	if m.Die == nil {
		return nil
	}
	return m.Die(when)
}
