package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"syscall"

	"batsignal/oncall/paging"
)

// step is where in a conversation something went wrong.
type step int

const (
	reaching step = iota
	greeting
	securing
	loggingIn
	namingSender
	namingPerson
	handingOver
)

var doing = [...]string{
	"reaching the mail server", "greeting the mail server", "securing the connection to the mail server",
	"logging in to the mail server", "naming the sender", "naming the person", "handing over the letter",
}

// stepError keeps the raw cause inside this package; explain turns it into
// words that may leave it.
type stepError struct {
	at    step
	cause error
}

func (e *stepError) Error() string { return doing[e.at] + " failed" }

// sentence is a cause in our own words, fit to be shown as it is.
type sentence string

func (s sentence) Error() string { return string(s) }

// explain turns a raw error into one that may be stored and shown. It wraps
// nothing of the raw one, since a log may print a whole chain; clean is what the
// server's own words pass through.
func explain(ctx context.Context, err error, clean func(string) string) error {
	var failed *stepError
	if !errors.As(err, &failed) {
		return errors.New("the mail could not be sent")
	}
	var answer *textproto.Error
	if errors.As(failed.cause, &answer) {
		say := fmt.Sprintf("%s was refused with %d", doing[failed.at], answer.Code)
		if words := clean(answer.Msg); words != "" {
			say += ": " + words
		}
		if failed.at >= namingSender && answer.Code/100 == 5 {
			return fmt.Errorf("%w: %s", paging.ErrPermanent, say)
		}
		return errors.New(say)
	}
	switch ended := ctx.Err(); {
	case errors.Is(ended, context.DeadlineExceeded):
		return fmt.Errorf("%s took too long: %w", doing[failed.at], ended)
	case ended != nil:
		return fmt.Errorf("%s was broken off: %w", doing[failed.at], ended)
	}
	return fmt.Errorf("%s failed: %s", doing[failed.at], broken(failed.cause))
}

// broken describes what a network or TLS did, never what a server wrote.
func broken(err error) string {
	var (
		own      sentence
		name     *net.DNSError
		wrong    x509.HostnameError
		cert     *tls.CertificateVerificationError
		protocol tls.RecordHeaderError
		alert    tls.AlertError
		number   syscall.Errno
		timeout  net.Error
		answer   textproto.ProtocolError
	)
	switch {
	case errors.As(err, &own):
		return string(own)
	case errors.As(err, &name):
		return "the name of its host was not found"
	case errors.As(err, &wrong):
		return "its certificate is for another name"
	case errors.As(err, &cert):
		return "its certificate is not trusted here"
	case errors.As(err, &protocol):
		return "it does not speak TLS there"
	case errors.As(err, &alert):
		return "TLS was refused: " + alert.Error()
	case errors.As(err, &number):
		return number.Error()
	case errors.As(err, &timeout) && timeout.Timeout():
		return "no answer in time"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		return "the connection was closed"
	case errors.As(err, &answer):
		return "the answer was not SMTP"
	}
	return "the connection could not be used"
}
