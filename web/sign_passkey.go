package web

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"batsignal/oncall"
	"batsignal/oncall/access"
	"batsignal/oncall/fault"
)

// passkeysAt is the protocol for pages that people reach at an address; nil where browsers
// allow no passkeys: without https, but for localhost, and where the host is a number.
func passkeysAt(publicURL string) (*webauthn.WebAuthn, error) {
	u, err := url.Parse(publicURL)
	if err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Hostname() != "localhost" {
		return nil, nil
	}
	if _, err := netip.ParseAddr(u.Hostname()); err == nil {
		return nil, nil
	}
	return webauthn.New(&webauthn.Config{
		RPID: u.Hostname(), RPDisplayName: "Batsignal", RPOrigins: []string{u.Scheme + "://" + u.Host},
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementRequired, RequireResidentKey: protocol.ResidentKeyRequired(),
			UserVerification: protocol.VerificationRequired, // the passkey is all the proof there is
		},
	})
}

// keyHolder is a person as the protocol of passkeys knows one.
type keyHolder struct {
	access.Holder
	keys []webauthn.Credential
}

func (k keyHolder) WebAuthnID() []byte                         { return strconv.AppendInt(nil, k.PersonID, 10) }
func (k keyHolder) WebAuthnName() string                       { return k.Handle }
func (k keyHolder) WebAuthnDisplayName() string                { return k.Handle }
func (k keyHolder) WebAuthnCredentials() []webauthn.Credential { return k.keys }

func (s *site) keyHolder(r *http.Request, h access.Holder) (keyHolder, error) {
	k := keyHolder{Holder: h}
	passkeys, err := s.Access.Passkeys(r.Context(), h.PersonID)
	if err != nil {
		return k, err
	}
	for _, p := range passkeys {
		var c webauthn.Credential
		if err := json.Unmarshal(p.Credential, &c); err != nil {
			return k, err
		}
		k.keys = append(k.keys, c)
	}
	return k, nil
}

var errNoPasskeys = fault.New(fault.Conflict, "Passkeys do not work here: browsers want https and a name for them. Sign in another way.")

// beginPasskey asks a browser for a passkey, whosever it is.
func (s *site) beginPasskey(w http.ResponseWriter, r *http.Request) (any, error) {
	if s.passkeys == nil {
		return nil, errNoPasskeys
	}
	if !s.ourForm(w, r) {
		return nil, errNoFormToken
	}
	options, session, err := s.passkeys.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return nil, err
	}
	return options, s.rememberPasskey(w, r, access.AttemptPasskey, 0, session)
}

func (s *site) rememberPasskey(w http.ResponseWriter, r *http.Request, kind string, person int64, session *webauthn.SessionData) error {
	token, err := s.Access.Begin(r.Context(), kind, person, session)
	if err == nil {
		s.setCookie(w, attemptCookie, token, formLife)
	}
	return err
}

// goOn tells our script where to go.
type goOn struct {
	Go string `json:"go"`
}

// finishPasskey signs somebody in by their passkey.
func (s *site) finishPasskey(w http.ResponseWriter, r *http.Request) (any, error) {
	if s.passkeys == nil {
		return nil, errNoPasskeys
	}
	if !s.ourForm(w, r) {
		return nil, errNoFormToken
	}
	var session webauthn.SessionData
	if _, err := s.Access.Take(r.Context(), access.AttemptPasskey, s.cookie(r, attemptCookie), &session); err != nil {
		return nil, err
	}
	s.dropCookie(w, attemptCookie)
	var broken error // our own failure, which must not look like a wrong passkey
	user, used, err := s.passkeys.FinishPasskeyLogin(func(_, handle []byte) (webauthn.User, error) {
		id, err := strconv.ParseInt(string(handle), 10, 64)
		if err != nil {
			return nil, err
		}
		k, err := s.keyHolder(r, access.Holder{PersonID: id})
		broken = err
		return k, err
	}, session, r)
	if broken != nil {
		return nil, broken
	}
	if err != nil {
		return nil, wrongPasskey(err)
	}
	a := oncall.Actor{PersonID: user.(keyHolder).PersonID, Network: oncall.Web}
	if used.Authenticator.CloneWarning {
		s.Log.Warn("a passkey was refused that seems to be a copy", "person", a.PersonID)
		return nil, fault.New(fault.Forbidden, "This passkey seems to be a copy of another one, so it signs nobody in. Sign in by %s and remove it on your account page.", s.Commands.Typed("login"))
	}
	credential, err := json.Marshal(used)
	if err != nil {
		return nil, err
	}
	if err := s.Access.UsePasskey(r.Context(), a, used.ID, credential); err != nil {
		return nil, err
	}
	token, _, err := s.Access.SignIn(r.Context(), a, access.ByPasskey, s.browserOf(r))
	if err != nil {
		return nil, err
	}
	next := s.wanted(r)
	s.enter(w, token)
	return goOn{next}, nil
}

