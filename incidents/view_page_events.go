package incidents

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// PageDetail is everything that is known of one page: for people who ask why a phone
// rang, or why it did not.
type PageDetail struct {
	PageStory
	Hunt   HuntStory
	Others []OtherPage   // who answered the same call, in the order in which they did
	Facts  []WayFacts    // of Ways, in the same order
	Events [][]EventNote // of Ways, in the same order
}

// HuntStory is where the hunt stands that a page belongs to.
type HuntStory struct {
	State string    // hunting, filled, stopped
	Round int       // of the hunt, which may be further than that of the page
	Needs int       // how many must answer
	DueAt time.Time // its next step, while it is hunting
}

// OtherPage is another person's page of the same hunt that was answered with a yes.
type OtherPage struct {
	ID         int64
	Handle     string
	AnsweredAt time.Time
}

// WayFacts is what is known of a delivery beside its story.
type WayFacts struct {
	ID        int64
	CreatedAt time.Time
	NewsAt    *time.Time // when its provider, or its person, was last heard of it
	Asks      bool       // the provider is asked whether it has it, before it is sent again
	Ended     bool       // the provider was told that the page is over
}

// EventNote is something that came back on a way: news of a provider, or an answer. What
// was written is not kept.
type EventNote struct {
	DeliveryID int64
	At         time.Time
	What       string // delivered, failed, reply, keys ...
	Effect     string // what it did, in a few words; "" is nothing beside the state of the way
}

const (
	sqlHuntOfPage  = `select state, round, needs, due_at from escalation where id = @escalation`
	sqlOtherAnswer = `
		select p.id, h.handle, p.answered_at
		from page p join person h on h.id = p.person_id
		where p.escalation_id = @escalation and p.id <> @page and p.state = 'acked' and p.answered_at is not null
		order by p.answered_at, p.id limit 20`
	sqlFactsOfPage = `
		select id, created_at, news_at, ask as asks, ended from delivery where page_id = @page order by id`
	sqlEventsOfPage = `
		select e.delivery_id, e.at, e.what, e.effect
		from provider_event e join delivery d on d.id = e.delivery_id
		where d.page_id = @page order by e.id`
)

// PageDetail is one page by its number, with all that became of it.
func (s *Service) PageDetail(ctx context.Context, number int64) (d PageDetail, found bool, err error) {
	if d.PageStory, found, err = s.PageStory(ctx, number); err != nil || !found {
		return d, false, err
	}
	args := pgx.NamedArgs{"page": number, "escalation": d.EscalationID}
	rows, err := s.DB.Query(ctx, sqlHuntOfPage, args)
	if err != nil {
		return d, false, err
	}
	if d.Hunt, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[HuntStory]); err != nil {
		return d, false, err
	}
	if rows, err = s.DB.Query(ctx, sqlOtherAnswer, args); err != nil {
		return d, false, err
	}
	if d.Others, err = pgx.CollectRows(rows, pgx.RowToStructByName[OtherPage]); err != nil {
		return d, false, err
	}
	return d, true, s.detailWays(ctx, &d, args)
}

func (s *Service) detailWays(ctx context.Context, d *PageDetail, args pgx.NamedArgs) error {
	at := map[int64]int{}
	for i, w := range d.Ways {
		at[w.ID] = i
	}
	d.Facts, d.Events = make([]WayFacts, len(d.Ways)), make([][]EventNote, len(d.Ways))
	rows, err := s.DB.Query(ctx, sqlFactsOfPage, args)
	if err != nil {
		return err
	}
	facts, err := pgx.CollectRows(rows, pgx.RowToStructByName[WayFacts])
	if err != nil {
		return err
	}
	for _, f := range facts {
		if i, ok := at[f.ID]; ok {
			d.Facts[i] = f
		}
	}
	if rows, err = s.DB.Query(ctx, sqlEventsOfPage, args); err != nil {
		return err
	}
	events, err := pgx.CollectRows(rows, pgx.RowToStructByName[EventNote])
	for _, e := range events {
		if i, ok := at[e.DeliveryID]; ok {
			d.Events[i] = append(d.Events[i], e)
		}
	}
	return err
}
