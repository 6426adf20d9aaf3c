package rota

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
	"batsignal/oncall/schedule"
)

const (
	sqlOverrideColumns = `
		select id, schedule_id, layer, starts_at, ends_at, coalesce(person_id, 0) as person,
			coalesce(instead_of, 0) as instead, coalesce(cover_id, 0) as cover, note
		from shift_override`
	sqlOverride    = sqlOverrideColumns + ` where id = @id`
	sqlOverridesOf = sqlOverrideColumns + ` where schedule_id = @schedule
		and ends_at > @from and starts_at < @until order by id`
	sqlSameOverride = sqlOverrideColumns + ` where schedule_id = @schedule and layer = @layer
		and starts_at = @from and ends_at = @until
		and person_id is not distinct from @person and instead_of is not distinct from @instead
		order by id desc limit 1`
	sqlAdditionCrossing = sqlOverrideColumns + ` where schedule_id = @schedule and person_id = @person and instead_of is null
		and ends_at > @from and starts_at < @until order by id limit 1`
	sqlInsertOverride = `
		insert into shift_override (schedule_id, layer, starts_at, ends_at, person_id, instead_of, cover_id, note, created_by, created_at)
		values (@schedule, @layer, @from, @until, @person, @instead, @cover, @note, @by, @now)
		returning id`
	sqlDeleteOverride = `
		delete from shift_override where id = @id`
)

// kindOverride is what the audit trail calls them.
const kindOverride = "override"

// longestNote is in letters.
const longestNote = 300

// Overrides lists what was decided about a schedule that reaches into a range, in the
// order in which it is applied.
func Overrides(ctx context.Context, db pg.DB, scheduleID int64, from, until time.Time) ([]schedule.Override, error) {
	return queryOverrides(ctx, db, sqlOverridesOf, pgx.NamedArgs{"schedule": scheduleID, "from": from, "until": until})
}

// AddOverride decides for a while who comes: o.Person instead of o.Instead, or in
// addition, or nobody. Without being an admin one may put oneself in, or take oneself
// out. What stands already is returned as it is: a repeat has no effect.
func (s *Service) AddOverride(ctx context.Context, by oncall.Actor, admin bool, o schedule.Override) (added schedule.Override, err error) {
	err = s.change(ctx, by, func(c *change) error {
		added = o
		added.Note = cleaned(o.Note)
		sched, err := c.checkOverride(&added, admin)
		if err != nil {
			return err
		}
		same, err := c.standing(sched, added)
		if err != nil {
			return err
		}
		if same.ID != 0 {
			added = same
			return nil
		}
		if c.trying {
			return nil
		}
		if added.ID, err = c.insertOverride(added); err != nil {
			return err
		}
		for _, person := range []int64{added.Person, added.Instead} {
			c.tell(person, noted(fmt.Sprintf("%s decided about %s: %s. Who is on: !schedule %s.",
				c.by.Who(), sched.Name, c.overrideSays(added, c.zone(person)), sched.Name), added.Note))
		}
		return c.record(audit.Change{Kind: kindOverride, Subject: sched.Name, Says: "decided: " + c.overrideSays(added, ""),
			After: c.writtenOverride(added), Concerns: distinct([]int64{added.Person, added.Instead})})
	})
	return added, err
}

