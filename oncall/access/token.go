package access

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

// TokenPrefix begins every token of programs, so that scanners find leaked ones.
const TokenPrefix = "bst_"

// Scope is what a token may be used for. A token never lets its program do more than
// the person may whose it is.
type Scope string

// The scopes.
const (
	Read          Scope = "read"           // see whatever the person may see
	RosterWrite   Scope = "roster:write"   // people, rosters, skills, components
	ScheduleWrite Scope = "schedule:write" // schedules, overrides, cover, absences
	PolicyWrite   Scope = "policy:write"   // escalation policies
	Command       Scope = "command"        // commands, as in chat
	AdminScope    Scope = "admin"          // with the others: what only admins may do
)

// Scopes are all there are, with what each is for, in the order of forms.
func Scopes() []ScopeHelp {
	return []ScopeHelp{
		{Read, "Read people, schedules, incidents and what else you may see."},
		{RosterWrite, "Change people, rosters, skills and components."},
		{ScheduleWrite, "Change schedules, overrides, cover and absences."},
		{PolicyWrite, "Change escalation policies."},
		{Command, "Give commands as in chat, such as lighting the signal."},
		{AdminScope, "Together with the others: do what only administrators may."},
	}
}

// ScopeHelp is a scope with a sentence for people.
type ScopeHelp struct {
	Scope Scope
	Help  string
}

const (
	longestName  = 60 // letters
	mostTokens   = 20 // of one person, in use
	longestToken = 366 * 24 * time.Hour
	usedEvery    = time.Hour // how precisely the last use is known
)

const (
	sqlInsertToken = `
		insert into api_token (hash, person_id, name, scopes, created_at, expires_at)
		values (@hash, @person, @name, @scopes, @now, @expires) returning id`
	sqlTokenColumns = `
		select t.id, t.person_id, p.handle, p.name, p.zone, t.name as title, t.scopes, t.created_at, t.expires_at, t.used_at, t.revoked_at
		from api_token t join person p on p.id = t.person_id`
	sqlToken       = sqlTokenColumns + ` where t.hash = @hash`
	sqlTokensOf    = sqlTokenColumns + ` where t.person_id = @person and t.revoked_at is null and t.expires_at > @now order by t.id`
	sqlUseToken    = `update api_token set used_at = @now where id = @id and (used_at is null or used_at < @before)`
	sqlRevokeToken = `
		update api_token set revoked_at = @now where id = @id and person_id = @person and revoked_at is null returning name`
)

// Token is what a program may do in somebody's name, without the secret of it.
type Token struct {
	ID int64
	Holder
	Title     string // what the person calls it
	Scopes    []Scope
	CreatedAt time.Time
	ExpiresAt time.Time
	UsedAt    *time.Time // to the hour; nil is never
	RevokedAt *time.Time
}

// May tells whether the token has a scope.
func (t Token) May(s Scope) bool { return slices.Contains(t.Scopes, s) }

// CreateToken makes a token in the actor's name. The text of it is told once.
func (s *Service) CreateToken(ctx context.Context, a oncall.Actor, title string, scopes []Scope, expires time.Time) (secret.Text, Token, error) {
	now := s.Now()
	title, err := nameOf(title, "the token")
	if err != nil {
		return secret.Text{}, Token{}, err
	}
	if scopes, err = checkScopes(scopes); err != nil {
		return secret.Text{}, Token{}, err
	}
	if !expires.After(now) || expires.Sub(now) > longestToken {
		return secret.Text{}, Token{}, fault.New(fault.Invalid, "A token ends within a year. Choose when.")
	}
	text := s.newToken(TokenPrefix)
	t := Token{
		Holder: Holder{PersonID: a.PersonID, Handle: a.Handle, Zone: a.Zone}, Title: title, Scopes: scopes, CreatedAt: now, ExpiresAt: expires,
	}
	err = pg.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		have, err := list[Token](ctx, tx, sqlTokensOf, pgx.NamedArgs{"person": a.PersonID, "now": now})
		if err != nil {
			return err
		}
		if len(have) >= mostTokens {
			return fault.New(fault.Limited, "You have %d tokens. Revoke one that nothing uses any more.", len(have))
		}
		if err := tx.QueryRow(ctx, sqlInsertToken, pgx.NamedArgs{
			"hash": hashOf(text), "person": a.PersonID, "name": title, "scopes": scopes, "now": now, "expires": expires,
		}).Scan(&t.ID); err != nil {
			return err
		}
		return s.record(ctx, tx, a, a.PersonID, "token", title, "made a token for "+scopeWords(scopes)+" until "+expires.UTC().Format("2 Jan 2006"))
	})
	return text, t, err
}

