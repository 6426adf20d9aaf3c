package retrospective

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

// linkLife is how long a link lets somebody edit: people save often, and come back to it.
const linkLife = 24 * time.Hour

const (
	sqlAddToken = `
		insert into edit_token (hash, incident_id, person_id, created_at, expires_at)
		values (@hash, @incident, @person, @now, @expires)`
	sqlToken = `
		select t.incident_id as incident, t.person_id as person, p.handle, p.zone, t.expires_at
		from edit_token t join person p on p.id = t.person_id
		where t.hash = @hash and t.expires_at > @now`
)

// Editor is who may edit which document, until when.
type Editor struct {
	Incident  int64
	Person    int64
	Handle    string
	Zone      string
	ExpiresAt time.Time
}

// Actor is the editor as records know one.
func (e Editor) Actor() oncall.Actor {
	return oncall.Actor{PersonID: e.Person, Handle: e.Handle, Zone: e.Zone, Network: "link"}
}

// EditLink makes a link by which one person may edit the document of an incident, as
// often as they like until it expires. Only a hash of what is secret in it is stored.
// What is not drafted yet is drafted.
func (s *Service) EditLink(ctx context.Context, a oncall.Actor, incident int64) (link secret.Text, expires time.Time, err error) {
	switch {
	case s.PublicURL == "":
		return link, expires, fault.New(fault.Conflict, "This bot has no web pages to edit on. !retro add adds a line from here.")
	case a.PersonID == 0:
		return link, expires, fault.New(fault.Forbidden, "A link to edit by is made for somebody on the roster. From a shell, say who: --as HANDLE.")
	}
	if _, err := s.Draft(ctx, incident); err != nil {
		return link, expires, err
	}
	token := s.newToken()
	now := s.Now()
	expires = now.Add(linkLife)
	if _, err := s.DB.Exec(ctx, sqlAddToken, pgx.NamedArgs{
		"hash": hashOf(token), "incident": incident, "person": a.PersonID, "now": now, "expires": expires,
	}); err != nil {
		return link, expires, err
	}
	return secret.New(strings.TrimRight(s.PublicURL, "/") + "/retro/edit/" + token), expires, nil
}

// Editor tells whose link a token is of. It is NotFound if it is nobody's or has expired.
// Nothing is changed or used up by asking.
func (s *Service) Editor(ctx context.Context, token secret.Text) (Editor, error) {
	rows, err := s.DB.Query(ctx, sqlToken, pgx.NamedArgs{"hash": hashOf(token.Reveal()), "now": s.Now()})
	if err != nil {
		return Editor{}, err
	}
	e, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Editor])
	if errors.Is(err, pgx.ErrNoRows) {
		return e, fault.New(fault.NotFound, "This link is wrong, or older than a day. In chat, !retro edit gives you a new one.")
	}
	return e, err
}

// TokenLength is how many letters a token has: 32 bytes in base64.
const TokenLength = 43

func (s *Service) newToken() string {
	if s.NewToken != nil {
		return s.NewToken()
	}
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // never fails, see crypto/rand
	return base64.RawURLEncoding.EncodeToString(raw)
}

func hashOf(token string) []byte {
	h := sha256.Sum256([]byte(token))
	return h[:]
}
