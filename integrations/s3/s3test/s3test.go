// Package s3test runs a real S3 server, versitygw, for tests. It checks signatures, and
// keeps what it is given in a directory.
package s3test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"batsignal/migrations/childtest"
	"batsignal/oncall/secret"
)

// The key that the server knows.
const (
	AccessKey = "batsignal-test"
	SecretKey = "a secret for tests only"
	Region    = "us-east-1"
)

// Secret is the key's secret as programs take it.
func Secret() secret.Text { return secret.New(SecretKey) }

// Server is a running server.
type Server struct {
	Endpoint string // host and port on the loopback

	program *childtest.Child
}

// patience is how long anything is waited for.
const patience = time.Minute

// Start starts a server for a test. If it cannot be built here, the test is skipped
// aloud, or fails where CI is set, since there a skipped test would hide for ever.
func Start(t testing.TB) *Server {
	t.Helper()
	program, err := build()
	if err != nil {
		childtest.Lacks(t, err)
	}
	dir := t.TempDir()
	var s *Server
	for range 5 { // another program may take the port between choosing and listening
		if s, err = start(program, dir); err == nil {
			break
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	s.program.KillAfter(t, "versitygw")
	return s
}

func start(program, dir string) (*Server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &Server{Endpoint: l.Addr().String()}
	if err := l.Close(); err != nil {
		return nil, err
	}
	var below []string
	for _, name := range []string{"data", "sidecar", "versions"} {
		below = append(below, filepath.Join(dir, name))
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			return nil, err
		}
	}
	cmd := exec.Command(program, "--port", s.Endpoint, "--quiet", "posix", "--sidecar", below[1], "--versioning-dir", below[2], below[0])
	cmd.Env = []string{"PATH=/usr/bin:/bin", "HOME=" + dir, "ROOT_ACCESS_KEY=" + AccessKey, "ROOT_SECRET_KEY=" + SecretKey}
	if s.program, err = childtest.Run(cmd); err != nil {
		return nil, err
	}
	return s, s.ready()
}

// ready waits until the server answers.
func (s *Server) ready() error {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		select {
		case <-s.program.Exited():
			return fmt.Errorf("versitygw ended: %s", s.program.Said())
		case <-time.After(10 * time.Millisecond):
		}
		if answer, err := http.Get("http://" + s.Endpoint + "/"); err == nil {
			return answer.Body.Close()
		}
	}
	s.program.Kill()
	return errors.New("versitygw does not answer")
}

// Bucket makes a bucket.
func (s *Server) Bucket(t testing.TB, name string) {
	t.Helper()
	if status, text, _ := s.call(t, http.MethodPut, name, "", "", nil); status != http.StatusOK {
		t.Fatalf("the bucket %s cannot be made: %d %s", name, status, text)
	}
}

// LockingBucket makes a bucket that keeps versions and takes locks.
func (s *Server) LockingBucket(t testing.TB, name string) {
	t.Helper()
	if status, text, _ := s.call(t, http.MethodPut, name, "", "", http.Header{"X-Amz-Bucket-Object-Lock-Enabled": {"true"}}); status != http.StatusOK {
		t.Fatalf("the bucket %s cannot be made: %d %s", name, status, text)
	}
}

// VersionedBucket makes a bucket that keeps versions.
func (s *Server) VersionedBucket(t testing.TB, name string) {
	t.Helper()
	s.Bucket(t, name)
	const on = `<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Status>Enabled</Status></VersioningConfiguration>`
	if status, text, _ := s.call(t, http.MethodPut, name, "versioning=", on, nil); status != http.StatusOK {
		t.Fatalf("the bucket %s cannot keep versions: %d %s", name, status, text)
	}
}

// Things tells how much there is in a bucket, each version, each marker of a deletion and
// each upload that is not finished counted.
func (s *Server) Things(t testing.TB, bucket string) (versions, markers, uploads int) {
	t.Helper()
	for _, query := range []string{"versions=", "uploads="} {
		status, text, _ := s.call(t, http.MethodGet, bucket, query, "", nil)
		if status != http.StatusOK {
			t.Fatalf("%s?%s: %d %s", bucket, query, status, text)
		}
		versions += strings.Count(text, "<Version>") - strings.Count(text, "/</Key>") // less the server's own folders
		markers += strings.Count(text, "<DeleteMarker>")
		uploads += strings.Count(text, "<Upload>")
	}
	return versions, markers, uploads
}

// HideObject deletes an object as people do, which in a bucket with versions only hides it.
func (s *Server) HideObject(t testing.TB, bucket, key string) {
	t.Helper()
	if status, text, _ := s.call(t, http.MethodDelete, bucket+"/"+key, "", "", nil); status >= 300 {
		t.Fatalf("%s/%s: %d %s", bucket, key, status, text)
	}
}

// Object reads an object and its type; there is false if there is none.
func (s *Server) Object(t testing.TB, bucket, key string) (text, contentType string, there bool) {
	t.Helper()
	status, text, header := s.call(t, http.MethodGet, bucket+"/"+key, "", "", nil)
	if status != http.StatusOK && status != http.StatusNotFound {
		t.Fatalf("%s/%s: %d %s", bucket, key, status, text)
	}
	return text, header.Get("Content-Type"), status == http.StatusOK
}

// call speaks as whoever owns the server, in its own way: it must not share the faults
// of what is tested.
func (s *Server) call(t testing.TB, method, path, query, body string, more http.Header) (status int, text string, header http.Header) {
	t.Helper()
	at := url.URL{Scheme: "http", Host: s.Endpoint, Path: "/" + path, RawQuery: query}
	at.RawPath = strings.NewReplacer("%2F", "/", "+", "%20").Replace(url.QueryEscape(at.Path))
	request, err := http.NewRequestWithContext(context.Background(), method, at.String(), strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(request.Header, more)
	hash := sha256.Sum256([]byte(body))
	sum := hex.EncodeToString(hash[:])
	request.Header.Set("X-Amz-Content-Sha256", sum)
	keys := aws.Credentials{AccessKeyID: AccessKey, SecretAccessKey: SecretKey}
	if err := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true }).SignHTTP(context.Background(), keys, request, sum, "s3", Region, time.Now()); err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(said), answer.Header
}
