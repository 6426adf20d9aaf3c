package skill

import (
	"context"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/audit"
	"batsignal/oncall/fault"
)

// Service changes labels, who has them, and what roles prefer. Each method is one
// transaction and leaves an entry of the audit trail. Whether the caller is an admin is
// for whoever calls it.
type Service struct {
	DB  pg.DB
	Now func() time.Time
}

const (
	sqlLockLabel   = `select name, title, self from label where name = @name for update`
	sqlUpsertLabel = `
		insert into label (name, title, self, created_at) values (@name, @title, @self, @now)
		on conflict (name) do update set title = excluded.title, self = excluded.self`
	sqlDeleteLabel = `delete from label where name = @name`
	sqlPreferredBy = `select distinct role from role_preference where @label = any (labels) order by role`
	sqlHolders     = `select person_id from person_label where label = @label order by person_id`
	sqlSayLabel    = `
		insert into person_label (person_id, label, since, by_person)
		values (@person, @label, @now, @person) on conflict (person_id, label) do nothing`
	sqlGiveLabel = `
		insert into person_label (person_id, label, since, by_person, confirmed_at, confirmed_by)
		values (@person, @label, @now, @by, @now, @by_name)
		on conflict (person_id, label) do update set confirmed_at = excluded.confirmed_at, confirmed_by = excluded.confirmed_by
		where person_label.confirmed_at is null`
	sqlTakeLabel   = `delete from person_label where person_id = @person and label = @label`
	sqlShareLabels = `select name from label where name = any (@names) for share`
	sqlBumpRole    = `
		update role set version = version + 1
		where name = @role and retired_at is null and (@based = 0 or version = @based) returning version`
	sqlClearPreference  = `delete from role_preference where role = @role`
	sqlInsertPreference = `insert into role_preference (role, place, labels) values (@role, @place, @labels)`
)

// SetLabel adds a label, or changes its title and whether people's own word counts.
func (s *Service) SetLabel(ctx context.Context, by oncall.Actor, l Label) error {
	if l.Name == Owner || l.Name == maintainer {
		return fault.New(fault.Invalid, "%s is a label already, which nobody is given: it is true of whoever owns what is broken.", l.Name)
	}
	if !validName.MatchString(l.Name) {
		return fault.New(fault.Invalid, "%q cannot be a label: small letters, digits and hyphens, such as security-expert.", oncall.Clip(l.Name, 40))
	}
	if n := utf8.RuneCountInString(l.Title); n == 0 || n > longestTitle {
		return fault.New(fault.Invalid, "The title of a label has 1 to %d letters.", longestTitle)
	}
	return s.change(ctx, func(tx pgx.Tx, now time.Time) error {
		before, there, err := lockLabel(ctx, tx, l.Name)
		if err != nil || there && before == l {
			return err
		}
		if _, err := tx.Exec(ctx, sqlUpsertLabel, pgx.NamedArgs{"name": l.Name, "title": l.Title, "self": l.Self, "now": now}); err != nil {
			return err
		}
		c := audit.Change{Kind: "label", Subject: l.Name, Says: fmt.Sprintf("added the label %s (%s)", l.Name, l.Title), After: l}
		if there {
			c.Before, c.Says = before, fmt.Sprintf("changed the label %s (%s)", l.Name, l.Title)
		}
		return audit.Record(ctx, tx, now, by.By(), c)
	})
}

// RemoveLabel removes a label, also from everybody who has it. One that a role prefers
// is a Conflict.
func (s *Service) RemoveLabel(ctx context.Context, by oncall.Actor, typed string) error {
	return s.change(ctx, func(tx pgx.Tx, now time.Time) error {
		found, err := Find(ctx, tx, typed)
		if err != nil {
			return err
		}
		l, there, err := lockLabel(ctx, tx, found.Name)
		if err != nil || !there {
			return err
		}
		roles, err := column[string](ctx, tx, sqlPreferredBy, pgx.NamedArgs{"label": l.Name})
		if err != nil {
			return err
		}
		if len(roles) > 0 {
			return fault.New(fault.Conflict, "%s is what %s prefers. Change that first: !skills prefer %s ORDER.", l.Name, oncall.JoinNames(roles), roles[0])
		}
		holders, err := column[int64](ctx, tx, sqlHolders, pgx.NamedArgs{"label": l.Name})
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, sqlDeleteLabel, pgx.NamedArgs{"name": l.Name}); err != nil {
			return err
		}
		return audit.Record(ctx, tx, now, by.By(), audit.Change{
			Kind: "label", Subject: l.Name, Concerns: holders, Before: l,
			Says: fmt.Sprintf("removed the label %s, which %s had", l.Name, oncall.Plural(len(holders), "person", "people")),
		})
	})
}

// Say is somebody's own word that they have a label.
func (s *Service) Say(ctx context.Context, by oncall.Actor, typed string) (Held, error) {
	return s.give(ctx, by, by.PersonID, typed, sqlSayLabel, "said of themselves: ")
}

// Give has an admin give somebody a label, or confirm what they said of themselves.
func (s *Service) Give(ctx context.Context, by oncall.Actor, person int64, typed string) (Held, error) {
	return s.give(ctx, by, person, typed, sqlGiveLabel, "confirmed that ")
}

