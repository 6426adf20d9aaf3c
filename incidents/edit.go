package incidents

import (
	"context"
	"fmt"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"batsignal/incidents/action"
	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/paging"
)

// longestNote is in letters.
const longestNote = 1000

// Note adds a line to the timeline, open or resolved.
func (s *Service) Note(ctx context.Context, a oncall.Actor, incident int64, text string) error {
	return s.write(ctx, a, incident, "note", text, nil)
}

// Action adds something that somebody has to do later: an action with the owners and
// the day that the text names, and a line of the timeline.
func (s *Service) Action(ctx context.Context, a oncall.Actor, incident int64, text string) (it action.Item, err error) {
	err = s.write(ctx, a, incident, "action", text, func(c *change) (err error) {
		it, err = action.AddIn(c.ctx, c.tx, c.now, a, incident, text)
		return err
	})
	return it, err
}

// write adds a line to the timeline, and does what else belongs to it.
func (s *Service) write(ctx context.Context, a oncall.Actor, incident int64, kind, text string, also func(*change) error) error {
	if n := utf8.RuneCountInString(text); n == 0 || n > longestNote {
		return fault.New(fault.Invalid, "A note has 1 to %d letters.", longestNote)
	}
	return s.change(ctx, func(c *change) error {
		if _, err := c.lock(incident); err != nil {
			return err
		}
		if err := c.record(incident, kind, a, text); err != nil || also == nil {
			return err
		}
		return also(c)
	})
}

// SetSeverity changes how bad it is; hunts that go on keep to the new patience.
func (s *Service) SetSeverity(ctx context.Context, a oncall.Actor, incident int64, severity int) error {
	if severity < 1 || severity > 4 {
		return fault.New(fault.Invalid, "A severity is 1 (the internet is on fire) to 4 (minor).")
	}
	return s.change(ctx, func(c *change) error {
		inc, err := c.lockOpen(incident)
		if err != nil {
			return err
		}
		if inc.Severity == severity {
			return fault.New(fault.Conflict, "%s has severity %d already.", inc.Ref(), severity)
		}
		if _, err := c.tx.Exec(c.ctx, sqlSetSeverity, pgx.NamedArgs{"id": incident, "severity": severity}); err != nil {
			return err
		}
		roles, err := oncall.Roles(c.ctx, c.tx)
		if err != nil {
			return err
		}
		for _, r := range roles {
			if err := paging.Retime(c.ctx, c.tx, c.now, cause(incident), paging.RoleSlot(r.Name), severity, r.PatienceAt(severity)); err != nil {
				return err
			}
		}
		c.rings = true // a shorter patience may be over sooner than the pager thinks
		text := fmt.Sprintf("%s changes the severity from %d to %d.", a.Who(), inc.Severity, severity)
		inc.Severity = severity
		hunts, err := paging.Hunting(c.ctx, c.tx, cause(incident))
		if err != nil {
			return err
		}
		for _, e := range hunts { // it may be bad enough now to call a helpline at once
			if err := c.callHelp(e, inc, false); err != nil {
				return err
			}
		}
		if err := c.retopic(inc); err != nil {
			return err
		}
		return c.announce(inc, "severity", a, text)
	})
}

// Rename gives the incident another title. Its rooms keep their names.
func (s *Service) Rename(ctx context.Context, a oncall.Actor, incident int64, title string) error {
	if n := utf8.RuneCountInString(title); n == 0 || n > longestTitle {
		return fault.New(fault.Invalid, "A title has 1 to %d letters.", longestTitle)
	}
	return s.change(ctx, func(c *change) error {
		inc, err := c.lock(incident)
		if err != nil {
			return err
		}
		if _, err := c.tx.Exec(c.ctx, sqlSetTitle, pgx.NamedArgs{"id": incident, "title": title}); err != nil {
			return err
		}
		inc.Title = title
		if err := c.retopic(inc); err != nil {
			return err
		}
		return c.announce(inc, "renamed", a, fmt.Sprintf("%s renames the incident: %s", a.Who(), title))
	})
}

