// Package access owns who is let in outside of chat: sessions of the web, links and
// passkeys that begin one, tokens of programs, and the secret addresses of calendars.
//
// It stores hashes of tokens and never a token, and says whose a token is. What that
// person may do is judged higher up (bot.Identity); pages, cookies and the protocols of
// passkeys and identity providers are web's. Whatever is made or revoked here is in the
// audit trail, without anything that is secret.
package access

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/audit"
	"batsignal/oncall/secret"
)

// Service keeps sessions and tokens. Its methods may be called at the same time.
type Service struct {
	DB        pg.DB
	Now       func() time.Time
	PublicURL string        // how people reach the web; "" has none, and no links to it
	NewToken  func() string // makes tokens, of [TokenLength] letters; nil makes random ones
}

// TokenLength is how many letters a token has without its prefix: 32 bytes in base64.
const TokenLength = 43

const tokenLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// Holder is the person whom a session or a token belongs to, as far as it takes to greet
// them and to judge what they may do.
type Holder struct {
	PersonID int64
	Handle   string
	Name     string
	Zone     string // IANA name
}

// Person is the holder as the rest of the house knows people; only these fields are filled.
func (h Holder) Person() oncall.Person {
	return oncall.Person{ID: h.PersonID, Handle: h.Handle, Name: h.Name, Zone: h.Zone}
}

// Fresh returns new random letters, for what is compared and not stored, such as the
// cookie of a form.
func Fresh() string {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // never fails, see crypto/rand
	return base64.RawURLEncoding.EncodeToString(raw)
}

func (s *Service) newToken(prefix string) secret.Text {
	if s.NewToken != nil {
		return secret.New(prefix + s.NewToken())
	}
	return secret.New(prefix + Fresh())
}

// hashOf is what is stored of a token. Tokens have 256 random bits, so nothing slower is
// needed than SHA-256.
func hashOf(token secret.Text) []byte {
	h := sha256.Sum256([]byte(token.Reveal()))
	return h[:]
}

// wellFormed tells whether a text can be a token with this prefix, so that nothing else
// is asked of the database.
func wellFormed(token secret.Text, prefix string) bool {
	rest, ok := strings.CutPrefix(token.Reveal(), prefix)
	return ok && len(rest) == TokenLength && strings.Trim(rest, tokenLetters) == ""
}

// record writes into the audit trail what was made or revoked for a person.
func (s *Service) record(ctx context.Context, tx pgx.Tx, a oncall.Actor, person int64, kind, subject, says string) error {
	return audit.Record(ctx, tx, s.Now(), a.By(), audit.Change{Kind: kind, Subject: subject, Says: says, Concerns: []int64{person}})
}

const (
	sqlForgetSessions = `delete from web_session where expires_at <= @now or seen_at <= @idle`
	sqlForgetLinks    = `delete from login_link where expires_at < @old`
	sqlForgetAttempts = `delete from sign_in_attempt where expires_at <= @now`
	sqlForgetTokens   = `delete from api_token where coalesce(revoked_at, expires_at) < @gone`
	sqlForgetFeeds    = `delete from feed_token where revoked_at < @gone`
)

// Forget deletes what lets nobody in any more. It is a chore for once an hour. Tokens
// that are revoked or over stay for a quarter of a year, so that whoever uses them hears why.
func (s *Service) Forget(ctx context.Context) error {
	now := s.Now()
	args := pgx.NamedArgs{"now": now, "idle": now.Add(-idle), "old": now.Add(-24 * time.Hour), "gone": now.AddDate(0, 0, -90)}
	for _, sql := range []string{sqlForgetSessions, sqlForgetLinks, sqlForgetAttempts, sqlForgetTokens, sqlForgetFeeds} {
		if _, err := s.DB.Exec(ctx, sql, args); err != nil {
			return err
		}
	}
	return nil
}

// noRow tells whether a query of one row found none.
func noRow(err error) bool { return errors.Is(err, pgx.ErrNoRows) }

// list reads rows into structs by the names of their columns.
func list[T any](ctx context.Context, db pg.DB, sql string, args pgx.NamedArgs) ([]T, error) {
	rows, err := db.Query(ctx, sql, args)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[T])
}

// one reads the one row there is; pgx.ErrNoRows if there is none.
func one[T any](ctx context.Context, db pg.DB, sql string, args pgx.NamedArgs) (T, error) {
	rows, err := db.Query(ctx, sql, args)
	if err != nil {
		var none T
		return none, err
	}
	return pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[T])
}
