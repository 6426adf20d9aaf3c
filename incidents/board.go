package incidents

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/paging"
)

// BoardRow is how one role of an incident stands while people are rung.
type BoardRow struct {
	Role    oncall.Role
	Filled  []Responder
	Ringing []Ringing
	Hunting bool
	Round   int
	Silent  int // how many were rung, and do not answer
}

// Ringing is somebody with an open page.
type Ringing struct {
	PageID int64
	Handle string
	Since  time.Time // the last ring
	Ways   []RingingWay
}

// RingingWay is one way of the last ring.
type RingingWay struct {
	Route string
	State string    // of the delivery
	DueAt time.Time // when it is used, while it is queued
}

// Exhausted tells whether the whole list was gone through without enough answers.
func (b BoardRow) Exhausted() bool { return b.Hunting && b.Round > 1 }

const (
	sqlRingingWays = `
		select d.page_id, d.route, d.state, d.due_at
		from delivery d join page p on p.id = d.page_id join escalation e on e.id = p.escalation_id
		where e.cause = @cause and p.state = 'open' and d.ring = p.round and d.state <> 'cancelled'
		order by d.page_id, d.due_at, d.id`
)

// Board tells how every role of an incident stands: filled, ringing (whom, how, since
// when) or exhausted.
func (s *Service) Board(ctx context.Context, incident int64) ([]BoardRow, error) {
	return board(ctx, s.DB, incident)
}

func board(ctx context.Context, db pg.DB, incident int64) ([]BoardRow, error) {
	states, pages, err := rolesAndPages(ctx, db, incident)
	if err != nil {
		return nil, err
	}
	rows, err := db.Query(ctx, sqlRingingWays, pgx.NamedArgs{"cause": cause(incident)})
	if err != nil {
		return nil, err
	}
	ways := map[int64][]RingingWay{}
	var page int64
	var w RingingWay
	if _, err := pgx.ForEachRow(rows, []any{&page, &w.Route, &w.State, &w.DueAt}, func() error {
		ways[page] = append(ways[page], w)
		return nil
	}); err != nil {
		return nil, err
	}
	out := make([]BoardRow, 0, len(states))
	for _, st := range states {
		row := BoardRow{Role: st.Role, Filled: st.Filled, Hunting: st.Hunting, Round: st.Round}
		for _, p := range pages {
			if p.Slot != paging.RoleSlot(st.Role.Name) || p.State != paging.PageOpen {
				continue
			}
			row.Ringing = append(row.Ringing, Ringing{PageID: p.ID, Handle: p.Handle, Since: p.RungAt, Ways: ways[p.ID]})
			row.Silent++
		}
		slices.SortStableFunc(row.Ringing, func(a, b Ringing) int { return b.Since.Compare(a.Since) })
		out = append(out, row)
	}
	return out, nil
}

// Says tells the row in a few words: "fixing: ringing jan by sms for 2 min, round 2".
func (b BoardRow) Says(now time.Time) string {
	text := b.Role.Title + ": "
	var names []string
	for _, r := range b.Filled {
		names = append(names, r.Handle)
	}
	switch {
	case len(names) > 0 && !b.Hunting:
		return text + oncall.JoinNames(names)
	case len(names) > 0:
		text += oncall.JoinNames(names) + ", and "
	case !b.Hunting:
		return text + "nobody, and nobody is rung"
	}
	if len(b.Ringing) == 0 {
		return text + "nobody left to ring"
	}
	last := b.Ringing[0]
	text += "ringing " + last.Handle + last.how(now)
	if others := b.Silent - 1; others > 0 {
		text += fmt.Sprintf(", %d more silent", others)
	}
	if b.Exhausted() {
		text += fmt.Sprintf(", round %d", b.Round)
	}
	return text
}

// still is the row without how long anything lasts, to see whether anything changed.
func (b BoardRow) still() string {
	if len(b.Ringing) == 0 {
		return b.Says(time.Time{})
	}
	return b.Says(b.Ringing[0].Since)
}

// how tells by which ways somebody is rung, and since when.
func (r Ringing) how(now time.Time) string {
	var by, later []string
	for _, w := range r.Ways {
		switch {
		case w.State == "failed" || w.State == "expired":
		case w.State == "queued" && w.DueAt.After(now):
			later = append(later, w.Route)
		default:
			by = append(by, w.Route)
		}
	}
	text := ""
	if len(by) > 0 {
		text = " by " + oncall.JoinNames(by)
	}
	if since := now.Sub(r.Since); since >= time.Minute {
		text += fmt.Sprintf(" for %d min", int(since.Minutes()))
	}
	if len(later) > 0 {
		text += ", then by " + oncall.JoinNames(later)
	}
	return text
}