// Resolve ends the incident: every hunt stops, everybody who was rung may sleep,
// the baton is laid down. The holder of the baton, a responder or an admin may.
func (s *Service) Resolve(ctx context.Context, a oncall.Actor, incident int64, why string, falseAlarm, admin bool) error {
	if utf8.RuneCountInString(why) > longestNote {
		return fault.New(fault.Invalid, "Say in up to %d letters how it ended.", longestNote)
	}
	return s.change(ctx, func(c *change) error {
		inc, err := c.lockOpen(incident)
		if err != nil {
			return err
		}
		if err := c.mayResolve(inc, a, admin); err != nil {
			return err
		}
		if _, err := c.tx.Exec(c.ctx, sqlResolve, pgx.NamedArgs{
			"id": incident, "by": pg.NullID(a.PersonID), "now": c.now, "false_alarm": falseAlarm,
		}); err != nil {
			return err
		}
		if _, err := c.tx.Exec(c.ctx, sqlReseal, pgx.NamedArgs{"id": incident, "now": c.now}); err != nil {
			return err
		}
		inc.Status = "resolved"
		text := a.Who() + " resolves the incident."
		if falseAlarm {
			text = a.Who() + " resolves the incident as a false alarm."
			if err := c.use(use{act: "false-alarm", actor: a, incident: incident, text: inc.Title}); err != nil {
				return err
			}
		}
		if why != "" {
			text += " " + ended(why)
		}
		if err := c.endHunts(inc, text+" You may sleep."); err != nil {
			return err
		}
		if err := c.endBaton(incident); err != nil {
			return err
		}
		if err := c.retopic(inc); err != nil {
			return err
		}
		if err := c.closeRooms(incident); err != nil {
			return err
		}
		if err := c.announce(inc, "resolved", a, text); err != nil {
			return err
		}
		var minutes string
		c.minute(inc.ID, func(tx pgx.Tx) (err error) {
			minutes, err = c.Minutes.Resolved(c.ctx, tx, c.now, inc)
			return err
		})
		if minutes == "" {
			return nil
		}
		return c.sayRooms(inc.ID, minutes)
	})
}

// endHunts stops every hunt of an incident.
func (c *change) endHunts(inc Incident, why string) error {
	c.done = append(c.done, cause(inc.ID))
	hunts, err := paging.Hunting(c.ctx, c.tx, cause(inc.ID))
	if err != nil {
		return err
	}
	for _, e := range hunts {
		if _, err := paging.Stop(c.ctx, c.tx, c.now, e.ID); err != nil {
			return err
		}
		if err := c.standDown(inc, e, 0, why); err != nil {
			return err
		}
	}
	return nil
}

func (c *change) mayResolve(inc Incident, a oncall.Actor, admin bool) error {
	if admin {
		return nil
	}
	b, held, err := batonOf(c.ctx, c.tx, inc.ID)
	if err != nil || (held && b.Holder == a.PersonID) {
		return err
	}
	working, err := c.responders(inc.ID)
	if err != nil || working[a.PersonID] {
		return err
	}
	return fault.New(fault.Forbidden, "Only who holds the baton or has a role in %s may resolve it. !role take <role> gives you one.", inc.Ref())
}

// Reopen continues a resolved incident: empty roles are hunted for again.
func (s *Service) Reopen(ctx context.Context, a oncall.Actor, incident int64) error {
	return s.change(ctx, func(c *change) error {
		inc, err := c.lock(incident)
		if err != nil {
			return err
		}
		if inc.Open() {
			return fault.New(fault.Conflict, "%s is open.", inc.Ref())
		}
		if _, err := c.tx.Exec(c.ctx, sqlReopen, pgx.NamedArgs{"id": incident}); err != nil {
			return err
		}
		inc.Status = "open"
		if err := c.reenter(inc); err != nil {
			return err
		}
		if err := c.announce(inc, "reopened", a, a.Who()+" opens the incident again."); err != nil {
			return err
		}
		if err := c.retopic(inc); err != nil {
			return err
		}
		roles, err := oncall.Roles(c.ctx, c.tx)
		if err != nil {
			return err
		}
		for _, r := range roles {
			if err := c.rehunt(inc, r); err != nil {
				return err
			}
		}
		rooms, err := roomsOf(c.ctx, c.tx, incident)
		c.minute(incident, func(tx pgx.Tx) error { return c.Minutes.Opened(c.ctx, tx, c.now, inc, rooms) })
		return err
	})
}
