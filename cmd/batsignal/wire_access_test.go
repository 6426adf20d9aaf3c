package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestDoctorAsksIdentityProviders(t *testing.T) {
	var issuer string
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/.well-known/openid-configuration" {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write([]byte(`{"issuer": "` + issuer + `", "authorization_endpoint": "` + issuer + `/auth", "token_endpoint": "` + issuer + `/token", "jwks_uri": "` + issuer + `/keys"}`))
	}))
	t.Cleanup(provider.Close)
	issuer = provider.URL
	for _, c := range []struct {
		name, address, public string
		says                  string
		sick                  bool
	}{
		{"well", issuer, "https://bat.example", "ok       sign-in by acme\n", false},
		{"under another name", strings.Replace(issuer, "127.0.0.1", "localhost", 1), "https://bat.example", "broken   sign-in by acme: ", true},
		{"away", "http://127.0.0.1:1", "https://bat.example", "         See web.oidc: ", true},
		{"in the clear", issuer, "http://bat.example", "note     sign-in: web.public_url begins with http", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			d := doctor{app: &app{stdout: &out}, c: Config{Web: webConfig{
				PublicURL: c.public, OIDC: []oidcConfig{{ID: "acme", Issuer: c.address, ClientID: "x"}},
			}}}
			d.signIn(t.Context())
			if !strings.Contains(out.String(), c.says) || d.sick != c.sick {
				t.Errorf("sick %v, want %v and %q:\n%s", d.sick, c.sick, c.says, out.String())
			}
		})
	}
}
