package access

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

// How long a session lasts.
const (
	idle     = 14 * 24 * time.Hour // without a request
	longest  = 60 * 24 * time.Hour
	forAdmin = 7 * 24 * time.Hour // for admins, who can do more harm by a laptop left open
)

// seenEvery is how precisely the last request of a session is known.
const seenEvery = time.Minute

// The ways to sign in.
const (
	ByLink    = "link"
	ByOIDC    = "oidc"
	ByPasskey = "passkey"
)

const (
	sqlInsertSession = `
		insert into web_session (hash, person_id, method, browser, created_at, seen_at, expires_at)
		values (@hash, @person, @method, @browser, @now, @now, @expires) returning id`
	sqlSessionColumns = `
		select s.id, s.person_id, p.handle, p.name, p.zone, s.method, s.browser, s.created_at, s.seen_at, s.expires_at
		from web_session s join person p on p.id = s.person_id`
	sqlSession       = sqlSessionColumns + ` where s.hash = @hash and s.expires_at > @now and s.seen_at > @idle`
	sqlSessionsOf    = sqlSessionColumns + ` where s.person_id = @person and s.expires_at > @now and s.seen_at > @idle order by s.seen_at desc, s.id desc`
	sqlSeeSession    = `update web_session set seen_at = @now where id = @id and seen_at < @before`
	sqlEndSession    = `delete from web_session where id = @id and person_id = @person returning method`
	sqlEndSessions   = `delete from web_session where person_id = @person and id <> @except and (@method = '' or method = @method)`
	sqlReplaced      = `delete from web_session where hash = @hash`
	sqlHolder        = `select id as person_id, handle, name, zone from person where id = @person`
	longestOfBrowser = 80 // letters
)

// Session is somebody who is signed in, in one browser.
type Session struct {
	ID int64
	Holder
	Method    string // [ByLink], [ByOIDC] or [ByPasskey]
	Browser   string // which program, as far as it says: "Firefox on Linux"
	CreatedAt time.Time
	SeenAt    time.Time // the last request, to the minute
	ExpiresAt time.Time // at the latest
}

// Ends says when the session ends if nothing more is heard of it.
func (s Session) Ends(admin bool) time.Time {
	end := s.ExpiresAt
	if admin && s.CreatedAt.Add(forAdmin).Before(end) {
		end = s.CreatedAt.Add(forAdmin)
	}
	if quiet := s.SeenAt.Add(idle); quiet.Before(end) {
		end = quiet
	}
	return end
}

// Over tells whether the session is over. It is sooner for admins, whatever the person
// was when it began.
func (s Session) Over(now time.Time, admin bool) bool { return !now.Before(s.Ends(admin)) }

// Browser is where a session begins.
type Browser struct {
	Name string      // "Firefox on Linux"; "" is unknown
	Old  secret.Text // the token of the session that it had until now, which ends; may be empty
}

// SignIn begins a session of the actor, who is proven by then. The token is for their
// browser alone.
func (s *Service) SignIn(ctx context.Context, a oncall.Actor, method string, b Browser) (token secret.Text, session Session, err error) {
	err = pg.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		token, session, err = s.begin(ctx, tx, a, method, b)
		return err
	})
	return token, session, err
}

