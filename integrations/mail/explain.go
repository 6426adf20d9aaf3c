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
	"strings"
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

// blamed is an error that says whose fault it is, without saying so in its words.
type blamed struct {
	error
	as error
}

func (b blamed) Unwrap() []error { return []error{b.error, b.as} }

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
		return refused(failed.at, answer, clean(answer.Msg))
	}
	switch ended := ctx.Err(); {
	case errors.Is(ended, context.DeadlineExceeded):
		return blamed{fmt.Errorf("%s took too long: %w", doing[failed.at], ended), paging.ErrProvider}
	case ended != nil:
		return fmt.Errorf("%s was broken off: %w", doing[failed.at], ended)
	}
	return blamed{fmt.Errorf("%s failed: %s", doing[failed.at], broken(failed.cause)), paging.ErrProvider}
}

// refused is a no of the server. Before a sender was named it is about us, whatever its
// code.
func refused(at step, answer *textproto.Error, words string) error {
	say := fmt.Sprintf("%s was refused with %d", doing[at], answer.Code)
	if words != "" {
		say += ": " + words
	}
	switch {
	case at < namingSender, answer.Code == 421:
		return blamed{errors.New(say), paging.ErrProvider}
	case answer.Code/100 != 5:
		return errors.New(say)
	case at == namingPerson && SaysNoMailbox(answer.Code, answer.Msg):
		return blamed{fmt.Errorf("%w: %s", paging.ErrPermanent, say), paging.BadAddress{Say: NoMailbox}}
	}
	return fmt.Errorf("%w: %s", paging.ErrPermanent, say)
}

// NoMailbox is what the owner of an address is told that mail servers do not know.
const NoMailbox = "the mail server says that there is no such mailbox"

// SaysNoMailbox tells whether a mail server's refusal of a recipient is about the mailbox
// itself. The enhanced status in its words says it best; servers without one mean it by
// 550, 551 and 553. A policy (5.7.1), a full mailbox (5.2.2) and a relay that we may not
// use may be over tomorrow.
func SaysNoMailbox(code int, words string) bool {
	if status := statusOnly(words); status != "" {
		return badStatus(status)
	}
	words = strings.ToLower(words)
	if strings.Contains(words, "relay") || strings.Contains(words, "log in") || strings.Contains(words, "auth") {
		return false
	}
	return code == 550 || code == 551 || code == 553
}

// badStatus tells whether an enhanced status (RFC 3463) says that a mailbox does not
// exist, has moved, or is switched off.
func badStatus(status string) bool {
	switch status {
	case "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1":
		return true
	}
	return false
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
