package s3

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"path"
	"strings"
	"time"

	"batsignal/incidents/minutes/archive"
	"batsignal/incidents/minutes/write"
	"batsignal/oncall/secret"
)

// Config says in which bucket minutes are kept, and who we are there.
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

// Archive keeps minutes in a bucket: one request for each file. It reads none back.
type Archive struct {
	*Bucket
	cfg Config
}

// New checks what can be checked without asking the server.
func New(c Config) (*Archive, error) {
	b, err := OpenBucket(BucketConfig{
		Endpoint: c.Endpoint, Bucket: c.Bucket, Region: c.Region, AccessKey: c.AccessKey, SecretKey: c.SecretKey,
		Insecure: c.Insecure, Now: c.Now, Pause: c.Pause,
	})
	if err != nil {
		return nil, err
	}
	return &Archive{b, c}, nil
}

// Put writes the files of a meeting. If it is restricted, and the world may read the
// bucket, what was written of it before is removed instead.
func (a *Archive) Put(ctx context.Context, d write.Doc) error {
	for _, f := range archive.Select(archive.FormatsFor(d.Dialect), a.cfg.Formats) {
		c := call{method: http.MethodDelete, key: a.cfg.Prefix + d.Path() + "." + f.Ext}
		if !d.Restricted || a.cfg.Private {
			var text bytes.Buffer
			if err := f.Write(&text, d); err != nil {
				return err
			}
			c.method, c.body = http.MethodPut, text.Bytes()
			c.header = http.Header{"Content-Type": {contentType(f.Ext)}}
		}
		if err := a.tell(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// Check asks whether the bucket is there and we may use it.
func (a *Archive) Check(ctx context.Context) error {
	return a.tell(ctx, call{method: http.MethodHead})
}

// tell makes a call of which only the success counts. What is not there is deleted.
func (a *Archive) tell(ctx context.Context, c call) error {
	_, err := a.do(ctx, c)
	if err == nil || c.method == http.MethodDelete && status(err) == http.StatusNotFound {
		return nil
	}
	return fmt.Errorf("%s %s in the bucket %s: %w", c.method, c.key, a.cfg.Bucket, err)
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
