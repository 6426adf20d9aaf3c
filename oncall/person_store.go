package oncall

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall/audit"
	"batsignal/oncall/fault"
)

const (
	sqlPersonColumns = `
		select p.id, p.handle, p.name, p.zone, p.wakes, p.sleeps, p.heard_at,
			p.works_from, p.works_until, p.works_days, p.region, p.languages, p.version
		from person p`
	sqlPersonByHandle  = sqlPersonColumns + ` where p.handle = @handle`
	sqlPersonByAccount = sqlPersonColumns + `
		join account a on p.id = a.person_id where a.network = @network and a.name = @name`
	sqlPersonByID   = sqlPersonColumns + ` where p.id = @id`
	sqlPeople       = sqlPersonColumns + ` order by p.handle`
	sqlInsertPerson = `
		insert into person (handle, name, zone, wakes, sleeps, created_at)
		values (@handle, @name, @zone, @wakes, @sleeps, @now)
		on conflict (handle) do nothing returning id`
	sqlInsertAccount = `
		insert into account (network, name, person_id, linked_at)
		values (@network, @name, @person_id, @now)
		on conflict (network, name) do nothing`
	sqlAccountsOf = `
		select network, name from account where person_id = @person_id order by network, name`
	sqlAccountsOfMany = `
		select person_id, network, name from account where person_id = any (@people) order by person_id, network, name`
	sqlHeard = `
		update person set heard_at = @now where id = @id and (heard_at is null or heard_at < @now)`
)

// Account is a person on one network.
type Account struct {
	Network string
	Name    string
}

// longestName is in letters.
const longestName = 80

