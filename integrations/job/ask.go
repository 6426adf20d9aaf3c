package job

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/notice"
)

const sqlInsertRun = `
	insert into job_run (job, kind, params, state, dry, reason, override, key, incident_id, asked_at, asked_by, asked_words, network, room,
		approvals, scheduled_for, exclusive, tries, started_at, ended_at, said)
	values (@job, @kind, @params, @state, @dry, @reason, @override, nullif(@key, ''), @incident, @now, @by, @words, @network, @room,
		@approvals, @scheduled, @exclusive, @tries, @ended, @ended, @said)
	on conflict (key) do nothing returning id`

// Ask asks for a run. What it takes is checked first, then who asks, and whether it is
// refused in a freeze; then it is queued, or waits for people to agree. With a key that was
// asked by before, it returns that run and does nothing.
//
// A dry run is asked for and answered here, and kept as a run that has ended, with what it
// would do as its log: whoever agrees to the real one reads it, and it shows that somebody
// looked first. It never takes part in queues, freezes, agreement or hooks.
func (s *Service) Ask(ctx context.Context, a Ask) (Row, error) {
	d, a, err := s.understand(a)
	if err != nil {
		return Row{}, err
	}
	var plan []string
	if a.Dry {
		if plan, err = d.Kind.Plan(ctx, maps.Clone(a.Params)); err != nil {
			return Row{}, err
		}
	}
	var r Row
	err = s.change(ctx, s.DB, func(c *change) error {
		r, err = c.ask(d, a, plan)
		return err
	})
	return r, err
}

// AskIn is [Service.Ask] in a transaction of somebody else's, for what must be asked for if and
// only if something else happens. It takes no dry runs: those may wait for a network.
func (s *Service) AskIn(ctx context.Context, tx pgx.Tx, a Ask) (Row, error) {
	d, a, err := s.understand(a)
	if err != nil {
		return Row{}, err
	}
	if a.Dry {
		return Row{}, errors.New("a dry run cannot be asked for in a transaction")
	}
	var r Row
	err = s.change(ctx, tx, func(c *change) error {
		r, err = c.ask(d, a, nil)
		return err
	})
	return r, err
}

// understand checks what is asked for as far as that takes no database.
func (s *Service) understand(a Ask) (Definition, Ask, error) {
	d, err := s.Definition(a.Job)
	if err != nil {
		return d, a, err
	}
	if d.Policy.Admin && !a.Admin && !automatic(a.By) {
		return d, a, fault.New(fault.Forbidden, "Only admins ask for %s.", d.Name)
	}
	if a.Params, err = d.check(a.Params); err != nil {
		return d, a, err
	}
	a.Reason = s.clean(a.Reason, longestReason)
	return d, a, nil
}

// automatic tells whether nobody asks: a schedule does, or the bot itself.
func automatic(a oncall.Actor) bool { return a.PersonID == 0 && a.Handle == "" && a.Account == "" }

func whoAsks(a Ask) string {
	switch {
	case !automatic(a.By):
		return oncall.Clip(a.By.Who(), 200)
	case !a.ScheduledFor.IsZero():
		return "the schedule"
	}
	return "the bot"
}

