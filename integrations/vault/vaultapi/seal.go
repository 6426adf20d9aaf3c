package vaultapi

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"

	"batsignal/oncall/secret"
	"batsignal/oncall/share"
)

// none is no token: what is asked without one must not need any.
var none secret.Text

// SealStatus is whether a node is sealed, and how far its unsealing is.
type SealStatus struct {
	Type        string `json:"type"` // "shamir"
	Initialized bool   `json:"initialized"`
	Sealed      bool   `json:"sealed"`
	Threshold   int    `json:"t"`
	Shares      int    `json:"n"`
	Progress    int    `json:"progress"`
	Nonce       string `json:"nonce"` // of this attempt; "" before the first share
	Version     string `json:"version"`
	Storage     string `json:"storage_type"`
	Cluster     string `json:"cluster_name"`
}

// SealStatus asks whether the node is sealed.
func (n *Node) SealStatus(ctx context.Context) (s SealStatus, err error) {
	err = n.ask(ctx, http.MethodGet, "sys/seal-status", nil, none, &s)
	return s, err
}

// Unseal hands in one share. At the threshold the node opens, or refuses with status 400
// and forgets all shares of the attempt: it does not know which was wrong.
func (n *Node) Unseal(ctx context.Context, s share.Share) (after SealStatus, err error) {
	body := withKey(s, "")
	defer clear(body)
	err = n.ask(ctx, http.MethodPut, "sys/unseal", body, none, &after)
	return after, err
}

// Reset has the node forget the shares that were handed in.
func (n *Node) Reset(ctx context.Context) (after SealStatus, err error) {
	err = n.ask(ctx, http.MethodPut, "sys/unseal", []byte(`{"reset":true}`), none, &after)
	return after, err
}

// withKey is the body of a request with a share. It is made by hand, so that it can be
// cleared; copies in the buffers of net/http are beyond our reach.
func withKey(s share.Share, nonce string) []byte {
	text := s.Hex()
	defer clear(text)
	body := make([]byte, 0, 256)
	body = append(body, `{"key":"`...)
	body = append(body, text...)
	body = append(body, '"')
	if nonce != "" {
		quoted, err := json.Marshal(nonce)
		if err == nil { // a string always can be
			body = append(append(body, `,"nonce":`...), quoted...)
		}
	}
	return append(body, '}')
}

// Health is how a node is, in one word.
type Health string

// How nodes are.
const (
	Active    Health = "active"
	Standby   Health = "standby"
	IsSealed  Health = "sealed"
	Empty     Health = "not initialized"
	Unhealthy Health = "unhealthy" // it answered something else
)

// Health asks how the node is.
func (n *Node) Health(ctx context.Context) (Health, error) {
	// Whatever it is, it shall answer 200 and say it in the body.
	query := url.Values{}
	for _, code := range []string{"standbycode", "sealedcode", "uninitcode", "drsecondarycode", "performancestandbycode"} {
		query.Set(code, "200")
	}
	var h struct {
		Initialized bool `json:"initialized"`
		Sealed      bool `json:"sealed"`
		Standby     bool `json:"standby"`
	}
	if err := n.askQuery(ctx, "sys/health", query, &h); err != nil {
		return Unhealthy, err
	}
	switch {
	case !h.Initialized:
		return Empty, nil
	case h.Sealed:
		return IsSealed, nil
	case h.Standby:
		return Standby, nil
	}
	return Active, nil
}

// Leader tells whether the node is the active one, or where that is.
type Leader struct {
	HA      bool   `json:"ha_enabled"`
	IsSelf  bool   `json:"is_self"`
	Address string `json:"leader_address"`
}

// Leader asks who leads. Without high availability a node leads itself.
func (n *Node) Leader(ctx context.Context) (l Leader, err error) {
	err = n.ask(ctx, http.MethodGet, "sys/leader", nil, none, &l)
	if err == nil && !l.HA {
		l.IsSelf = true
	}
	return l, err
}

// Made is what a new Vault gave out, once.
type Made struct {
	Shares []share.Share
	Root   secret.Text
}

// Init makes a Vault of an empty node. Real ones are made by people, with their own keys;
// this is for throw-away servers.
func (n *Node) Init(ctx context.Context, shares, threshold int) (Made, error) {
	body, err := json.Marshal(map[string]int{"secret_shares": shares, "secret_threshold": threshold})
	if err != nil {
		return Made{}, err
	}
	var answer struct {
		Keys []string `json:"keys_base64"`
		Root string   `json:"root_token"`
	}
	if err := n.ask(ctx, http.MethodPut, "sys/init", body, none, &answer); err != nil {
		return Made{}, err
	}
	made := Made{Root: secret.New(answer.Root)}
	for _, k := range answer.Keys {
		raw, err := base64.StdEncoding.DecodeString(k)
		if err != nil {
			return Made{}, &Refusal{Node: n.Name, Status: http.StatusOK, Says: []string{"a share that cannot be read"}}
		}
		s, err := share.FromBytes(raw)
		if err != nil {
			return Made{}, err
		}
		made.Shares = append(made.Shares, s)
	}
	return made, nil
}

// Seal seals the node.
func (n *Node) Seal(ctx context.Context, token secret.Text) error {
	return n.ask(ctx, http.MethodPut, "sys/seal", nil, token, nil)
}
