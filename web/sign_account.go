package web

import (
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"

	"batsignal/oncall"
	"batsignal/oncall/access"
)

func (s *site) accountRoutes(r chi.Router) {
	r.Get("/account", s.signedIn(s.showAccount))
	r.Post("/account/sessions/end", s.signedIn(s.endOthers))
	r.Post("/account/sessions/{id:[0-9]+}/end", s.signedIn(s.endOne))
	r.Post("/account/ways/{id}/add", s.signedIn(s.beginWay))
	r.Post("/account/ways/{id}/remove", s.signedIn(s.removeWay))
	r.Post("/account/passkeys/begin", s.script(s.newPasskey))
	r.Post("/account/passkeys/finish", s.script(s.keepPasskey))
	r.Post("/account/passkeys/{id:[0-9]+}/remove", s.signedIn(s.removePasskey))
	r.Post("/account/tokens", s.signedIn(s.createToken))
	r.Post("/account/tokens/{id:[0-9]+}/revoke", s.signedIn(s.revokeToken))
	r.Post("/account/feeds", s.signedIn(s.createFeed))
	r.Post("/account/feeds/{id:[0-9]+}/revoke", s.signedIn(s.revokeFeed))
}

// accountBody is what somebody sees of their own ways in.
type accountBody struct {
	Did      string // what was just done, in a sentence; "" is nothing
	Sessions []sessionLine
	Chat     []oncall.Account
	Ways     []way
	Passkeys []access.Passkey
	Allowed  bool // browsers allow passkeys here
	Tokens   []access.Token
	Feeds    []access.Feed
	Token    tokenForm
	Feed     feedForm
}

// sessionLine is a session as its owner sees it.
type sessionLine struct {
	access.Session
	Here  bool // of this very browser
	Admin bool
}

// Until says when it ends if it is not used.
func (l sessionLine) Until() moment { return moment{At: l.Ends(l.Admin)} }

// Words says how it began.
func (l sessionLine) Words() string {
	switch l.Method {
	case access.ByLink:
		return "by a link from chat"
	case access.ByPasskey:
		return "by a passkey"
	}
	return "by an identity provider"
}

// way is an identity provider, and whether it signs this person in.
type way struct {
	Provider
	Added bool
}

// tokenForm is the form that makes a token.
type tokenForm struct {
	Title   string
	Chosen  map[access.Scope]bool
	Days    int
	Problem problem
	Made    string // the token, told this once
}

// Scopes are what may be chosen.
func (tokenForm) Scopes() []access.ScopeHelp { return access.Scopes() }

// DayChoices are after how many days a token may end.
func (tokenForm) DayChoices() []int { return []int{7, 30, 90, 180, 365} }

// feedForm is the form that makes an address of a calendar.
type feedForm struct {
	Choices []feedChoice
	Chosen  string
	Problem problem
	Made    string // the address, told this once
	Of      string
}

type feedChoice struct{ Value, Title string }

// problem is what is wrong with a form, and where.
type problem struct {
	Field string // "" is the form as a whole
	Say   string // "" is nothing
}

// In is what to say beside a field.
func (p problem) In(field string) string {
	if p.Field == field {
		return p.Say
	}
	return ""
}

// dids are what the account page can say was done, by the word in its address.
var dids = map[string]string{
	"added": "That way to sign in is added.", "removed": "That way to sign in is removed.",
	"passkey": "The passkey is added.", "nopasskey": "The passkey is removed.",
	"ended": "That session is over.", "alone": "You are signed in here only now.",
	"notoken": "The token is revoked.", "nofeed": "The address is revoked.",
}

func (s *site) showAccount(w http.ResponseWriter, r *http.Request) error {
	return s.renderAccount(w, r, http.StatusOK, accountBody{Did: dids[r.URL.Query().Get("did")]})
}

// renderAccount adds to what a form has to say everything else that the page shows.
func (s *site) renderAccount(w http.ResponseWriter, r *http.Request, status int, body accountBody) error {
	ctx, v := r.Context(), s.visitor(r)
	sessions, err := s.Access.Sessions(ctx, v.PersonID)
	if err != nil {
		return err
	}
	for _, one := range sessions {
		if line := (sessionLine{one, one.ID == v.session.ID, v.Admin()}); !one.Over(s.Now(), v.Admin()) {
			body.Sessions = append(body.Sessions, line)
		}
	}
	accounts, err := oncall.AccountsOf(ctx, s.DB, v.PersonID)
	if err != nil {
		return err
	}
	added := map[string]bool{}
	for _, a := range accounts {
		if id, ok := strings.CutPrefix(a.Network, access.ProviderPrefix); ok {
			added[id] = true
		} else {
			body.Chat = append(body.Chat, a)
		}
	}
	for _, p := range s.OIDC {
		body.Ways = append(body.Ways, way{p, added[p.ID]})
	}
	body.Allowed = s.passkeys != nil
	if body.Passkeys, err = s.Access.Passkeys(ctx, v.PersonID); err != nil {
		return err
	}
	if body.Tokens, err = s.Access.Tokens(ctx, v.PersonID); err != nil {
		return err
	}
	if body.Feeds, err = s.Access.Feeds(ctx, v.PersonID); err != nil {
		return err
	}
	if body.Feed.Choices, err = s.feedChoices(r, v); err != nil {
		return err
	}
	if body.Token.Days == 0 {
		body.Token.Days = 90
	}
	return s.render(w, r, status, "account", view{Title: "Your account", Here: "/account", Passkeys: body.Allowed, Body: body})
}
