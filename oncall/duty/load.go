package duty

import (
	"context"
	"iter"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/component"
	"batsignal/oncall/fault"
	"batsignal/oncall/policy"
	"batsignal/oncall/rota"
	"batsignal/oncall/schedule"
	"batsignal/oncall/skill"
)

// Load gathers what decides who is next for one question, between two instants; they
// may be the same. It is a dozen queries, whatever the number of people.
func Load(ctx context.Context, db pg.DB, ask Ask, from, until time.Time) (Facts, error) {
	var f Facts
	var book rota.Book
	var batch pgx.Batch
	rota.Queue(&batch, from, until, &book)
	oncall.QueueRoles(&batch, &f.Roles)
	err := db.SendBatch(ctx, &batch).Close()
	if err != nil {
		return f, err
	}
	f.Plan = book
	if f.Policies, err = policy.Load(ctx, db); err != nil {
		return f, err
	}
	if err := f.loadPeople(ctx, db, ask, book); err != nil {
		return f, err
	}
	if err := f.loadSkills(ctx, db, ask); err != nil {
		return f, err
	}
	return f, f.loadConsents(ctx, db, from)
}

// LoadAll is Load for all roles at once: then each can be asked for.
func LoadAll(ctx context.Context, db pg.DB, title string, from, until time.Time) (Facts, error) {
	f, err := glance(ctx, db, from, until, oncall.QueueMembers)
	if err != nil {
		return f, err
	}
	if f.Policies, err = policy.Load(ctx, db); err != nil {
		return f, err
	}
	if f.Prefers, err = skill.AllPreferences(ctx, db); err != nil {
		return f, err
	}
	if err := f.loadLabels(ctx, db); err != nil {
		return f, err
	}
	if err := f.loadOwners(ctx, db, title); err != nil {
		return f, err
	}
	if err := f.loadConsents(ctx, db, from); err != nil {
		return f, err
	}
	return f.rankable(), nil // each role is asked for
}

// Glance gathers who is on and who can be rung for all roles, between two instants:
// enough to show, not to rank. Of people on rosters it knows who they are and when they
// are awake, and no more.
func Glance(ctx context.Context, db pg.DB, from, until time.Time) (Facts, error) {
	return glance(ctx, db, from, until, oncall.QueueActive)
}

// glance asks for people and for plans at once, each in one round trip: half the time
// goes into the database and half into reading what it says.
func glance(ctx context.Context, db pg.DB, from, until time.Time, members func(*pgx.Batch, *[]oncall.Member)) (Facts, error) {
	var f Facts
	var book rota.Book
	var people, plans pgx.Batch
	members(&people, &f.Members)
	rota.Queue(&plans, from, until, &book)
	oncall.QueueRoles(&plans, &f.Roles)
	if err := pg.SendBoth(ctx, db, &people, &plans); err != nil {
		return f, err
	}
	f.Plan = book
	f = f.indexed()
	var strangers []int64
	for _, s := range book.Schedules {
		for id := range turns(book, s) {
			if f.people[id] == nil { // hardly anybody
				strangers = append(strangers, id)
			}
		}
	}
	return f, f.loadStrangers(ctx, db, strangers)
}

// loadPeople reads whoever may be asked: the rosters that the policy speaks of, and the
// people whom it names.
func (f *Facts) loadPeople(ctx context.Context, db pg.DB, ask Ask, book rota.Book) error {
	roles, handles := []string{ask.Role}, slices.Clone(ask.Admins)
	var on []int64
	anyRole := false
	for _, s := range f.policy(ask).Steps {
		for _, t := range s.Targets {
			switch t.Kind {
			case policy.Role:
				roles = append(roles, t.Name)
			case policy.Person:
				handles = append(handles, t.Name)
			case policy.Schedule:
				if s, found := book.Named(t.Name); found {
					roles, anyRole = append(roles, s.Role), anyRole || s.Role == ""
					on = slices.AppendSeq(on, turns(book, s))
				}
			}
		}
	}
	var err error
	if anyRole { // whoever is on may have said yes to whichever role
		f.Members, err = oncall.Members(ctx, db)
	} else {
		f.Members, err = oncall.MembersAmong(ctx, db, roles, handles)
	}
	if err != nil {
		return err
	}
	return f.loadStrangers(ctx, db, on)
}

