// Package oidctest runs a real identity provider for tests: the library oidc-provider for
// Node, which is certified for OpenID Connect. It knows one person, who always says yes.
package oidctest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"batsignal/oncall/secret"
)

// Subject is whom the provider knows. It has capitals, as those of real ones may.
const Subject = "Person-4711"

const (
	clientID     = "batsignal"
	clientSecret = "a secret for tests only"
)

// patience is how long anything is waited for.
const patience = time.Minute

// Server is a running provider.
type Server struct {
	Issuer       string
	ClientID     string
	ClientSecret secret.Text

	cmd    *exec.Cmd
	exited chan struct{}
	mu     sync.Mutex
	out    bytes.Buffer
}

// Start starts a provider that sends people back to an address. If it cannot be installed
// here, the test is skipped aloud, or fails where CI is set, since there a skipped test
// would hide for ever.
func Start(t testing.TB, redirect string) *Server {
	t.Helper()
	modules, err := install()
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skipf("NOT RUN: %v", err)
	}
	var s *Server
	for range 5 { // another program may take the port between choosing and listening
		if s, err = start(modules, redirect); err == nil {
			break
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("what the identity provider said:\n%s", s.said())
		}
		_ = s.cmd.Process.Kill() // it is a test's
		<-s.exited
	})
	return s
}

func start(modules, redirect string) (*Server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	port := l.Addr().(*net.TCPAddr).Port
	if err := l.Close(); err != nil {
		return nil, err
	}
	s := &Server{
		Issuer: "http://127.0.0.1:" + strconv.Itoa(port), ClientID: clientID, ClientSecret: secret.New(clientSecret), exited: make(chan struct{}),
	}
	s.cmd = exec.Command("node", filepath.Join(here(), "server.mjs"))
	s.cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "NODE_ENV=test", "PORT=" + strconv.Itoa(port), "MODULES=" + modules,
		"CLIENT=" + clientID, "SECRET=" + clientSecret, "REDIRECT=" + redirect, "SUBJECT=" + Subject,
	}
	s.cmd.Stderr = s
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	s.cmd.WaitDelay = time.Second
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	started, ready := make(chan error, 1), make(chan struct{})
	go func() {
		runtime.LockOSThread() // the kernel sends Pdeathsig when the thread ends
		defer runtime.UnlockOSThread()
		err := s.cmd.Start()
		started <- err
		if err == nil {
			lines := bufio.NewScanner(stdout)
			for said := false; lines.Scan(); {
				if !said && strings.HasPrefix(lines.Text(), "listening") {
					said = true
					close(ready)
				}
				_, _ = s.Write(append(lines.Bytes(), '\n')) // never fails
			}
			_ = s.cmd.Wait() // it is killed
		}
		close(s.exited)
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	select {
	case <-ready:
		return s, nil
	case <-s.exited:
		return nil, fmt.Errorf("the identity provider ended: %s", s.said())
	case <-time.After(patience):
		_ = s.cmd.Process.Kill()
		return nil, errors.New("the identity provider does not answer: " + s.said())
	}
}

// Write keeps what the server prints.
func (s *Server) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.Write(p)
}

func (s *Server) said() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.String()
}
