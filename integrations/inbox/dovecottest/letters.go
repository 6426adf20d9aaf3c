package dovecottest

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Append puts a letter into the mailbox, as a mail server does: written aside and then
// moved, so that nobody sees half of it.
func (s *Server) Append(tb testing.TB, raw []byte) {
	tb.Helper()
	s.count++
	name := fmt.Sprintf("%d.%d.test", time.Now().UnixNano(), s.count)
	aside := filepath.Join(s.dir, "mail", "tmp", name)
	err := os.WriteFile(aside, raw, 0o644)
	if err == nil {
		err = os.Chown(aside, s.who.UID, s.who.GID)
	}
	if err == nil {
		err = os.Rename(aside, filepath.Join(s.dir, "mail", "new", name))
	}
	if err != nil {
		tb.Fatal(err)
	}
}

// Letters are the letters of the mailbox and their flags, in the notation of a maildir:
// "S" is seen, "a" is the first word of somebody's own.
func (s *Server) Letters(tb testing.TB) (flags []string) {
	tb.Helper()
	for _, folder := range []string{"new", "cur"} {
		list, err := os.ReadDir(filepath.Join(s.dir, "mail", folder))
		if err != nil {
			tb.Fatal(err)
		}
		for _, f := range list {
			_, flag, _ := strings.Cut(f.Name(), ":2,")
			flags = append(flags, flag)
		}
	}
	return flags
}

// SeeAll marks every letter as seen, as somebody with a mail program does.
func (s *Server) SeeAll(tb testing.TB) {
	tb.Helper()
	from := filepath.Join(s.dir, "mail", "new")
	list, err := os.ReadDir(from)
	if err != nil {
		tb.Fatal(err)
	}
	for _, f := range list {
		if err := os.Rename(filepath.Join(from, f.Name()), filepath.Join(s.dir, "mail", "cur", f.Name()+":2,S")); err != nil {
			tb.Fatal(err)
		}
	}
}

func (s *Server) greeting(port int) (string, error) {
	address := net.JoinHostPort(s.Host, strconv.Itoa(port))
	var conn net.Conn
	var err error
	if port == s.TLS {
		conn, err = tls.DialWithDialer(&net.Dialer{Timeout: 5 * time.Second}, "tcp", address, &tls.Config{RootCAs: s.RootCAs(), ServerName: s.Host})
	} else {
		conn, err = net.DialTimeout("tcp", address, 5*time.Second)
	}
	if err != nil {
		return "", err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	return bufio.NewReader(conn).ReadString('\n')
}
