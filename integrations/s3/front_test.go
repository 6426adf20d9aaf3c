package s3_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"batsignal/integrations/place"
	"batsignal/integrations/place/placetest"
	"batsignal/integrations/s3"
	"batsignal/integrations/s3/s3test"
	"batsignal/oncall/fault"
)

// front is what stands between us and a real server, and does to either what it likes.
type front struct {
	ask    func(*http.Request)                   // before the server hears it
	answer func(*http.Response) error            // before we do
	take   func(http.ResponseWriter) (done bool) // instead of the server, before it
}

func (f *front) start(t testing.TB, server *s3test.Server) *s3.Store {
	t.Helper()
	behind := &url.URL{Scheme: "http", Host: server.Endpoint}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(behind)
			r.Out.Host = r.In.Host // it is signed
			if f.ask != nil {
				f.ask(r.Out)
			}
		},
		ModifyResponse: func(r *http.Response) error {
			if f.answer == nil {
				return nil
			}
			return f.answer(r)
		},
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
	at := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if f.take != nil && f.take(w) {
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(at.Close)
	return store(t, s3.StoreConfig{BucketConfig: s3.BucketConfig{Endpoint: at.Listener.Addr().String(), Bucket: "backups"}})
}

// flip turns one bit of a body over.
func flip(body io.ReadCloser) io.ReadCloser {
	content, _ := io.ReadAll(body) // of a test
	if len(content) > 0 {
		content[len(content)/2] ^= 4
	}
	return io.NopCloser(bytes.NewReader(content))
}

// A bit that flips on its way, or a body that is cut off, never counts as kept.
func TestWhatIsDamagedIsFound(t *testing.T) {
	server := s3test.Start(t)
	server.Bucket(t, "backups")
	short, long := []byte("hello"), placetest.Random(20<<20)
	for name, f := range map[string]*front{
		"a bit flips on its way": {ask: func(r *http.Request) {
			if r.Method == http.MethodPut {
				r.Body = flip(r.Body)
			}
		}},
		"the server has less": {answer: func(r *http.Response) error {
			if r.Request.Method == http.MethodHead && r.ContentLength > 0 {
				r.Header.Set("Content-Length", strconv.FormatInt(r.ContentLength-1, 10))
			}
			return nil
		}},
		"the server has another checksum": {answer: func(r *http.Response) error {
			if r.Request.Method == http.MethodHead && r.Header.Get("X-Amz-Checksum-Sha256") != "" {
				r.Header.Set("X-Amz-Checksum-Sha256", "AAAA")
			}
			return nil
		}},
		"the server understood another part": {answer: func(r *http.Response) error {
			r.Header.Set("X-Amz-Checksum-Sha256", "AAAA")
			return nil
		}},
		"a bit flips in the server, which knows no checksums": {answer: func(r *http.Response) error {
			r.Header.Del("X-Amz-Checksum-Sha256")
			if r.Request.Method == http.MethodGet && !strings.Contains(r.Request.URL.RawQuery, "list") {
				r.Body = flip(r.Body)
			}
			return nil
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := f.start(t, server)
			for _, content := range [][]byte{short, long} {
				if _, err := s.Put(ctx, "damaged", bytes.NewReader(content), -1); err == nil {
					t.Errorf("%d bytes were taken for good", len(content))
				} else {
					t.Log(err)
				}
				if files, err := s.List(ctx, ""); len(files) > 0 || err != nil {
					t.Errorf("there is %v, %v", files, err)
				}
				// A part that was on its way when its upload was given up can bring that back.
				if _, err := (&front{}).start(t, server).Sweep(ctx, time.Now().Add(time.Hour)); err != nil {
					t.Error(err)
				}
				if versions, _, uploads := server.Things(t, "backups"); versions+uploads > 0 {
					t.Errorf("%d files and %d uploads are left", versions, uploads)
				}
			}
		})
	}
}

// A server that knows no checksums is read back, and what is well is well.
func TestAServerWithoutChecksums(t *testing.T) {
	server := s3test.Start(t)
	server.Bucket(t, "backups")
	reads := 0
	s := (&front{answer: func(r *http.Response) error {
		r.Header.Del("X-Amz-Checksum-Sha256")
		if r.Request.Method == http.MethodGet {
			reads++
		}
		return nil
	}}).start(t, server)
	for _, content := range [][]byte{nil, placetest.Random(33 << 20)} {
		if _, err := s.Put(ctx, "plain", bytes.NewReader(content), int64(len(content))); err != nil {
			t.Error(err)
		}
	}
	if reads != 2 {
		t.Errorf("read back %d times", reads)
	}
}

// A line that breaks off again and again is no reason to begin anew.
func TestReadingGoesOnWhereItBrokeOff(t *testing.T) {
	server := s3test.Start(t)
	server.Bucket(t, "backups")
	content := placetest.Random(3 << 20)
	breaks := atomic.Int64{}
	f := &front{answer: func(r *http.Response) error {
		if r.Request.Method == http.MethodGet && r.ContentLength > 1<<20 {
			breaks.Add(1)
			r.Body = io.NopCloser(io.LimitReader(r.Body, 1<<20)) // and then the connection is cut
		}
		return nil
	}}
	s := f.start(t, server)
	if _, err := s.Put(ctx, "x", bytes.NewReader(content), -1); err != nil {
		t.Fatal(err)
	}
	if got := read(t, s, "x"); !bytes.Equal(got, content) {
		t.Errorf("%d bytes came, or others", len(got))
	}
	if breaks.Load() != 2 {
		t.Errorf("it broke off %d times", breaks.Load())
	}
	// But what is another file by then is not put together with the first.
	r, err := s.Get(ctx, "x")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := s.Put(ctx, "x", bytes.NewReader(placetest.Random(3<<20)), -1); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, r); fault.KindOf(err) != fault.Conflict {
		t.Errorf("%v", err)
	}
}

