package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"batsignal/oncall/access"
)

func TestSigningInByALink(t *testing.T) {
	w := newSignWorld(t)
	link := w.loginLink("li")
	preview := w.visitor()
	for range 2 { // programs that look at links
		preview.read(link).says(t, http.StatusOK, "Sign in as <bdi>li</bdi>", "Sign in on this device")
	}
	v := w.visitor()
	v.read("/account").says(t, http.StatusSeeOther)
	v.read("/").says(t, http.StatusOK, `<a href="/sign-in">Sign in</a>`)
	a := v.post(link, nil)
	a.says(t, http.StatusSeeOther)
	if got := a.Header().Get("Location"); got != "/" {
		t.Errorf("it goes on to %s", got)
	}
	for _, c := range a.Result().Cookies() {
		if !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || !strings.HasPrefix(c.Name, "__Host-") {
			t.Errorf("a weak cookie: %s", c)
		}
	}
	v.read("/").says(t, http.StatusOK, "<bdi>li</bdi>", "Sign out")
	v.read("/account").says(t, http.StatusOK, "You are <bdi>li</bdi>", "by a link from chat", "this one")
	if got := v.read("/").Header().Get("Cache-Control"); got != "private, no-store" {
		t.Errorf("a page for one person may be kept: %s", got)
	}

	again := w.visitor()
	again.read(link).says(t, http.StatusNotFound, "You are not signed in", "!login gives you a new one")
	v.post("/sign-out", nil).says(t, http.StatusSeeOther)
	if v.signedIn() || v.cookies["__Host-batsignal"] != "" {
		t.Error("signed in after signing out")
	}
}

// Who came from chat gets where they wanted to go before.
func TestSigningInComesBack(t *testing.T) {
	w := newSignWorld(t)
	v := w.visitor()
	a := v.read("/account?x=1")
	next := a.Header().Get("Location")
	if next != "/sign-in?next=%2Faccount%3Fx%3D1" {
		t.Fatalf("sent to %s", next)
	}
	v.read(next).says(t, http.StatusOK, "!login")
	if got := v.post(w.loginLink("li"), nil).Header().Get("Location"); got != "/account?x=1" {
		t.Errorf("sent to %s", got)
	}
	for _, elsewhere := range []string{"https://evil.example/", "//evil.example", `/\evil.example`, "/\tx", "javascript:alert(1)", "/sign-out", "", "evil"} {
		a := v.read("/sign-in?next=" + url.QueryEscape(elsewhere))
		if got := a.Header().Get("Location"); a.Code != http.StatusSeeOther || got != "/" {
			t.Errorf("%q goes to %d %q", elsewhere, a.Code, got)
		}
	}
}

// The cookie alone is no proof that a person wants something.
func TestTheCookieAloneChangesNothing(t *testing.T) {
	w := newSignWorld(t)
	v := w.enters("li")
	token := v.csrf("/account")
	form := url.Values{"title": {"x"}, "scope": {"read"}, "days": {"7"}}
	other := w.enters("kevin").csrf("/account")
	with := func(csrf string) url.Values {
		out := url.Values{"csrf": {csrf}}
		for k, list := range form {
			out[k] = list
		}
		return out
	}
	for _, c := range []struct {
		name, site, origin string
		form               url.Values
		status             int
	}{
		{"without a token", "same-origin", "", form, http.StatusForbidden},
		{"with a wrong one", "same-origin", "", with("x"), http.StatusForbidden},
		{"with somebody else's", "same-origin", "", with(other), http.StatusForbidden},
		{"from another site", "cross-site", "https://evil.example", with("x"), http.StatusForbidden},
		{"from another site that knows it", "cross-site", "https://evil.example", with(token), http.StatusForbidden},
		{"by a browser that says nothing, without", "", "null", form, http.StatusForbidden},
		{"by a browser that says nothing, with", "", "null", with(token), http.StatusOK},
		{"as we draw it", "same-origin", "", with(token), http.StatusOK},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := w.count("api_token")
			v.site, v.origin = c.site, c.origin
			v.postForm("/account/tokens", c.form).says(t, c.status)
			made := w.count("api_token") - before
			if want := c.status == http.StatusOK; (made == 1) != want {
				t.Errorf("%d made", made)
			}
		})
	}
}

