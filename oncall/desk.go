package oncall

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall/audit"
	"batsignal/oncall/fault"
	"batsignal/oncall/notice"
)

// Desk looks after people: who joins, leaves, is asked, is invited, is let in, and
// says yes again each year. Each method is one transaction; what concerns a yes leaves
// a line in the consent record, and every change one in the record of changes.
type Desk struct {
	DB  pg.DB
	Now func() time.Time
	// OpenDoor lets anybody with a proven account into a role by their own yes. By
	// default an admin must let them in: two strangers must not be able to appoint
	// themselves and light the signal.
	OpenDoor bool
	// Queue carries what is said to people and rooms; nil says nothing to anybody.
	Queue    notice.Queue
	Networks []string // on which a person can be asked
	Rooms    []Room   // where everybody hears that somebody's yes has lapsed: the home rooms
	// Directories know the accounts of networks where people are not called by their
	// account; a network without one is asked by the account itself.
	Directories map[string]Directory
	// Calendar knows when people are on and away; nil knows nothing of it.
	Calendar Calendar
	// NewCode makes the codes of invitations; nil makes ones that nobody can foresee.
	NewCode func() string
}

// Room is a room on a network.
type Room struct {
	Network string
	Name    string
}

// Calendar is what is known of a person's time elsewhere.
type Calendar interface {
	// Shifts are the times at which somebody is on in [from, until), in order.
	Shifts(ctx context.Context, db pg.DB, person int64, from, until time.Time) ([]Shift, error)
	// Absences are the times at which somebody is away in [from, until), in order.
	Absences(ctx context.Context, db pg.DB, person int64, from, until time.Time) ([]Absence, error)
}

// Shift is a time at which somebody is on.
type Shift struct {
	Schedule string
	Role     string // that the schedule serves; "" is none
	From     time.Time
	Until    time.Time
}

// Absence is a time at which somebody cannot be asked.
type Absence struct {
	From  time.Time
	Until time.Time
	Note  string
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

// tell says something to a person in private, on every network where we know them.
func (d *Desk) tell(ctx context.Context, tx pgx.Tx, now time.Time, person int64, text string, actions ...notice.Action) error {
	return Tell(ctx, tx, d.Queue, now, d.Networks, Message{Person: person, Text: text, Actions: actions})
}

// announce says something in the rooms where everybody is.
func (d *Desk) announce(ctx context.Context, tx pgx.Tx, now time.Time, text string) error {
	if d.Queue == nil {
		return nil
	}
	var notices []notice.Notice
	for _, r := range d.Rooms {
		notices = append(notices, notice.Notice{Network: r.Network, Kind: notice.Say, Room: r.Name, Text: text})
	}
	return notice.Post(ctx, tx, d.Queue, now, notices...)
}

const (
	sqlInsertConsent = `
		insert into consent_entry (at, person_id, role, act, by_person, network, account)
		values (@now, @person_id, @role, @act, @by, @network, @account)`
	// The key is left alone, so that whoever only points at the person need not wait.
	sqlLockPerson = `select id from person where id = @id for no key update`
)

// recordConsent writes down an act of consent; role is "" for what concerns all.
func recordConsent(ctx context.Context, tx pgx.Tx, now time.Time, person int64, role, act string, a Actor) error {
	_, err := tx.Exec(ctx, sqlInsertConsent, pgx.NamedArgs{
		"now": now, "person_id": person, "role": role, "act": act,
		"by": pg.NullID(a.PersonID), "network": a.Network, "account": a.Account,
	})
	return err
}

// recordRoster writes a change of a role's list into the record of changes.
func recordRoster(ctx context.Context, tx pgx.Tx, now time.Time, a Actor, role, says string, concerns ...int64) error {
	return audit.Record(ctx, tx, now, a.By(), audit.Change{Kind: "roster", Subject: role, Says: says, Concerns: concerns})
}

// lockPerson makes whoever changes what a person agreed to wait for each other.
func lockPerson(ctx context.Context, tx pgx.Tx, id int64) error {
	_, err := tx.Exec(ctx, sqlLockPerson, pgx.NamedArgs{"id": id})
	return err
}

// noRow tells whether a query of one row found none.
func noRow(err error) bool { return errors.Is(err, pgx.ErrNoRows) }
