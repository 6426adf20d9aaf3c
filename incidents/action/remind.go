package action

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/notice"
)

const (
	sqlRemindOne = `select pg_try_advisory_xact_lock(hashtextextended('batsignal: actions are reminded of', 0))`
	sqlLockMany  = `select id from action_item where id = any (@ids) order by id for update`
	sqlReminded  = `update action_item set reminded_at = @now where id = any (@ids)`
)

// Remind tells everybody of what they have to do that it is time to tell of: once the
// day before it is due and once the day after, when they are awake, in one message each.
// The rows say what was told, so it may be called as often as one likes, anywhere.
func (s *Service) Remind(ctx context.Context) error {
	found, err := s.due(ctx, s.DB, s.Now(), nil)
	if err != nil || found.empty() {
		return err
	}
	return pg.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		var free bool
		if err := tx.QueryRow(ctx, sqlRemindOne).Scan(&free); err != nil || !free {
			return err // another process is at it
		}
		now := s.Now()
		if _, err := tx.Exec(ctx, sqlLockMany, pgx.NamedArgs{"ids": found.ids()}); err != nil {
			return err
		}
		due, err := s.due(ctx, tx, now, found.ids())
		if err != nil || due.empty() {
			return err
		}
		return s.remind(ctx, tx, now, due)
	})
}

// remind leaves what is to be said and mailed, and moves the marks.
func (s *Service) remind(ctx context.Context, tx pgx.Tx, now time.Time, r reminders) error {
	found, err := list(ctx, tx, Filter{Restricted: true}, r.touched...)
	if err != nil {
		return err
	}
	items := make(map[int64]Item, len(found))
	for _, it := range found {
		items[it.ID] = it
	}
	people := make([]int64, len(r.people))
	for i, p := range r.people {
		people[i] = p.ID
	}
	accounts, err := oncall.AccountsOfMany(ctx, tx, people)
	if err != nil {
		return err
	}
	mailed, err := s.mailed(ctx, tx, people)
	if err != nil {
		return err
	}
	var notices []notice.Notice
	for _, p := range r.people {
		l := letterTo(p, r.of[p.ID], items, now)
		for _, a := range accounts[p.ID] {
			if slices.Contains(s.Networks, a.Network) {
				notices = append(notices, notice.Notice{Network: a.Network, Kind: notice.Say, Account: a.Name, Text: l.line(), Actions: l.buttons()})
			}
		}
		if mailed[p.ID] {
			if err := s.post(ctx, tx, p.ID, l); err != nil {
				return err
			}
		}
		for _, id := range r.of[p.ID] {
			if err := record(ctx, tx, now, id, "", wasReminded+p.Handle); err != nil {
				return err
			}
		}
	}
	for _, l := range roomLetters(r.roomed, items, now) {
		if slices.Contains(s.Networks, l.network) && l.room != "" {
			notices = append(notices, notice.Notice{Network: l.network, Kind: notice.Say, Room: l.room, Text: l.line(), Actions: l.buttons()})
		}
	}
	if _, err := tx.Exec(ctx, sqlReminded, pgx.NamedArgs{"ids": r.touched, "now": now}); err != nil {
		return err
	}
	return notice.Post(ctx, tx, s.Queue, now, notices...)
}
