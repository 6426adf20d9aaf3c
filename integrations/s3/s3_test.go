package s3_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"batsignal/incidents/minutes"
	"batsignal/incidents/minutes/archive"
	"batsignal/incidents/minutes/write"
	"batsignal/integrations/s3"
	"batsignal/integrations/s3/s3test"
	"batsignal/oncall/secret"
)

var ctx = context.Background()

// held is a meeting with some lines.
func held(s minutes.Setting, texts ...string) write.Doc {
	if s.Dialect == nil {
		s.Dialect = minutes.Batsignal()
	}
	at := time.Date(2026, 11, 22, 3, 3, 0, 0, time.UTC)
	var doc write.Doc
	var log minutes.Log
	for _, text := range append([]string{"#startmeeting Weekly"}, texts...) {
		e := minutes.Event{At: at, Who: minutes.Who{Nick: "anna"}, Text: text}
		if doc.Meeting == nil {
			doc.Meeting, _ = minutes.Start(s, e)
		} else {
			doc.Hear(e)
		}
		log.Hear(doc.Meeting, e)
	}
	doc.Lines = log.Lines
	return doc
}

func drawn(t testing.TB, d write.Doc, f write.Format) string {
	t.Helper()
	var out strings.Builder
	if err := f.Write(&out, d); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func open(t testing.TB, c s3.Config) *s3.Archive {
	t.Helper()
	if c.AccessKey == "" {
		c.AccessKey, c.SecretKey = s3test.AccessKey, s3test.Secret()
	}
	if c.Bucket == "" {
		c.Bucket = "minutes"
	}
	c.Insecure = true
	c.Pause = func(int) time.Duration { return 0 }
	a, err := s3.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	return a
}

// TestARealServerKeepsTheFiles puts meetings of every dialect, twice, with names that
// have to be escaped, into a server that checks signatures.
func TestARealServerKeepsTheFiles(t *testing.T) {
	server := s3test.Start(t)
	server.Bucket(t, "minutes")
	a := open(t, s3.Config{Endpoint: server.Endpoint, Prefix: "old stuff/+é/"})
	if err := a.Check(ctx); err != nil {
		t.Fatal(err)
	}
	types := map[string]string{"html": "text/html; charset=utf-8", "log.html": "text/html; charset=utf-8", "md": "text/markdown; charset=utf-8", "json": "application/json", "eml": "message/rfc822"}
	for i, d := range minutes.Dialects() {
		doc := held(minutes.Setting{Dialect: d, Room: fmt.Sprintf("#ö p+s&%d=%s,'()*!~:@$;?", i, d.Name)}, "#info <b>ä</b>", "#endmeeting")
		for range 2 {
			if err := a.Put(ctx, doc); err != nil {
				t.Fatal(err)
			}
		}
		for _, f := range archive.FormatsFor(d) {
			want := types[f.Ext]
			if want == "" {
				want = "text/plain; charset=utf-8"
			}
			text, contentType, there := server.Object(t, "minutes", "old stuff/+é/"+doc.Path()+"."+f.Ext)
			if !there || contentType != want || text != drawn(t, doc, f) {
				t.Errorf("%s.%s: there %v, %s, want %s\n%s", doc.Path(), f.Ext, there, contentType, want, text)
			}
		}
	}
}

// TestRestrictedMinutesAreNotInAPublicBucket has a meeting that is restricted after it
// was saved once.
func TestRestrictedMinutesAreNotInAPublicBucket(t *testing.T) {
	server := s3test.Start(t)
	for _, private := range []bool{false, true} {
		bucket := fmt.Sprintf("bucket-%v", private)
		server.Bucket(t, bucket)
		a := open(t, s3.Config{Endpoint: server.Endpoint, Bucket: bucket, Private: private, Formats: []string{"txt", "log.txt"}})
		set := minutes.Setting{Room: "#ops"}
		before, after := held(set, "#info secret", "#save"), held(set, "#info secret", "#save", "#restrictlogs", "#endmeeting")
		if err := a.Put(ctx, before); err != nil {
			t.Fatal(err)
		}
		for range 2 { // removing what is not there is no fault
			if err := a.Put(ctx, after); err != nil {
				t.Fatal(err)
			}
		}
		for _, ext := range []string{"txt", "log.txt", "html"} {
			_, _, there := server.Object(t, bucket, after.Path()+"."+ext)
			if want := private && ext != "html"; there != want {
				t.Errorf("private %v: %s is there: %v", private, ext, there)
			}
		}
	}
}

// TestARealServerRefuses has a wrong secret, and a bucket that is not there.
func TestARealServerRefuses(t *testing.T) {
	server := s3test.Start(t)
	server.Bucket(t, "minutes")
	doc := held(minutes.Setting{Room: "#ops"}, "#endmeeting")
	for _, c := range []struct {
		cfg  s3.Config
		want string
	}{
		{s3.Config{Endpoint: server.Endpoint, AccessKey: s3test.AccessKey, SecretKey: secret.New("hunter2-canary")}, "403 Forbidden (SignatureDoesNotMatch)"},
		{s3.Config{Endpoint: server.Endpoint, AccessKey: "nobody", SecretKey: secret.New("hunter2-canary")}, "(XAdminUserNotFound)"},
		{s3.Config{Endpoint: server.Endpoint, Bucket: "nowhere"}, "404 Not Found (NoSuchBucket)"},
	} {
		a := open(t, c.cfg)
		err := a.Put(ctx, doc)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%v, want %s", err, c.want)
		}
		if err := a.Check(ctx); err == nil {
			t.Error("the check finds nothing wrong")
		}
	}
}

