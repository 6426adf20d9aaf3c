package incidents

import (
	"cmp"
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall/paging"
)

// Helplines are other paging services that are called for a role, beside our own people or
// when none of them is left. What was done about a call to one is kept among the events of
// its route, each once:
//
//	wanted    a hunt wants it; an errand calls it
//	called    the other side said that it calls
//	late      it was said aloud that it cannot be called yet
//	given-up  and that it is not tried any more
//	answered  somebody who answered there has the role
//	ended     nobody is needed any more; an errand says so there
const (
	helpWanted   = "wanted"
	helpCalled   = "called"
	helpLate     = "late"
	helpGivenUp  = "given-up"
	helpAnswered = "answered"
	helpEnded    = "ended"
)

func helpEvent(hunt int64, place, what string) string {
	return paging.HelpKey(hunt, place) + "/" + what
}

// noteHelp keeps what was done about a call. fresh is false if it was done before.
func (c *change) noteHelp(route, place string, hunt int64, what string) (fresh bool, err error) {
	return paging.AddEvent(c.ctx, c.tx, c.now, paging.Event{Route: route, Event: helpEvent(hunt, place, what), What: "help " + what})
}

const sqlHelpNoted = `select exists (select from provider_event where route = @route and event = @event)`

func helpNoted(ctx context.Context, db pg.DB, route, place string, hunt int64, what string) (noted bool, err error) {
	err = db.QueryRow(ctx, sqlHelpNoted, pgx.NamedArgs{"route": route, "event": helpEvent(hunt, place, what)}).Scan(&noted)
	return noted, err
}

func (c *change) helpNoted(route, place string, hunt int64, what string) (bool, error) {
	return helpNoted(c.ctx, c.tx, route, place, hunt, what)
}

// helpline is the configured one of a role, with what can be told of one that was taken
// out of the configuration.
func (s *Service) helpline(route, place, role string) paging.Helpline {
	for _, h := range s.Helplines {
		if h.Route == route && h.Place == place && h.Role == role {
			return h
		}
	}
	return paging.Helpline{Role: role, Route: route, Place: place, Title: route}
}

// callHelp has the helplines of a role called, once for each hunt: at once if it is bad
// enough, else when none of our own people is left.
func (c *change) callHelp(e paging.Escalation, inc Incident, noneLeft bool) error {
	role, isRole := e.Slot.Role()
	if !isRole || inc.ID == 0 || c.Queue == nil {
		return nil
	}
	for _, h := range c.Helplines {
		if h.Role != role || e.Severity > h.AtOnce && !noneLeft {
			continue
		}
		fresh, err := c.noteHelp(h.Route, h.Place, e.ID, helpWanted)
		if err != nil {
			return err
		}
		if !fresh {
			continue
		}
		c.helped = true
		c.touched = append(c.touched, inc.ID)
		if err := c.errand(Errand{What: ErrandHelp, Route: h.Route, Hunt: e.ID, Place: h.Place}); err != nil {
			return err
		}
	}
	return nil
}

// helpWantedFrom are the hunts of incidents, each with what was called for it. That is read
// from what is on record, and not from the configuration: a helpline that was taken out of
// that is told of the end as well.
const helpWantedFrom = `
	from incident i join escalation e on e.cause = 'incident:' || i.id
		join lateral (
			select w.route, split_part(w.event, '/', 1) as key from provider_event w
			where w.what = 'help wanted' and split_part(w.event, '-', 2) = e.id::text
		) h on true`

// A hunt that was replaced by a later one for the same role, because somebody left it, is
// over whoever had answered.
const sqlHelpOpen = `
	select e.id, e.state, h.route, h.key, i.status <> 'open' as over,
		exists (select from escalation n where n.cause = e.cause and n.slot = e.slot and n.id > e.id) as replaced,
		exists (select from provider_event v where v.route = h.route and v.event = h.key || '/answered') as answered,
		(select count(*) from responder r where r.incident_id = i.id and 'role:' || r.role = e.slot and r.left_at is null) >= e.needs as taken` +
	helpWantedFrom + `
	where i.id = any (@incidents)
		and not exists (select from provider_event v where v.route = h.route and v.event = h.key || '/ended')
	order by e.id, h.route, h.key`