var validHandle = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,31}$`)

// PersonByHandle finds a person; a leading @ is forgiven.
func PersonByHandle(ctx context.Context, db pg.DB, handle string) (Person, error) {
	handle = strings.ToLower(strings.TrimPrefix(handle, "@"))
	p, err := onePerson(ctx, db, sqlPersonByHandle, pgx.NamedArgs{"handle": handle})
	if errors.Is(err, pgx.ErrNoRows) {
		return p, fault.New(fault.NotFound, "Nobody here is called %q. !roster show lists who is.", handle)
	}
	return p, err
}

// PersonByAccount finds whom a proven account is bound to. found is false for a
// stranger.
func PersonByAccount(ctx context.Context, db pg.DB, network, account string) (p Person, found bool, err error) {
	p, err = onePerson(ctx, db, sqlPersonByAccount, pgx.NamedArgs{"network": network, "name": foldAccount(account)})
	if errors.Is(err, pgx.ErrNoRows) {
		return p, false, nil
	}
	return p, err == nil, err
}

// PersonByID finds a person by number.
func PersonByID(ctx context.Context, db pg.DB, id int64) (Person, error) {
	return onePerson(ctx, db, sqlPersonByID, pgx.NamedArgs{"id": id})
}

// People lists everybody, by handle.
func People(ctx context.Context, db pg.DB) ([]Person, error) {
	rows, err := db.Query(ctx, sqlPeople)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Person])
}

// AccountsOf lists the accounts bound to a person.
func AccountsOf(ctx context.Context, db pg.DB, person int64) ([]Account, error) {
	rows, err := db.Query(ctx, sqlAccountsOf, pgx.NamedArgs{"person_id": person})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Account])
}

// AccountsOfMany is AccountsOf for many people at once, by person.
func AccountsOfMany(ctx context.Context, db pg.DB, people []int64) (map[int64][]Account, error) {
	rows, err := db.Query(ctx, sqlAccountsOfMany, pgx.NamedArgs{"people": people})
	if err != nil {
		return nil, err
	}
	of := map[int64][]Account{}
	var person int64
	var a Account
	_, err = pgx.ForEachRow(rows, []any{&person, &a.Network, &a.Name}, func() error {
		of[person] = append(of[person], a)
		return nil
	})
	return of, err
}

// AddPerson stores a new person and returns the number it got. A handle in use is
// a Conflict.
func AddPerson(ctx context.Context, db pg.DB, now time.Time, p Person) (int64, error) {
	if !validHandle.MatchString(p.Handle) {
		return 0, fault.New(fault.Invalid, "%q cannot be a handle: up to 32 letters a-z, digits, dot, dash or underscore.", p.Handle)
	}
	if err := checkZone(p.Zone); err != nil {
		return 0, err
	}
	if utf8.RuneCountInString(p.Name) > longestName {
		return 0, fault.New(fault.Invalid, "The name of %s is longer than %d letters.", p.Handle, longestName)
	}
	var id int64
	err := db.QueryRow(ctx, sqlInsertPerson, pgx.NamedArgs{
		"handle": p.Handle, "name": p.Name, "zone": p.Zone, "wakes": p.Wakes, "sleeps": p.Sleeps, "now": now,
	}).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, fault.New(fault.Conflict, "The handle %s is taken.", p.Handle)
	}
	return id, err
}

// BindAccount binds an account to a person. An account that is bound already,
// to whomever, is a Conflict.
func BindAccount(ctx context.Context, db pg.DB, now time.Time, person int64, a Account) error {
	tag, err := db.Exec(ctx, sqlInsertAccount, pgx.NamedArgs{
		"network": a.Network, "name": foldAccount(a.Name), "person_id": person, "now": now,
	})
	if err != nil {
		return err
	}
	if tag.RowsAffected() == 0 {
		return fault.New(fault.Conflict, "The account %s on %s is bound to a person already.", a.Name, a.Network)
	}
	return nil
}

// foldAccount lowers the letters A to Z, as doors do, and no other: Unicode has
// letters that become one of a to z, which would let two accounts be one.
func foldAccount(name string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}, name)
}

// MarkHeard notes a sign of life. Time never runs backwards here.
func MarkHeard(ctx context.Context, db pg.DB, now time.Time, person int64) error {
	_, err := db.Exec(ctx, sqlHeard, pgx.NamedArgs{"id": person, "now": now})
	return err
}

// handleFor makes a handle of an account name that may hold other letters.
func handleFor(account string) string {
	var b strings.Builder
	for _, r := range foldAccount(account) {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || (b.Len() > 0 && (r == '.' || r == '_' || r == '-')) {
			b.WriteRune(r)
		}
	}
	h := b.String()
	if h == "" {
		h = "person"
	}
	return h[:min(len(h), 28)]
}

// personFor finds the person of an actor, or makes one named after the account. by is
// whoever made them known: the actor, or an admin.
func personFor(ctx context.Context, tx pgx.Tx, now time.Time, a, by Actor) (Person, error) {
	if a.Account == "" {
		return Person{}, errNotOneself
	}
	p, found, err := PersonByAccount(ctx, tx, a.Network, a.Account)
	if err != nil || found {
		return p, err
	}
	base := handleFor(cmp.Or(a.Shown, a.Account))
	for n := 1; n < 100; n++ {
		p = Person{Handle: base, Zone: "UTC", Wakes: 7 * 60, Sleeps: 23 * 60, WorksDays: workingWeek}
		if n > 1 {
			p.Handle = fmt.Sprintf("%s-%d", base, n)
		}
		p.ID, err = AddPerson(ctx, tx, now, p)
		if fault.KindOf(err) == fault.Conflict {
			continue
		}
		if err != nil {
			return p, err
		}
		if err := BindAccount(ctx, tx, now, p.ID, Account{a.Network, a.Account}); err != nil {
			return p, err
		}
		if by == a {
			by.PersonID, by.Handle = p.ID, p.Handle
		}
		p.Version = 1
		return p, audit.Record(ctx, tx, now, by.By(), audit.Change{
			Kind: "person", Subject: p.Handle, Says: "made " + p.Handle + " known, by an account on " + a.Network, After: p.Profile(), Concerns: []int64{p.ID},
		})
	}
	return p, fault.New(fault.Conflict, "Every handle like %s is taken. Ask an admin to add you under another one.", base)
}

func onePerson(ctx context.Context, db pg.DB, sql string, args pgx.NamedArgs) (Person, error) {
	rows, err := db.Query(ctx, sql, args)
	if err != nil {
		return Person{}, err
	}
	return pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Person])
}
