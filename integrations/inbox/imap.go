package inbox

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-imap/client"

	"batsignal/oncall/secret"
)

// The three ways to protect the connection to the mailbox.
const (
	TLS      = "tls"      // TLS from the first byte
	StartTLS = "starttls" // plain greeting, then TLS or nothing
	None     = "none"     // no TLS; only to a server on this machine
)

// IMAP says where the mailbox is.
type IMAP struct {
	Host       string
	Port       int            // 0 means 993 for tls, 143 for the others
	TLS        string         // [TLS] (also if empty), [StartTLS] or [None]
	ServerName string         // name that the server's certificate must carry; empty means Host
	RootCAs    *x509.CertPool // who may sign that certificate; nil means the system's list
	Username   string
	Password   secret.Text
	Folder     string        // empty means INBOX
	Timeout    time.Duration // for one command; 0 means 30 s
	Poll       time.Duration // how often one looks, beside being told; 0 means 1 min
	Rest       time.Duration // after the first failure; it doubles up to 1 min; 0 means 1 s
}

// mailbox is an [IMAP] that was checked.
type mailbox struct {
	IMAP
	tls *tls.Config
}

// errNoMailbox is that there is none to read.
var errNoMailbox = errors.New("no mailbox is configured: answers by mail are read only as a mail server pipes them")

func (c IMAP) read() (mailbox, error) {
	if c.Host == "" {
		return mailbox{}, nil
	}
	ip := net.ParseIP(c.Host)
	port := 143
	switch c.TLS {
	case TLS, "":
		c.TLS, port = TLS, 993
	case StartTLS:
	case None:
		if c.Host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return mailbox{}, errors.New("a mailbox without TLS is read from a server on this machine only: use tls or starttls")
		}
	default:
		return mailbox{}, fmt.Errorf("%q is no way to protect the mailbox: choose tls, starttls or none", c.TLS)
	}
	if c.Port == 0 {
		c.Port = port
	}
	switch {
	case strings.ContainsAny(c.Host, " \r\n/"):
		return mailbox{}, errors.New("the mailbox needs the name of its host, without a scheme or a port")
	case c.Port < 1 || c.Port > 65535:
		return mailbox{}, fmt.Errorf("%d is not a port of a mailbox", c.Port)
	case c.Username == "" || c.Password.Empty():
		return mailbox{}, errors.New("the mailbox needs a user name, and a file with the password")
	case strings.ContainsAny(c.Username+c.Password.Reveal()+c.Folder, "\r\n\x00"):
		return mailbox{}, errors.New("the user name, the password or the folder of the mailbox has more than one line")
	}
	if c.Folder == "" {
		c.Folder = "INBOX"
	}
	if c.ServerName == "" {
		c.ServerName = c.Host
	}
	c.Timeout, c.Poll, c.Rest = or(c.Timeout, 30*time.Second), or(c.Poll, time.Minute), or(c.Rest, time.Second)
	return mailbox{IMAP: c, tls: &tls.Config{ServerName: c.ServerName, RootCAs: c.RootCAs, MinVersion: tls.VersionTLS12}}, nil
}

func or(d, otherwise time.Duration) time.Duration {
	if d <= 0 {
		return otherwise
	}
	return d
}

// session is one connection, logged in.
type session struct {
	conn   net.Conn
	client *client.Client
	woken  chan struct{} // something happened in the mailbox
	stop   func()
}

// connect dials, starts TLS and logs in. Its errors are fit to be shown: servers repeat
// names, so none of their words is.
func (m mailbox) connect(ctx context.Context) (_ *session, err error) {
	if m.Host == "" {
		return nil, errNoMailbox
	}
	dialer := net.Dialer{Timeout: m.Timeout, KeepAlive: 30 * time.Second}
	conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(m.Host, strconv.Itoa(m.Port)))
	if err != nil {
		return nil, errors.New("the mailbox could not be reached: check its name and port")
	}
	closed := context.AfterFunc(ctx, func() { conn.Close() })
	s := &session{conn: conn, woken: make(chan struct{}, 1), stop: func() { closed(); conn.Close() }}
	defer func() {
		if err != nil {
			s.stop()
		}
	}()
	if a, ok := conn.RemoteAddr().(*net.TCPAddr); m.TLS == None && (!ok || !a.IP.IsLoopback()) {
		return nil, errors.New("a mailbox without TLS is read from a server on this machine only")
	}
	if err := conn.SetDeadline(time.Now().Add(m.Timeout)); err != nil {
		return nil, errors.New("the connection to the mailbox could not be used")
	}
	if m.TLS == TLS {
		secured := tls.Client(conn, m.tls)
		if err := secured.HandshakeContext(ctx); err != nil {
			return nil, errUnsecured(err)
		}
		conn = secured
	}
	if s.client, err = client.New(conn); err != nil {
		return nil, errors.New("the mailbox did not greet like one: check the port and the way of TLS")
	}
	s.client.ErrorLog = log.New(io.Discard, "", 0)
	s.client.Timeout = m.Timeout
	if m.TLS == StartTLS {
		if ok, err := s.client.SupportStartTLS(); err != nil || !ok {
			return nil, errors.New("the mailbox does not offer STARTTLS")
		}
		if err := s.client.StartTLS(m.tls); err != nil {
			return nil, errUnsecured(err)
		}
	}
	if err := s.client.Login(m.Username, m.Password.Reveal()); err != nil {
		return nil, errors.New("the mailbox refused the user name or the password")
	}
	return s, nil
}

// errUnsecured names what is wrong with a certificate.
func errUnsecured(err error) error {
	var (
		wrong x509.HostnameError
		cert  *tls.CertificateVerificationError
	)
	switch {
	case errors.As(err, &wrong):
		return errors.New("the certificate of the mailbox is for another name")
	case errors.As(err, &cert):
		return errors.New("the certificate of the mailbox is not trusted here")
	}
	return errors.New("TLS could not be agreed on with the mailbox: check the port and the way of TLS")
}

// close says goodbye if it can and frees the connection in any case.
func (s *session) close() {
	s.client.Timeout = 2 * time.Second
	_ = s.client.Logout()
	s.stop()
}
