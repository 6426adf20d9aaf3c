// Package choice owns what waits for a yes: a command that somebody typed, of which they
// were told what it would do, and that is done once they say so.
//
// It is a row and no memory, so that a yes still counts after a restart. It does not run
// commands. Who may do what is asked when they run, not when they are kept.
package choice

import (
	"context"
	"crypto/sha256"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

// Life is how long a choice waits.
const Life = 10 * time.Minute

const (
	kept        = 24 * time.Hour // how long it can be said that something was done already
	longestLine = 2000           // letters
	mostTries   = 8              // to find a code that is not in use
)

const (
	sqlForget = `
		delete from pending_choice where expires_at < @before`
	sqlInsert = `
		insert into pending_choice (hash, person_id, network, account, line, created_at, expires_at)
		values (@hash, @person, @network, @account, @line, @now, @expires) on conflict (hash) do nothing`
	sqlFind = `
		select w.person_id, p.handle, w.line, w.expires_at, w.used_at
		from pending_choice w join person p on p.id = w.person_id where w.hash = @hash`
	sqlDone = `
		update pending_choice set used_at = @now where hash = @hash and used_at is null`
)

// Service keeps choices. Its fields are set once and not changed; it may be used by many
// at once.
type Service struct {
	DB      pg.DB
	Now     func() time.Time
	NewCode func() string // nil makes codes that nobody can foresee
}

// Waiting is a command that waits for a yes.
type Waiting struct {
	Code    string
	Line    string // the command, without a prefix
	Expires time.Time
}

// Keep has a command wait for a yes of whoever typed it. The line must mean the same
// whenever it is run, and running it twice must be as running it once: a process may die
// between doing it and noting that it is done.
func (s *Service) Keep(ctx context.Context, by oncall.Actor, line string) (w Waiting, err error) {
	if by.PersonID == 0 {
		return w, fault.New(fault.Forbidden, "I do not know who you are. Join a role first: !roster join.")
	}
	if utf8.RuneCountInString(line) > longestLine {
		return w, fault.New(fault.Invalid, "That command is too long to wait for a yes. Say it shorter.")
	}
	now := s.Now()
	err = pg.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, sqlForget, pgx.NamedArgs{"before": now.Add(-kept)}); err != nil {
			return err
		}
		for range mostTries {
			w = Waiting{Code: s.newCode(), Line: line, Expires: now.Add(Life)}
			tag, err := tx.Exec(ctx, sqlInsert, pgx.NamedArgs{
				"hash": hashOf(w.Code), "person": by.PersonID, "network": by.Network, "account": by.Account,
				"line": line, "now": now, "expires": w.Expires,
			})
			if err != nil || tag.RowsAffected() == 1 {
				return err
			}
		}
		return fault.New(fault.Unready, "Too much waits for a yes just now. Please try again in ten minutes.")
	})
	return w, err
}

// Find returns what a code stands for, if it is the actor who may say yes to it, and it
// was not done yet.
func (s *Service) Find(ctx context.Context, by oncall.Actor, code string) (w Waiting, err error) {
	w.Code = fold(code)
	var person int64
	var handle string
	var used *time.Time
	err = s.DB.QueryRow(ctx, sqlFind, pgx.NamedArgs{"hash": hashOf(w.Code)}).Scan(&person, &handle, &w.Line, &w.Expires, &used)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return w, fault.New(fault.NotFound, "Nothing waits for a yes under that code: it is wrong or too old. Type the command again.")
	case err != nil:
		return w, err
	case person != by.PersonID:
		return w, fault.New(fault.Forbidden, "That is for %s to say yes to, who typed the command. Type it yourself if you want the same.", handle)
	case used != nil:
		return w, fault.New(fault.Conflict, "That was done already, at %s. To do it once more, type the command again.", oncall.Clock(*used, by.Zone))
	case !s.Now().Before(w.Expires):
		return w, fault.New(fault.Conflict, "That waited until %s and is dropped. Type the command again.", oncall.Clock(w.Expires, by.Zone))
	}
	return w, nil
}

// Done notes that a command was run.
func (s *Service) Done(ctx context.Context, w Waiting) error {
	_, err := s.DB.Exec(ctx, sqlDone, pgx.NamedArgs{"hash": hashOf(w.Code), "now": s.Now()})
	return err
}

func (s *Service) newCode() string {
	if s.NewCode != nil {
		return s.NewCode()
	}
	return oncall.NewCode()
}

func fold(code string) string { return strings.ToUpper(strings.TrimSpace(code)) }

func hashOf(code string) []byte {
	sum := sha256.Sum256([]byte(code))
	return sum[:]
}