func (s *Service) give(ctx context.Context, by oncall.Actor, person int64, typed, sql, says string) (h Held, err error) {
	err = s.change(ctx, func(tx pgx.Tx, now time.Time) error {
		p, err := oncall.PersonByID(ctx, tx, person)
		if err != nil {
			return err
		}
		l, err := Find(ctx, tx, typed)
		if err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, sql, pgx.NamedArgs{
			"person": person, "label": l.Name, "now": now, "by": pg.NullID(by.PersonID), "by_name": oncall.Clip(by.Who(), 200),
		})
		if err != nil {
			return err
		}
		if h, err = one(ctx, tx, person, l.Name); err != nil || tag.RowsAffected() == 0 {
			return err
		}
		return audit.Record(ctx, tx, now, by.By(), audit.Change{
			Kind: "skill", Subject: p.Handle, Concerns: []int64{person}, After: h,
			Says: fmt.Sprintf("%s%s is a %s", says, p.Handle, l.Title),
		})
	})
	return h, err
}

// Take takes a label from somebody: an admin, or they themselves.
func (s *Service) Take(ctx context.Context, by oncall.Actor, person int64, typed string) error {
	return s.change(ctx, func(tx pgx.Tx, now time.Time) error {
		p, err := oncall.PersonByID(ctx, tx, person)
		if err != nil {
			return err
		}
		l, err := Find(ctx, tx, typed)
		if err != nil {
			return err
		}
		h, err := one(ctx, tx, person, l.Name)
		if err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, sqlTakeLabel, pgx.NamedArgs{"person": person, "label": l.Name})
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return fault.New(fault.NotFound, "%s has no label %s. !skills %s lists what there is.", p.Handle, l.Name, p.Handle)
		}
		return audit.Record(ctx, tx, now, by.By(), audit.Change{
			Kind: "skill", Subject: p.Handle, Concerns: []int64{person}, Before: h,
			Says: fmt.Sprintf("took the label %s from %s", l.Name, p.Handle),
		})
	})
}

// SetPreferences changes what a role prefers, the best combination first; none prefers
// nothing. based is the version of the role that the change was made from; 0 is
// whichever there is. It returns the new version.
func (s *Service) SetPreferences(ctx context.Context, by oncall.Actor, role string, based int, prefers [][]string) (version int, err error) {
	prefers, err = tidy(prefers)
	if err != nil {
		return 0, err
	}
	err = s.change(ctx, func(tx pgx.Tx, now time.Time) error {
		version = 0
		if err := known(ctx, tx, prefers); err != nil {
			return err
		}
		before, have, err := Preferences(ctx, tx, role)
		if err != nil {
			return err
		}
		got, err := column[int](ctx, tx, sqlBumpRole, pgx.NamedArgs{"role": role, "based": based})
		if err != nil {
			return err
		}
		if len(got) == 0 {
			return s.quicker(ctx, tx, role, based, have)
		}
		version = got[0]
		if _, err := tx.Exec(ctx, sqlClearPreference, pgx.NamedArgs{"role": role}); err != nil {
			return err
		}
		for i, labels := range prefers {
			if _, err := tx.Exec(ctx, sqlInsertPreference, pgx.NamedArgs{"role": role, "place": i, "labels": labels}); err != nil {
				return err
			}
		}
		return audit.Record(ctx, tx, now, by.By(), audit.Change{
			Kind: "role", Subject: role, Says: fmt.Sprintf("made %s prefer %s", role, Order(prefers)), Before: before, After: prefers,
		})
	})
	return version, err
}

// quicker says who changed the role meanwhile.
func (s *Service) quicker(ctx context.Context, tx pgx.Tx, role string, based, have int) error {
	who := "somebody"
	last, err := audit.List(ctx, tx, audit.Query{Kind: "role", Subject: role, Most: 1})
	if err != nil {
		return err
	}
	if len(last) > 0 && last[0].Handle != "" {
		who = last[0].Handle
	}
	return fault.New(fault.Conflict, "%s was quicker: the role %s is at version %d by now, and your change began at %d. Look at it again, then repeat yours.", who, role, have, based)
}

// known refuses labels that there are not, and keeps the others from going away.
func known(ctx context.Context, tx pgx.Tx, prefers [][]string) error {
	var wanted []string
	for _, combination := range prefers {
		for _, name := range combination {
			if name != Owner && !slices.Contains(wanted, name) {
				wanted = append(wanted, name)
			}
		}
	}
	there, err := column[string](ctx, tx, sqlShareLabels, pgx.NamedArgs{"names": wanted})
	if err != nil {
		return err
	}
	for _, name := range wanted {
		if !slices.Contains(there, name) {
			_, err := Find(ctx, tx, name)
			return err
		}
	}
	return nil
}

func (s *Service) change(ctx context.Context, do func(tx pgx.Tx, now time.Time) error) error {
	now := s.Now()
	return pg.InTx(ctx, s.DB, func(tx pgx.Tx) error { return do(tx, now) })
}

func lockLabel(ctx context.Context, tx pgx.Tx, name string) (l Label, there bool, err error) {
	rows, err := tx.Query(ctx, sqlLockLabel, pgx.NamedArgs{"name": name})
	if err != nil {
		return l, false, err
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[Label])
	if err != nil || len(found) == 0 {
		return l, false, err
	}
	return found[0], true, nil
}

// one is one label of one person; the zero Held if they do not have it.
func one(ctx context.Context, tx pgx.Tx, person int64, label string) (Held, error) {
	of, err := Of(ctx, tx, person)
	for _, h := range of[person] {
		if h.Label == label {
			return h, err
		}
	}
	return Held{}, err
}

func column[T any](ctx context.Context, tx pgx.Tx, sql string, args pgx.NamedArgs) ([]T, error) {
	rows, err := tx.Query(ctx, sql, args)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[T])
}
