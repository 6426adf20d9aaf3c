package access

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

// FeedPrefix begins the secret in the address of every calendar.
const FeedPrefix = "bsf_"

// FeedPath is where calendars are read, before the secret and ".ics".
const FeedPath = "/calendar/"

const mostFeeds = 50 // of one person

const (
	sqlInsertFeed = `
		insert into feed_token (hash, person_id, of_person, of_role, of_schedule, created_at)
		values (@hash, @person, @of_person, @of_role, @of_schedule, @now) returning id`
	sqlFeedColumns = `
		select f.id, f.person_id, p.handle, p.name, p.zone, coalesce(f.of_person, 0) as of_person, coalesce(f.of_role, '') as of_role,
			coalesce(f.of_schedule, 0) as of_schedule, coalesce(q.handle, r.title, s.title) as of, f.created_at, f.used_at, f.revoked_at
		from feed_token f join person p on p.id = f.person_id
		left join person q on q.id = f.of_person
		left join role r on r.name = f.of_role
		left join schedule s on s.id = f.of_schedule`
	sqlFeed      = sqlFeedColumns + ` where f.hash = @hash`
	sqlFeedsOf   = sqlFeedColumns + ` where f.person_id = @person and f.revoked_at is null order by f.id`
	sqlUseFeed   = `update feed_token set used_at = @now where id = @id and (used_at is null or used_at < @before)`
	sqlCalendars = `
		select '' as of_role, id as of_schedule, title as of, 0 as kind from schedule where retired_at is null
		union all select name, 0, title, 1 from role where retired_at is null
		order by kind, of`
	sqlRevokeFeed = `update feed_token set revoked_at = @now where id = @id and person_id = @person and revoked_at is null`
)

// Feed is the calendar that a secret address shows, without the secret. One of OfPerson,
// OfRole and OfSchedule is given.
type Feed struct {
	ID int64
	Holder
	OfPerson   int64  // whose shifts they are
	OfRole     string // whoever is on for the role
	OfSchedule int64  // whoever is on by the schedule
	Of         string // the handle, or the title of the role or schedule, for people
	CreatedAt  time.Time
	UsedAt     *time.Time // to the hour; nil is never
	RevokedAt  *time.Time
}

// Calendar is something that can be read as a calendar: a role or a schedule.
type Calendar struct {
	OfRole     string
	OfSchedule int64
	Of         string // its title
	Kind       int    // 0 is a schedule, 1 a role
}

// Calendars lists what there is beside people's own shifts.
func (s *Service) Calendars(ctx context.Context) ([]Calendar, error) {
	return list[Calendar](ctx, s.DB, sqlCalendars, pgx.NamedArgs{})
}

// CreateFeed makes a secret for the address of a calendar. The text of it is told once.
// What it shows is taken of feed's OfPerson, OfRole or OfSchedule.
func (s *Service) CreateFeed(ctx context.Context, a oncall.Actor, feed Feed) (secret.Text, Feed, error) {
	given := 0
	for _, yes := range []bool{feed.OfPerson != 0, feed.OfRole != "", feed.OfSchedule != 0} {
		if yes {
			given++
		}
	}
	if given != 1 {
		return secret.Text{}, feed, fault.New(fault.Invalid, "Say what the calendar shows: a person, a role or a schedule.")
	}
	text := s.newToken(FeedPrefix)
	err := pg.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		have, err := list[Feed](ctx, tx, sqlFeedsOf, pgx.NamedArgs{"person": a.PersonID})
		if err != nil {
			return err
		}
		if len(have) >= mostFeeds {
			return fault.New(fault.Limited, "You have %d calendar addresses. Revoke one that nothing reads any more.", len(have))
		}
		args := pgx.NamedArgs{
			"hash": hashOf(text), "person": a.PersonID, "of_person": pg.NullID(feed.OfPerson), "of_role": nullText(feed.OfRole),
			"of_schedule": pg.NullID(feed.OfSchedule), "now": s.Now(),
		}
		if _, err := tx.Exec(ctx, sqlInsertFeed, args); pg.IsData(err) {
			return fault.New(fault.NotFound, "There is no such person, role or schedule any more.")
		} else if err != nil {
			return err
		}
		if feed, err = one[Feed](ctx, tx, sqlFeed, pgx.NamedArgs{"hash": hashOf(text)}); err != nil {
			return err
		}
		return s.record(ctx, tx, a, a.PersonID, "feed", feed.Of, "made a secret address of the calendar")
	})
	return text, feed, err
}

// Feeds lists the calendars that a person made addresses for.
func (s *Service) Feeds(ctx context.Context, person int64) ([]Feed, error) {
	return list[Feed](ctx, s.DB, sqlFeedsOf, pgx.NamedArgs{"person": person})
}

// Feed says what a calendar's address shows, and notes its use. What is no address of
// ours, or is revoked, is NotFound.
func (s *Service) Feed(ctx context.Context, text secret.Text) (Feed, error) {
	none := fault.New(fault.NotFound, "This calendar's address is wrong or was revoked. Make a new one on your account page.")
	if !wellFormed(text, FeedPrefix) {
		return Feed{}, none
	}
	f, err := one[Feed](ctx, s.DB, sqlFeed, pgx.NamedArgs{"hash": hashOf(text)})
	switch {
	case noRow(err), err == nil && f.RevokedAt != nil:
		return f, none
	case err != nil:
		return f, err
	}
	if now := s.Now(); f.UsedAt == nil || now.Sub(*f.UsedAt) >= usedEvery {
		_, err = s.DB.Exec(ctx, sqlUseFeed, pgx.NamedArgs{"id": f.ID, "now": now, "before": now.Add(-usedEvery + time.Second)})
	}
	return f, err
}

// RevokeFeed makes a calendar's address of the actor's own useless. It is NotFound if it is already.
func (s *Service) RevokeFeed(ctx context.Context, a oncall.Actor, id int64) error {
	return pg.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		have, err := list[Feed](ctx, tx, sqlFeedsOf, pgx.NamedArgs{"person": a.PersonID})
		if err != nil {
			return err
		}
		for _, f := range have {
			if f.ID != id {
				continue
			}
			if _, err := tx.Exec(ctx, sqlRevokeFeed, pgx.NamedArgs{"id": id, "person": a.PersonID, "now": s.Now()}); err != nil {
				return err
			}
			return s.record(ctx, tx, a, a.PersonID, "feed", f.Of, "revoked a secret address of the calendar")
		}
		return fault.New(fault.NotFound, "That address is revoked already.")
	})
}

// nullText is a text for a column in which "" is written as null.
func nullText(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
