package access

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

// The kinds of sign-in that take two requests or more.
const (
	AttemptOIDC       = "oidc"
	AttemptPasskey    = "passkey"
	AttemptNewPasskey = "new passkey"
)

const (
	attemptLife  = 10 * time.Minute
	mostAttempts = 10_000 // at once: nobody who is not signed in may fill the disk
)

const (
	sqlInsertAttempt = `
		insert into sign_in_attempt (hash, kind, person_id, data, created_at, expires_at)
		select @hash, @kind, @person, @data, @now, @expires
		where (select count(*) from sign_in_attempt where expires_at > @now) < @most`
	sqlTakeAttempt = `
		delete from sign_in_attempt where hash = @hash and kind = @kind and expires_at > @now
		returning coalesce(person_id, 0), data`
)

// Begin keeps what the next request of a sign-in has to know, for ten minutes. The token
// is for the browser that began it. Person is who adds a way to sign in, 0 if it is not
// known yet who signs in.
func (s *Service) Begin(ctx context.Context, kind string, person int64, data any) (secret.Text, error) {
	text, err := json.Marshal(data)
	if err != nil {
		return secret.Text{}, err
	}
	now, token := s.Now(), s.newToken("")
	tag, err := s.DB.Exec(ctx, sqlInsertAttempt, pgx.NamedArgs{
		"hash": hashOf(token), "kind": kind, "person": pg.NullID(person), "data": text,
		"now": now, "expires": now.Add(attemptLife), "most": mostAttempts,
	})
	if err == nil && tag.RowsAffected() == 0 {
		err = fault.New(fault.Limited, "Too many people are signing in at this moment. Please try again in a few minutes.")
	}
	return token, err
}

// Take gives back what was kept, once. It is NotFound if nothing is, or not for long
// enough.
func (s *Service) Take(ctx context.Context, kind string, token secret.Text, data any) (person int64, err error) {
	gone := fault.New(fault.NotFound, "That took longer than ten minutes, or was begun in another browser. Please begin again.")
	if !wellFormed(token, "") {
		return 0, gone
	}
	var text []byte
	err = s.DB.QueryRow(ctx, sqlTakeAttempt, pgx.NamedArgs{"hash": hashOf(token), "kind": kind, "now": s.Now()}).Scan(&person, &text)
	if noRow(err) {
		return 0, gone
	}
	if err != nil {
		return 0, err
	}
	return person, json.Unmarshal(text, data)
}
