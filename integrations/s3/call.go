package s3

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// call is one thing that is asked of the bucket. The same call twice does the same.
type call struct {
	method string
	key    string // "" is the bucket itself
	query  url.Values
	header http.Header
	body   []byte
	sum    []byte // SHA-256 of body, if it is known already
}

// answer is what came of it, read to its end.
type answer struct {
	header http.Header
	size   int64 // of the body, as the server says it
	body   []byte
}

// mostSaid is how much of an answer is read: a list of a thousand keys has less.
const mostSaid = 8 << 20

// do makes one call, again if it may help.
func (b *Bucket) do(ctx context.Context, c call) (a answer, err error) {
	err = b.again(ctx, func() (again bool, err error) {
		enough := tryTimeout + time.Duration(len(c.body)/slowest)*time.Second
		trying, cancel := context.WithTimeout(ctx, enough)
		defer cancel()
		got, again, err := b.try(trying, c)
		if err != nil {
			return again && ctx.Err() == nil, err
		}
		defer got.Body.Close()
		a = answer{header: got.Header, size: got.ContentLength}
		if c.method == http.MethodHead {
			return false, nil
		}
		a.body, err = io.ReadAll(io.LimitReader(got.Body, mostSaid))
		return ctx.Err() == nil, err
	})
	return a, err
}

// again tries something until it succeeds, or trying again will not help.
func (b *Bucket) again(ctx context.Context, try func() (again bool, err error)) (err error) {
	for n := range tries {
		if n > 0 {
			if err := wait(ctx, b.cfg.Pause(n)); err != nil {
				return err
			}
		}
		var again bool
		if again, err = try(); err == nil || !again {
			break
		}
	}
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// try makes one call once, and tells whether it may go better another time. The body of the
// answer is still to be read.
func (b *Bucket) try(ctx context.Context, c call) (got *http.Response, again bool, err error) {
	request, err := b.request(ctx, c)
	if err != nil {
		return nil, false, err
	}
	got, err = b.client.Do(request)
	if err != nil {
		var about *url.Error // it would name the address again
		if errors.As(err, &about) {
			err = about.Err
		}
		return nil, true, err
	}
	if got.StatusCode < 300 {
		return got, false, nil
	}
	defer got.Body.Close()
	said, _ := io.ReadAll(io.LimitReader(got.Body, 64<<10)) // it only explains
	r := &refusal{status: got.StatusCode, text: got.Status, code: reason(said)}
	switch {
	case r.status >= 500, r.status == http.StatusTooManyRequests, r.status == http.StatusRequestTimeout:
		again = r.status != http.StatusNotImplemented
	}
	return nil, again, r
}

// request makes a signed request.
func (b *Bucket) request(ctx context.Context, c call) (*http.Request, error) {
	scheme := "https"
	if b.cfg.Insecure {
		scheme = "http"
	}
	at := &url.URL{Scheme: scheme, Host: b.cfg.Endpoint, Path: "/" + b.cfg.Bucket, RawQuery: c.query.Encode()}
	if c.key != "" {
		at.Path += "/" + c.key
	}
	at.RawPath = escaped(at.Path) // as the signature wants it, and so as it is sent
	request, err := http.NewRequestWithContext(ctx, c.method, at.String(), bytes.NewReader(c.body))
	if err != nil {
		return nil, err
	}
	request.URL = at
	maps.Copy(request.Header, c.header)
	hash := c.sum
	if hash == nil {
		sum := sha256.Sum256(c.body)
		hash = sum[:]
	}
	sum := hex.EncodeToString(hash)
	request.Header.Set("X-Amz-Content-Sha256", sum)
	keys := aws.Credentials{AccessKeyID: b.cfg.AccessKey, SecretAccessKey: b.cfg.SecretKey.Reveal()}
	signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
	return request, signer.SignHTTP(ctx, keys, request, sum, "s3", b.cfg.Region, b.cfg.Now().UTC())
}

// escaped is a path in which everything but letters, digits and -._~/ is in hex.
func escaped(path string) string {
	var out strings.Builder
	for i := range len(path) {
		switch c := path[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("-._~/", c) >= 0:
			out.WriteByte(c)
		default:
			fmt.Fprintf(&out, "%%%02X", c)
		}
	}
	return out.String()
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
