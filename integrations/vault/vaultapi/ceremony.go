package vaultapi

import (
	"context"
	"encoding/json"
	"net/http"

	"batsignal/oncall/share"
)

// Rekey is how far a rekey is.
type Rekey struct {
	Started      bool     `json:"started"`
	Nonce        string   `json:"nonce"`
	Threshold    int      `json:"t"` // of the new shares
	Shares       int      `json:"n"`
	Progress     int      `json:"progress"`
	Required     int      `json:"required"` // of the old shares
	Fingerprints []string `json:"pgp_fingerprints"`
	Verification string   `json:"verification_nonce"` // not "": only the verification is missing

	// What is there only once, in the answer to the last share.
	Complete bool     `json:"complete"`
	Keys     []string `json:"keys_base64"` // OpenPGP ciphertext, in the order of the keys
}

// RekeyStatus asks how far the rekey is.
func (n *Node) RekeyStatus(ctx context.Context) (r Rekey, err error) {
	err = n.ask(ctx, http.MethodGet, "sys/rekey/init", nil, none, &r)
	return r, err
}

// RekeyInit begins a rekey. The new shares come encrypted to the keys of pgp (OpenPGP public
// keys in base64, without armor), one each, and open nothing before they are verified.
func (n *Node) RekeyInit(ctx context.Context, threshold int, pgp []string) (r Rekey, err error) {
	body, err := json.Marshal(map[string]any{
		"secret_shares": len(pgp), "secret_threshold": threshold, "pgp_keys": pgp, "require_verification": true,
	})
	if err != nil {
		return r, err
	}
	err = n.ask(ctx, http.MethodPut, "sys/rekey/init", body, none, &r)
	return r, err
}

// RekeyCancel calls a rekey off, also one that waits to be verified.
func (n *Node) RekeyCancel(ctx context.Context, nonce string) error {
	return n.withNonce(ctx, "sys/rekey/init", nonce)
}

// RekeyUpdate hands in an old share.
func (n *Node) RekeyUpdate(ctx context.Context, nonce string, s share.Share) (r Rekey, err error) {
	body := withKey(s, nonce)
	defer clear(body)
	err = n.ask(ctx, http.MethodPut, "sys/rekey/update", body, none, &r)
	return r, err
}

// Verify is how far the verification of new shares is.
type Verify struct {
	Started   bool   `json:"started"`
	Nonce     string `json:"nonce"`
	Threshold int    `json:"t"`
	Shares    int    `json:"n"`
	Progress  int    `json:"progress"`
	Complete  bool   `json:"complete"` // in the answer to the last share only
}

// VerifyStatus asks how far the verification is.
func (n *Node) VerifyStatus(ctx context.Context) (v Verify, err error) {
	err = n.ask(ctx, http.MethodGet, "sys/rekey/verify", nil, none, &v)
	return v, err
}

// VerifyUpdate hands in a new share.
func (n *Node) VerifyUpdate(ctx context.Context, nonce string, s share.Share) (v Verify, err error) {
	body := withKey(s, nonce)
	defer clear(body)
	err = n.ask(ctx, http.MethodPut, "sys/rekey/verify", body, none, &v)
	return v, err
}

// VerifyRestart has the node forget which new shares were handed in.
func (n *Node) VerifyRestart(ctx context.Context) (v Verify, err error) {
	err = n.ask(ctx, http.MethodDelete, "sys/rekey/verify", nil, none, &v)
	return v, err
}

// Root is how far the making of a root token is.
type Root struct {
	Started     bool   `json:"started"`
	Nonce       string `json:"nonce"`
	Progress    int    `json:"progress"`
	Required    int    `json:"required"`
	Fingerprint string `json:"pgp_fingerprint"`
	Complete    bool   `json:"complete"`
	Token       string `json:"encoded_root_token"` // OpenPGP ciphertext in base64, in the answer to the last share only
}

// RootStatus asks how far it is.
func (n *Node) RootStatus(ctx context.Context) (r Root, err error) {
	err = n.ask(ctx, http.MethodGet, "sys/generate-root/attempt", nil, none, &r)
	return r, err
}

// RootInit begins to make a root token, which comes encrypted to an OpenPGP public key in
// base64, without armor.
func (n *Node) RootInit(ctx context.Context, pgp string) (r Root, err error) {
	body, err := json.Marshal(map[string]string{"pgp_key": pgp})
	if err != nil {
		return r, err
	}
	err = n.ask(ctx, http.MethodPut, "sys/generate-root/attempt", body, none, &r)
	return r, err
}

// RootCancel calls it off.
func (n *Node) RootCancel(ctx context.Context, nonce string) error {
	return n.withNonce(ctx, "sys/generate-root/attempt", nonce)
}

// RootUpdate hands in a share.
func (n *Node) RootUpdate(ctx context.Context, nonce string, s share.Share) (r Root, err error) {
	body := withKey(s, nonce)
	defer clear(body)
	err = n.ask(ctx, http.MethodPut, "sys/generate-root/update", body, none, &r)
	return r, err
}

// withNonce deletes an attempt. Newer servers want to know which; older ones ignore it.
func (n *Node) withNonce(ctx context.Context, path, nonce string) error {
	body, err := json.Marshal(map[string]string{"nonce": nonce})
	if err != nil {
		return err
	}
	return n.ask(ctx, http.MethodDelete, path, body, none, nil)
}
