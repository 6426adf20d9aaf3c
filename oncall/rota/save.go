package rota

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/audit"
	"batsignal/oncall/fault"
	"batsignal/oncall/schedule"
)

// kindSchedule is what the audit trail calls changes of schedules.
const kindSchedule = "schedule"

// Written is a schedule as the audit trail keeps it: with handles, since numbers tell
// nobody anything.
type Written struct {
	Name   string         `json:"name"`
	Title  string         `json:"title"`
	Role   string         `json:"role,omitempty"`
	Zone   string         `json:"zone"`
	Layers []WrittenLayer `json:"layers"`
}

// WrittenLayer is a layer of a [Written].
type WrittenLayer struct {
	Name    string            `json:"name"`
	Zone    string            `json:"zone,omitempty"`
	Starts  string            `json:"starts"`
	Ends    string            `json:"ends,omitempty"`
	Unit    schedule.Unit     `json:"unit"`
	Turns   []int             `json:"turns"`
	Members []string          `json:"members"`
	Windows []schedule.Window `json:"windows,omitempty"`
	Shadow  bool              `json:"shadow,omitempty"`
}

// Save stores a schedule: a new one if its ID is 0, else in place of the version that
// the change was based on. A schedule that somebody else changed meanwhile is a
// Conflict that names them, and nothing is stored. A retired one whose name is taken
// for a new schedule comes back as that.
//
// The warnings are sentences about members whom nobody may ring for the role yet: they
// may stand in a layer, and are passed over until they say yes.
func (s *Service) Save(ctx context.Context, by oncall.Actor, based int, sched schedule.Schedule) (saved schedule.Schedule, warnings []string, err error) {
	if err := sched.Check(); err != nil {
		return sched, nil, err
	}
	err = s.change(ctx, by, func(c *change) error {
		warnings = nil // the transaction may be tried again
		if err := c.checkRole(sched.Role); err != nil {
			return err
		}
		if err := c.know(members(sched)...); err != nil {
			return err
		}
		var before any
		concerned := members(sched)
		saved = sched
		if sched.ID == 0 {
			if err := c.insert(&saved); err != nil {
				return err
			}
		} else {
			old, err := c.lock(sched.ID)
			if err != nil {
				return err
			}
			if old.Version != based {
				return c.quicker(old)
			}
			if old.Name != sched.Name {
				if err := c.unnamed(old.Name); err != nil {
					return err
				}
			}
			// What was on until now was on by the old rules.
			if _, err := c.catchUp(old); err != nil {
				return err
			}
			if err := c.know(members(old)...); err != nil {
				return err
			}
			before, concerned = c.written(old), append(concerned, members(old)...)
			if err := c.update(&saved, based); err != nil {
				return err
			}
		}
		if err := c.writeLayers(saved); err != nil {
			return err
		}
		if warnings, err = c.warn(saved); err != nil {
			return err
		}
		says := "changed the schedule " + saved.Name
		if before == nil {
			says = "made the schedule " + saved.Name
		}
		return c.record(audit.Change{Kind: kindSchedule, Subject: saved.Name, Says: says,
			Before: before, After: c.written(saved), Concerns: distinct(concerned)})
	})
	return saved, warnings, err
}

func (c *change) insert(s *schedule.Schedule) error {
	err := c.tx.QueryRow(c.ctx, sqlInsertSchedule, pgx.NamedArgs{
		"name": s.Name, "title": s.Title, "role": s.Role, "zone": s.Zone, "now": c.now,
	}).Scan(&s.ID, &s.Version)
	if noRow(err) {
		return fault.New(fault.Conflict, "There is a schedule %s already. Change that one, or take another name: !schedule %s.", s.Name, s.Name)
	}
	return err
}

func (c *change) update(s *schedule.Schedule, based int) error {
	err := c.tx.QueryRow(c.ctx, sqlUpdateSchedule, pgx.NamedArgs{
		"id": s.ID, "based": based, "name": s.Name, "title": s.Title, "role": s.Role, "zone": s.Zone,
	}).Scan(&s.Version)
	if pg.IsUnique(err, "") {
		return fault.New(fault.Conflict, "There is, or was, another schedule called %s. Take another name.", s.Name)
	}
	return err
}

// Retire ends a schedule: nobody is on by it any more, and what was decided for later is
// dropped. Its past is kept.
func (s *Service) Retire(ctx context.Context, by oncall.Actor, based int, id int64) error {
	return s.change(ctx, by, func(c *change) error {
		old, err := c.lock(id)
		if err != nil {
			return err
		}
		if old.Version != based {
			return c.quicker(old)
		}
		if err := c.unnamed(old.Name); err != nil {
			return err
		}
		if err := c.know(members(old)...); err != nil {
			return err
		}
		if _, err := c.catchUp(old); err != nil {
			return err
		}
		for _, sql := range []string{sqlEndStints, sqlDropLaterOverrides, sqlWithdrawAllCover} {
			if _, err := c.tx.Exec(ctx, sql, pgx.NamedArgs{"id": id, "now": c.now}); err != nil {
				return err
			}
		}
		if _, err := c.tx.Exec(ctx, sqlRetireSchedule, pgx.NamedArgs{"id": id, "based": based, "now": c.now}); err != nil {
			return err
		}
		return c.record(audit.Change{Kind: kindSchedule, Subject: old.Name, Says: "retired the schedule " + old.Name,
			Before: c.written(old), Concerns: distinct(members(old))})
	})
}

