// Package vaulttest runs real Vaults for tests: Vault's own core, in a small program that is
// built once on a machine (minivault). One process is one node.
//
// It speaks to the server in its own few words, not by package vaultapi: a test must not
// share the faults of what is tested.
package vaulttest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"batsignal/migrations/childtest"
)

// Options say what sort of server is wanted. The zero value is five shares of which three
// open, kept in files.
type Options struct {
	Shares, Threshold int    // 0 is 5 and 3
	Raft              bool   // integrated storage, of which there are snapshots
	Data              string // the files of another server, to be a second node of the same Vault
	Empty             bool   // it is not initialized
}

// Server is a running server, sealed.
type Server struct {
	Address string   // "http://127.0.0.1:12345"
	Data    string   // where it keeps its files
	Shares  []string // in base64, as Vault printed them
	Root    string   // the root token

	t       testing.TB
	raft    bool
	program *childtest.Child
}

// patience is how long anything is waited for.
const patience = time.Minute

// Start starts and initializes a server for a test, and leaves it sealed. If it cannot be
// built here, the test is skipped aloud, or fails where CI is set.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	s := &Server{t: t, Data: o.Data, raft: o.Raft}
	if s.Data == "" {
		s.Data = filepath.Join(t.TempDir(), "vault")
	}
	if err := os.MkdirAll(s.Data, 0o700); err != nil {
		t.Fatal(err)
	}
	s.Address = "http://" + freePort(t)
	s.Restart()
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("what minivault said:\n%s", s.program.Said())
		}
		s.program.Kill()
	})
	if o.Empty || o.Data != "" {
		return s
	}
	if o.Shares == 0 {
		o.Shares, o.Threshold = 5, 3
	}
	var made struct {
		Keys []string `json:"keys_base64"`
		Root string   `json:"root_token"`
	}
	s.must(http.MethodPut, "sys/init", "", map[string]any{"secret_shares": o.Shares, "secret_threshold": o.Threshold}, &made)
	s.Shares, s.Root = made.Keys, made.Root
	return s
}

func freePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// Restart starts the server again where it was: it is sealed then, by the same shares.
func (s *Server) Restart() {
	s.t.Helper()
	program, err := Build()
	if err != nil {
		childtest.Lacks(s.t, err)
	}
	s.program.Kill()
	where := "-data"
	if s.raft {
		where = "-raft"
	}
	cmd := exec.Command(program, "-listen", strings.TrimPrefix(s.Address, "http://"), where, s.Data)
	cmd.Env = []string{"PATH=/usr/bin:/bin", "HOME=" + s.Data}
	if s.program, err = childtest.Run(cmd); err != nil {
		s.t.Fatal(err)
	}
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		select {
		case <-s.program.Exited():
			s.t.Fatalf("minivault ended: %s", s.program.Said())
		case <-time.After(10 * time.Millisecond):
		}
		if _, err := s.ask(http.MethodGet, "sys/seal-status", "", nil, nil); err == nil {
			return
		}
	}
	s.t.Fatal("minivault does not answer")
}

// Kill ends the server at once, as a power cut does.
func (s *Server) Kill() { s.program.Kill() }

// Said is what the server printed.
func (s *Server) Said() string { return s.program.Said() }

// Status is how the server stands.
type Status struct {
	Sealed   bool
	Progress int
	Nonce    string
	T, N     int
	Version  string
}

// Status asks how it stands.
func (s *Server) Status() (st Status) {
	s.t.Helper()
	s.must(http.MethodGet, "sys/seal-status", "", nil, &st)
	return st
}

// Submit hands shares straight to the server, as "vault operator unseal" does, and tells the
// status of the last answer.
func (s *Server) Submit(shares ...string) (status int) {
	s.t.Helper()
	for _, one := range shares {
		var err error
		if status, err = s.ask(http.MethodPut, "sys/unseal", "", map[string]any{"key": one}, nil); err != nil {
			s.t.Fatal(err)
		}
	}
	return status
}

// Reset has the server forget the shares that were handed in.
func (s *Server) Reset() {
	s.t.Helper()
	s.must(http.MethodPut, "sys/unseal", "", map[string]any{"reset": true}, nil)
}

// Unseal unseals the server with as many of its shares as it takes, and waits until it is
// active.
func (s *Server) Unseal() {
	s.t.Helper()
	s.Submit(s.Shares[:s.Status().T]...)
	s.Active()
}

// Active waits until the server is unsealed and active.
func (s *Server) Active() {
	s.t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if status, err := s.ask(http.MethodGet, "sys/health", "", nil, nil); err == nil && status == http.StatusOK {
			return
		}
	}
	s.t.Fatal("minivault does not become active")
}

// Seal seals the server.
func (s *Server) Seal() {
	s.t.Helper()
	s.must(http.MethodPut, "sys/seal", s.Root, nil, nil)
}

// Write writes a value into the store that the root token has for itself: the server has no
// plugins, so "cubbyhole" is the one place for values.
func (s *Server) Write(name string, values map[string]any) {
	s.t.Helper()
	s.must(http.MethodPut, "cubbyhole/"+name, s.Root, values, nil)
}

// Call asks the server anything, and gives what it answered.
func (s *Server) Call(method, path, token string, body map[string]any) map[string]any {
	s.t.Helper()
	answer := map[string]any{}
	s.must(method, path, token, body, &answer)
	return answer
}

// Copy copies the files of a server that does not run, for another one with the same shares.
func Copy(t testing.TB, data string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "copy")
	if out, err := exec.Command("cp", "-a", data, to).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return to
}

// must asks, and fails the test if the answer is not 2xx.
func (s *Server) must(method, path, token string, body map[string]any, answer any) {
	s.t.Helper()
	status, err := s.ask(method, path, token, body, answer)
	if err == nil && status/100 != 2 {
		err = fmt.Errorf("%d", status)
	}
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
}

func (s *Server) ask(method, path, token string, body map[string]any, answer any) (status int, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var from io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return 0, err
		}
		from = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, s.Address+"/v1/"+path, from)
	if err != nil {
		return 0, err
	}
	if token != "" {
		request.Header.Set("X-Vault-Token", token)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(request)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err
	}
	if answer != nil && resp.StatusCode/100 == 2 && len(text) > 0 {
		err = errors.Join(err, json.Unmarshal(text, answer))
	}
	return resp.StatusCode, err
}
