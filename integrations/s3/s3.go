// Package s3 owns keeping minutes in a bucket of Amazon S3, or of any server that
// speaks like it.
//
// It does not decide what stands in the minutes (incidents/minutes/write does), and reads
// none back. It is one request for each file. Of the libraries for it, only the signature is
// taken: the rest would be a fifth of the program (docs/minutes-replay.md).
package s3

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"path"
	"strings"
	"time"

	"batsignal/incidents/minutes/archive"
	"batsignal/incidents/minutes/write"
	"batsignal/oncall/secret"
)

// Config says which bucket, and who we are there.
type Config struct {
	Endpoint  string // the server: "s3.example.org" or with a port
	Bucket    string
	Region    string // "" is us-east-1, which servers of one's own go by
	Prefix    string // before the names of files: "meetings/"
	AccessKey string
	SecretKey secret.Text
	Insecure  bool // plain http
	// Private says that the world cannot read the bucket, so that restricted minutes may
	// be in it.
	Private bool
	Formats []string         // endings; nil is all that a meeting's dialect has
	Now     func() time.Time // for signatures; nil is the clock
	// Pause is how long to wait before a try, the first being 0; nil is what is usual.
	Pause func(try int) time.Duration
}

// Archive keeps minutes in a bucket.
type Archive struct {
	cfg    Config
	client *http.Client
}

const (
	tries      = 4
	tryTimeout = 30 * time.Second // a long log over a slow line
	firstPause = 200 * time.Millisecond
)

// New checks what can be checked without asking the server.
func New(c Config) (*Archive, error) {
	switch {
	case c.Endpoint == "" || strings.ContainsAny(c.Endpoint, "/@?# "):
		return nil, fmt.Errorf("the server %q must be a host, or a host and a port", c.Endpoint)
	case c.Bucket == "" || strings.ContainsAny(c.Bucket, "/?# "):
		return nil, fmt.Errorf("%q cannot be a bucket", c.Bucket)
	case c.AccessKey == "" || c.SecretKey.Empty():
		return nil, errors.New("the bucket needs the name of a key and its secret")
	}
	if c.Region == "" {
		c.Region = "us-east-1"
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Pause == nil {
		c.Pause = func(try int) time.Duration { return firstPause << (2 * (try - 1)) }
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = nil // what signs with our key goes nowhere else
	return &Archive{cfg: c, client: &http.Client{
		Transport: transport, Timeout: tryTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Close gives back the connections.
func (a *Archive) Close() { a.client.CloseIdleConnections() }

// Put writes the files of a meeting. If it is restricted, and the world may read the
// bucket, what was written of it before is removed instead.
func (a *Archive) Put(ctx context.Context, d write.Doc) error {
	for _, f := range archive.Select(archive.FormatsFor(d.Dialect), a.cfg.Formats) {
		key := a.cfg.Prefix + d.Path() + "." + f.Ext
		if d.Restricted && !a.cfg.Private {
			if err := a.do(ctx, http.MethodDelete, key, "", nil); err != nil {
				return err
			}
			continue
		}
		var text bytes.Buffer
		if err := f.Write(&text, d); err != nil {
			return err
		}
		if err := a.do(ctx, http.MethodPut, key, contentType(f.Ext), text.Bytes()); err != nil {
			return err
		}
	}
	return nil
}

// Check asks whether the bucket is there and we may use it.
func (a *Archive) Check(ctx context.Context) error {
	return a.do(ctx, http.MethodHead, "", "", nil)
}

// contentType is what a file is to whoever reads it.
func contentType(ext string) string {
	switch strings.TrimPrefix(path.Ext("."+ext), ".") {
	case "html":
		return "text/html; charset=utf-8"
	case "md":
		return "text/markdown; charset=utf-8"
	case "json":
		return "application/json"
	case "eml":
		return "message/rfc822"
	}
	return "text/plain; charset=utf-8"
}
