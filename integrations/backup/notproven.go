package backup

import (
	"context"
	"errors"
	"strings"
	"syscall"

	"batsignal/integrations/argv"
	"batsignal/oncall/fault"
)

// shortages are how programs say, with LC_ALL=C, that they had too little of this machine.
var shortages = []string{"no space left on device", "disk quota exceeded", "out of memory", "cannot allocate memory", "too many open files", "resource temporarily unavailable", "read-only file system"}

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
	said := strings.ToLower(err.Error())
	for _, words := range shortages {
		if strings.Contains(said, words) {
			return true
		}
	}
	var ended *argv.ExitError
	return errors.As(err, &ended) && ended.Killed // not by us, or ctx were over
}

func prevents(err error) bool {
	return errors.Is(err, argv.ErrMissing) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
