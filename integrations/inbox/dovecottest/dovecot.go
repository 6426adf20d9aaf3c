// Package dovecottest runs Dovecot, a real IMAP server, as a child of a test: one user,
// whose letters are files.
package dovecottest

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"text/template"
	"time"

	"batsignal/integrations/mail/mailtest"
	"batsignal/migrations/childtest"
)

//go:embed dovecot.conf
var conf string

// ErrNoDovecot is returned when Dovecot is not installed on this machine.
var ErrNoDovecot = errors.New("dovecot is not installed (Debian: apt-get install dovecot-imapd)")

// Server is a running server.
type Server struct {
	Host               string
	TLS, Plain         int // ports: TLS from the first byte; STARTTLS
	Username, Password string

	dir   string
	who   mailtest.Account
	pair  mailtest.KeyPair
	cmd   *exec.Cmd
	child *childtest.Child
	count int
}

// Start runs a server that ends with the test. Without Dovecot it skips the test, or fails
// it where CI is set. When this process is root, the child runs as dovecot, otherwise as
// this user.
func Start(tb testing.TB) *Server {
	tb.Helper()
	program, err := find()
	if err != nil {
		childtest.Lacks(tb, err)
	}
	var last error
	for range 5 { // another program may take a port between choosing and listening
		s, err := start(program)
		if err == nil {
			tb.Cleanup(func() {
				if tb.Failed() {
					tb.Logf("the log of dovecot:\n%s", s.said())
				}
				s.Kill()
				_ = os.RemoveAll(s.dir)
			})
			return s
		}
		last = err
	}
	tb.Fatalf("dovecot did not start: %v", last)
	return nil
}

func find() (string, error) {
	for _, name := range []string{"/usr/sbin/dovecot", "dovecot"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", ErrNoDovecot
}

func start(program string) (s *Server, err error) {
	// Not a test's own directory: that is closed to other users, and the server is one.
	dir, err := os.MkdirTemp("/tmp", "batsignal-dovecot-")
	if err != nil {
		return nil, err
	}
	s = &Server{Host: "127.0.0.1", Username: "ack", Password: rand.Text(), dir: dir}
	defer func() {
		if err != nil {
			s.Kill()
			_ = os.RemoveAll(dir)
		}
	}()
	if s.who, err = mailtest.RunAs("dovecot"); err != nil {
		return s, err
	}
	if s.pair, err = mailtest.NewKeyPair(); err != nil {
		return s, err
	}
	if s.TLS, err = mailtest.FreePort(); err != nil {
		return s, err
	}
	if s.Plain, err = mailtest.FreePort(); err != nil {
		return s, err
	}
	token := rand.Text()
	if err := s.write(token); err != nil {
		return s, err
	}
	return s, s.run(program, token)
}

func (s *Server) write(token string) error {
	t, err := template.New("dovecot").Delims("<<", ">>").Parse(strings.ReplaceAll(conf, "= <<<", "= {{lt}}<<"))
	if err != nil {
		return err
	}
	var text bytes.Buffer
	if err := t.Execute(&text, map[string]any{
		"Dir": s.dir, "Token": token, "User": s.who.User, "Group": s.who.Group, "UID": s.who.UID, "GID": s.who.GID, "TLS": s.TLS, "Plain": s.Plain,
	}); err != nil {
		return err
	}
	for name, content := range map[string]string{
		"dovecot.conf": strings.ReplaceAll(text.String(), "{{lt}}", "<"), "cert.pem": string(s.pair.CertPEM), "key.pem": string(s.pair.KeyPEM),
		"users": s.Username + ":" + s.Password + "\n", "log": "",
	} {
		if err := os.WriteFile(filepath.Join(s.dir, name), []byte(content), 0o600); err != nil {
			return err
		}
	}
	for _, name := range []string{"run", "state", "home", "mail/tmp", "mail/new", "mail/cur"} {
		if err := os.MkdirAll(filepath.Join(s.dir, name), 0o755); err != nil {
			return err
		}
	}
	return filepath.WalkDir(s.dir, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chown(path, s.who.UID, s.who.GID)
	})
}

func (s *Server) run(program, token string) error {
	cmd := exec.Command(program, "-F", "-c", filepath.Join(s.dir, "dovecot.conf"))
	cmd.Dir = s.dir
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if os.Geteuid() == 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(s.who.UID), Gid: uint32(s.who.GID)}
	}
	child, err := childtest.Run(cmd)
	if err != nil {
		return err
	}
	s.cmd, s.child = cmd, child
	return s.ready(token)
}

// ready waits until the server that answers on both ports is this one.
func (s *Server) ready(token string) error {
	deadline := time.Now().Add(30 * time.Second)
	for _, port := range []int{s.Plain, s.TLS} {
		for {
			greeting, err := s.greeting(port)
			if err == nil && strings.Contains(greeting, token) {
				break
			}
			if time.Now().After(deadline) {
				return fmt.Errorf("no greeting on port %d: %q, %v\n%s", port, greeting, err, s.said())
			}
			select {
			case <-s.child.Exited():
				return fmt.Errorf("it ended at once:\n%s", s.said())
			case <-time.After(10 * time.Millisecond):
			}
		}
	}
	return nil
}

func (s *Server) said() string {
	text, _ := os.ReadFile(filepath.Join(s.dir, "log"))
	return string(text) + s.child.Said()
}

// Dir is where all of it lies.
func (s *Server) Dir() string { return s.dir }

// RootCAs trusts this server's certificate and no other.
func (s *Server) RootCAs() *x509.CertPool { return s.pair.Pool() }

// Kill ends the server at once, with all of its helpers, as a machine that crashes.
func (s *Server) Kill() {
	if s.child == nil {
		return
	}
	_ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL) // they may be gone already
	<-s.child.Exited()
}

// Restart starts it again on the same ports, with the same letters.
func (s *Server) Restart(tb testing.TB) {
	tb.Helper()
	program, err := find()
	if err != nil {
		tb.Fatal(err)
	}
	s.Kill()
	token := rand.Text()
	if err := errors.Join(s.write(token), s.run(program, token)); err != nil {
		tb.Fatal(err)
	}
}
