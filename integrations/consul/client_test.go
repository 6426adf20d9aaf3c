package consul

import (
	"bytes"
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

const canary = "5f1d1c1e-canary-token"

// saying is a Consul, or what stands at its address, that gives one answer.
func saying(t *testing.T, answer http.HandlerFunc) *Client {
	t.Helper()
	s := httptest.NewServer(answer)
	t.Cleanup(s.Close)
	c, err := New(Config{Name: "prod", Address: s.URL, Token: secret.New(canary)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestAnAddressThatTellsTheTokenIsRefused(t *testing.T) {
	for address, ok := range map[string]bool{
		"https://consul.example.org:8501": true, "http://127.0.0.1:8500": true, "http://[::1]:8500/": true, "http://localhost:8500": true,
		"http://consul.example.org:8500": false, "http://10.0.0.1:8500": false, "consul.example.org:8500": false, "": false, "ftp://x": false,
		"https://user:pw@consul.example.org": false, "https://consul.example.org/ui": false, "https://x/?token=1": false,
	} {
		_, err := New(Config{Name: "prod", Address: address})
		if (err == nil) != ok {
			t.Errorf("%s: %v", address, err)
		}
		if err != nil && address != "" && strings.Contains(err.Error(), address) {
			t.Errorf("%s stands in %v", address, err)
		}
	}
}

func TestTheTokenGoesInOneHeaderAndNowhereElse(t *testing.T) {
	elsewhere := 0
	stranger := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere++ }))
	defer stranger.Close()
	c := saying(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Consul-Token") != canary || strings.Contains(r.URL.String(), "canary") {
			t.Errorf("%s %v", r.URL, r.Header)
		}
		http.Redirect(w, r, stranger.URL, http.StatusTemporaryRedirect)
	})
	_, err := c.Leader(t.Context())
	if fault.KindOf(err) != fault.Unready || !strings.Contains(fault.Say(err), "sends us elsewhere") || elsewhere != 0 {
		t.Errorf("%v, asked %d times elsewhere", err, elsewhere)
	}
	if strings.Contains(err.Error(), canary) {
		t.Errorf("%v", err)
	}
}

func TestASnapshotThatIsNotTheLeadersIsRefused(t *testing.T) {
	good := archive(t, goodMeta, goodState, sums(goodMeta, goodState))
	for name, head := range map[string][2]string{"no leader": {"false", "0"}, "stale": {"true", "250"}, "nothing": {"", ""}} {
		c := saying(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Consul-KnownLeader", head[0])
			w.Header().Set("X-Consul-LastContact", head[1])
			_, _ = w.Write(good)
		})
		var out bytes.Buffer
		if _, _, err := c.save(t.Context(), &out, nil); fault.KindOf(err) != fault.Unready || out.Len() != 0 {
			t.Errorf("%s: %v, %d bytes", name, err, out.Len())
		}
	}
}

func TestASnapshotThatEndsTooEarlyIsRefused(t *testing.T) {
	good := archive(t, goodMeta, goodState, sums(goodMeta, goodState))
	fresh := func(w http.ResponseWriter) {
		w.Header().Set("X-Consul-KnownLeader", "true")
		w.Header().Set("X-Consul-LastContact", "0")
	}
	var out bytes.Buffer
	c := saying(t, func(w http.ResponseWriter, _ *http.Request) { fresh(w); _, _ = w.Write(good) })
	if m, n, err := c.save(t.Context(), &out, nil); err != nil || m.Index != 14 || int(n) != len(good) || !bytes.Equal(out.Bytes(), good) {
		t.Errorf("%+v, %d bytes, %v", m, n, err)
	}
	c = saying(t, func(w http.ResponseWriter, _ *http.Request) { fresh(w); _, _ = w.Write(good[:len(good)-9]) })
	if _, _, err := c.save(t.Context(), io.Discard, nil); fault.KindOf(err) != fault.Invalid {
		t.Errorf("%v", err)
	}
	c = saying(t, func(w http.ResponseWriter, _ *http.Request) {
		fresh(w)
		_, _ = w.Write(good[:20])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler) // the connection breaks
	})
	if _, _, err := c.save(t.Context(), io.Discard, nil); fault.KindOf(err) != fault.Unready {
		t.Errorf("%v", err)
	}
}

func TestWhatPeopleAreToldOfTrouble(t *testing.T) {
	for status, says := range map[int]string{403: "refuses our token", 500: "answered 500", 302: "sends us elsewhere"} {
		c := saying(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
		if _, err := c.Leader(t.Context()); !strings.Contains(fault.Say(err), says) {
			t.Errorf("%d: %v", status, err)
		}
	}
	c := saying(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`""`)) })
	if _, err := c.Leader(t.Context()); !strings.Contains(fault.Say(err), "no leader") {
		t.Error(err)
	}
	c = saying(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`<html>`)) })
	if _, err := c.Leader(t.Context()); !strings.Contains(fault.Say(err), "is no Consul") {
		t.Error(err)
	}
	s := httptest.NewTLSServer(http.NotFoundHandler())
	defer s.Close()
	for trusts, says := range map[bool]string{false: "not one that we trust", true: "does not know"} {
		cfg := Config{Name: "prod", Address: s.URL, RootCAs: x509.NewCertPool()}
		if trusts {
			cfg.RootCAs.AddCert(s.Certificate())
		}
		c, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Leader(t.Context()); !strings.Contains(fault.Say(err), says) || strings.Contains(fault.Say(err), "127.0.0.1") {
			t.Errorf("%v", err)
		}
		c.Close()
	}
	s.Close()
	c, err := New(Config{Name: "prod", Address: s.URL})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Leader(t.Context()); !strings.Contains(fault.Say(err), "cannot be reached") {
		t.Error(err)
	}
}

func TestVersionsArePlain(t *testing.T) {
	for in, want := range map[string]string{"1.19.2": "1.19.2", "v1.19.2+ent": "1.19.2", "1.20.0-dev": "1.20.0", "": ""} {
		if got := plainVersion(in); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}