// Tokens lists the tokens of a person that can be used.
func (s *Service) Tokens(ctx context.Context, person int64) ([]Token, error) {
	return list[Token](ctx, s.DB, sqlTokensOf, pgx.NamedArgs{"person": person, "now": s.Now()})
}

// Bearer says whose token a program has, and notes its use. What is no token that can be
// used is Forbidden, with a sentence that says why.
func (s *Service) Bearer(ctx context.Context, text secret.Text) (Token, error) {
	if !wellFormed(text, TokenPrefix) {
		return Token{}, fault.New(fault.Forbidden, "That is no token of this bot. Make one on your account page and send it as: Authorization: Bearer %s…", TokenPrefix)
	}
	now := s.Now()
	t, err := one[Token](ctx, s.DB, sqlToken, pgx.NamedArgs{"hash": hashOf(text)})
	switch {
	case noRow(err):
		return t, fault.New(fault.Forbidden, "This token is not known here. Make a new one on your account page.")
	case err != nil:
		return t, err
	case t.RevokedAt != nil:
		return t, fault.New(fault.Forbidden, "This token was revoked. Make a new one on your account page.")
	case !now.Before(t.ExpiresAt):
		return t, fault.New(fault.Forbidden, "This token ended on %s. Make a new one on your account page.", t.ExpiresAt.UTC().Format("2 Jan 2006"))
	}
	if t.UsedAt == nil || now.Sub(*t.UsedAt) >= usedEvery {
		_, err = s.DB.Exec(ctx, sqlUseToken, pgx.NamedArgs{"id": t.ID, "now": now, "before": now.Add(-usedEvery + time.Second)})
	}
	return t, err
}

// RevokeToken makes a token of the actor's own useless. It is NotFound if it is already.
func (s *Service) RevokeToken(ctx context.Context, a oncall.Actor, id int64) error {
	return pg.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		var title string
		err := tx.QueryRow(ctx, sqlRevokeToken, pgx.NamedArgs{"id": id, "person": a.PersonID, "now": s.Now()}).Scan(&title)
		if noRow(err) {
			return fault.New(fault.NotFound, "That token is revoked already.")
		}
		if err != nil {
			return err
		}
		return s.record(ctx, tx, a, a.PersonID, "token", title, "revoked a token")
	})
}

// checkScopes returns the scopes in order, each once.
func checkScopes(scopes []Scope) ([]Scope, error) {
	var out []Scope
	for _, known := range Scopes() {
		if slices.Contains(scopes, known.Scope) {
			out = append(out, known.Scope)
		}
	}
	for _, s := range scopes {
		if !slices.Contains(out, s) {
			return nil, fault.New(fault.Invalid, "There is no scope %q.", s)
		}
	}
	if len(out) == 0 {
		return nil, fault.New(fault.Invalid, "Choose what the token may be used for.")
	}
	return out, nil
}

func scopeWords(scopes []Scope) string {
	words := make([]string, 0, len(scopes))
	for _, s := range scopes {
		words = append(words, string(s))
	}
	return oncall.JoinNames(words)
}

// nameOf checks what somebody calls a thing of theirs.
func nameOf(text, what string) (string, error) {
	text = strings.TrimSpace(text)
	if n := utf8.RuneCountInString(text); n < 1 || n > longestName || !utf8.ValidString(text) || strings.ContainsAny(text, "\r\n\x00") {
		return "", fault.New(fault.Invalid, "Give %s a name of up to %d letters, so that you know it again.", what, longestName)
	}
	return text, nil
}
