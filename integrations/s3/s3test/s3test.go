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
	for _, name := range []string{"data", "sidecar"} {
		below = append(below, filepath.Join(dir, name))
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			return nil, err
		}
	}
	cmd := exec.Command(program, "--port", s.Endpoint, "--quiet", "posix", "--sidecar", below[1], below[0])
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
	if status, text, _ := s.call(t, http.MethodPut, name); status != http.StatusOK {
		t.Fatalf("the bucket %s cannot be made: %d %s", name, status, text)
	}
}

// Object reads an object and its type; there is false if there is none.
func (s *Server) Object(t testing.TB, bucket, key string) (text, contentType string, there bool) {
	t.Helper()
	status, text, header := s.call(t, http.MethodGet, bucket+"/"+key)
	if status != http.StatusOK && status != http.StatusNotFound {
		t.Fatalf("%s/%s: %d %s", bucket, key, status, text)
	}
	return text, header.Get("Content-Type"), status == http.StatusOK
}

// call speaks as whoever owns the server, in its own way: it must not share the faults
// of what is tested.
func (s *Server) call(t testing.TB, method, path string) (status int, text string, header http.Header) {
	t.Helper()
	at := url.URL{Scheme: "http", Host: s.Endpoint, Path: "/" + path}
	at.RawPath = strings.NewReplacer("%2F", "/", "+", "%20").Replace(url.QueryEscape(at.Path))
	request, err := http.NewRequestWithContext(context.Background(), method, at.String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	empty := sha256.Sum256(nil)
	sum := hex.EncodeToString(empty[:])
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
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(body), answer.Header
}