// turns are those who can be on by a schedule; some come more than once.
func turns(book rota.Book, s schedule.Schedule) iter.Seq[int64] {
	return func(yield func(int64) bool) {
		for i := range s.Layers {
			for _, person := range s.Layers[i].Members {
				if !yield(person) {
					return
				}
			}
		}
		for _, o := range book.Overrides(s.ID) {
			if o.Person != 0 && !yield(o.Person) {
				return
			}
		}
	}
}

// loadStrangers reads those people who are on no roster that was read, so that they can
// be named.
func (f *Facts) loadStrangers(ctx context.Context, db pg.DB, people []int64) error {
	*f = f.indexed()
	people = slices.DeleteFunc(people, func(id int64) bool { return f.people[id] != nil })
	if len(people) == 0 {
		return nil
	}
	slices.Sort(people)
	var err error
	f.Strangers, err = oncall.PeopleAmong(ctx, db, slices.Compact(people))
	for i := range f.Strangers {
		f.people[f.Strangers[i].ID] = &f.Strangers[i]
	}
	return err
}

// loadSkills reads what people are good at, and whose component the title names.
func (f *Facts) loadSkills(ctx context.Context, db pg.DB, ask Ask) error {
	if ask.Role == "" {
		return nil // somebody is asked for by name: there is no order
	}
	prefers, _, err := skill.Preferences(ctx, db, ask.Role)
	if err != nil && fault.KindOf(err) != fault.NotFound { // a role that was retired while it is hunted for has no order
		return err
	}
	f.Prefers = map[string][][]string{ask.Role: prefers}
	if len(prefers) > 0 {
		if err := f.loadLabels(ctx, db); err != nil {
			return err
		}
	}
	return f.loadOwners(ctx, db, ask.Title)
}

// loadLabels reads what everybody is good at.
func (f *Facts) loadLabels(ctx context.Context, db pg.DB) error {
	held, err := skill.Of(ctx, db, f.members()...)
	if err != nil {
		return err
	}
	f.Labels = map[int64]skill.Set{}
	for person, labels := range held {
		f.Labels[person] = skill.Counted(labels)
	}
	return nil
}

// mostComponents is how many components of a title are looked up one by one.
const mostComponents = 5

func (f *Facts) loadOwners(ctx context.Context, db pg.DB, title string) error {
	named, err := component.Named(ctx, db, title)
	if err != nil || len(named) == 0 {
		return err
	}
	f.Owns = map[int64][]string{}
	for _, c := range named[:min(len(named), mostComponents)] {
		owners, err := component.Owning(ctx, db, []component.Component{c})
		if err != nil {
			return err
		}
		for person := range owners {
			f.Owns[person] = append(f.Owns[person], c.Name)
		}
	}
	return nil
}

// members lists everybody who may be asked.
func (f *Facts) members() []int64 {
	people := make([]int64, 0, len(f.Members))
	for _, m := range f.Members {
		people = append(people, m.Person.ID)
	}
	slices.Sort(people)
	return slices.Compact(people)
}

// loadConsents reads what people agreed to, and how often they were rung in the quarter.
func (f *Facts) loadConsents(ctx context.Context, db pg.DB, at time.Time) error {
	var err error
	people := f.members()
	if f.Consents, err = oncall.ConsentsOf(ctx, db, people...); err != nil {
		return err
	}
	people = slices.DeleteFunc(people, func(id int64) bool { return f.Consents[id].Calls == nil })
	if len(people) == 0 {
		return nil
	}
	f.Calls, err = oncall.CallsInQuarter(ctx, db, at, people...)
	return err
}
