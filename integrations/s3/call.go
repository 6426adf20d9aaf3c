package s3

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// do makes one call, again if it may help. The same call twice does the same.
func (a *Archive) do(ctx context.Context, method, key, contentType string, body []byte) (err error) {
	for try := range tries {
		if try > 0 {
			if err := wait(ctx, a.cfg.Pause(try)); err != nil {
				return err
			}
		}
		var again bool
		if again, err = a.try(ctx, method, key, contentType, body); err == nil || !again {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("%s %s in the bucket %s: %w", method, key, a.cfg.Bucket, err)
	}
	return nil
}

// try makes one call once, and tells whether it may go better another time.
func (a *Archive) try(ctx context.Context, method, key, contentType string, body []byte) (again bool, err error) {
	request, err := a.request(ctx, method, key, contentType, body)
	if err != nil {
		return false, err
	}
	answer, err := a.client.Do(request)
	if err != nil {
		var about *url.Error // it would name the address again
		if errors.As(err, &about) {
			err = about.Err
		}
		return ctx.Err() == nil, err
	}
	defer answer.Body.Close()
	said, _ := io.ReadAll(io.LimitReader(answer.Body, 64<<10)) // it only explains
	switch code := answer.StatusCode; {
	case code < 300, method == http.MethodDelete && code == http.StatusNotFound:
		return false, nil
	case code < 400:
		return false, fmt.Errorf("the server sends us elsewhere (%s): the region or the server may be wrong", answer.Status)
	default:
		again = code >= 500 || code == http.StatusTooManyRequests || code == http.StatusRequestTimeout
		return again, fmt.Errorf("the server says %s%s", answer.Status, reason(said))
	}
}

// request makes a signed request.
func (a *Archive) request(ctx context.Context, method, key, contentType string, body []byte) (*http.Request, error) {
	scheme := "https"
	if a.cfg.Insecure {
		scheme = "http"
	}
	at := &url.URL{Scheme: scheme, Host: a.cfg.Endpoint, Path: "/" + a.cfg.Bucket}
	if key != "" {
		at.Path += "/" + key
	}
	at.RawPath = escaped(at.Path) // as the signature wants it, and so as it is sent
	request, err := http.NewRequestWithContext(ctx, method, at.String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.URL = at
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	hash := sha256.Sum256(body)
	sum := hex.EncodeToString(hash[:])
	request.Header.Set("X-Amz-Content-Sha256", sum)
	keys := aws.Credentials{AccessKeyID: a.cfg.AccessKey, SecretAccessKey: a.cfg.SecretKey.Reveal()}
	signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
	return request, signer.SignHTTP(ctx, keys, request, sum, "s3", a.cfg.Region, a.cfg.Now().UTC())
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

// reason is the code by which a server says why not, " (AccessDenied)". What else it
// writes may hold anything.
func reason(said []byte) string {
	var e struct{ Code string }
	if xml.Unmarshal(said, &e) != nil || e.Code == "" || len(e.Code) > 80 || strings.ContainsFunc(e.Code, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9')
	}) {
		return ""
	}
	return " (" + e.Code + ")"
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