// sqlPolicyNaming reads what oncall/policy owns, which asks whether schedules are there
// only when a policy is saved.
const sqlPolicyNaming = `
	select p.name from escalation_policy p where exists (
		select from jsonb_array_elements(p.steps) s, jsonb_array_elements(s -> 'targets') t
		where t ->> 'kind' = 'schedule' and t ->> 'name' = @name)
	order by p.name limit 1`

// unnamed refuses to let go of the name of a schedule that a policy rings: nobody would be
// rung by that, and nobody would know before an emergency.
func (c *change) unnamed(name string) error {
	var policy string
	err := c.tx.QueryRow(c.ctx, sqlPolicyNaming, pgx.NamedArgs{"name": name}).Scan(&policy)
	if noRow(err) {
		return nil
	}
	if err != nil {
		return err
	}
	return fault.New(fault.Conflict, "The policy %s rings whoever is on by %s. Change the policy first, so that it does not ring nobody.", policy, name)
}

// quicker tells who changed a schedule since somebody looked at it.
func (c *change) quicker(s schedule.Schedule) error {
	last, err := audit.List(c.ctx, c.tx, audit.Query{Kind: kindSchedule, Subject: s.Name, Most: 1})
	if err != nil {
		return err
	}
	who, when := "Somebody else", ""
	if len(last) > 0 {
		switch e := last[0]; {
		case e.Person != nil && *e.Person == c.by.PersonID:
			who = "You yourself"
		case e.Handle != "":
			who = "Meanwhile " + e.Handle
		}
		when = " on " + moment(last[0].At, c.by.Zone)
	}
	return fault.New(fault.Conflict, "%s changed %s%s. Nothing of yours was stored: look at !schedule %s as it is now, and make your change again.",
		who, s.Name, when, s.Name)
}

// checkRole refuses a role that is not in use.
func (c *change) checkRole(role string) error {
	if role == "" {
		return nil
	}
	var inUse bool
	if err := c.tx.QueryRow(c.ctx, sqlRoleInUse, pgx.NamedArgs{"role": role}).Scan(&inUse); err != nil || inUse {
		return err
	}
	roles, err := oncall.Roles(c.ctx, c.tx)
	if err != nil {
		return err
	}
	return fault.New(fault.NotFound, "There is no role %q for the schedule to serve. The roles are %s.", role, oncall.RoleNames(roles))
}

// warn names the members whom nobody may ring for the role.
func (c *change) warn(s schedule.Schedule) ([]string, error) {
	if s.Role == "" {
		return nil, nil
	}
	active, err := activeIn(c.ctx, c.tx, s.Role)
	if err != nil {
		return nil, err
	}
	var out []string
	seen := map[int64]bool{}
	for _, l := range s.Layers {
		if l.Shadow { // is not rung, so needs no yes
			continue
		}
		for _, m := range l.Members {
			if !seen[m] && !slices.Contains(active, m) {
				out = append(out, fmt.Sprintf("%s cannot be rung for %s yet, and is passed over until they said yes and were let in: !roster add %s %s.",
					c.handle(m), s.Role, c.handle(m), s.Role))
			}
			seen[m] = true
		}
	}
	return out, nil
}

// written is a schedule for the audit trail.
func (c *change) written(s schedule.Schedule) Written {
	w := Written{Name: s.Name, Title: s.Title, Role: s.Role, Zone: s.Zone, Layers: []WrittenLayer{}}
	for _, l := range s.Layers {
		out := WrittenLayer{Name: l.Name, Zone: l.Zone, Starts: l.Starts.String(), Unit: l.Unit, Turns: l.Turns,
			Windows: l.Windows, Shadow: l.Shadow, Members: []string{}}
		if !l.Ends.IsZero() {
			out.Ends = l.Ends.String()
		}
		for _, m := range l.Members {
			out.Members = append(out.Members, c.handle(m))
		}
		w.Layers = append(w.Layers, out)
	}
	return w
}

// members lists whoever stands in a layer, each once.
func members(s schedule.Schedule) []int64 {
	var out []int64
	for _, l := range s.Layers {
		out = append(out, l.Members...)
	}
	return distinct(out)
}

// distinct returns each number once, sorted, and no 0.
func distinct(people []int64) []int64 {
	out := slices.Clone(people)
	slices.Sort(out)
	out = slices.Compact(out)
	return slices.DeleteFunc(out, func(id int64) bool { return id == 0 })
}

// shiftsOf picks the shifts of one person, in a layer if one is named, those included
// for which they are away.
func shiftsOf(shifts []schedule.Shift, person int64, layer string) []schedule.Shift {
	var out []schedule.Shift
	for _, sh := range shifts {
		if sh.Person == person && (layer == "" || sh.Layer == layer) {
			out = append(out, sh)
		}
	}
	return out
}

// crosses tells whether two ranges share an instant.
func crosses(from, until, otherFrom, otherUntil time.Time) bool {
	return from.Before(otherUntil) && otherFrom.Before(until)
}