// checkOverride refuses what cannot be, and what the actor may not.
func (c *change) checkOverride(o *schedule.Override, admin bool) (schedule.Schedule, error) {
	var none schedule.Schedule
	switch {
	case o.Person == 0 && o.Instead == 0:
		return none, fault.New(fault.Invalid, "Say who comes, or who does not.")
	case o.Person == o.Instead:
		return none, fault.New(fault.Invalid, "Nobody can come instead of themselves.")
	case utf8.RuneCountInString(o.Note) > longestNote:
		return none, fault.New(fault.Invalid, "That note is longer than %d letters. Make it shorter.", longestNote)
	}
	if err := span(o.From, o.Until, c.now); err != nil {
		return none, err
	}
	for _, person := range []int64{o.Person, o.Instead} {
		if person == 0 {
			continue
		}
		if err := own(c.by, admin, person, "To be replaced, ask for it: !cover. To replace somebody, let them ask you."); err != nil {
			return none, err
		}
	}
	sched, err := c.lock(o.Schedule)
	if err != nil {
		return none, err
	}
	if o.Layer != "" && !slices.ContainsFunc(sched.Layers, func(l schedule.Layer) bool { return l.Name == o.Layer }) {
		return none, fault.New(fault.NotFound, "%s has no layer %q. It has %s.", sched.Name, o.Layer, layerNames(sched))
	}
	if o.Instead == 0 {
		o.Layer = "" // who comes in addition stands before all layers
	}
	if err := c.know(o.Person, o.Instead); err != nil {
		return none, err
	}
	if sched.Role == "" && !admin && o.Person != 0 && !slices.Contains(members(sched), o.Person) {
		// No roster says who may come, so nobody appoints themselves either.
		return none, fault.New(fault.Forbidden, "%s serves no role, and you are not one of its people, so only an admin can put you on. Ask one of them.", sched.Name)
	}
	return sched, c.canCome(sched, o.Person)
}

// canCome refuses somebody whom nobody may ring for what the schedule serves.
func (c *change) canCome(s schedule.Schedule, person int64) error {
	if s.Role == "" || person == 0 {
		return nil
	}
	active, err := activeIn(c.ctx, c.tx, s.Role)
	if err != nil || slices.Contains(active, person) {
		return err
	}
	if err := c.know(append(active, person)...); err != nil {
		return err
	}
	const most = 12 // names in a sentence
	var names []string
	for _, id := range active[:min(len(active), most)] {
		names = append(names, c.handle(id))
	}
	if more := len(active) - most; more > 0 {
		names = append(names, oncall.Plural(more, "other", "others"))
	}
	return fault.New(fault.Conflict, "Nobody may ring %s for %s: they must say yes and be let in first. Who can come: %s. To add somebody: !roster add %s %s.",
		c.handle(person), s.Role, oncall.JoinNames(names), c.handle(person), s.Role)
}

// standing finds the same decision if it was made already and nothing came after it.
// What would change nothing otherwise is refused: it is a slip of whoever typed it.
func (c *change) standing(s schedule.Schedule, o schedule.Override) (same schedule.Override, err error) {
	if o.Instead != 0 {
		b, err := c.book(s, o.From, o.Until)
		if err != nil || len(shiftsOf(b.Shifts(s, o.From, o.Until), o.Instead, o.Layer)) > 0 {
			return same, err
		}
	}
	made, err := queryOverrides(c.ctx, c.tx, sqlSameOverride, overrideArgs(c, o))
	if err != nil {
		return same, err
	}
	if len(made) > 0 {
		return made[0], nil
	}
	if o.Instead != 0 {
		return same, fault.New(fault.Conflict, "%s is not on by %s at any time then, so nobody can come instead of them. Who is on: !schedule %s.",
			c.handle(o.Instead), s.Name, s.Name)
	}
	crossing, err := queryOverrides(c.ctx, c.tx, sqlAdditionCrossing, overrideArgs(c, o))
	if err != nil || len(crossing) == 0 {
		return same, err
	}
	return same, fault.New(fault.Conflict, "%s comes in addition %s already. Take that away first, or choose a time outside it.",
		c.handle(o.Person), stretch(crossing[0].From, crossing[0].Until, c.by.Zone))
}

