package oncall

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall/fault"
	"batsignal/oncall/notice"
	"batsignal/oncall/paging"
)

// Desk looks after people: who joins, leaves, is asked, is let in. Each method is
// one transaction and leaves a line in the consent record.
type Desk struct {
	DB  pg.DB
	Now func() time.Time
	// OpenDoor lets anybody with a proven account into a role by their own yes. By
	// default an admin must let them in: two strangers must not be able to appoint
	// themselves and light the signal.
	OpenDoor bool
	// Queue carries the question to somebody who is added; nil asks nobody.
	Queue    notice.Queue
	Networks []string // on which a person can be asked
	// Directories know the accounts of networks where people are not called by their
	// account; a network without one is asked by the account itself.
	Directories map[string]Directory
}

// Directory is a network's list of its people.
type Directory interface {
	// Account finds the account of somebody by what they are called there, and what
	// they are called; "" is nobody.
	Account(ctx context.Context, name string) (account, shown string, err error)
}

// named finds the account that a name means on the network of whoever typed it.
func (d *Desk) named(ctx context.Context, network, name string) (Actor, error) {
	a := Actor{Network: network, Account: foldAccount(strings.TrimPrefix(name, "@"))}
	directory, ok := d.Directories[network]
	if !ok {
		return a, nil
	}
	var err error
	if a.Account, a.Shown, err = directory.Account(ctx, a.Account); err == nil && a.Account == "" {
		err = fault.New(fault.NotFound, "Nobody here is called %q, neither on the roster nor on %s.", name, network)
	}
	return a, err
}

const (
	sqlUpsertMembership = `
		insert into membership (role, person_id, place, asked_by, asked_at, agreed_at, approved_by, approved_at)
		values (@role, @person_id,
			(select coalesce(max(place), 0) + 1 from membership where role = @role),
			@by, @now, @agreed_at, @approved_by, @approved_at)
		on conflict (role, person_id) do update set
			agreed_at = coalesce(membership.agreed_at, excluded.agreed_at),
			approved_by = coalesce(membership.approved_by, excluded.approved_by),
			approved_at = coalesce(membership.approved_at, excluded.approved_at)
		returning agreed_at, approved_at`
	sqlDeleteMembership = `
		delete from membership where person_id = @person_id and (role = @role or @role = '') returning role`
	sqlInsertConsent = `
		insert into consent_entry (at, person_id, role, act, by_person, network, account)
		values (@now, @person_id, @role, @act, @by, @network, @account)`
	sqlSetHours = `
		update person set zone = @zone, wakes = @wakes, sleeps = @sleeps where id = @id`
)

// Hours are a person's zone and waking hours; nil or "" leaves a part as it is.
type Hours struct {
	Zone          string
	Wakes, Sleeps *int // minutes after local midnight
}

// Join is a person's own yes to a role. A stranger with a proven account becomes
// a person by it. The returned member tells whether an admin must still let them in.
func (d *Desk) Join(ctx context.Context, a Actor, role string, h Hours) (m Member, err error) {
	now := d.Now()
	err = pg.InTx(ctx, d.DB, func(tx pgx.Tx) error {
		r, err := FindRole(ctx, tx, role)
		if err != nil {
			return err
		}
		p, err := personFor(ctx, tx, now, a)
		if err != nil {
			return err
		}
		a.PersonID = p.ID // a stranger has become a person
		if p, err = setHours(ctx, tx, p, h); err != nil {
			return err
		}
		args := pgx.NamedArgs{"role": r.Name, "person_id": p.ID, "by": p.ID, "now": now, "agreed_at": now, "approved_by": nil, "approved_at": nil}
		if d.OpenDoor {
			args["approved_at"] = now
		}
		m = Member{Role: r.Name, Person: p}
		if err := tx.QueryRow(ctx, sqlUpsertMembership, args).Scan(&m.AgreedAt, &m.ApprovedAt); err != nil {
			return err
		}
		if m.Active() {
			if err := paging.HurryRole(ctx, tx, now, r.Name); err != nil {
				return err
			}
		}
		return recordConsent(ctx, tx, now, p.ID, r.Name, "agreed", a)
	})
	return m, err
}

// Add lets a person into a role on an admin's word. Unless they said yes before,
// they are only asked: nobody is paged who did not agree. A name that is no handle
// is taken for an account on the admin's own network.
func (d *Desk) Add(ctx context.Context, a Actor, handle, role string) (m Member, err error) {
	now := d.Now()
	var stranger Actor // whom the name means if it is no handle
	if _, err := PersonByHandle(ctx, d.DB, handle); fault.KindOf(err) == fault.NotFound && a.Network != "" {
		if stranger, err = d.named(ctx, a.Network, handle); err != nil {
			return m, err
		}
	}
	err = pg.InTx(ctx, d.DB, func(tx pgx.Tx) error {
		r, err := FindRole(ctx, tx, role)
		if err != nil {
			return err
		}
		p, err := PersonByHandle(ctx, tx, handle)
		if fault.KindOf(err) == fault.NotFound && stranger.Account != "" {
			p, err = personFor(ctx, tx, now, stranger)
		}
		if err != nil {
			return err
		}
		m = Member{Role: r.Name, Person: p}
		if err := tx.QueryRow(ctx, sqlUpsertMembership, pgx.NamedArgs{
			"role": r.Name, "person_id": p.ID, "by": pg.NullID(a.PersonID), "now": now,
			"agreed_at": nil, "approved_by": pg.NullID(a.PersonID), "approved_at": now,
		}).Scan(&m.AgreedAt, &m.ApprovedAt); err != nil {
			return err
		}
		act := "approved"
		if m.Active() {
			if err := paging.HurryRole(ctx, tx, now, r.Name); err != nil {
				return err
			}
		}
		if m.AgreedAt == nil {
			act = "asked"
			if err := d.ask(ctx, tx, now, a, p, r); err != nil {
				return err
			}
		}
		return recordConsent(ctx, tx, now, p.ID, r.Name, act, a)
	})
	return m, err
}

