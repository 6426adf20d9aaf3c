package vaultapi

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"

	"batsignal/oncall/secret"
)

// Snapshot gives a snapshot of the node's raft storage, which is a gzipped tar. The barrier
// has encrypted what is in it. What the reader gives is whole only if it ends without an
// error and the archive is complete.
func (n *Node) Snapshot(ctx context.Context, token secret.Text) (io.ReadCloser, error) {
	resp, err := n.send(ctx, http.MethodGet, "sys/storage/raft/snapshot", nil, token)
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}

// Restore has the node become what a snapshot holds. force takes a snapshot of a Vault with
// other shares, after which those open it.
func (n *Node) Restore(ctx context.Context, token secret.Text, from io.Reader, force bool) error {
	path := "sys/storage/raft/snapshot"
	if force {
		path += "-force"
	}
	resp, err := n.send(ctx, http.MethodPost, path, from, token)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

// Write writes one value of a key-value store (version 1) or of whatever takes a JSON object.
func (n *Node) Write(ctx context.Context, token secret.Text, path string, values map[string]string) error {
	body, err := json.Marshal(values)
	if err != nil {
		return err
	}
	return n.ask(ctx, http.MethodPut, path, body, token, nil)
}

// Read reads what [Node.Write] wrote.
func (n *Node) Read(ctx context.Context, token secret.Text, path string) (map[string]string, error) {
	var answer struct {
		Data map[string]string `json:"data"`
	}
	err := n.ask(ctx, http.MethodGet, path, nil, token, &answer)
	return answer.Data, err
}

// askQuery asks with a query, without a token.
func (n *Node) askQuery(ctx context.Context, path string, query url.Values, answer any) error {
	with := *n
	at := *n.address
	at.RawQuery = query.Encode()
	with.address = &at
	return with.ask(ctx, http.MethodGet, path, nil, none, answer)
}
