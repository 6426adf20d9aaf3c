package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/oauth2-proxy/mockoidc"

	"batsignal/oncall/secret"
	"batsignal/web"
)

// acme is an identity provider whose answers can be spoilt. It lives in the time of the
// world.
func acme(t *testing.T) (*mockoidc.MockOIDC, func(*web.Options)) {
	t.Helper()
	m, err := mockoidc.Run()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Shutdown() })
	mockoidc.NowFunc = func() time.Time { return night }
	t.Cleanup(func() { mockoidc.NowFunc = time.Now })
	return m, func(o *web.Options) {
		o.OIDC = []web.Provider{{ID: "acme", Name: "Acme accounts", Issuer: m.Issuer(), ClientID: m.ClientID, ClientSecret: secret.New(m.ClientSecret)}}
	}
}

// goes follows a browser to the provider, and returns the path that it comes back to.
func goes(t *testing.T, address string) string {
	t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	a, err := client.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	if a.StatusCode != http.StatusFound {
		t.Fatalf("the provider answers %s", a.Status)
	}
	return strings.TrimPrefix(a.Header.Get("Location"), publicURL)
}

// asks begins to sign in, and returns where it leads.
func (v *visitor) asks() string {
	v.t.Helper()
	a := v.read("/sign-in/oidc/acme?next=/signal")
	if a.Code != http.StatusSeeOther {
		v.t.Fatalf("%d: %s", a.Code, a.main())
	}
	return a.Header().Get("Location")
}

// adds makes the provider a way to sign in for whoever is signed in.
func (v *visitor) adds(t *testing.T) answer {
	t.Helper()
	a := v.post("/account/ways/acme/add", nil)
	a.says(t, http.StatusOK, "Go to Acme accounts")
	_, rest, _ := strings.Cut(a.main(), `class="button" href="`)
	address, _, _ := strings.Cut(rest, `"`)
	return v.read(goes(t, strings.ReplaceAll(address, "&amp;", "&")))
}

func TestSigningInByAProvider(t *testing.T) {
	m, with := acme(t)
	w := newSignWorld(t, with)
	v := w.visitor()
	v.read("/sign-in").says(t, http.StatusOK, "Sign in with Acme accounts")
	address := v.asks()
	for _, part := range []string{"code_challenge_method=S256", "code_challenge=", "nonce=", "state=", "scope=openid", url.QueryEscape(publicURL + "/sign-in/oidc/acme/callback")} {
		if !strings.Contains(address, part) {
			t.Errorf("%s is not in %s", part, address)
		}
	}
	v.read(goes(t, address)).says(t, http.StatusForbidden, "Acme accounts knows you, but I do not yet", "!login", "account page")
	if v.signedIn() {
		t.Error("a stranger is signed in")
	}

	li := w.enters("li")
	m.QueueUser(&mockoidc.MockUser{Subject: "Li-1"})
	a := li.adds(t)
	a.says(t, http.StatusSeeOther)
	if got := a.Header().Get("Location"); got != "/account?did=added#ways" {
		t.Errorf("goes on to %s", got)
	}
	li.read("/account").says(t, http.StatusOK, "signs you in", "Remove Acme accounts")

	m.QueueUser(&mockoidc.MockUser{Subject: "Li-1"})
	v = w.visitor()
	a = v.read(goes(t, v.asks()))
	a.says(t, http.StatusSeeOther)
	if got := a.Header().Get("Location"); got != "/signal" {
		t.Errorf("goes on to %s", got)
	}
	v.read("/account").says(t, http.StatusOK, "You are <bdi>li</bdi>", "by an identity provider")

	m.QueueUser(&mockoidc.MockUser{Subject: "li-1"}) // somebody else, but for a capital
	other := w.visitor()
	other.read(goes(t, other.asks())).says(t, http.StatusForbidden)
	m.QueueUser(&mockoidc.MockUser{Subject: "Li-1"})
	w.enters("kevin").adds(t).says(t, http.StatusConflict, "signs somebody else in")

	li.post("/account/ways/acme/remove", nil).says(t, http.StatusSeeOther)
	if v.signedIn() || !li.signedIn() {
		t.Error("the session that it began goes on, or another ended")
	}
	m.QueueUser(&mockoidc.MockUser{Subject: "Li-1"})
	v = w.visitor()
	v.read(goes(t, v.asks())).says(t, http.StatusForbidden)
}

