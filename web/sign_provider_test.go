package web_test

import (
	"net/http"
	"net/http/cookiejar"
	"strings"
	"testing"
	"time"

	"batsignal/oncall/access"
	"batsignal/web"
	"batsignal/web/oidctest"
)

// A whole sign-in with a provider that others use, checked by it as strictly as it checks
// theirs.
func TestSigningInByARealProvider(t *testing.T) {
	provider := oidctest.Start(t, publicURL+"/sign-in/oidc/acme/callback")
	w := newSignWorld(t, func(o *web.Options) {
		o.OIDC = []web.Provider{{ID: "acme", Name: "Acme", Issuer: provider.Issuer, ClientID: provider.ClientID, ClientSecret: provider.ClientSecret}}
		o.Now = time.Now // the provider lives in our time
		o.Access = &access.Service{DB: o.DB, Now: o.Now, PublicURL: o.PublicURL}
	})
	w.access.Now = time.Now
	if err := web.CheckProvider(ctx, web.Provider{Issuer: provider.Issuer}); err != nil {
		t.Error(err)
	}
	if err := web.CheckProvider(ctx, web.Provider{Issuer: strings.Replace(provider.Issuer, "127.0.0.1", "localhost", 1)}); err == nil {
		t.Error("a provider is taken that calls itself something else")
	}

	// The browser's cookies at the provider are its own; it comes back when it is sent to us.
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	through := func(address string) string {
		t.Helper()
		client := &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
			if strings.HasPrefix(r.URL.String(), publicURL) {
				return http.ErrUseLastResponse
			}
			return nil
		}}
		a, err := client.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		defer a.Body.Close()
		back, ours := strings.CutPrefix(a.Header.Get("Location"), publicURL)
		if !ours {
			t.Fatalf("the provider answers %s and leads to %q", a.Status, a.Header.Get("Location"))
		}
		return back
	}

	li := w.enters("li")
	a := li.post("/account/ways/acme/add", nil)
	_, rest, _ := strings.Cut(a.main(), `class="button" href="`)
	address, _, _ := strings.Cut(rest, `"`)
	li.read(through(strings.ReplaceAll(address, "&amp;", "&"))).says(t, http.StatusSeeOther)

	v := w.visitor()
	v.read(through(v.asks())).says(t, http.StatusSeeOther)
	v.read("/account").says(t, http.StatusOK, "You are <bdi>li</bdi>", "by an identity provider")
	if n := w.count("account where network = 'oidc:acme' and name = '^person-4711'"); n != 1 {
		t.Errorf("%d such accounts", n)
	}
}
