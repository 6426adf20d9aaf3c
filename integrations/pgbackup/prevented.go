package pgbackup

import (
	"context"
	"errors"
	"io"
	"strings"
	"syscall"

	"batsignal/integrations/backup"

	"github.com/jackc/pgx/v5/pgconn"
)

// raised tells an error that a function of the restored database made up: it may have any
// code, and any words.
func raised(said *pgconn.PgError) bool {
	for _, language := range []string{"pl_", "plperl", "plpy", "pltcl"} { // how the files of their sources begin
		if strings.HasPrefix(said.File, language) {
			return true
		}
	}
	return false
}

// prevented turns what keeps us from finding out into a [backup.NotProven]: beside what is so
// with every source, a server that has too little of something, or that went away. A backend
// that falls over what it reads goes away as well: that is not found out, and no failed proof.
func prevented(ctx context.Context, err error) error {
	var said *pgconn.PgError
	if errors.As(err, &said) {
		switch {
		case raised(said):
			return err
		case strings.HasPrefix(said.Code, "53"), strings.HasPrefix(said.Code, "57P"), said.Code == "58030": // resources, an operator, the system
			return backup.NotProven{Cause: err}
		}
		return backup.Prevented(ctx, err)
	}
	var not backup.NotProven
	if err == nil || errors.As(err, &not) {
		return err
	}
	for _, gone := range []error{io.ErrUnexpectedEOF, syscall.ECONNRESET, syscall.ECONNREFUSED, syscall.EPIPE} {
		if errors.Is(err, gone) {
			return backup.NotProven{Cause: err}
		}
	}
	for _, words := range []string{"server closed the connection unexpectedly", "terminating connection", "connection to server on socket"} {
		if strings.Contains(err.Error(), words) {
			return backup.NotProven{Cause: err}
		}
	}
	return backup.Prevented(ctx, err)
}
