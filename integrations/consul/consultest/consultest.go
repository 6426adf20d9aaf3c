// Package consultest runs a real Consul server for tests: alone, on the loopback, leading.
package consultest

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"batsignal/migrations/childtest"
	"batsignal/oncall/secret"
)

// Server is a running server.
type Server struct {
	Address string // http://127.0.0.1:port
	Binary  string // the program

	token   string
	dir     string
	program *childtest.Child
}

// patience is how long anything is waited for.
const patience = time.Minute

// Options are how a server is, other than open to everybody.
type Options struct {
	Token      string // the management token, a UUID; "" lets everybody in
	Datacenter string // "" is dc1
}

// Start starts a server for a test. If it cannot be built here, the test is skipped aloud,
// or fails where CI is set.
func Start(t testing.TB) *Server {
	t.Helper()
	return StartWith(t, Options{})
}

// StartWith is [Start] for a server that is told more.
func StartWith(t testing.TB, o Options) *Server {
	t.Helper()
	binary, err := Build()
	if err != nil {
		childtest.Lacks(t, err)
	}
	s := &Server{Binary: binary, token: o.Token, dir: t.TempDir()}
	for range 5 { // another program may take a port between choosing and listening
		if err = s.configure(o); err == nil {
			if err = s.run(); err == nil {
				break
			}
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("what Consul said:\n%s", s.program.Said())
		}
		s.program.Kill()
	})
	return s
}

// Token is the management token as programs take it.
func (s *Server) Token() secret.Text { return secret.New(s.token) }

func (s *Server) configure(o Options) error {
	var ports [3]int
	for i := range ports {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer l.Close()
		ports[i] = l.Addr().(*net.TCPAddr).Port
	}
	s.Address = fmt.Sprintf("http://127.0.0.1:%d", ports[0])
	config := map[string]any{
		"server": true, "bootstrap_expect": 1, "data_dir": filepath.Join(s.dir, "data"), "node_name": "source",
		"bind_addr": "127.0.0.1", "client_addr": "127.0.0.1", "disable_host_node_id": true, "disable_update_check": true,
		"ports":       map[string]any{"http": ports[0], "serf_lan": ports[1], "server": ports[2], "dns": -1, "grpc": -1, "grpc_tls": -1, "serf_wan": -1},
		"performance": map[string]any{"raft_multiplier": 1}, "log_level": "WARN",
	}
	if o.Datacenter != "" {
		config["datacenter"] = o.Datacenter
	}
	if o.Token != "" {
		config["acl"] = map[string]any{"enabled": true, "default_policy": "deny", "tokens": map[string]any{"initial_management": o.Token}}
	}
	text, err := json.Marshal(config)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(s.dir, "consul.json"), text, 0o600)
}

func (s *Server) run() (err error) {
	cmd := exec.Command(s.Binary, "agent", "-config-file="+filepath.Join(s.dir, "consul.json"))
	cmd.Env = []string{"PATH=/usr/bin:/bin", "HOME=" + s.dir}
	if s.program, err = childtest.Run(cmd); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		status, _, err := s.do(ctx, http.MethodGet, "/v1/kv/?keys&consistent", nil)
		if err == nil && (status == http.StatusOK || status == http.StatusNotFound) {
			return nil
		}
		select {
		case <-s.program.Exited():
			return fmt.Errorf("Consul ended: %s", s.program.Said())
		case <-ctx.Done():
			s.program.Kill()
			return errors.New("Consul does not answer")
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Restart kills the server and starts it again, on the same address and data.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	s.Kill()
	if err := s.run(); err != nil {
		t.Fatal(err)
	}
}

// Kill ends the server as a power cut would.
func (s *Server) Kill() { s.program.Kill() }

// Put writes a row.
func (s *Server) Put(t testing.TB, key, value string) {
	t.Helper()
	s.must(t, http.MethodPut, "/v1/kv/"+key, []byte(value))
}

// Get reads a row; there is false if there is none.
func (s *Server) Get(t testing.TB, key string) (value string, there bool) {
	t.Helper()
	status, text, err := s.do(t.Context(), http.MethodGet, "/v1/kv/"+key, nil)
	if err != nil || status != http.StatusOK && status != http.StatusNotFound {
		t.Fatalf("%s: %d, %v", key, status, err)
	}
	if status == http.StatusNotFound {
		return "", false
	}
	var rows []struct{ Value string }
	if err := json.Unmarshal(text, &rows); err != nil || len(rows) != 1 {
		t.Fatalf("%s: %v", text, err)
	}
	b, err := base64.StdEncoding.DecodeString(rows[0].Value)
	if err != nil {
		t.Fatal(err)
	}
	return string(b), true
}

// Delete removes a row.
func (s *Server) Delete(t testing.TB, key string) {
	t.Helper()
	s.must(t, http.MethodDelete, "/v1/kv/"+key, nil)
}

// Register registers a service on a node that is not there.
func (s *Server) Register(t testing.TB, node, service string) {
	t.Helper()
	body, err := json.Marshal(map[string]any{"Node": node, "Address": "192.0.2.7", "Service": map[string]any{"Service": service, "Port": 80},
		"Check": map[string]any{"Node": node, "CheckID": "serfHealth", "Name": "Serf Health Status", "Status": "passing"}})
	if err != nil {
		t.Fatal(err)
	}
	s.must(t, http.MethodPut, "/v1/catalog/register", body)
}

// Restore puts a snapshot over what the server has.
func (s *Server) Restore(t testing.TB, snapshot []byte) {
	t.Helper()
	s.must(t, http.MethodPut, "/v1/snapshot", snapshot)
}

// Save takes a snapshot.
func (s *Server) Save(t testing.TB) []byte {
	t.Helper()
	return s.must(t, http.MethodGet, "/v1/snapshot", nil)
}

func (s *Server) must(t testing.TB, method, path string, body []byte) []byte {
	t.Helper()
	status, text, err := s.do(t.Context(), method, path, body)
	if err != nil || status != http.StatusOK {
		t.Fatalf("%s %s: %d %s, %v", method, path, status, text, err)
	}
	return text
}

func (s *Server) do(ctx context.Context, method, path string, body []byte) (status int, text []byte, err error) {
	request, err := http.NewRequestWithContext(ctx, method, s.Address+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	if s.token != "" {
		request.Header.Set("X-Consul-Token", s.token)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer answer.Body.Close()
	text, err = io.ReadAll(answer.Body)
	return answer.StatusCode, text, err
}