// newPasskey asks a browser to make a passkey for whoever is signed in.
func (s *site) newPasskey(w http.ResponseWriter, r *http.Request) (any, error) {
	v := s.visitor(r)
	k, err := s.ownKeys(r, v)
	if err != nil {
		return nil, err
	}
	options, session, err := s.passkeys.BeginRegistration(k, webauthn.WithExclusions(webauthn.Credentials(k.keys).CredentialDescriptors()))
	if err != nil {
		return nil, err
	}
	return options, s.rememberPasskey(w, r, access.AttemptNewPasskey, v.PersonID, session)
}

func (s *site) ownKeys(r *http.Request, v visitor) (keyHolder, error) {
	switch {
	case s.passkeys == nil:
		return keyHolder{}, errNoPasskeys
	case !v.SignedIn():
		return keyHolder{}, fault.New(fault.Forbidden, "You are not signed in any more. Load the page again.")
	}
	return s.keyHolder(r, v.session.Holder)
}

// keepPasskey keeps the passkey that the browser has made. The query says its name.
func (s *site) keepPasskey(w http.ResponseWriter, r *http.Request) (any, error) {
	v := s.visitor(r)
	k, err := s.ownKeys(r, v)
	if err != nil {
		return nil, err
	}
	var session webauthn.SessionData
	person, err := s.Access.Take(r.Context(), access.AttemptNewPasskey, s.cookie(r, attemptCookie), &session)
	if err != nil {
		return nil, err
	}
	s.dropCookie(w, attemptCookie)
	if person != v.PersonID {
		return nil, fault.New(fault.Forbidden, "Somebody else began this. Load the page and begin again.")
	}
	made, err := s.passkeys.FinishRegistration(k, session, r)
	if err != nil {
		return nil, wrongPasskey(err)
	}
	credential, err := json.Marshal(made)
	if err != nil {
		return nil, err
	}
	if _, err := s.Access.AddPasskey(r.Context(), v.Actor(), access.Passkey{
		CredentialID: made.ID, Credential: credential, Name: r.URL.Query().Get("name"),
	}); err != nil {
		return nil, err
	}
	return goOn{"/account?did=passkey#passkeys"}, nil
}

func wrongPasskey(err error) error {
	var detail *protocol.Error
	if errors.As(err, &detail) && detail.DevInfo != "" {
		err = errors.New(detail.Details + ": " + detail.DevInfo)
	}
	return fault.Wrap(fault.Forbidden, err, "That passkey was not accepted. It may have been removed here; sign in another way and look at your account page.")
}

// script answers our own script, in JSON: what it asked for, or what to say to people.
func (s *site) script(fn func(w http.ResponseWriter, r *http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		status := http.StatusOK
		out, err := fn(w, r)
		if err != nil {
			status = statusOf(err)
			level := slog.LevelInfo
			if status >= http.StatusInternalServerError {
				level = slog.LevelError
			}
			s.Log.Log(r.Context(), level, "a passkey failed", "route", routeOf(r), "error", err)
			out = map[string]string{"say": s.Commands.Localize(fault.Say(err))}
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(out) // who went away meanwhile needs no answer
	}
}