// TestTroubleIsTriedAgain has a server that is ill for a while, or for ever.
func TestTroubleIsTriedAgain(t *testing.T) {
	for _, c := range []struct {
		name  string
		ill   func(w http.ResponseWriter)
		times int64
		asked int64
		want  string // "" is no error
	}{
		{"once", func(w http.ResponseWriter) { w.WriteHeader(http.StatusServiceUnavailable) }, 1, 2, ""},
		{"slow down", func(w http.ResponseWriter) { w.WriteHeader(http.StatusTooManyRequests) }, 3, 4, ""},
		{"cut off", func(http.ResponseWriter) { panic(http.ErrAbortHandler) }, 2, 3, ""},
		{"for ever", func(w http.ResponseWriter) { w.WriteHeader(http.StatusInternalServerError) }, 99, 4, "500 Internal Server Error"},
		{"refused", func(w http.ResponseWriter) {
			http.Error(w, "<Error><Code>AccessDenied</Code><Message>nobody@example.org</Message></Error>", http.StatusForbidden)
		}, 99, 1, "403 Forbidden (AccessDenied)"},
		{"rubbish", func(w http.ResponseWriter) {
			http.Error(w, "<Error><Code>\x1b[2J</Code></Error>", http.StatusForbidden)
		}, 99, 1, "403 Forbidden"},
		{"elsewhere", func(w http.ResponseWriter) {
			w.Header().Set("Location", "http://127.0.0.1:1/")
			w.WriteHeader(http.StatusTemporaryRedirect)
		}, 99, 1, "the region or the server may be wrong"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var asked atomic.Int64
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body) // of a test
				if asked.Add(1) <= c.times {
					c.ill(w)
				}
			}))
			defer server.Close()
			server.Config.ErrorLog = nil
			a := open(t, s3.Config{Endpoint: server.Listener.Addr().String(), Formats: []string{"txt"}})
			err := a.Put(ctx, held(minutes.Setting{Room: "#ops"}, "#endmeeting"))
			if (err == nil) != (c.want == "") || err != nil && (!strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "example.org") || strings.ContainsRune(err.Error(), 0x1b)) {
				t.Errorf("%v, want %q", err, c.want)
			}
			if asked.Load() != c.asked {
				t.Errorf("asked %d times, want %d", asked.Load(), c.asked)
			}
		})
	}
}

// TestTheEndIsHeeded has a caller who gives up between two tries.
func TestTheEndIsHeeded(t *testing.T) {
	giveUp, cancel := context.WithCancel(ctx)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
		cancel()
	}))
	defer server.Close()
	a, err := s3.New(s3.Config{Endpoint: server.Listener.Addr().String(), Bucket: "b", AccessKey: "k", SecretKey: secret.New("s"), Insecure: true,
		Pause: func(int) time.Duration { return time.Hour }})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if err := a.Put(giveUp, held(minutes.Setting{Room: "#ops"}, "#endmeeting")); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestWhatCannotBeABucket(t *testing.T) {
	for _, c := range []s3.Config{
		{}, {Endpoint: "https://s3.example.org", Bucket: "b", AccessKey: "k", SecretKey: secret.New("s")},
		{Endpoint: "s3.example.org", AccessKey: "k", SecretKey: secret.New("s")}, {Endpoint: "s3.example.org", Bucket: "a/b", AccessKey: "k", SecretKey: secret.New("s")},
		{Endpoint: "s3.example.org", Bucket: "b"}, {Endpoint: "s3.example.org", Bucket: "b", AccessKey: "k"},
	} {
		if _, err := s3.New(c); err == nil {
			t.Errorf("%+v is taken", c)
		}
	}
}
