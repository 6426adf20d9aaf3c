// Package oidctest runs a real identity provider for tests: the library oidc-provider for
// Node, which is certified for OpenID Connect. It knows one person, who always says yes.
package oidctest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"batsignal/migrations/childtest"
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

	program *childtest.Child
}

// Start starts a provider that sends people back to an address. If it cannot be installed
// here, the test is skipped aloud, or fails where CI is set, since there a skipped test
// would hide for ever.
func Start(t testing.TB, redirect string) *Server {
	t.Helper()
	modules, err := install()
	if err != nil {
		childtest.Lacks(t, err)
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
	s.program.KillAfter(t, "the identity provider")
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
	s := &Server{Issuer: "http://127.0.0.1:" + strconv.Itoa(port), ClientID: clientID, ClientSecret: secret.New(clientSecret)}
	cmd := exec.Command("node", filepath.Join(here(), "server.mjs"))
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "NODE_ENV=test", "PORT=" + strconv.Itoa(port), "MODULES=" + modules,
		"CLIENT=" + clientID, "SECRET=" + clientSecret, "REDIRECT=" + redirect, "SUBJECT=" + Subject,
	}
	if s.program, err = childtest.Run(cmd); err != nil {
		return nil, err
	}
	return s, s.ready()
}

// ready waits until the provider says that it listens.
func (s *Server) ready() error {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		select {
		case <-s.program.Exited():
			return fmt.Errorf("the identity provider ended: %s", s.program.Said())
		case <-time.After(10 * time.Millisecond):
		}
		if strings.Contains("\n"+s.program.Said(), "\nlistening") {
			return nil
		}
	}
	s.program.Kill()
	return fmt.Errorf("the identity provider does not answer: %s", s.program.Said())
}
