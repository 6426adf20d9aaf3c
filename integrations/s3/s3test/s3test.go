// Package s3test runs a real S3 server, versitygw, for tests. It checks signatures, and
// keeps what it is given in a directory.
package s3test

import (
	"bytes"
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
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

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

	cmd    *exec.Cmd
	exited chan struct{}
	mu     sync.Mutex
	out    bytes.Buffer
}

// patience is how long anything is waited for.
const patience = time.Minute

// Start starts a server for a test. If it cannot be built here, the test is skipped
// aloud, or fails where CI is set, since there a skipped test would hide for ever.
func Start(t testing.TB) *Server {
	t.Helper()
	program, err := build()
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skipf("NOT RUN: %v", err)
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
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("what versitygw said:\n%s", s.said())
		}
		_ = s.cmd.Process.Kill() // it is a test's
		<-s.exited
	})
	return s
}

func start(program, dir string) (*Server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &Server{Endpoint: l.Addr().String(), exited: make(chan struct{})}
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
	s.cmd = exec.Command(program, "--port", s.Endpoint, "--quiet", "posix", "--sidecar", below[1], below[0])
	s.cmd.Env = []string{"PATH=/usr/bin:/bin", "HOME=" + dir, "ROOT_ACCESS_KEY=" + AccessKey, "ROOT_SECRET_KEY=" + SecretKey}
	s.cmd.Stdout, s.cmd.Stderr = s, s
	s.cmd.WaitDelay = time.Second
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // the kernel sends Pdeathsig when the thread ends
		defer runtime.UnlockOSThread()
		err := s.cmd.Start()
		started <- err
		if err == nil {
			_ = s.cmd.Wait() // it is killed
		}
		close(s.exited)
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return s, s.ready()
}

// ready waits until the server answers.
func (s *Server) ready() error {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		select {
		case <-s.exited:
			return fmt.Errorf("versitygw ended: %s", s.said())
		case <-time.After(10 * time.Millisecond):
		}
		if answer, err := http.Get("http://" + s.Endpoint + "/"); err == nil {
			return answer.Body.Close()
		}
	}
	_ = s.cmd.Process.Kill()
	return errors.New("versitygw does not answer")
}

// Write keeps what the server prints.
func (s *Server) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.Write(p)
}

func (s *Server) said() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.String()
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
