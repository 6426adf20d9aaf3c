package fetch_test

import (
	"compress/gzip"
	"context"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"batsignal/integrations/fetch"
	"batsignal/oncall/fault"
)

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}

// serve starts a server of lists, by http and by https, and a client that may ask it.
func serve(t *testing.T, c fetch.Config) (plain, secure *httptest.Server, client *fetch.Client) {
	t.Helper()
	mux := http.NewServeMux()
	plain, secure = httptest.NewServer(mux), httptest.NewTLSServer(mux)
	done := make(chan struct{})
	answer := func(path string, f http.HandlerFunc) { mux.HandleFunc(path, f) }
	answer("/list", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("openssl,maria\n")) })
	answer("/gone", http.NotFound)
	answer("/big", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 8<<20+1)) })
	answer("/fits", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 8<<20)) })
	answer("/bomb", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		for range 64 {
			_, _ = z.Write(make([]byte, 1<<20))
		}
		_ = z.Close()
	})
	answer("/slow", func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-done:
		case <-r.Context().Done():
		}
	})
	answer("/moved", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/list", http.StatusFound) })
	answer("/circle", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/circle", http.StatusFound) })
	answer("/down", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, plain.URL+"/list", http.StatusFound) })
	answer("/cut", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = w.Write([]byte("openssl"))
	})
	c.RootCAs = x509.NewCertPool()
	c.RootCAs.AddCert(secure.Certificate())
	client = fetch.New(c)
	t.Cleanup(func() { client.Close(); close(done); plain.Close(); secure.Close() })
	return plain, secure, client
}

func TestAListIsFetched(t *testing.T) {
	plain, secure, c := serve(t, fetch.Config{AllowNetworks: loopback})
	for _, address := range []string{plain.URL + "/list", secure.URL + "/list?x=1", secure.URL + "/moved", plain.URL + "/moved"} {
		if text, err := c.Fetch(t.Context(), address); err != nil || string(text) != "openssl,maria\n" {
			t.Errorf("%s: %q %v", address, text, err)
		}
	}
	if text, err := c.Fetch(t.Context(), secure.URL+"/fits"); err != nil || len(text) != 8<<20 {
		t.Errorf("%d bytes, %v", len(text), err)
	}
}

func TestWhatIsNotFetched(t *testing.T) {
	plain, secure, c := serve(t, fetch.Config{AllowNetworks: loopback, Timeout: 5 * time.Second})
	for address, want := range map[string]struct {
		kind fault.Kind
		say  string
	}{
		secure.URL + "/gone?key=canary": {fault.Unready, "answered 404"},
		secure.URL + "/big":             {fault.Limited, "larger than 8 MiB"},
		plain.URL + "/bomb":             {fault.Limited, "larger than 8 MiB"},
		plain.URL + "/circle":           {fault.Unready, "from place to place"},
		secure.URL + "/down?key=canary": {fault.Unready, "from https to http"},
		plain.URL + "/cut?key=canary":   {fault.Unready, "could not be fetched"},
		"ftp://example.org/list":        {fault.Invalid, "begins with https"},
		"https://a:b@example.org/list":  {fault.Invalid, "no password"},
		"/etc/passwd":                   {fault.Invalid, "no address"},
		"file:///etc/passwd":            {fault.Invalid, "no address"},
		"http://127.0.0.1:1/?canary":    {fault.Unready, "could not be fetched"},
	} {
		_, err := c.Fetch(t.Context(), address)
		if fault.KindOf(err) != want.kind || !strings.Contains(fault.Say(err), want.say) {
			t.Errorf("%s: %v", address, err)
		}
		if err != nil && strings.Contains(err.Error(), "canary") {
			t.Errorf("the address is told: %v", err)
		}
	}
}

func TestASlowServerIsNotWaitedFor(t *testing.T) {
	_, secure, c := serve(t, fetch.Config{AllowNetworks: loopback, Timeout: 50 * time.Millisecond})
	if _, err := c.Fetch(t.Context(), secure.URL+"/slow"); fault.KindOf(err) != fault.Unready || !strings.Contains(fault.Say(err), "in time") {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Fetch(ctx, secure.URL+"/list"); err == nil {
		t.Error("fetched after the end")
	}
}

func TestOurOwnNetworkIsNotAsked(t *testing.T) {
	plain, secure, c := serve(t, fetch.Config{})
	for _, address := range []string{plain.URL + "/list", secure.URL + "/list", "http://169.254.169.254/latest", "https://[::1]/list", "http://9.9.9.9/list"} {
		if _, err := c.Fetch(t.Context(), address); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("%s: %v", address, err)
		}
	}
}
