// Package s3 owns keeping files in a bucket of Amazon S3, or of any server that speaks like
// it: an [Archive] of minutes, and a [Store] of backups. Both speak to a [Bucket].
//
// It does not decide what stands in the minutes (incidents/minutes/write does), and seals
// nothing. Of the libraries for it, only the signature is taken: the rest would be a fifth of
// the program (docs/minutes-replay.md).
package s3

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"batsignal/oncall/secret"
)

// BucketConfig says which bucket, and who we are there.
type BucketConfig struct {
	Endpoint  string // the server: "s3.example.org" or with a port
	Bucket    string
	Region    string // "" is us-east-1, which servers of one's own go by
	AccessKey string
	SecretKey secret.Text
	Insecure  bool             // plain http
	Now       func() time.Time // for signatures; nil is the clock
	// Pause is how long to wait before a try, the first being 0; nil is what is usual.
	Pause func(try int) time.Duration
}

// Bucket is a bucket that we may use.
type Bucket struct {
	cfg    BucketConfig
	client *http.Client
}

const (
	tries      = 4
	tryTimeout = 30 * time.Second // for an answer, and a long log over a slow line
	slowest    = 64 << 10         // bytes in a second, below which a line is as good as none
	firstPause = 200 * time.Millisecond
	atOnce     = 4 // connections that are kept
)

// OpenBucket checks what can be checked without asking the server.
func OpenBucket(c BucketConfig) (*Bucket, error) {
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
	transport.MaxIdleConnsPerHost = atOnce
	transport.ResponseHeaderTimeout = 0 // each try has an end of its own
	transport.DisableCompression = true // what is read is what is kept
	return &Bucket{cfg: c, client: &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Close gives back the connections.
func (b *Bucket) Close() { b.client.CloseIdleConnections() }