// Nobody can sign a browser of somebody else in as themselves.
func TestALinkIsPressedInItsOwnBrowser(t *testing.T) {
	w := newSignWorld(t)
	link := w.loginLink("li")
	victim, thief := w.visitor(), w.visitor()
	stolen := thief.csrf(link)
	victim.postForm(link, nil).says(t, http.StatusForbidden)
	victim.postForm(link, url.Values{"csrf": {stolen}}).says(t, http.StatusForbidden)
	victim.site, victim.origin = "", "null"
	victim.postForm(link, url.Values{"csrf": {stolen}}).says(t, http.StatusForbidden)
	if len(victim.cookies) != 0 {
		t.Errorf("the browser has %d cookies", len(victim.cookies))
	}
	thief.postForm(link, url.Values{"csrf": {stolen}}).says(t, http.StatusSeeOther)
}

func TestTheTokenOfASessionChanges(t *testing.T) {
	w := newSignWorld(t)
	v := w.enters("li")
	before := v.session()
	v.post(w.loginLink("maria"), nil).says(t, http.StatusSeeOther)
	if v.session().Reveal() == before.Reveal() {
		t.Error("the token is the same")
	}
	old := w.visitor()
	old.cookies["__Host-batsignal"] = before.Reveal()
	if old.signedIn() {
		t.Error("the old session goes on")
	}
	v.read("/account").says(t, http.StatusOK, "You are <bdi>maria</bdi>", "You are an administrator")
}

func TestASessionEnds(t *testing.T) {
	w := newSignWorld(t)
	here, there, chat := w.enters("li"), w.enters("li"), w.enters("kevin")
	list, err := w.access.Sessions(ctx, w.person("li").ID)
	if err != nil || len(list) != 2 {
		t.Fatalf("%d sessions, %v", len(list), err)
	}
	here.post("/account/sessions/end", nil).says(t, http.StatusSeeOther)
	if !here.signedIn() || there.signedIn() || !chat.signedIn() {
		t.Error("the wrong session ended")
	}
	w.tell("wait 168h")
	here.read("/account").says(t, http.StatusOK)
	admin := w.enters("maria")
	w.tell("wait 167h")
	if !admin.signedIn() {
		t.Error("an admin's session is over too early")
	}
	w.tell("wait 1h")
	if admin.signedIn() || !here.signedIn() {
		t.Error("an admin's session goes on after a week, or another's is over")
	}
	w.tell("wait 336h")
	if here.signedIn() {
		t.Error("it goes on without being used")
	}
	here.postForm("/account/tokens", url.Values{"csrf": {"x"}}).says(t, http.StatusForbidden, "You are not signed in any more")
}

