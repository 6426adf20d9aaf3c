package consul

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"batsignal/oncall/fault"
)

// consistent has the leader ask its peers whether it still is: nothing stale is read.
func consistent(more ...string) url.Values {
	v := url.Values{"consistent": {""}}
	for _, name := range more {
		v.Set(name, "")
	}
	return v
}

// Leader tells who leads, as host and port; an error of [fault.Unready] if nobody does.
func (c *Client) Leader(ctx context.Context) (string, error) {
	var leader string
	if _, err := c.ask(ctx, call{method: http.MethodGet, path: "/v1/status/leader"}, &leader); err != nil {
		return "", err
	}
	if leader == "" {
		return "", fault.New(fault.Unready, "The Consul %s has no leader at the moment.", c.cfg.Name)
	}
	return leader, nil
}

// About is what an agent says of itself.
type About struct {
	Version    string // "1.19.2"
	Datacenter string
	ACLs       bool // nobody gets in without a token
}

// About asks the agent that answers.
func (c *Client) About(ctx context.Context) (About, error) {
	var self struct {
		Config      struct{ Version, Datacenter string }
		DebugConfig struct{ ACLsEnabled bool }
	}
	if _, err := c.ask(ctx, call{method: http.MethodGet, path: "/v1/agent/self"}, &self); err != nil {
		return About{}, err
	}
	return About{plainVersion(self.Config.Version), self.Config.Datacenter, self.DebugConfig.ACLsEnabled}, nil
}

// plainVersion leaves out what builds add: "1.19.2+ent" and "v1.19.2" are "1.19.2".
func plainVersion(s string) string {
	s = strings.TrimPrefix(strings.TrimSpace(s), "v")
	if end := strings.IndexFunc(s, func(r rune) bool { return r != '.' && (r < '0' || r > '9') }); end >= 0 {
		s = s[:end]
	}
	return s
}

// Get reads a row of the key-value store; an error of [fault.NotFound] if there is none.
func (c *Client) Get(ctx context.Context, key string) ([]byte, error) {
	var rows []struct{ Value string }
	_, err := c.ask(ctx, call{method: http.MethodGet, path: "/v1/kv/" + key, query: consistent()}, &rows)
	if errors.Is(err, errNone) || err == nil && len(rows) != 1 {
		return nil, fault.New(fault.NotFound, "There is no row %s in the Consul %s.", key, c.cfg.Name)
	}
	if err != nil {
		return nil, err
	}
	return base64.StdEncoding.DecodeString(rows[0].Value)
}

// Put writes a row of the key-value store.
func (c *Client) Put(ctx context.Context, key string, value []byte) error {
	var done bool
	_, err := c.ask(ctx, call{method: http.MethodPut, path: "/v1/kv/" + key, body: strings.NewReader(string(value)), size: int64(len(value))}, &done)
	if err == nil && !done {
		return fault.New(fault.Conflict, "The Consul %s did not take the row %s.", c.cfg.Name, key)
	}
	return err
}

// counted is how many of something there were, and as of which change of it.
type counted struct {
	n     int
	index string // as Consul counts its changes
}

// keys counts the rows below a prefix; "" is all.
func (c *Client) keys(ctx context.Context, prefix string) (counted, error) {
	var names []string
	head, err := c.ask(ctx, call{method: http.MethodGet, path: "/v1/kv/" + prefix, query: consistent("keys")}, &names)
	if errors.Is(err, errNone) {
		return counted{}, nil
	}
	if err != nil {
		return counted{}, err
	}
	return counted{len(names), head.Get("X-Consul-Index")}, nil
}

// services lists the names of what is registered in the catalogue.
func (c *Client) services(ctx context.Context) ([]string, string, error) {
	var byName map[string][]string
	head, err := c.ask(ctx, call{method: http.MethodGet, path: "/v1/catalog/services", query: consistent()}, &byName)
	if err != nil {
		return nil, "", err
	}
	names := make([]string, 0, len(byName))
	for name := range byName {
		names = append(names, name)
	}
	return names, head.Get("X-Consul-Index"), nil
}

// nodes counts the machines in the catalogue.
func (c *Client) nodes(ctx context.Context) (counted, error) {
	var list []struct{}
	head, err := c.ask(ctx, call{method: http.MethodGet, path: "/v1/catalog/nodes", query: consistent()}, &list)
	if err != nil {
		return counted{}, err
	}
	return counted{len(list), head.Get("X-Consul-Index")}, nil
}
