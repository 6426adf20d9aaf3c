package oncall

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall/audit"
	"batsignal/oncall/fault"
)

// inviteFor is how long an invitation can be accepted.
const inviteFor = 14 * 24 * time.Hour

// longestNote is in letters; the column has the same limit.
const longestNote = 300

const (
	sqlInvitations = `
		select i.id, array(select r.role from invitation_role r where r.invitation_id = i.id order by r.role) as roles,
			i.note, coalesce(c.handle, '') as by, i.created_by, i.created_at, i.expires_at, i.used_at, coalesce(u.handle, '') as used_by, i.revoked_at
		from invitation i left join person c on c.id = i.created_by left join person u on u.id = i.used_by`
	sqlInvitationList   = sqlInvitations + ` where i.created_at > @after order by i.id desc`
	sqlInvitationByHash = sqlInvitations + ` where i.hash = @hash`
	sqlInvitationByID   = sqlInvitations + ` where i.id = @id`
	sqlInvite           = `
		insert into invitation (hash, note, created_by, created_at, expires_at)
		values (@hash, @note, @by, @now, @expires) returning id`
	sqlInviteRole = `insert into invitation_role (invitation_id, role) values (@id, @role)`
	sqlUseInvite  = `
		update invitation set used_at = @now, used_by = @person
		where id = @id and used_at is null and revoked_at is null and expires_at > @now`
	sqlRevokeInvite = `
		update invitation set revoked_at = @now
		where id = @id and used_at is null and revoked_at is null and expires_at > @now`
)

// Invitation lets somebody whom no account is known of yet onto the roster, by a code.
type Invitation struct {
	ID        int64
	Roles     []string
	Note      string // for admins: whom it is for
	By        string // handle of whoever invited; "" is nobody we know
	CreatedBy *int64
	CreatedAt time.Time
	ExpiresAt time.Time
	UsedAt    *time.Time // nil: nobody accepted it
	UsedBy    string     // handle
	RevokedAt *time.Time // nil: it was not taken back
}

// Open tells whether an invitation can be accepted.
func (i Invitation) Open(now time.Time) bool {
	return i.UsedAt == nil && i.RevokedAt == nil && now.Before(i.ExpiresAt)
}

// Standing says in words where an invitation stands.
func (i Invitation) Standing(now time.Time) string {
	switch {
	case i.UsedAt != nil && i.UsedBy == "":
		return "accepted"
	case i.UsedAt != nil:
		return "accepted by " + i.UsedBy
	case i.RevokedAt != nil:
		return "taken back"
	case !i.Open(now):
		return "not accepted in time"
	}
	return "open until " + day(i.ExpiresAt)
}

// Invite makes an invitation to roles, and the code by which it is accepted: eight
// letters, for one person, for 14 days. It is for the admin to pass on, and is stored
// nowhere. That the actor may do so is checked by the caller.
func (d *Desk) Invite(ctx context.Context, a Actor, roles []string, note string) (i Invitation, code string, err error) {
	now := d.Now()
	note = oneLine(note)
	if !isLine(note, longestNote) {
		return i, "", newFieldError("note", fault.Invalid, "The note is letters, at most %d of them. Say it shorter.", longestNote)
	}
	if code = Code(8); d.NewCode != nil {
		code = d.NewCode()
	}
	err = pg.InTx(ctx, d.DB, func(tx pgx.Tx) error {
		i = Invitation{Note: note, By: a.Handle, CreatedBy: pg.NullID(a.PersonID), CreatedAt: now, ExpiresAt: now.Add(inviteFor)}
		for _, word := range roles {
			r, err := FindRole(ctx, tx, word)
			if err != nil {
				return err
			}
			if !slices.Contains(i.Roles, r.Name) {
				i.Roles = append(i.Roles, r.Name)
			}
		}
		if len(i.Roles) == 0 {
			return newFieldError("roles", fault.Invalid, "Say for which role the invitation is: !roster invite <role>.")
		}
		slices.Sort(i.Roles)
		if err := tx.QueryRow(ctx, sqlInvite, pgx.NamedArgs{
			"hash": inviteHash(code), "note": note, "by": i.CreatedBy, "now": now, "expires": i.ExpiresAt,
		}).Scan(&i.ID); err != nil {
			return err
		}
		for _, role := range i.Roles {
			if _, err := tx.Exec(ctx, sqlInviteRole, pgx.NamedArgs{"id": i.ID, "role": role}); err != nil {
				return err
			}
		}
		return i.record(ctx, tx, now, a, "invited somebody to "+JoinNames(i.Roles))
	})
	return i, code, err
}

// Invitations lists the invitations of the last three months, the newest first.
func (d *Desk) Invitations(ctx context.Context) ([]Invitation, error) {
	rows, err := d.DB.Query(ctx, sqlInvitationList, pgx.NamedArgs{"after": d.Now().AddDate(0, -3, 0)})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Invitation])
}