// helpOpen is a helpline that a hunt has called and not told of an end.
type helpOpen struct {
	ID       int64
	State    string
	Route    string
	Key      string // of the call: see [paging.HelpKey]
	Over     bool
	Replaced bool
	Answered bool
	Taken    bool // as many have the role as it needs
}

// endHelp has helplines told, as this change commits, that nobody is needed any more. Where
// who answered there has the role, it stays theirs until the incident is over. A hunt that
// its policy stopped leaves the helpline as its last hope; one that somebody stopped does
// not.
func (c *change) endHelp() error {
	if len(c.touched) == 0 || c.Queue == nil || len(c.that(func(t paging.Traits) bool { return t.Stays })) == 0 {
		return nil
	}
	rows, err := c.tx.Query(c.ctx, sqlHelpOpen, pgx.NamedArgs{"incidents": c.touched})
	if err != nil {
		return err
	}
	open, err := pgx.CollectRows(rows, pgx.RowToStructByName[helpOpen])
	if err != nil {
		return err
	}
	for _, h := range open {
		filled := h.State == "filled" && !h.Answered
		stopped := h.State == "stopped" && (slices.Contains(c.stopped, h.ID) || h.Taken && !h.Answered)
		if !h.Over && !h.Replaced && !filled && !stopped {
			continue
		}
		_, place, _ := paging.ParseHelpKey(h.Key)
		if _, err := c.noteHelp(h.Route, place, h.ID, helpEnded); err != nil {
			return err
		}
		if err := c.errand(Errand{What: ErrandHelpEnd, Route: h.Route, Hunt: h.ID, Place: place}); err != nil {
			return err
		}
	}
	return nil
}

const sqlHelpHunt = `
	select e.id, e.cause, e.slot, e.why, e.severity, e.state
	from escalation e where e.id = @id`

// helpHunt is the hunt that a helpline was called for.
type helpHunt struct {
	ID       int64
	Cause    string
	Slot     paging.Slot
	Why      string
	Severity int
	State    string
}

func titleOf(h paging.Helpline) string { return cmp.Or(h.Title, h.Route) }

const sqlHelpCutOff = `
	select e.slot, h.route, h.key` + helpWantedFrom + `
	where i.status = 'open'
		and not exists (
			select from provider_event v
			where v.route = h.route and v.event = any (array[h.key || '/called', h.key || '/ended', h.key || '/given-up']))
	order by e.id, h.route, h.key`

// TakeOverHelp has helplines called that an earlier process may have been about to call,
// for one that has just begun to lead: River gives a job back that was cut off only after
// more than a minute. Who was called already is called no second time.
func (s *Service) TakeOverHelp(ctx context.Context) error {
	if len(s.Helplines) == 0 {
		return nil
	}
	return s.change(ctx, func(c *change) error {
		rows, err := c.tx.Query(c.ctx, sqlHelpCutOff)
		if err != nil {
			return err
		}
		type cutOff struct {
			Slot       paging.Slot
			Route, Key string
		}
		list, err := pgx.CollectRows(rows, pgx.RowToStructByName[cutOff])
		if err != nil {
			return err
		}
		for _, h := range list {
			hunt, place, _ := paging.ParseHelpKey(h.Key)
			if !slices.ContainsFunc(s.Helplines, func(l paging.Helpline) bool {
				return l.Route == h.Route && l.Place == place && paging.RoleSlot(l.Role) == h.Slot
			}) {
				continue // it is not to be called any more
			}
			if err := c.errand(Errand{What: ErrandHelp, Route: h.Route, Hunt: hunt, Place: place, Again: true}); err != nil {
				return err
			}
		}
		return nil
	})
}
