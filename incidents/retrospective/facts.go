package retrospective

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/incidents"
	"batsignal/incidents/action"
)

// facts are all that a draft is made of. The same facts make the same draft. What
// restricted minutes say is not among them: everybody may read a retrospective.
type facts struct {
	incidents.View
	Leads   []holding
	Items   []item
	Todo    []action.Item
	Noted   map[string]bool // what was noted as an action, in the words of then
	Minuted map[int64]bool  // lines of the timeline that minutes noted, whose actions have numbers
	Minutes []string        // addresses of the minutes
	Opened  []opened        // sealed addresses, by the ledger
}

// holding is how long somebody held the baton.
type holding struct {
	Handle  string
	Since   time.Time
	EndedAt *time.Time
}

// item is what the minutes of the incident note, as it stands.
type item struct {
	Kind   string
	Text   string
	ByNick string
	At     time.Time
	Gone   bool
}

const (
	sqlHoldings = `
		select p.handle, b.since, b.ended_at from baton b join person p on p.id = b.holder
		where b.incident_id = @incident order by b.id`
	sqlItems = `
		select i.kind, i.text, i.by_nick, i.at, i.gone
		from meeting_item i join meeting m on m.id = i.meeting_id
		where m.incident_id = @incident and not m.restricted order by m.id, i.id`
	sqlNoted = `
		select distinct c.what from action_change c join action_item a on a.id = c.action_id where a.incident_id = @incident`
	sqlNumbered = `
		select id from timeline_entry where incident_id = @incident and kind = 'action' and meeting_id is not null`
	sqlMeetings = `select id from meeting where incident_id = @incident and not restricted order by id`
)

// gather reads the facts about an incident.
func (s *Service) gather(ctx context.Context, incident int64) (f facts, err error) {
	if f.View, err = s.Incidents.View(ctx, incident, 0); err != nil {
		return f, err
	}
	args := pgx.NamedArgs{"incident": incident}
	rows, err := s.DB.Query(ctx, sqlHoldings, args)
	if err != nil {
		return f, err
	}
	if f.Leads, err = pgx.CollectRows(rows, pgx.RowToStructByName[holding]); err != nil {
		return f, err
	}
	if rows, err = s.DB.Query(ctx, sqlItems, args); err != nil {
		return f, err
	}
	if f.Items, err = pgx.CollectRows(rows, pgx.RowToStructByName[item]); err != nil {
		return f, err
	}
	actions := &action.Service{DB: s.DB, Now: s.Now}
	if f.Todo, err = actions.List(ctx, action.Filter{Incident: incident}); err != nil {
		return f, err
	}
	slices.SortFunc(f.Todo, func(a, b action.Item) int { return cmp.Compare(a.ID, b.ID) })
	if rows, err = s.DB.Query(ctx, sqlNoted, args); err != nil {
		return f, err
	}
	changes, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return f, err
	}
	f.Noted = map[string]bool{}
	for _, what := range changes {
		if _, text, ok := strings.Cut(what, ": "); ok {
			f.Noted[text] = true
		}
	}
	if f.Minuted, err = s.minuted(ctx, incident); err != nil {
		return f, err
	}
	if f.Minutes, err = s.minutesOf(ctx, incident); err != nil {
		return f, err
	}
	f.Opened, err = s.openedFor(ctx, incident)
	return f, err
}

// minuted finds the lines of the timeline that are actions of minutes.
func (s *Service) minuted(ctx context.Context, incident int64) (map[int64]bool, error) {
	rows, err := s.DB.Query(ctx, sqlNumbered, pgx.NamedArgs{"incident": incident})
	if err != nil {
		return nil, err
	}
	ids := map[int64]bool{}
	var id int64
	_, err = pgx.ForEachRow(rows, []any{&id}, func() error { ids[id] = true; return nil })
	return ids, err
}

// minutesOf finds where the minutes of an incident's meetings are shown.
func (s *Service) minutesOf(ctx context.Context, incident int64) (addresses []string, err error) {
	if s.Meetings == nil {
		return nil, nil
	}
	rows, err := s.DB.Query(ctx, sqlMeetings, pgx.NamedArgs{"incident": incident})
	if err != nil {
		return nil, err
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		d, err := s.Meetings.Doc(ctx, id)
		if err != nil { // a draft without this link is better than none
			s.Log.Warn("the minutes of an incident cannot be read", "incident", incident, "meeting", id, "error", err)
			continue
		}
		if base := d.BaseURL(); strings.HasPrefix(base, "http://") || strings.HasPrefix(base, "https://") {
			addresses = append(addresses, base+".html")
		}
	}
	return addresses, nil
}

// since is the part of the facts that came at or after an instant.
func (f facts) since(t time.Time) facts {
	before := func(at time.Time) bool { return at.Before(t) }
	f.Timeline = slices.DeleteFunc(slices.Clone(f.Timeline), func(e incidents.Entry) bool { return before(e.At) })
	f.Pages = slices.DeleteFunc(slices.Clone(f.Pages), func(p incidents.PageStory) bool { return before(p.OpenedAt) })
	f.Items = slices.DeleteFunc(slices.Clone(f.Items), func(i item) bool { return before(i.At) })
	f.Todo = slices.DeleteFunc(slices.Clone(f.Todo), func(a action.Item) bool { return before(a.CreatedAt) })
	f.Leads = slices.DeleteFunc(slices.Clone(f.Leads), func(h holding) bool { return before(h.Since) })
	return f
}