func (s *Service) begin(ctx context.Context, tx pgx.Tx, a oncall.Actor, method string, b Browser) (token secret.Text, session Session, err error) {
	now := s.Now()
	h, err := one[Holder](ctx, tx, sqlHolder, pgx.NamedArgs{"person": a.PersonID})
	if noRow(err) {
		return token, session, fault.New(fault.NotFound, "The person who would be signed in is not here any more.")
	}
	if err != nil {
		return token, session, err
	}
	if !b.Old.Empty() {
		if _, err := tx.Exec(ctx, sqlReplaced, pgx.NamedArgs{"hash": hashOf(b.Old)}); err != nil {
			return token, session, err
		}
	}
	token = s.newToken("")
	session = Session{
		Holder: h, Method: method, Browser: clip(b.Name, longestOfBrowser), CreatedAt: now, SeenAt: now, ExpiresAt: now.Add(longest),
	}
	if err := tx.QueryRow(ctx, sqlInsertSession, pgx.NamedArgs{
		"hash": hashOf(token), "person": h.PersonID, "method": method, "browser": session.Browser, "now": now, "expires": session.ExpiresAt,
	}).Scan(&session.ID); err != nil {
		return token, session, err
	}
	a.Handle, a.Zone = h.Handle, h.Zone
	return token, session, s.record(ctx, tx, a, h.PersonID, "session", h.Handle, "signed in on the web "+methodWords[method])
}

var methodWords = map[string]string{ByLink: "by a link from chat", ByOIDC: "by an identity provider", ByPasskey: "by a passkey"}

// Session says whose session a token is of; found is false if it is nobody's or is over.
// Admins' sessions end earlier: see [Session.Over].
func (s *Service) Session(ctx context.Context, token secret.Text) (session Session, found bool, err error) {
	if !wellFormed(token, "") {
		return session, false, nil
	}
	now := s.Now()
	session, err = one[Session](ctx, s.DB, sqlSession, pgx.NamedArgs{"hash": hashOf(token), "now": now, "idle": now.Add(-idle)})
	if noRow(err) {
		return session, false, nil
	}
	return session, err == nil, err
}

// See notes that a session was used just now, at most once a minute.
func (s *Service) See(ctx context.Context, session Session) error {
	now := s.Now()
	if now.Sub(session.SeenAt) < seenEvery {
		return nil
	}
	_, err := s.DB.Exec(ctx, sqlSeeSession, pgx.NamedArgs{"id": session.ID, "now": now, "before": now.Add(-seenEvery + time.Second)})
	return err
}

// Sessions lists the sessions of a person, the last used first.
func (s *Service) Sessions(ctx context.Context, person int64) ([]Session, error) {
	now := s.Now()
	return list[Session](ctx, s.DB, sqlSessionsOf, pgx.NamedArgs{"person": person, "now": now, "idle": now.Add(-idle)})
}

// EndSession ends one session of the actor's own. It is NotFound if it is over.
func (s *Service) EndSession(ctx context.Context, a oncall.Actor, id int64) error {
	return pg.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		var method string
		err := tx.QueryRow(ctx, sqlEndSession, pgx.NamedArgs{"id": id, "person": a.PersonID}).Scan(&method)
		if noRow(err) {
			return fault.New(fault.NotFound, "That session is over already.")
		}
		if err != nil {
			return err
		}
		return s.record(ctx, tx, a, a.PersonID, "session", a.Handle, "ended a session on the web that began "+methodWords[method])
	})
}

// EndSessions ends every session of the actor's own but one, and returns how many. The
// zero except ends all.
func (s *Service) EndSessions(ctx context.Context, a oncall.Actor, except int64) (ended int, err error) {
	err = pg.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		ended, err = s.endSessions(ctx, tx, a, except, "")
		return err
	})
	return ended, err
}

func (s *Service) endSessions(ctx context.Context, tx pgx.Tx, a oncall.Actor, except int64, method string) (int, error) {
	tag, err := tx.Exec(ctx, sqlEndSessions, pgx.NamedArgs{"person": a.PersonID, "except": except, "method": method})
	ended := int(tag.RowsAffected())
	if err != nil || ended == 0 {
		return 0, err
	}
	return ended, s.record(ctx, tx, a, a.PersonID, "session", a.Handle, "ended "+oncall.Plural(ended, "session", "sessions")+" on the web")
}

// clip cuts a text after so many letters, and leaves out what is no letter.
func clip(text string, most int) string {
	letters := []rune(strings.ToValidUTF8(text, ""))
	return string(letters[:min(len(letters), most)])
}