// The answer to the last request of an upload gets lost. Who asks again hears that there is
// no such upload, and yet all is well.
func TestALostAnswerIsNoFailure(t *testing.T) {
	server := s3test.Start(t)
	server.Bucket(t, "backups")
	lost := 0
	s := (&front{answer: func(r *http.Response) error {
		if r.Request.Method == http.MethodPost && strings.HasPrefix(r.Request.URL.RawQuery, "uploadId") && lost == 0 {
			lost++
			return errors.New("lost")
		}
		return nil
	}}).start(t, server)
	content := placetest.Random(20 << 20)
	if _, err := s.Put(ctx, "x", bytes.NewReader(content), -1); err != nil || lost != 1 {
		t.Fatalf("%v, lost %d", err, lost)
	}
	if got := read(t, s, "x"); !bytes.Equal(got, content) {
		t.Errorf("%d bytes came, or others", len(got))
	}
}

// Servers say 200 before they know whether it goes well.
func TestAFailureThatBeginsLikeASuccess(t *testing.T) {
	server := s3test.Start(t)
	server.Bucket(t, "backups")
	s := (&front{answer: func(r *http.Response) error {
		if r.Request.Method == http.MethodPost && strings.HasPrefix(r.Request.URL.RawQuery, "uploadId") {
			r.StatusCode, r.Body, r.ContentLength = http.StatusOK, io.NopCloser(strings.NewReader("<Error><Code>InternalError</Code></Error>")), -1
			r.Header.Del("Content-Length")
		}
		return nil
	}, ask: func(r *http.Request) {
		if r.Method == http.MethodPost && strings.HasPrefix(r.URL.RawQuery, "uploadId") {
			r.URL.RawQuery = "uploadId=none" // it is not made
		}
	}}).start(t, server)
	if _, err := s.Put(ctx, "x", bytes.NewReader(placetest.Random(20<<20)), -1); fault.KindOf(err) != fault.Unready || !strings.Contains(err.Error(), "InternalError") {
		t.Errorf("%v", err)
	}
	if versions, _, uploads := server.Things(t, "backups"); versions+uploads > 0 {
		t.Errorf("%d files and %d uploads are left", versions, uploads)
	}
}

// What people hear says neither where the server is nor what else it writes.
func TestWhatPeopleAreTold(t *testing.T) {
	server := s3test.Start(t)
	server.Bucket(t, "backups")
	for name, c := range map[string]struct {
		status int
		code   string
		kind   fault.Kind
		says   string
	}{
		"rights": {403, "AccessDenied", fault.Forbidden, "rights"},
		"clock":  {403, "RequestTimeTooSkewed", fault.Unready, "clocks"},
		"full":   {403, "QuotaExceeded", fault.Limited, "full"},
		"ill":    {503, "SlowDown", fault.Unready, "later"},
		"gone":   {404, "NoSuchBucket", fault.Unready, "no such bucket"},
		"moved":  {301, "PermanentRedirect", fault.Unready, "region"},
	} {
		s := (&front{take: func(w http.ResponseWriter) bool {
			w.WriteHeader(c.status)
			_, _ = io.WriteString(w, "<Error><Code>"+c.code+"</Code><Message>canary</Message></Error>") // of a test
			return true
		}}).start(t, server)
		_, put := s.Put(ctx, "x", strings.NewReader("x"), -1)
		_, get := s.Get(ctx, "x")
		_, list := s.List(ctx, "")
		for _, err := range []error{put, get, list, s.Delete(ctx, "x")} {
			if fault.KindOf(err) != c.kind || !strings.Contains(fault.Say(err), c.says) || strings.Contains(err.Error(), "canary") || errors.Is(err, place.ErrNone) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	away := store(t, s3.StoreConfig{BucketConfig: s3.BucketConfig{Endpoint: "127.0.0.1:1", Bucket: "backups"}})
	if err := away.Check(ctx); fault.KindOf(err) != fault.Unready || strings.Contains(fault.Say(err), "127") {
		t.Errorf("%v", err)
	}
}

func TestWhatCannotBeAStore(t *testing.T) {
	good := s3.BucketConfig{Endpoint: "s3.example.org", Bucket: "b", AccessKey: "k", SecretKey: s3test.Secret()}
	for _, c := range []s3.StoreConfig{
		{}, {BucketConfig: good, Prefix: "/x"}, {BucketConfig: good, Prefix: "a/../b"}, {BucketConfig: good, Lock: "NONE", LockDays: 1},
		{BucketConfig: good, Lock: s3.LockCompliance}, {BucketConfig: good, LockDays: 3}, {BucketConfig: good, Lock: s3.LockGovernance, LockDays: -1},
	} {
		if _, err := s3.NewStore(c); err == nil {
			t.Errorf("%+v is taken", c)
		}
	}
	if _, err := s3.NewStore(s3.StoreConfig{BucketConfig: good, Prefix: "a/b/", Lock: s3.LockGovernance, LockDays: 30}); err != nil {
		t.Error(err)
	}
}