// peek finds the invitation of a code without accepting it. One that cannot be accepted
// any more is as good as none.
func (d *Desk) peek(ctx context.Context, db pg.DB, code string) (i Invitation, err error) {
	rows, err := db.Query(ctx, sqlInvitationByHash, pgx.NamedArgs{"hash": inviteHash(code)})
	if err != nil {
		return i, err
	}
	i, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Invitation])
	if noRow(err) || err == nil && !i.Open(d.Now()) {
		return i, errInvitation()
	}
	return i, err
}

func errInvitation() error {
	return fault.New(fault.NotFound, "That invitation is wrong, used, taken back or too old. Ask whoever gave it to you for a new one.")
}

// Revoke takes an invitation back. That the actor may do so is checked by the caller.
func (d *Desk) Revoke(ctx context.Context, a Actor, id int64) (i Invitation, err error) {
	now := d.Now()
	err = pg.InTx(ctx, d.DB, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, sqlInvitationByID, pgx.NamedArgs{"id": id})
		if err != nil {
			return err
		}
		i, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Invitation])
		if noRow(err) {
			return fault.New(fault.NotFound, "There is no invitation %d. !roster invitations lists them.", id)
		}
		if err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, sqlRevokeInvite, pgx.NamedArgs{"id": id, "now": now})
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return fault.New(fault.Conflict, "Invitation %d cannot be taken back: it is not open any more. !roster invitations lists them.", id)
		}
		i.RevokedAt = &now
		return i.record(ctx, tx, now, a, "took the invitation to "+JoinNames(i.Roles)+" back")
	})
	return i, err
}

// Accept is the yes of somebody who was invited, in their own words if they gave some.
// The account that says it is bound to a person, known or new, who can be rung at once:
// an admin's word was in the invitation.
func (d *Desk) Accept(ctx context.Context, a Actor, code, words string) (members []Member, err error) {
	now := d.Now()
	if a.Account == "" {
		return nil, errNotOneself
	}
	err = pg.InTx(ctx, d.DB, func(tx pgx.Tx) error {
		members = nil
		i, err := d.peek(ctx, tx, code)
		if err != nil {
			return err
		}
		p, err := personFor(ctx, tx, now, a, a)
		if err != nil {
			return err
		}
		a.PersonID, a.Handle = p.ID, p.Handle
		if err := lockPerson(ctx, tx, p.ID); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, sqlUseInvite, pgx.NamedArgs{"id": i.ID, "now": now, "person": p.ID})
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return errInvitation() // somebody else was faster
		}
		if members, err = d.welcome(ctx, tx, now, a, p, i); err != nil {
			return err
		}
		if err := inOwnWords(ctx, tx, now, a, words); err != nil {
			return err
		}
		return i.record(ctx, tx, now, a, "accepted the invitation to "+JoinNames(i.Roles), p.ID)
	})
	return members, err
}

// welcome lets somebody into the roles of an invitation that are still in use.
func (d *Desk) welcome(ctx context.Context, tx pgx.Tx, now time.Time, a Actor, p Person, i Invitation) (members []Member, err error) {
	roles, err := Roles(ctx, tx)
	if err != nil {
		return nil, err
	}
	inviter := Actor{Handle: i.By}
	if i.CreatedBy != nil {
		inviter.PersonID = *i.CreatedBy
	}
	for _, r := range roles {
		if !slices.Contains(i.Roles, r.Name) {
			continue
		}
		m := Member{Role: r.Name, Person: p}
		if err := d.upsert(ctx, tx, now, &m, pgx.NamedArgs{"by": i.CreatedBy, "agreed_at": now, "approved_by": i.CreatedBy, "approved_at": now}); err != nil {
			return nil, err
		}
		members = append(members, m)
		if err := recordConsent(ctx, tx, now, p.ID, r.Name, "invited", inviter); err != nil {
			return nil, err
		}
		if err := recordConsent(ctx, tx, now, p.ID, r.Name, "agreed", a); err != nil {
			return nil, err
		}
		if err := recordRoster(ctx, tx, now, a, r.Name, "said yes to being rung for "+r.Title+", as invited", p.ID); err != nil {
			return nil, err
		}
	}
	if len(members) == 0 {
		return nil, fault.New(fault.Conflict, "The roles of that invitation are no more. !roster show lists those that there are.")
	}
	if i.CreatedBy == nil || *i.CreatedBy == p.ID {
		return members, nil
	}
	return members, d.tell(ctx, tx, now, *i.CreatedBy, fmt.Sprintf("Roster: %s accepted your invitation %d and can be rung for %s now.", p.Handle, i.ID, JoinNames(i.Roles)))
}

func (i Invitation) record(ctx context.Context, tx pgx.Tx, now time.Time, a Actor, says string, concerns ...int64) error {
	return audit.Record(ctx, tx, now, a.By(), audit.Change{Kind: "invitation", Subject: fmt.Sprint(i.ID), Says: says, Concerns: concerns})
}

func inviteHash(code string) []byte {
	hash := sha256.Sum256([]byte("invitation " + strings.ToUpper(strings.TrimSpace(code))))
	return hash[:]
}
