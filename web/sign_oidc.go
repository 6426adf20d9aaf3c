package web

import (
	"context"
	"crypto/subtle"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-chi/chi/v5"
	"golang.org/x/oauth2"

	"batsignal/oncall"
	"batsignal/oncall/access"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

// providerPatience is how long an identity provider may take for one answer.
const providerPatience = 10 * time.Second

// Provider is an identity provider (OpenID Connect) by which people may sign in.
type Provider struct {
	ID           string // in addresses, and after "oidc:" in accounts
	Name         string // what people call it
	Issuer       string // its address, as it writes it itself
	ClientID     string
	ClientSecret secret.Text // empty: the client is public, and PKCE alone protects it
}

// CheckProvider asks a provider for its description, as sign-in would.
func CheckProvider(ctx context.Context, p Provider) error {
	_, err := (&provider{Provider: p}).discover(ctx)
	return err
}

// provider keeps what a provider says of itself. It is asked when somebody first signs
// in, so that one that is away keeps nobody from starting the bot.
type provider struct {
	Provider
	mu    sync.Mutex
	found *oidc.Provider
}

func (p *provider) discover(ctx context.Context) (*oidc.Provider, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found != nil {
		return p.found, nil
	}
	found, err := oidc.NewProvider(oidc.ClientContext(ctx, providerClient()), p.Issuer)
	if err != nil {
		return nil, fault.Wrap(fault.Unready, err, "%s cannot be asked who you are at this moment. Sign in another way, or try again later.", p.Name)
	}
	p.found = found
	return found, nil
}

func providerClient() *http.Client { return &http.Client{Timeout: providerPatience} }

// exchange is how one sign-in by a provider speaks to it.
func (p *provider) exchange(found *oidc.Provider, publicURL string) *oauth2.Config {
	return &oauth2.Config{
		ClientID: p.ClientID, ClientSecret: p.ClientSecret.Reveal(), Endpoint: found.Endpoint(),
		RedirectURL: strings.TrimRight(publicURL, "/") + "/sign-in/oidc/" + p.ID + "/callback",
		Scopes:      []string{oidc.ScopeOpenID},
	}
}

// providerAsk is what must come back from a provider.
type providerAsk struct {
	Provider string
	State    string
	Nonce    string
	Verifier string // of PKCE
	Next     string
}

// beginProvider sends somebody to a provider to sign in. It is a link and no button,
// since browsers refuse forms that end on another site. It changes nothing but a row that
// waits for the answer.
func (s *site) beginProvider(w http.ResponseWriter, r *http.Request) error {
	p, err := s.providerOf(r)
	if err != nil {
		return err
	}
	address, err := s.askProvider(w, r, p, 0, samePlace(r.URL.Query().Get("next")))
	if err != nil {
		return err
	}
	http.Redirect(w, r, address, http.StatusSeeOther)
	return nil
}

// askProvider keeps what was asked, and returns the address at which it is. person is who
// adds the provider as a way to sign in; 0 signs in.
func (s *site) askProvider(w http.ResponseWriter, r *http.Request, p *provider, person int64, next string) (string, error) {
	w.Header().Set("Cache-Control", "no-store")
	found, err := p.discover(r.Context())
	if err != nil {
		return "", err
	}
	q := providerAsk{Provider: p.ID, State: access.Fresh(), Nonce: access.Fresh(), Verifier: oauth2.GenerateVerifier(), Next: next}
	token, err := s.Access.Begin(r.Context(), access.AttemptOIDC, person, q)
	if err != nil {
		return "", err
	}
	s.setCookie(w, attemptCookie, token, formLife)
	return p.exchange(found, s.PublicURL).AuthCodeURL(q.State, oidc.Nonce(q.Nonce), oauth2.S256ChallengeOption(q.Verifier)), nil
}

// fromProvider is where a provider sends people back to.
func (s *site) fromProvider(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Cache-Control", "no-store")
	p, err := s.providerOf(r)
	if err != nil {
		return err
	}
	var q providerAsk
	person, err := s.Access.Take(r.Context(), access.AttemptOIDC, s.cookie(r, attemptCookie), &q)
	if fault.KindOf(err) == fault.NotFound {
		return s.noSignIn(w, r, err)
	}
	if err != nil {
		return err
	}
	s.dropCookie(w, attemptCookie)
	account, err := s.vouched(r, p, q)
	if k := fault.KindOf(err); k == fault.Forbidden {
		s.Log.Warn("an identity provider's answer was refused", "provider", p.ID, "error", err)
		return s.noSignIn(w, r, err)
	} else if err != nil {
		return err
	}
	if person != 0 {
		return s.addProvider(w, r, person, account)
	}
	known, found, err := oncall.PersonByAccount(r.Context(), s.DB, account.Network, account.Name)
	if err != nil {
		return err
	}
	if !found {
		return s.render(w, r, http.StatusForbidden, "signnew", view{Title: "I do not know you yet", Body: signInBody{
			Command: s.Commands.Typed("login"), Providers: []Provider{p.Provider},
		}})
	}
	token, _, err := s.Access.SignIn(r.Context(), oncall.Actor{PersonID: known.ID, Network: oncall.Web}, access.ByOIDC, s.browserOf(r))
	if err != nil {
		return err
	}
	s.enter(w, token)
	http.Redirect(w, r, q.Next, http.StatusSeeOther)
	return nil
}

// vouched is the account that a provider vouches for. Everything that was asked must come
// back: the state by the browser, the nonce inside of what the provider signed.
func (s *site) vouched(r *http.Request, p *provider, q providerAsk) (account oncall.Account, err error) {
	refused := func(cause error) error {
		return fault.Wrap(fault.Forbidden, cause, "What came back from %s does not fit what was asked, so you are not signed in. Please begin again.", p.Name)
	}
	answer := r.URL.Query()
	if q.Provider != p.ID || !same(answer.Get("state"), q.State) {
		return account, refused(nil)
	}
	if iss := answer.Get("iss"); iss != "" && iss != p.Issuer {
		return account, refused(nil)
	}
	if answer.Get("error") != "" {
		return account, fault.New(fault.Forbidden, "%s did not sign you in, because you or it said no. You can begin again, or sign in another way.", p.Name)
	}
	found, err := p.discover(r.Context())
	if err != nil {
		return account, err
	}
	ctx := oidc.ClientContext(r.Context(), providerClient())
	tokens, err := p.exchange(found, s.PublicURL).Exchange(ctx, answer.Get("code"), oauth2.VerifierOption(q.Verifier))
	if err != nil {
		return account, refused(err)
	}
	raw, _ := tokens.Extra("id_token").(string)
	proof, err := found.VerifierContext(ctx, &oidc.Config{ClientID: p.ClientID, Now: s.Now}).Verify(ctx, raw)
	if err != nil {
		return account, refused(err)
	}
	if !same(proof.Nonce, q.Nonce) || proof.Subject == "" {
		return account, refused(nil)
	}
	return access.ProviderAccount(p.ID, proof.Subject), nil
}

// same compares without telling by its time where two texts differ. Nothing is the same as
// nothing.
func same(a, b string) bool { return a != "" && subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// addProvider is the end of adding a way to sign in. It must be the one who began it.
func (s *site) addProvider(w http.ResponseWriter, r *http.Request, person int64, account oncall.Account) error {
	v := s.visitor(r)
	if v.PersonID != person {
		return fault.New(fault.Forbidden, "You were signed out meanwhile, so nothing was added. Sign in and begin again on your account page.")
	}
	if err := s.Access.AddAccount(r.Context(), v.Actor(), account); err != nil {
		return err
	}
	http.Redirect(w, r, "/account?did=added#ways", http.StatusSeeOther)
	return nil
}

func (s *site) providerOf(r *http.Request) (*provider, error) {
	p, ok := s.oidc[chi.URLParam(r, "id")]
	if !ok {
		return nil, fault.New(fault.NotFound, "There is no such way to sign in. See /sign-in for those there are.")
	}
	if _, err := url.Parse(s.PublicURL); err != nil || s.PublicURL == "" {
		return nil, fault.New(fault.Unready, "This bot does not know how it is reached, so nobody can come back from %s. An operator sets web.public_url.", p.Name)
	}
	return p, nil
}
