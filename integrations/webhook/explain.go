package webhook

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"syscall"

	"batsignal/integrations/dial"
	"batsignal/oncall/paging"
)

// explain turns what the HTTP client returned into words that may be stored and
// shown. Its errors quote the URL, names, addresses and even the other side's
// bytes, so none of them is repeated or wrapped: only its kind is named.
func explain(ctx context.Context, err error) error {
	if errors.Is(err, dial.ErrForbidden) {
		return fmt.Errorf("%w: the webhook is in a network where pages may not go, or would need https", paging.ErrPermanent)
	}
	switch ended := ctx.Err(); {
	case errors.Is(ended, context.DeadlineExceeded):
		return fmt.Errorf("the webhook did not answer in time: %w", ended)
	case ended != nil:
		return fmt.Errorf("the request to the webhook was broken off: %w", ended)
	}
	var (
		name    *net.DNSError
		cert    *tls.CertificateVerificationError
		record  tls.RecordHeaderError
		alert   tls.AlertError
		number  syscall.Errno
		timeout net.Error
	)
	why := "the request did not get through"
	switch {
	case errors.As(err, &name):
		why = "its name could not be resolved"
	case errors.As(err, &cert):
		why = "its certificate is not valid"
	case errors.As(err, &record), errors.As(err, &alert), errors.Is(err, http.ErrSchemeMismatch):
		why = "TLS could not be agreed on"
	case errors.As(err, &number):
		why = number.Error()
	case errors.As(err, &timeout) && timeout.Timeout():
		why = "no answer in time"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		why = "it closed the connection"
	}
	return errors.New("the webhook could not be reached: " + why)
}
