// Package backuptest owns the tests of sources of backups: a source that is only memory, and
// what every source must keep to.
//
// It backs nothing up.
package backuptest

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"batsignal/integrations/backup"
	"batsignal/integrations/job"
)

// Fake is a source in memory: some lines, as an application would keep them. Its fields may
// be changed between calls only.
type Fake struct {
	Lines []string
	Bulk  int64     // so many bytes are written as well, of which nothing is asked
	At    time.Time // what it says when it was taken; zero says nothing
	// Plants is whether it plants a sentinel: it is lost in what is written if it is Lossy.
	Plants, Lossy bool
	// Breaks has Write fail after the lines, and Unready has Prove not find out.
	Breaks, Unready error
	Level           int // what Prove proves at most; 0 is 4
	// During is called while it writes and while it is restored, if it is set.
	During func(ctx context.Context, what string) error

	mu     sync.Mutex
	proven int
}

var _ backup.Source = (*Fake)(nil)

// Proven tells how often something was proven.
func (f *Fake) Proven() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.proven
}

// Suffix implements [backup.Source].
func (f *Fake) Suffix() string { return "lines" }

// Restoring implements [backup.Source].
func (f *Fake) Restoring() string {
	return "Its lines are those that begin with \"line\":\n\n    sed -n 's/^line //p' backup.lines"
}

// Write implements [backup.Source]: lines, then as much as is asked for, then a sum of all.
func (f *Fake) Write(ctx context.Context, r *job.Run, w io.Writer) (backup.Taken, error) {
	taken := backup.Taken{At: f.At, Facts: [][2]string{{"lines", fmt.Sprint(len(f.Lines))}}}
	sum := sha256.New()
	out := bufio.NewWriterSize(io.MultiWriter(w, sum), 32<<10)
	if f.Plants {
		planted := rand.Text()
		h := sha256.Sum256([]byte(planted))
		taken.Sentinel = hex.EncodeToString(h[:])
		if !f.Lossy {
			fmt.Fprintf(out, "sentinel %s\n", planted)
		}
	}
	for _, line := range f.Lines {
		fmt.Fprintf(out, "line %s\n", line)
	}
	fmt.Fprintf(out, "bulk %d\n", f.Bulk)
	if err := out.Flush(); err != nil {
		return taken, err
	}
	if f.Breaks != nil {
		return taken, f.Breaks
	}
	if err := f.during(ctx, "write"); err != nil {
		return taken, err
	}
	for block, left := bytes.Repeat([]byte("0123456789abcde\n"), 2048), f.Bulk; left > 0; left -= int64(len(block)) {
		if err := ctx.Err(); err != nil {
			return taken, context.Cause(ctx)
		}
		if _, err := out.Write(block[:min(left, int64(len(block)))]); err != nil {
			return taken, err
		}
	}
	if err := out.Flush(); err != nil {
		return taken, err
	}
	_, err := fmt.Fprintf(w, "sum %x\n", sum.Sum(nil))
	r.Logf(ctx, "%d lines were written.", len(f.Lines))
	return taken, err
}

// Prove implements [backup.Source].
func (f *Fake) Prove(ctx context.Context, r *job.Run, from io.Reader, of backup.Taken) (backup.Proof, error) {
	proof := backup.Proof{Level: 2, Tool: "memory 1"}
	if f.Unready != nil {
		return proof, backup.NotProven{Cause: f.Unready}
	}
	if _, err := r.Scratch(ctx, "restore"); err != nil {
		return proof, err
	}
	if err := f.during(ctx, "prove"); err != nil {
		return proof, err
	}
	whole, err := io.ReadAll(from)
	if ctx.Err() != nil {
		return proof, context.Cause(ctx)
	}
	if err != nil {
		return proof, err
	}
	at := bytes.LastIndex(whole, []byte("sum "))
	if at < 0 || string(whole[at:]) != fmt.Sprintf("sum %x\n", sha256.Sum256(whole[:at])) {
		return proof, errors.New("its sum is not the right one")
	}
	proof.Level = 3
	var lines int
	sentinel := ""
	for line := range strings.Lines(string(whole)) {
		if planted, ok := strings.CutPrefix(line, "sentinel "); ok {
			h := sha256.Sum256([]byte(strings.TrimSpace(planted)))
			sentinel = hex.EncodeToString(h[:])
		}
		if strings.HasPrefix(line, "line ") {
			lines++
		}
	}
	proof.Facts = [][2]string{{"lines", fmt.Sprint(lines)}}
	switch {
	case of.Sentinel != sentinel:
		return proof, errors.New("what was planted is not there")
	case len(of.Facts) != 1 || of.Facts[0] != proof.Facts[0]:
		return proof, errors.New("it does not have as many lines as were written")
	}
	proof.Level, proof.Detail = 4, fmt.Sprintf("All %d lines are there.", lines)
	if f.Level != 0 {
		proof.Level = f.Level
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.proven++
	return proof, nil
}

func (f *Fake) during(ctx context.Context, what string) error {
	if f.During == nil {
		return nil
	}
	return f.During(ctx, what)
}
