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

const (
	linkLife  = 10 * time.Minute
	mostLinks = 3 // of one person in linkEvery
	linkEvery = 10 * time.Minute
)

// LinkPath is where links that sign somebody in lead, before the token.
const LinkPath = "/sign-in/link/"

const (
	sqlLockPerson = `select handle from person where id = @person for update`
	sqlCountLinks = `select count(*) from login_link where person_id = @person and created_at > @since`
	sqlInsertLink = `insert into login_link (hash, person_id, created_at, expires_at) values (@hash, @person, @now, @expires)`
	sqlPeekLink   = `
		select p.id as person_id, p.handle, p.name, p.zone from login_link l join person p on p.id = l.person_id
		where l.hash = @hash and l.used_at is null and l.expires_at > @now`
	sqlUseLink = `
		update login_link set used_at = @now where hash = @hash and used_at is null and expires_at > @now returning person_id`
	sqlDropLinks = `delete from login_link where person_id = @person and used_at is null`
)

var errLink = fault.New(fault.NotFound, "This link is wrong, used or older than ten minutes. In chat, !login gives you a new one.")

// LoginLink makes a link that signs the actor in on the web, once and within ten minutes.
// Whoever has it is the actor from then on: it may be told to them in private only.
func (s *Service) LoginLink(ctx context.Context, a oncall.Actor) (link secret.Text, expires time.Time, err error) {
	switch {
	case s.PublicURL == "":
		return link, expires, fault.New(fault.Conflict, "This bot has no web pages to sign in on.")
	case a.PersonID == 0:
		return link, expires, fault.New(fault.Forbidden, "Only people I know can sign in: !roster join ROLE makes you known, !link binds this account to you.")
	}
	now := s.Now()
	token := s.newToken("")
	expires = now.Add(linkLife)
	err = pg.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		var handle string
		if err := tx.QueryRow(ctx, sqlLockPerson, pgx.NamedArgs{"person": a.PersonID}).Scan(&handle); err != nil {
			return err
		}
		var n int
		if err := tx.QueryRow(ctx, sqlCountLinks, pgx.NamedArgs{"person": a.PersonID, "since": now.Add(-linkEvery)}).Scan(&n); err != nil {
			return err
		}
		if n >= mostLinks {
			return fault.New(fault.Limited, "You asked for %d links within ten minutes. Use the last one, or wait a little.", n)
		}
		if _, err := tx.Exec(ctx, sqlInsertLink, pgx.NamedArgs{
			"hash": hashOf(token), "person": a.PersonID, "now": now, "expires": expires,
		}); err != nil {
			return err
		}
		return s.record(ctx, tx, a, a.PersonID, "session", handle, "asked for a link to sign in on the web")
	})
	return secret.New(strings.TrimRight(s.PublicURL, "/") + LinkPath + token.Reveal()), expires, err
}

// PeekLink says whom a link would sign in. Nothing is used up by asking. A link that
// signs nobody in is NotFound.
func (s *Service) PeekLink(ctx context.Context, token secret.Text) (Holder, error) {
	if !wellFormed(token, "") {
		return Holder{}, errLink
	}
	h, err := one[Holder](ctx, s.DB, sqlPeekLink, pgx.NamedArgs{"hash": hashOf(token), "now": s.Now()})
	if noRow(err) {
		return h, errLink
	}
	return h, err
}

// UseLink begins a session by a link, which is used up by it. A link that signs nobody
// in is NotFound.
func (s *Service) UseLink(ctx context.Context, link secret.Text, b Browser) (token secret.Text, session Session, err error) {
	if !wellFormed(link, "") {
		return token, session, errLink
	}
	err = pg.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		var person int64
		err := tx.QueryRow(ctx, sqlUseLink, pgx.NamedArgs{"hash": hashOf(link), "now": s.Now()}).Scan(&person)
		if noRow(err) {
			return errLink
		}
		if err != nil {
			return err
		}
		token, session, err = s.begin(ctx, tx, oncall.Actor{PersonID: person, Network: oncall.Web}, ByLink, b)
		return err
	})
	return token, session, err
}

// SignOutEverywhere ends all sessions of the actor's own, and makes links useless that
// were not used yet. It returns how many sessions there were.
func (s *Service) SignOutEverywhere(ctx context.Context, a oncall.Actor) (ended int, err error) {
	err = pg.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, sqlDropLinks, pgx.NamedArgs{"person": a.PersonID}); err != nil {
			return err
		}
		ended, err = s.endSessions(ctx, tx, a, 0, "")
		return err
	})
	return ended, err
}
