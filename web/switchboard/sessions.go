package switchboard

import (
	"crypto/rand"
	"crypto/sha256"
	"net/http"
	"strings"
	"sync"
	"time"

	"batsignal/oncall/access"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

const (
	sessionHolds  = 15 * time.Minute
	mostSessions  = 1000
	mostWrong     = 5 // codes in a session: then it ends
	sessionCookie = "batsignal-switchboard"
)

var (
	errNoSession = fault.New(fault.Forbidden, "You are not known here, or not any more: a visit lasts 15 minutes. !contact mine gives you another link.")
	errNoForm    = fault.New(fault.Forbidden, "This form was not made for you, or is from an earlier visit, so nothing was done. Go back, load the page again, and send it once more.")
)

// session is a visit of somebody who came by a link. It is in memory only: after a restart
// it takes another link.
type session struct {
	Person
	mine    bool        // it was a link to one's own page; else only to seal
	link    secret.Text // by which another address can be sealed; empty: used up
	sent    int64       // the contact that a code went to last
	say     string      // what is said on the next page, once
	wrong   int         // codes
	expires time.Time
}

type sessionKey [sha256.Size]byte

// sessions are found by a hash of the cookie.
type sessions struct {
	mu  sync.Mutex
	now map[sessionKey]session
}

func keyOf(token secret.Text) sessionKey { return sha256.Sum256([]byte(token.Reveal())) }

// begin makes a session. Where there are too many, the oldest visit ends.
func (all *sessions) begin(v session, now time.Time) (token secret.Text) {
	token, v.expires = secret.New(rand.Text()), now.Add(sessionHolds)
	all.mu.Lock()
	defer all.mu.Unlock()
	if all.now == nil {
		all.now = map[sessionKey]session{}
	}
	var oldest sessionKey
	var at time.Time
	for k, old := range all.now {
		if !now.Before(old.expires) {
			delete(all.now, k)
		} else if at.IsZero() || old.expires.Before(at) {
			oldest, at = k, old.expires
		}
	}
	if len(all.now) >= mostSessions {
		delete(all.now, oldest)
	}
	all.now[keyOf(token)] = v
	return token
}

// find finds a session, and changes it if asked to. What stood in it before is returned.
func (all *sessions) find(token secret.Text, now time.Time, change func(*session)) (session, bool) {
	all.mu.Lock()
	defer all.mu.Unlock()
	k := keyOf(token)
	v, ok := all.now[k]
	if !ok || token.Empty() || !now.Before(v.expires) {
		delete(all.now, k)
		return session{}, false
	}
	if change != nil {
		after := v
		change(&after)
		all.now[k] = after
	}
	return v, true
}

func (all *sessions) end(token secret.Text) {
	all.mu.Lock()
	defer all.mu.Unlock()
	delete(all.now, keyOf(token))
}

// visit is a session with its cookie. The zero visit is nobody's.
type visit struct {
	session
	token secret.Text
}

// CSRF is what each form of this visit carries.
func (v visit) CSRF() string { return access.FormToken(v.token) }

// Mine tells whether it is a visit to one's own page.
func (v visit) Mine() bool { return v.mine }

// visit finds out who asks; known is false for nobody.
func (s *site) visit(r *http.Request) (v visit, known bool) {
	c, err := r.Cookie(s.cookieName())
	if err != nil {
		return visit{}, false
	}
	token := secret.New(c.Value)
	found, ok := s.sessions.find(token, s.Now(), nil)
	return visit{found, token}, ok
}

// inSession says who asks by a session; to change something, by a form that was made in it.
func (s *site) inSession(w http.ResponseWriter, r *http.Request) (visit, error) {
	v, known := s.visit(r)
	if !known {
		return v, errNoSession
	}
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return v, nil
	}
	if err := readForm(w, r, longestForm); err != nil {
		return visit{}, err
	}
	if !access.FormTokenFits(v.token, r.PostForm.Get("csrf")) {
		return visit{}, errNoForm
	}
	return v, nil
}

// inMine does the same for one's own page.
func (s *site) inMine(w http.ResponseWriter, r *http.Request) (visit, error) {
	v, err := s.inSession(w, r)
	if err == nil && !v.mine {
		return visit{}, errNoSession
	}
	return v, err
}

// say has the next page say something.
func (s *site) say(v visit, sentence string) {
	s.sessions.find(v.token, s.Now(), func(n *session) { n.say = sentence })
}

// heard takes what is to be said.
func (s *site) heard(v visit) string {
	was, _ := s.sessions.find(v.token, s.Now(), func(n *session) { n.say = "" })
	return was.say
}

// wrongCode counts, and ends a visit in which codes are guessed.
func (s *site) wrongCode(w http.ResponseWriter, v visit) error {
	was, _ := s.sessions.find(v.token, s.Now(), func(n *session) { n.wrong++ })
	if was.wrong+1 < mostWrong {
		return nil
	}
	s.sessions.end(v.token)
	s.setCookie(w, secret.Text{})
	return fault.New(fault.Limited, "%d wrong codes were typed, so this visit ended. !contact mine gives you another link.", mostWrong)
}

func (s *site) overTLS() bool { return strings.HasPrefix(strings.ToLower(s.PublicURL), "https://") }

// cookieName has the browser see to it that no other host, and nobody on the way, sets it.
func (s *site) cookieName() string {
	if s.overTLS() {
		return "__Host-" + sessionCookie
	}
	return sessionCookie
}

// setCookie gives the cookie of a visit; an empty one removes it.
func (s *site) setCookie(w http.ResponseWriter, token secret.Text) {
	c := &http.Cookie{ // #nosec G124 -- by https wherever the pages are; a first run has none
		Name: s.cookieName(), Value: token.Reveal(), Path: "/", MaxAge: int(sessionHolds / time.Second),
		Secure: s.overTLS(), HttpOnly: true, SameSite: http.SameSiteStrictMode,
	}
	if token.Empty() {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}
