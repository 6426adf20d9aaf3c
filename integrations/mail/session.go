package mail

import (
	"context"
	"crypto/tls"
	"net"
	netmail "net/mail"
	"slices"
	"strings"
	"time"

	"github.com/wneessen/go-mail/smtp"
)

// goodbye is how long a server may take to answer QUIT. The letter is already
// its own by then, so a slow goodbye must not look like a slow page.
const goodbye = 2 * time.Second

// session is one connection to the mail server.
type session struct {
	conn net.Conn
	smtp *smtp.Client
	stop func() bool // ends the watch over ctx
}

// open dials, greets, starts TLS and logs in. Its errors are fit to be shown.
func (r *Route) open(ctx context.Context) (*session, error) {
	s, err := r.connect(ctx)
	if err != nil {
		return nil, explain(ctx, err, statusOnly)
	}
	return s, nil
}

// connect does the work of open and returns raw step errors.
//
// The library's own dialer is not used: it leaves the connection open when a
// later step fails and does not watch ctx once connected.
func (r *Route) connect(ctx context.Context) (_ *session, err error) {
	dialer := net.Dialer{}
	conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(r.host, r.port))
	if err != nil {
		return nil, &stepError{reaching, err}
	}
	s := &session{conn: conn}
	s.stop = context.AfterFunc(ctx, func() { conn.Close() })
	defer func() {
		if err != nil {
			s.stop()
			conn.Close()
		}
	}()
	if a, ok := conn.RemoteAddr().(*net.TCPAddr); r.security == None && (!ok || !a.IP.IsLoopback()) {
		// "localhost" is only a name, and the first byte has not been sent yet.
		return nil, &stepError{securing, sentence("without TLS only a server on this machine is spoken to")}
	}
	if r.security == TLS {
		wrapped := tls.Client(conn, r.tls)
		if err := wrapped.HandshakeContext(ctx); err != nil {
			return nil, &stepError{securing, err}
		}
		s.conn = wrapped
	}
	if s.smtp, err = smtp.NewClient(s.conn, r.host); err != nil {
		return nil, &stepError{greeting, err}
	}
	if err := s.smtp.Hello(r.hello); err != nil {
		return nil, &stepError{greeting, err}
	}
	if r.security == StartTLS {
		if ok, _ := s.smtp.Extension("STARTTLS"); !ok {
			return nil, &stepError{securing, sentence("it does not offer STARTTLS")}
		}
		if err := s.smtp.StartTLS(r.tls); err != nil {
			return nil, &stepError{securing, err}
		}
	}
	if r.username != "" {
		if err := r.login(s.smtp); err != nil {
			return nil, &stepError{loggingIn, err}
		}
	}
	return s, nil
}

// login uses the plainest mechanism that the server offers. Inside TLS to a
// verified server PLAIN gives nothing away, and it is the one that fails least:
// servers offer the others even when they do not store what those need.
func (r *Route) login(c *smtp.Client) error {
	_, offered := c.Extension("AUTH")
	mechanisms := strings.Fields(strings.ToUpper(offered))
	local := r.security == None // then it has been checked that the peer is this machine
	password := r.password.Reveal()
	switch {
	case slices.Contains(mechanisms, "PLAIN"):
		return c.Auth(smtp.PlainAuth("", r.username, password, r.host, local))
	case slices.Contains(mechanisms, "LOGIN"):
		return c.Auth(smtp.LoginAuth(r.username, password, r.host, local))
	case slices.Contains(mechanisms, "SCRAM-SHA-256"):
		return c.Auth(smtp.ScramSHA256Auth(r.username, password))
	case slices.Contains(mechanisms, "CRAM-MD5"):
		return c.Auth(smtp.CRAMMD5Auth(r.username, password))
	}
	return sentence("it offers no way to log in that is known here")
}

// deliver hands over one letter, whose bounces go to from, and returns the server's raw
// answer.
func (s *session) deliver(letter []byte, from, to string) (string, error) {
	// Asked for without need, SMTPUTF8 makes relays without it bounce the letter.
	s.smtp.SkipSMTPUTF8(ascii(from) && ascii(to))
	if err := s.smtp.Mail(inBrackets(from)); err != nil {
		return "", &stepError{namingSender, err}
	}
	if err := s.smtp.Rcpt(inBrackets(to)); err != nil {
		return "", &stepError{namingPerson, err}
	}
	w, err := s.smtp.Data()
	if err != nil {
		return "", &stepError{handingOver, err}
	}
	if _, err := w.Write(letter); err != nil {
		// Neither w.Close nor QUIT may follow: both first end the letter properly,
		// and half of it would be delivered.
		_ = s.conn.Close()
		return "", &stepError{handingOver, err}
	}
	if err := w.Close(); err != nil {
		return "", &stepError{handingOver, err}
	}
	if d, ok := w.(*smtp.DataCloser); ok {
		return d.ServerResponse(), nil
	}
	return "", nil
}

// close says goodbye if it can and frees the connection in any case.
func (s *session) close() {
	_ = s.conn.SetDeadline(time.Now().Add(goodbye))
	_ = s.smtp.Quit()
	s.stop()
	_ = s.conn.Close()
}

func inBrackets(address string) string { return (&netmail.Address{Address: address}).String() }

func ascii(s string) bool {
	return !strings.ContainsFunc(s, func(c rune) bool { return c > 0x7e })
}