// ask carries an admin's question to the person it concerns.
func (d *Desk) ask(ctx context.Context, tx pgx.Tx, now time.Time, a Actor, p Person, r Role) error {
	accounts, err := AccountsOf(ctx, tx, p.ID)
	if err != nil || d.Queue == nil {
		return err
	}
	text := fmt.Sprintf("Roster: %s asks whether you can be rung for %s when the bat-signal is lit. Yes: !roster join %s. No: !roster leave %s.",
		a.Who(), r.Title, r.Name, r.Name)
	answers := []notice.Action{{Label: "Yes, ring me", Command: "roster join " + r.Name}, {Label: "No", Command: "roster leave " + r.Name}}
	var notices []notice.Notice
	for _, account := range accounts {
		if slices.Contains(d.Networks, account.Network) {
			notices = append(notices, notice.Notice{Network: account.Network, Kind: notice.Say, Account: account.Name, Text: text, Actions: answers})
		}
	}
	return notice.Post(ctx, tx, d.Queue, now, notices...)
}

// Remove ends a person's membership of a role, or of every role when role is "".
// Leaving is the same thing done by oneself. It returns the roles that ended.
func (d *Desk) Remove(ctx context.Context, a Actor, handle, role string) (ended []string, err error) {
	now := d.Now()
	err = pg.InTx(ctx, d.DB, func(tx pgx.Tx) error {
		if role != "" {
			r, err := FindRole(ctx, tx, role)
			if err != nil {
				return err
			}
			role = r.Name
		}
		p, err := PersonByHandle(ctx, tx, handle)
		if err != nil {
			return err
		}
		rows, err := tx.Query(ctx, sqlDeleteMembership, pgx.NamedArgs{"person_id": p.ID, "role": role})
		if err != nil {
			return err
		}
		if ended, err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
			return err
		}
		if len(ended) == 0 {
			return fault.New(fault.NotFound, "%s is in no such role. !roster show lists who is.", p.Handle)
		}
		act := "left"
		if p.ID != a.PersonID {
			act = "removed"
		}
		for _, role := range ended {
			if err := recordConsent(ctx, tx, now, p.ID, role, act, a); err != nil {
				return err
			}
			if err := paging.Withdraw(ctx, tx, now, role, p.ID); err != nil {
				return err
			}
		}
		return nil
	})
	return ended, err
}

// FindRole finds a role in use by its name, its title, its initials, or the start
// of either when that is unambiguous.
func FindRole(ctx context.Context, db pg.DB, word string) (Role, error) {
	roles, err := Roles(ctx, db)
	if err != nil {
		return Role{}, err
	}
	r, ok := MatchRole(roles, word)
	if !ok {
		return Role{}, fault.New(fault.NotFound, "There is no role like %q. The roles are %s.", word, RoleNames(roles))
	}
	return r, nil
}

// MatchRole is the pure half of [FindRole].
func MatchRole(roles []Role, word string) (Role, bool) {
	word = strings.ToLower(strings.ReplaceAll(strings.TrimSpace(word), " ", "-"))
	var near []Role
	for _, r := range roles {
		title := strings.ToLower(strings.ReplaceAll(r.Title, " ", "-"))
		if r.Name == word || title == word {
			return r, true
		}
		if len(word) >= 2 && (initials(r.Name) == word || strings.HasPrefix(r.Name, word) || strings.HasPrefix(title, word)) {
			near = append(near, r)
		}
	}
	if len(near) == 1 {
		return near[0], true
	}
	return Role{}, false
}

// initials makes "qa" of "quality-assurance".
func initials(name string) string {
	var b strings.Builder
	for _, part := range strings.Split(name, "-") {
		b.WriteString(part[:min(len(part), 1)])
	}
	return b.String()
}

// RoleNames joins the names of roles for a sentence.
func RoleNames(roles []Role) string {
	names := make([]string, 0, len(roles))
	for _, r := range roles {
		names = append(names, r.Name)
	}
	return strings.Join(names, ", ")
}

func setHours(ctx context.Context, tx pgx.Tx, p Person, h Hours) (Person, error) {
	if h.Zone == "" && h.Wakes == nil && h.Sleeps == nil {
		return p, nil
	}
	if h.Zone != "" {
		if err := checkZone(h.Zone); err != nil {
			return p, err
		}
		p.Zone = h.Zone
	}
	if h.Wakes != nil && h.Sleeps != nil {
		p.Wakes, p.Sleeps = *h.Wakes, *h.Sleeps
	}
	_, err := tx.Exec(ctx, sqlSetHours, pgx.NamedArgs{"id": p.ID, "zone": p.Zone, "wakes": p.Wakes, "sleeps": p.Sleeps})
	return p, err
}

func recordConsent(ctx context.Context, tx pgx.Tx, now time.Time, person int64, role, act string, a Actor) error {
	_, err := tx.Exec(ctx, sqlInsertConsent, pgx.NamedArgs{
		"now": now, "person_id": person, "role": role, "act": act,
		"by": pg.NullID(a.PersonID), "network": a.Network, "account": a.Account,
	})
	return err
}

// noRow tells whether a query of one row found none.
func noRow(err error) bool { return errors.Is(err, pgx.ErrNoRows) }