func (c *change) ask(d Definition, a Ask, plan []string) (Row, error) {
	if again, found, err := c.byKey(a.Key); err != nil || found {
		return again, err
	}
	if a.Incident != 0 {
		if err := shareIncident(c.ctx, c.tx, a.Incident); err != nil {
			return Row{}, err
		}
	}
	approvals, why := d.Policy.Approvals, ""
	if a.Override = a.Override && d.Policy.Risky && !a.Dry; d.Policy.Risky && !a.Dry {
		var until time.Time
		var err error
		if why, until, err = c.frozen(); err != nil {
			return Row{}, err
		}
		switch {
		case why == "":
			a.Override = false
		case !a.Override:
			return Row{}, fault.New(fault.Conflict, "%s is risky, and nothing risky is done now: %s, until %s. If it cannot wait, ask again with --override and a reason; two other people must agree.",
				d.Name, trimmed(why), when(until, a.By.Zone))
		case a.Reason == "":
			return Row{}, fault.New(fault.Invalid, "To do it in a freeze takes a reason: add --reason \"why it cannot wait\".")
		default:
			approvals = max(approvals, overrides)
		}
	}
	state, ended, said := Queued, (*time.Time)(nil), ""
	switch {
	case a.Dry:
		state, ended, approvals = Succeeded, &c.now, 0
		said = "This is what it would do; it did nothing."
	case approvals > 0:
		state = Asked
	}
	var id int64
	err := c.tx.QueryRow(c.ctx, sqlInsertRun, pgx.NamedArgs{
		"job": d.Name, "kind": d.Type, "params": a.Params, "state": state, "dry": a.Dry, "reason": a.Reason, "override": a.Override, "key": a.Key,
		"incident": pg.NullID(a.Incident), "now": c.now, "by": pg.NullID(a.By.PersonID), "words": whoAsks(a), "network": a.By.Network, "room": a.By.Room,
		"approvals": approvals, "scheduled": pg.NullTime(a.ScheduledFor), "exclusive": d.alone(), "tries": d.Policy.tries(), "ended": ended, "said": said,
	}).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) { // somebody else asked just now
		again, _, err := c.byKey(a.Key)
		return again, err
	}
	if err != nil {
		return Row{}, err
	}
	c.touched = append(c.touched, id)
	r, err := oneRow(c.ctx, c.tx, sqlRun, id)
	if err != nil {
		return Row{}, err
	}
	if a.Dry {
		for _, line := range plan {
			r.Plan = append(r.Plan, c.clean(line, longestLine))
		}
		return r, c.log(r, r.Plan...)
	}
	return r, c.asked(d, r, a.By, why)
}

// asked queues a run, or asks people to agree to it.
func (c *change) asked(d Definition, r Row, by oncall.Actor, freeze string) error {
	text := r.AskedWords + " asked for it" + paramWords(r.Params) + reasonWords(r.Reason)
	if err := c.log(r, oncall.UpperFirst(text)+"."); err != nil {
		return err
	}
	if err := c.record(r, by, r.Ref()+": "+text+"."); err != nil {
		return err
	}
	if r.State == Queued {
		return c.enqueue(r, time.Time{})
	}
	to, err := c.places(r, false, true)
	if err != nil {
		return err
	}
	// Whoever asked in private is answered there.
	to = slices.DeleteFunc(to, func(n notice.Notice) bool { return n.Account != "" })
	noun := oncall.Plural(r.Approvals, "other person has", "other people have")
	if d.Policy.Admin {
		noun = oncall.Plural(r.Approvals, "other admin has", "other admins have")
	}
	if freeze != "" {
		text += ", although nothing risky is to be done now (" + trimmed(freeze) + ")"
	}
	c.say(r, to, fmt.Sprintf("%s. It begins when %s agreed: !job approve %d. One person who says !job deny %d stops it.", text, noun, r.ID, r.ID),
		notice.Action{Label: "Agree", Command: fmt.Sprintf("job approve %d", r.ID), Says: "You agree that " + r.Ref() + " is done.", Grave: true},
		notice.Action{Label: "Deny", Command: fmt.Sprintf("job deny %d", r.ID), Says: r.Ref() + " will not be done.", Grave: true})
	return nil
}

func (c *change) byKey(key string) (r Row, found bool, err error) {
	if key == "" {
		return Row{}, false, nil
	}
	rows, err := list[Row](c.ctx, c.tx, sqlRunByKey, pgx.NamedArgs{"key": key})
	if err != nil || len(rows) == 0 {
		return Row{}, false, err
	}
	rows[0].Again = true
	return rows[0], true, nil
}

// frozen tells why nothing risky is done now; "" is no freeze.
func (c *change) frozen() (why string, until time.Time, err error) {
	if c.Frozen == nil {
		return "", time.Time{}, nil
	}
	return c.Frozen(c.ctx, c.tx, c.now)
}

// paramWords are the values of a run in a sentence: " with node=a keep=3".
func paramWords(p Params) string {
	if len(p) == 0 {
		return ""
	}
	var words []string
	for _, name := range slices.Sorted(maps.Keys(p)) {
		words = append(words, name+"="+p[name])
	}
	return " with " + strings.Join(words, " ")
}

func reasonWords(reason string) string {
	if reason == "" {
		return ""
	}
	return " (" + trimmed(reason) + ")"
}

// trimmed is a sentence that goes on: without the full stop at its end.
func trimmed(text string) string { return strings.TrimRight(strings.TrimSpace(text), ".") }

// when writes an instant that may be on another day.
func when(t time.Time, zone string) string {
	if t.IsZero() {
		return "somebody lifts it"
	}
	return t.UTC().Format("Mon 2 Jan ") + oncall.Clock(t, zone)
}
