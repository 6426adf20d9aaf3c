package pg

import (
	"errors"
	"io"
	"net"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"
)

// IsLost reports whether err is the loss of a connection, or that none could be had: the
// server restarts, has no room, or ended ours, as it does with a transaction that sat idle
// because our process did not get its turn. What was only read may be read again at once.
func IsLost(err error) bool {
	var connect *pgconn.ConnectError
	var network net.Error
	pgErr := pgError(err)
	switch {
	case err == nil:
		return false
	case errors.As(err, &connect), pgconn.SafeToRetry(err), pgErr != nil && pgErr.SeverityUnlocalized == "FATAL":
		return true
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return true
	}
	return errors.As(err, &network) && !network.Timeout()
}
