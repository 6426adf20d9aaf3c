package incidents

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall/paging"
)

// PageStory is one page with what became of it. It says by which kinds of ways
// somebody was rung, never where those ways lead.
type PageStory struct {
	paging.Page
	Round int    // the last round in which they were rung
	Via   string // the network of the answer, "link" for the button in a mail; "" if there is none
	Ways  []WayStory
}

// WayStory is one delivery of a page.
type WayStory struct {
	ID         int64
	PageID     int64
	Ring       int    // the round that it belongs to
	Route      string // name of the network, "mail" or "webhook"
	Chat       bool   // Route is a network
	State      string // queued, leased, submitted, accepted, delivered, acked, failed, expired, cancelled
	Tries      int
	DueAt      time.Time
	FinishedAt *time.Time
	Attempts   []AttemptStory `db:"-"`
}

// AttemptStory is one try of a delivery.
type AttemptStory struct {
	DeliveryID int64
	N          int
	StartedAt  time.Time
	FinishedAt *time.Time
	Outcome    string // open, or one of paging.Outcome
	Detail     string // in safe words
}

const (
	sqlPageAnswers = `
		select p.id, p.round, p.answered_via
		from page p join escalation e on e.id = p.escalation_id where e.cause = @cause`
	sqlWays = `
		select d.id, d.page_id, d.ring, d.route, d.network <> '' as chat, d.state, d.tries, d.due_at, d.finished_at
		from delivery d join page p on p.id = d.page_id join escalation e on e.id = p.escalation_id
		where e.cause = @cause order by d.id`
	sqlAttempts = `
		select a.delivery_id, a.n, a.started_at, a.finished_at, a.outcome, a.detail
		from attempt a join delivery d on d.id = a.delivery_id
			join page p on p.id = d.page_id join escalation e on e.id = p.escalation_id
		where e.cause = @cause order by a.delivery_id, a.n`
	sqlUsedLink = `select page_id from ack_token where hash = @hash and used_at is not null`
)

// pageStories gathers the pages of a cause in three passes, however many they are.
func pageStories(ctx context.Context, db pg.DB, cause string) ([]PageStory, error) {
	pages, err := paging.Of(ctx, db, cause)
	if err != nil {
		return nil, err
	}
	args := pgx.NamedArgs{"cause": cause}
	stories := make([]PageStory, len(pages))
	at := map[int64]int{}
	for i, p := range pages {
		stories[i].Page, at[p.ID] = p, i
	}
	rows, err := db.Query(ctx, sqlPageAnswers, args)
	if err != nil {
		return nil, err
	}
	var id int64
	var round int
	var via string
	if _, err := pgx.ForEachRow(rows, []any{&id, &round, &via}, func() error {
		if i, ok := at[id]; ok {
			stories[i].Round, stories[i].Via = round, via
		}
		return nil
	}); err != nil {
		return nil, err
	}
	ways, err := waysOf(ctx, db, args)
	for _, w := range ways {
		if i, ok := at[w.PageID]; ok {
			stories[i].Ways = append(stories[i].Ways, w)
		}
	}
	return stories, err
}

func waysOf(ctx context.Context, db pg.DB, args pgx.NamedArgs) ([]WayStory, error) {
	rows, err := db.Query(ctx, sqlWays, args)
	if err != nil {
		return nil, err
	}
	ways, err := pgx.CollectRows(rows, pgx.RowToStructByName[WayStory])
	if err != nil {
		return nil, err
	}
	if rows, err = db.Query(ctx, sqlAttempts, args); err != nil {
		return nil, err
	}
	return ways, attemptsOf(ways, rows)
}

// attemptsOf puts attempts with their ways.
func attemptsOf(ways []WayStory, rows pgx.Rows) error {
	at := map[int64]int{}
	for i, w := range ways {
		at[w.ID] = i
	}
	attempts, err := pgx.CollectRows(rows, pgx.RowToStructByName[AttemptStory])
	for _, a := range attempts {
		if i, ok := at[a.DeliveryID]; ok {
			ways[i].Attempts = append(ways[i].Attempts, a)
		}
	}
	return err
}

const (
	sqlWaysOfPage = `
		select d.id, d.page_id, d.ring, d.route, d.network <> '' as chat, d.state, d.tries, d.due_at, d.finished_at
		from delivery d where d.page_id = @page order by d.id`
	sqlAttemptsOfPage = `
		select a.delivery_id, a.n, a.started_at, a.finished_at, a.outcome, a.detail
		from attempt a join delivery d on d.id = a.delivery_id where d.page_id = @page order by a.delivery_id, a.n`
	sqlAnswerOfPage = `select round, answered_via from page where id = @page`
)

// PageStory is one page by its number, with what became of it.
func (s *Service) PageStory(ctx context.Context, number int64) (story PageStory, found bool, err error) {
	args := pgx.NamedArgs{"page": number}
	if story.Page, found, err = paging.Get(ctx, s.DB, number); err != nil || !found {
		return story, false, err
	}
	if err := s.DB.QueryRow(ctx, sqlAnswerOfPage, args).Scan(&story.Round, &story.Via); err != nil {
		return story, false, err
	}
	rows, err := s.DB.Query(ctx, sqlWaysOfPage, args)
	if err != nil {
		return story, false, err
	}
	if story.Ways, err = pgx.CollectRows(rows, pgx.RowToStructByName[WayStory]); err != nil {
		return story, false, err
	}
	if rows, err = s.DB.Query(ctx, sqlAttemptsOfPage, args); err != nil {
		return story, false, err
	}
	err = attemptsOf(story.Ways, rows)
	return story, err == nil, err
}

// Says tells in a few words where a way stands.
func (w WayStory) Says(now time.Time) string {
	switch w.State {
	case "queued":
		if w.DueAt.After(now) {
			return "in " + span(w.DueAt.Sub(now))
		}
		return "about to be used"
	case "leased", "submitted":
		return "being handed over"
	case "accepted":
		return "handed over"
	case "delivered":
		return "delivered"
	case "acked":
		return "answered"
	case "expired":
		return "handed over, and never heard of again"
	case "failed":
		if w.Tries == 0 {
			return "not used: as many pages as its limit allows went there"
		}
		return "failed"
	}
	return "called off"
}

// UsedLink finds the page that a single-use link has answered already, so that a
// second press of the button is told what the first one did. hash is the SHA-256 of
// the token, as oncall/paging stores it.
func (s *Service) UsedLink(ctx context.Context, hash []byte) (p paging.Page, found bool, err error) {
	var id int64
	err = s.DB.QueryRow(ctx, sqlUsedLink, pgx.NamedArgs{"hash": hash}).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return p, false, nil
	}
	if err != nil {
		return p, false, err
	}
	return paging.Get(ctx, s.DB, id)
}

// IncidentOf tells which incident a page belongs to; false for a call without one.
func IncidentOf(p paging.Page) (int64, bool) { return incidentOf(p.Cause) }