func TestTokensOnTheAccountPage(t *testing.T) {
	w := newSignWorld(t)
	v := w.enters("li")
	for _, c := range []struct {
		form url.Values
		says string
	}{
		{url.Values{"title": {" "}, "scope": {"read"}}, `id="title-problem">Give the token a name`},
		{url.Values{"title": {"x"}}, `id="scope-problem">Choose what the token may be used for.`},
		{url.Values{"title": {"x"}, "scope": {"everything"}}, "There is no scope"},
	} {
		v.post("/account/tokens", c.form).says(t, http.StatusBadRequest, c.says)
	}
	a := v.post("/account/tokens", url.Values{"title": {"<b>export</b>"}, "scope": {"read", "schedule:write"}, "days": {"30"}})
	a.says(t, http.StatusOK, "bst_", "&lt;b&gt;export&lt;/b&gt;", "schedule:write", "31 Mar 2026")
	if strings.Contains(v.read("/account").body, "bst_") {
		t.Error("it is shown again")
	}
	list, err := w.access.Tokens(ctx, w.person("li").ID)
	if err != nil || len(list) != 1 {
		t.Fatalf("%v, %v", list, err)
	}
	if want := w.Now().Add(30 * 24 * time.Hour); !list[0].ExpiresAt.Equal(want) {
		t.Errorf("it ends at %s", list[0].ExpiresAt)
	}
	w.enters("kevin").post("/account/tokens/1/revoke", nil) // not his
	v.read("/account").says(t, http.StatusOK, "&lt;b&gt;export")
	v.post("/account/tokens/1/revoke", nil).says(t, http.StatusSeeOther)
	v.read("/account?did=notoken").says(t, http.StatusOK, "The token is revoked.", "You have none. With a token")
}

func TestCalendarsOnTheAccountPage(t *testing.T) {
	w := newSignWorld(t)
	v := w.enters("li")
	v.read("/account").says(t, http.StatusOK, "My shifts", "Role coordination")
	v.post("/account/feeds", url.Values{"of": {"role:coordination"}}).says(t, http.StatusOK, publicURL+access.FeedPath+"bsf_", ".ics")
	v.post("/account/feeds", url.Values{"of": {"role:nonsense"}}).says(t, http.StatusNotFound, `id="of-problem"`)
	v.post("/account/feeds", url.Values{"of": {""}}).says(t, http.StatusBadRequest, `id="of-problem"`)
	if a := v.read("/account"); strings.Contains(a.body, "bsf_") {
		t.Error("it is shown again")
	}
	v.post("/account/feeds/1/revoke", nil).says(t, http.StatusSeeOther)
	v.read("/account").says(t, http.StatusOK, "No calendar program reads from here yet")
}

// Links with a token in them are the same for whoever is signed in.
func TestLinksKnowNobody(t *testing.T) {
	w := newSignWorld(t)
	w.tell(fire)
	v := w.enters("li")
	ack := w.link("maria")
	v.read(ack).says(t, http.StatusOK, "Acknowledge")
	if strings.Contains(v.read(ack).body, "Sign ") {
		t.Error("the page of a link offers to sign in or out")
	}
	v.postForm(ack, nil).says(t, http.StatusOK, "Thank you")
}

func TestWithoutSignInNobodySignsIn(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"/sign-in", "/account", "/sign-in/link/x"} {
		w.get(path).says(t, http.StatusNotFound)
	}
	if strings.Contains(w.get("/").body, "Sign in") {
		t.Error("it offers to sign in")
	}
}

// What a browser says of itself is shown to people.
func TestBrowsersAreNamed(t *testing.T) {
	w := newSignWorld(t)
	for agent, want := range map[string]string{
		"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0":                                       "Firefox on Linux",
		"Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36 Edg/126.0":    "Edge on Windows",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Version/17.5 Mobile Safari/604.1": "Safari on iPhone",
		"Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36": "Chrome on Android",
		"curl/8.0 <script>": "A browser",
	} {
		v := w.visitor()
		link := w.loginLink("li")
		form := url.Values{"csrf": {v.csrf(link)}}
		r := httptest.NewRequest(http.MethodPost, link, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("User-Agent", agent)
		v.send(r).says(t, http.StatusSeeOther)
		a := v.read("/account")
		a.says(t, http.StatusOK, want)
		if strings.Contains(a.main(), "<script>") {
			t.Error("what a browser says acts")
		}
		w.tell("wait 11m") // links are limited
	}
}

// count counts the rows of a table.
func (w *world) count(table string) (n int) {
	w.t.Helper()
	if err := w.DB.QueryRow(ctx, "select count(*) from "+table).Scan(&n); err != nil {
		w.t.Fatal(err)
	}
	return n
}
