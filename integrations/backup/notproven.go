package backup

import (
	"context"
	"errors"
	"slices"
	"strings"
	"syscall"

	"batsignal/integrations/argv"
	"batsignal/oncall/fault"
)

// shortages are how programs say, with LC_ALL=C, that they had too little of this machine: in
// small letters, at the end of a line or of a part of one.
var shortages = []string{"no space left on device", "disk quota exceeded", "out of memory", "cannot allocate memory", "too many open files", "too many open files in system", "resource temporarily unavailable", "read-only file system"}

// Prevented turns an error of a proof that says nothing about the backup into a [NotProven]: a
// full disk, too little memory, a program that is missing or was killed, time that was over.
// Others stay as they are.
func Prevented(ctx context.Context, err error) error {
	var not NotProven
	switch {
	case err == nil || errors.As(err, &not):
		return err
	case ctx.Err() != nil:
		return NotProven{context.Cause(ctx)}
	case short(err):
		return NotProven{fault.Wrap(fault.Limited, err, "This machine has too little room, memory or files for restoring. Make room where runs have their scratch directories (df, free), and try again.")}
	case prevents(err):
		return NotProven{err}
	}
	return err
}

func short(err error) bool {
	for _, one := range []error{syscall.ENOSPC, syscall.EDQUOT, syscall.ENOMEM, syscall.EMFILE, syscall.ENFILE, syscall.EAGAIN, syscall.EROFS} {
		if errors.Is(err, one) {
			return true
		}
	}
	if saysShort(err.Error()) {
		return true
	}
	var ended *argv.ExitError
	return errors.As(err, &ended) && ended.Killed // not by us, or ctx were over
}

// saysShort looks for [shortages] in what a program said. What it repeats of what it restores, a name or
// a command, may hold the same words, and what a function of it raises may be the same: such
// words are no reason.
func saysShort(said string) bool {
	if strings.Contains(said, " at RAISE") { // PostgreSQL tells where an error was made up
		return false
	}
	said, _, _ = strings.Cut(said, "Command was:")
	for _, line := range strings.FieldsFunc(strings.ToLower(said), func(r rune) bool { return r == '\n' || r == ';' }) {
		line = strings.TrimRight(line, ". )") // faults have what caused them in brackets
		last := line[strings.LastIndex(line, ": ")+1:]
		if slices.Contains(shortages, strings.TrimSpace(strings.TrimPrefix(last, ":"))) {
			return true
		}
	}
	return false
}

func prevents(err error) bool {
	return errors.Is(err, argv.ErrMissing) || errors.Is(err, argv.ErrNotEntered) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