// RemoveOverride takes a decision back. Without being an admin one may take back only
// what concerns nobody else.
func (s *Service) RemoveOverride(ctx context.Context, by oncall.Actor, admin bool, id int64) (removed schedule.Override, err error) {
	err = s.change(ctx, by, func(c *change) error {
		o, err := c.override(id)
		if err != nil {
			return err
		}
		sched, err := c.lock(o.Schedule)
		if err != nil {
			return err
		}
		for _, person := range []int64{o.Person, o.Instead} {
			if person == 0 {
				continue
			}
			if err := own(by, admin, person, "To hand a shift on that you took, ask for cover: !cover."); err != nil {
				return err
			}
		}
		if err := c.know(o.Person, o.Instead); err != nil {
			return err
		}
		tag, err := c.tx.Exec(ctx, sqlDeleteOverride, pgx.NamedArgs{"id": id})
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return noOverride(id) // somebody was quicker
		}
		removed = o
		for _, person := range []int64{o.Person, o.Instead} {
			c.tell(person, fmt.Sprintf("%s took back what was decided about %s: %s. Who is on: !schedule %s.",
				c.by.Who(), sched.Name, c.overrideSays(o, c.zone(person)), sched.Name))
		}
		return c.record(audit.Change{Kind: kindOverride, Subject: sched.Name, Says: "took back: " + c.overrideSays(o, ""),
			Before: c.writtenOverride(o), Concerns: distinct([]int64{o.Person, o.Instead})})
	})
	return removed, err
}

func (c *change) override(id int64) (schedule.Override, error) {
	list, err := queryOverrides(c.ctx, c.tx, sqlOverride, pgx.NamedArgs{"id": id})
	if err == nil && len(list) == 0 {
		err = noOverride(id)
	}
	if err != nil {
		return schedule.Override{}, err
	}
	return list[0], nil
}

func noOverride(id int64) error {
	return fault.New(fault.NotFound, "There is no override %d any more. !schedule NAME shows those that there are.", id)
}

func (c *change) insertOverride(o schedule.Override) (id int64, err error) {
	err = c.tx.QueryRow(c.ctx, sqlInsertOverride, overrideArgs(c, o)).Scan(&id)
	return id, err
}

func overrideArgs(c *change, o schedule.Override) pgx.NamedArgs {
	return pgx.NamedArgs{
		"schedule": o.Schedule, "layer": o.Layer, "from": o.From, "until": o.Until,
		"person": pg.NullID(o.Person), "instead": pg.NullID(o.Instead), "cover": pg.NullID(o.Cover),
		"note": o.Note, "by": pg.NullID(c.by.PersonID), "now": c.now,
	}
}

// overrideSays is what was decided, without its end mark, for a reader in a zone.
func (c *change) overrideSays(o schedule.Override, zone string) string {
	when := stretch(o.From, o.Until, zone)
	switch {
	case o.Person == 0:
		return fmt.Sprintf("nobody comes instead of %s %s", c.handle(o.Instead), when)
	case o.Instead == 0:
		return fmt.Sprintf("%s comes in addition %s", c.handle(o.Person), when)
	}
	return fmt.Sprintf("%s comes instead of %s %s", c.handle(o.Person), c.handle(o.Instead), when)
}

// writtenOverride is an override for the audit trail.
func (c *change) writtenOverride(o schedule.Override) map[string]any {
	w := map[string]any{"id": o.ID, "from": o.From.UTC(), "until": o.Until.UTC()}
	if o.Person != 0 {
		w["person"] = c.handle(o.Person)
	}
	if o.Instead != 0 {
		w["instead"] = c.handle(o.Instead)
	}
	if o.Layer != "" {
		w["layer"] = o.Layer
	}
	if o.Cover != 0 {
		w["cover"] = Ref(o.Cover)
	}
	return w
}

func layerNames(s schedule.Schedule) string {
	names := make([]string, len(s.Layers))
	for i, l := range s.Layers {
		names[i] = l.Name
	}
	return oncall.JoinNames(names)
}

func queryOverrides(ctx context.Context, db pg.DB, sql string, args pgx.NamedArgs) ([]schedule.Override, error) {
	rows, err := db.Query(ctx, sql, args)
	if err != nil {
		return nil, err
	}
	return pg.Collect(rows, overrideFields)
}

func overrideFields(o *schedule.Override) []any {
	return []any{&o.ID, &o.Schedule, &o.Layer, &o.From, &o.Until, &o.Person, &o.Instead, &o.Cover, &o.Note}
}
