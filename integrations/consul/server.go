package consul

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"batsignal/integrations/argv"
	"batsignal/integrations/throwaway"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

// server is a Consul of ours, empty and alone, to restore a snapshot on. It speaks on a
// socket in its directory, which nobody else can open; what it must have of ports is on the
// loopback, which is its own where there are walls, and wants a token and a key that only it
// knows.
type server struct {
	*throwaway.Server
	client *Client
	began  time.Time
	dir    *os.File
}

// startPatience is how long a new server may take to find that it leads.
const startPatience = time.Minute

// findBinary gives the program, and the version that it says it is.
func (s *Snapshot) findBinary(ctx context.Context) (path, version string, err error) {
	name := s.Binary
	if name == "" {
		name = "consul"
	}
	if path, err = argv.Find(name); err != nil {
		return "", "", fault.Wrap(fault.Unready, err, "The program consul is not on this machine, so that snapshots of %s cannot be proven: install it, or name it in the file of jobs.", s.From.Name)
	}
	out, err := argv.Command{Path: path, Args: []string{"version"}}.Run(ctx)
	if err != nil {
		return "", "", fault.Wrap(fault.Unready, err, "The program %s does not tell its version.", path)
	}
	m := versionLine.FindStringSubmatch(out.Stdout)
	if m == nil {
		return "", "", fault.New(fault.Unready, "The program %s is no Consul.", path)
	}
	return path, m[1], nil
}

var versionLine = regexp.MustCompile(`(?m)^Consul v([0-9]+\.[0-9]+\.[0-9]+)`)

// start starts a server in a scratch directory and waits until it leads.
func start(ctx context.Context, walls throwaway.Built, program, dir, datacenter string, now func() time.Time) (*server, error) {
	var err error
	for range 5 { // another program may take a port between choosing and listening
		var s *server
		if s, err = startOnce(ctx, walls, program, dir, datacenter, now); err == nil || ctx.Err() != nil {
			return s, err
		}
	}
	return nil, err
}

func startOnce(ctx context.Context, walls throwaway.Built, program, dir, datacenter string, now func() time.Time) (*server, error) {
	token := randomUUID()
	if err := configure(dir, datacenter, token); err != nil {
		return nil, err
	}
	s := &server{began: now()}
	var err error
	// A socket's path is short, and directories may not be: it is reached through this.
	if s.dir, err = os.Open(dir); err != nil {
		return nil, err
	}
	s.client, err = New(Config{Name: "that is thrown away", Address: "http://localhost", Token: token, socket: fmt.Sprintf("/proc/self/fd/%d/%s", s.dir.Fd(), socketName)})
	if err != nil {
		return nil, errors.Join(err, s.dir.Close())
	}
	c := argv.Command{Path: program, Args: []string{"agent", "-config-file=" + filepath.Join(dir, "consul.json")}, Dir: dir}
	if s.Server, err = throwaway.Start(ctx, walls.In(c), dir, throwaway.Account{}); err != nil {
		return nil, errors.Join(err, s.dir.Close())
	}
	if err := s.ready(ctx); err != nil {
		return nil, errors.Join(err, s.close(ctx))
	}
	return s, nil
}

const socketName = "http.sock"

// configure writes what the server is told, its token among it, where only we can read it.
// It asks nobody else for anything: a restored state names peers and authorities of before.
func configure(dir, datacenter string, token secret.Text) error {
	ports, err := throwaway.FreePorts(2)
	if err != nil {
		return err
	}
	key := make([]byte, 32)
	_, _ = rand.Read(key) // it never fails
	config := map[string]any{
		"server": true, "bootstrap_expect": 1, "data_dir": filepath.Join(dir, "data"), "node_name": "batsignal-throwaway",
		"bind_addr": "127.0.0.1", "client_addr": "127.0.0.1",
		"addresses":    map[string]any{"http": "unix://" + socketName},
		"unix_sockets": map[string]any{"mode": "0600"},
		"ports": map[string]any{"dns": -1, "grpc": -1, "grpc_tls": -1, "https": -1, "serf_wan": -1,
			"serf_lan": ports[0], "server": ports[1]},
		"disable_host_node_id": true, "disable_update_check": true, "performance": map[string]any{"raft_multiplier": 1},
		"encrypt": base64.StdEncoding.EncodeToString(key),
		"connect": map[string]any{"enabled": false}, "peering": map[string]any{"enabled": false},
		"acl":       map[string]any{"enabled": true, "default_policy": "deny", "tokens": map[string]any{"initial_management": token.Reveal()}},
		"log_level": "WARN",
	}
	if datacenter != "" {
		config["datacenter"] = datacenter
	}
	text, err := json.Marshal(config)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "consul.json"), text, 0o600)
}

func randomUUID() secret.Text {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // it never fails
	h := hex.EncodeToString(b)
	return secret.New(strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-"))
}

// ready waits until the server leads and knows its token.
func (s *server) ready(ctx context.Context) error {
	var last error
	err := s.Await(ctx, startPatience, func(ctx context.Context) (bool, error) {
		_, last = s.client.keys(ctx, "")
		return last == nil, nil
	})
	var ended *throwaway.Ended
	switch {
	case errors.As(err, &ended):
		return fault.Wrap(fault.Unready, err, "A Consul to restore on does not run: %s", ended.Said)
	case errors.Is(err, throwaway.ErrSlow):
		return fault.Wrap(fault.Unready, errors.Join(err, last), "A Consul to restore on did not become ready within %s.", startPatience)
	}
	return err
}

// close ends the server; its files are the run's.
func (s *server) close(ctx context.Context) error {
	err := s.Stop(ctx)
	s.client.Close()
	return errors.Join(err, s.dir.Close())
}
