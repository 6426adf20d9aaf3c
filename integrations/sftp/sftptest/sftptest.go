// Package sftptest runs a real OpenSSH server for tests, as a child on the loopback, for the
// account that the tests run as. It does nothing but SFTP.
package sftptest

import (
	"crypto/ed25519"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"batsignal/migrations/childtest"
)

// ErrNoServer is told where no OpenSSH server is installed.
var ErrNoServer = errors.New("sshd is not installed (Debian: apt-get install openssh-server)")

// Server is a running server.
type Server struct {
	Addr        string // host and port
	User        string
	Dir         string // an empty directory for files
	KeyFile     string // the private key that it takes
	KnownHosts  string // its own key, as ssh keeps it
	Fingerprint string

	child *childtest.Child
}

const patience = time.Minute

// Start runs a server until the test ends. lines are added to its configuration, before
// what it would else be.
func Start(t testing.TB, lines ...string) *Server {
	t.Helper()
	program, err := exec.LookPath("/usr/sbin/sshd")
	if err != nil {
		childtest.Lacks(t, ErrNoServer)
	}
	dir := t.TempDir()
	s := &Server{Dir: filepath.Join(dir, "files")}
	for range 5 { // another program may take the port between choosing and listening
		if err = s.start(program, dir, lines); err == nil {
			break
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	s.child.KillAfter(t, "sshd")
	return s
}

// Stop kills the server. Connections that are open stay.
func (s *Server) Stop() { s.child.Kill() }

// NewKey writes a new private key into a file that nobody else may read.
func NewKey(file string) (ssh.PublicKey, error) {
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return nil, err
	}
	block, err := ssh.MarshalPrivateKey(private, "of a test")
	if err != nil {
		return nil, err
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		return nil, err
	}
	return signer.PublicKey(), os.WriteFile(file, pem.EncodeToMemory(block), 0o600)
}

func (s *Server) start(program, dir string, lines []string) error {
	me, err := user.Current()
	if err != nil {
		return err
	}
	if os.Geteuid() == 0 { // where it goes for what it does before somebody is let in
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(s.Dir, 0o700); err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s.Addr, s.User = l.Addr().String(), me.Username
	if err := l.Close(); err != nil {
		return err
	}
	at := func(name string) string { return filepath.Join(dir, name) }
	s.KeyFile, s.KnownHosts = at("id"), at("known_hosts")
	ours, err := NewKey(s.KeyFile)
	if err != nil {
		return err
	}
	host, err := NewKey(at("host"))
	if err != nil {
		return err
	}
	s.Fingerprint = ssh.FingerprintSHA256(host)
	name, port, _ := net.SplitHostPort(s.Addr) // it is one of ours
	conf := strings.Join(append(lines,
		"ListenAddress "+name, "Port "+port, "HostKey "+at("host"), "AuthorizedKeysFile "+at("authorized"), "PidFile none",
		"StrictModes no", "UsePAM no", "PasswordAuthentication no", "KbdInteractiveAuthentication no", "PermitRootLogin prohibit-password",
		"MaxStartups 100", "Subsystem sftp internal-sftp", "ForceCommand internal-sftp", "AllowTcpForwarding no", ""), "\n")
	for file, text := range map[string]string{
		at("authorized"): string(ssh.MarshalAuthorizedKey(ours)),
		s.KnownHosts:     knownhosts.Line([]string{s.Addr}, host) + "\n",
		at("conf"):       conf,
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			return err
		}
	}
	cmd := exec.Command(program, "-D", "-e", "-f", at("conf"))
	cmd.Env = []string{"PATH=/usr/bin:/bin"}
	if s.child, err = childtest.Run(cmd); err != nil {
		return err
	}
	return s.ready()
}

// ready waits until the server answers.
func (s *Server) ready() error {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		select {
		case <-s.child.Exited():
			return fmt.Errorf("sshd ended: %s", s.child.Said())
		case <-time.After(10 * time.Millisecond):
		}
		if conn, err := net.Dial("tcp", s.Addr); err == nil {
			return conn.Close()
		}
	}
	s.child.Kill()
	return errors.New("sshd does not answer")
}