func TestAnswersOfAProviderThatAreRefused(t *testing.T) {
	m, with := acme(t)
	w := newSignWorld(t, with)
	m.QueueUser(&mockoidc.MockUser{Subject: "li"})
	w.enters("li").adds(t).says(t, http.StatusSeeOther)
	for name, spoil := range map[string]func(v *visitor, back url.Values) url.Values{
		"another state":  func(_ *visitor, b url.Values) url.Values { b.Set("state", "x"); return b },
		"no state":       func(_ *visitor, b url.Values) url.Values { b.Del("state"); return b },
		"another code":   func(_ *visitor, b url.Values) url.Values { b.Set("code", "x"); return b },
		"another issuer": func(_ *visitor, b url.Values) url.Values { b.Set("iss", "https://evil.example"); return b },
		"a refusal": func(_ *visitor, b url.Values) url.Values {
			return url.Values{"error": {"access_denied"}, "state": b["state"]}
		},
		"another browser": func(v *visitor, b url.Values) url.Values { v.cookies = map[string]string{}; return b },
		"too late":        func(v *visitor, b url.Values) url.Values { v.tell("wait 10m"); return b },
		"what somebody else asked": func(v *visitor, b url.Values) url.Values {
			thief := w.visitor()
			thief.asks()
			v.cookies = thief.cookies
			return b
		},
		// A code that was made for other words of PKCE, or with another nonce.
		"a code of another": func(v *visitor, b url.Values) url.Values {
			m.QueueUser(&mockoidc.MockUser{Subject: "li"})
			u, err := url.Parse(goes(t, w.visitor().asks()))
			if err != nil {
				t.Fatal(err)
			}
			b.Set("code", u.Query().Get("code"))
			return b
		},
	} {
		t.Run(name, func(t *testing.T) {
			m.QueueUser(&mockoidc.MockUser{Subject: "li"})
			v := w.visitor()
			u, err := url.Parse(goes(t, v.asks()))
			if err != nil {
				t.Fatal(err)
			}
			a := v.read(u.Path + "?" + spoil(v, u.Query()).Encode())
			if a.Code != http.StatusForbidden && a.Code != http.StatusNotFound {
				t.Errorf("answers %d", a.Code)
			}
			if v.signedIn() {
				t.Error("signed in")
			}
		})
	}
}

// The nonce is inside of what is signed. Here the provider signs one that was not asked for.
func TestANonceThatWasNotAskedFor(t *testing.T) {
	m, with := acme(t)
	w := newSignWorld(t, with)
	m.QueueUser(&mockoidc.MockUser{Subject: "li"})
	w.enters("li").adds(t).says(t, http.StatusSeeOther)
	m.QueueUser(&mockoidc.MockUser{Subject: "li"})
	v := w.visitor()
	address, err := url.Parse(v.asks())
	if err != nil {
		t.Fatal(err)
	}
	q := address.Query()
	q.Set("nonce", "x")
	address.RawQuery = q.Encode()
	v.read(goes(t, address.String())).says(t, http.StatusForbidden, "does not fit what was asked")
	if v.signedIn() {
		t.Error("signed in")
	}
}

// An answer is good once.
func TestAnAnswerOfAProviderIsGoodOnce(t *testing.T) {
	m, with := acme(t)
	w := newSignWorld(t, with)
	m.QueueUser(&mockoidc.MockUser{Subject: "li"})
	w.enters("li").adds(t).says(t, http.StatusSeeOther)
	m.QueueUser(&mockoidc.MockUser{Subject: "li"})
	v := w.visitor()
	back := goes(t, v.asks())
	before := v.cookies["__Host-batsignal-attempt"]
	v.read(back).says(t, http.StatusSeeOther)
	v.cookies = map[string]string{"__Host-batsignal-attempt": before}
	v.read(back).says(t, http.StatusNotFound)
}

// Another site must not make somebody's browser add an account of its own.
func TestAddingAProviderIsWantedByThePerson(t *testing.T) {
	m, with := acme(t)
	w := newSignWorld(t, with)
	li := w.enters("li")
	li.postForm("/account/ways/acme/add", nil).says(t, http.StatusForbidden)
	m.QueueUser(&mockoidc.MockUser{Subject: "thief"})
	li.read(goes(t, li.asks())) // signing in adds nothing
	if n := w.count("account where network = 'oidc:acme'"); n != 0 {
		t.Errorf("%d accounts were added", n)
	}
	// Who is signed out meanwhile adds nothing either.
	m.QueueUser(&mockoidc.MockUser{Subject: "li"})
	a := li.post("/account/ways/acme/add", nil)
	_, rest, _ := strings.Cut(a.main(), `class="button" href="`)
	address, _, _ := strings.Cut(rest, `"`)
	delete(li.cookies, "__Host-batsignal")
	li.read(goes(t, strings.ReplaceAll(address, "&amp;", "&"))).says(t, http.StatusForbidden, "signed out meanwhile")
}

func TestAProviderThatIsAway(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	issuer := gone.URL
	gone.Close()
	w := newSignWorld(t, func(o *web.Options) {
		o.OIDC = []web.Provider{{ID: "acme", Name: "Acme accounts", Issuer: issuer, ClientID: "x"}}
	})
	w.visitor().read("/sign-in/oidc/acme").says(t, http.StatusServiceUnavailable, "Acme accounts cannot be asked who you are")
	w.visitor().read("/sign-in/oidc/other").says(t, http.StatusNotFound)
	if err := web.CheckProvider(ctx, web.Provider{ID: "acme", Issuer: issuer}); err == nil {
		t.Error("it is found in order")
	}
}
