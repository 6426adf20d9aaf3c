package coverage

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall/notice"
	"batsignal/oncall/rota"
)

// Watch looks ahead and tells of gaps while there is time to close them: in the rooms
// where everybody is, to people whose absence made one, and by mail. Its fields are set
// once and not changed.
type Watch struct {
	DB    pg.DB
	Queue notice.Queue
	Now   func() time.Time

	// Rooms are the home rooms: each is told.
	Rooms []rota.Room
	// Networks are the chat networks that there are: nobody is told on another one.
	Networks []string
	// Mails tells whether mail goes out, from here or another process.
	Mails bool
	// Localize writes commands as they are typed here, in what is mailed; nil leaves
	// them as they are. What is said in chat is localized on its way out.
	Localize func(string) string
	// Base is where the web pages are seen from; "" has none.
	Base string
}

const (
	// every is how often it looks when nobody changed anything: the far end of what it
	// sees moves on, and days come near.
	every = time.Hour
	// pause is how long it leaves between two looks, whatever people change.
	pause = time.Minute
	// emptyEvery is how often it says that nobody can be rung at all.
	emptyEvery = 7 * 24 * time.Hour
)

const (
	sqlWatchOne = `select pg_try_advisory_xact_lock(hashtextextended('batsignal: coverage is looked at', 0))`
	// Another value tells that coverage may have changed. Numbers of the audit trail and
	// of consents stand for most of it; all of it is read from ends of indexes and from
	// tables of hundreds or few thousand rows. What is missed is found within the hour.
	sqlSeenNow = `
		select concat_ws('/',
			(select max(id) from audit_entry), (select max(id) from consent_entry),
			(select max(id) from absence), (select max(id) from shift_override),
			(select sum(version) || '.' || count(*) from schedule where retired_at is null),
			(select sum(version) || '.' || sum(minimum) || '.' || count(*) from role where retired_at is null),
			(select count(*) || '.' || count(agreed_at) || '.' || count(approved_at) || '.' || count(lapsed_at) from membership),
			(select sum(version) || '.' || sum(wakes) || '.' || sum(sleeps) || '.' || sum(hashtext(zone)) from person))`
	sqlLastCheck = `
		select looked_at, until, seen, empty_at,
			exists (select from coverage_gap where closed_at is null and warned_at is null
				and found_at <= @settled and found_at + @settle > coverage_check.looked_at) as ripe
		from coverage_check where id = 1`
	sqlSaveCheck = `
		insert into coverage_check (id, looked_at, until, seen, empty_at) values (1, @now, @until, @seen, @empty_at)
		on conflict (id) do update set looked_at = excluded.looked_at, until = excluded.until,
			seen = excluded.seen, empty_at = excluded.empty_at`
)

// check is the row of the look before.
type check struct {
	LookedAt time.Time
	Until    time.Time
	Seen     string
	EmptyAt  *time.Time
	Ripe     bool // a gap has lasted long enough to be told of
}

// due tells whether it is time to look, and what the world looks like.
func (w *Watch) due(ctx context.Context, db pg.DB, now time.Time) (last check, seen string, due bool, err error) {
	if err = db.QueryRow(ctx, sqlSeenNow).Scan(&seen); err != nil {
		return last, seen, false, err
	}
	rows, err := db.Query(ctx, sqlLastCheck, pgx.NamedArgs{"settled": now.Add(-settle), "settle": settle})
	if err != nil {
		return last, seen, false, err
	}
	last, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[check])
	if errors.Is(err, pgx.ErrNoRows) {
		return last, seen, true, nil
	}
	since := now.Sub(last.LookedAt)
	wrong := since <= -every // written by a clock that was wrong: it would be waited for
	return last, seen, since >= every || wrong || since >= pause && seen != last.Seen || last.Ripe, err
}

// Look does what is due: it may be called every few seconds, in any process. It looks
// once an hour, and a minute after people, rosters, schedules or absences changed.
func (w *Watch) Look(ctx context.Context) error {
	_, _, due, err := w.due(ctx, w.DB, w.Now())
	if err != nil || !due {
		return err
	}
	return pg.InTx(ctx, w.DB, func(tx pgx.Tx) error {
		var free bool
		if err := tx.QueryRow(ctx, sqlWatchOne).Scan(&free); err != nil || !free {
			return err // another process is at it
		}
		now := w.Now()
		last, seen, due, err := w.due(ctx, tx, now)
		if err != nil || !due {
			return err
		}
		reports, err := Forecast(ctx, tx, now, Ahead)
		if err != nil {
			return err
		}
		if empty(reports) {
			err = w.sayEmpty(ctx, tx, now, &last)
		} else {
			last.EmptyAt = nil
			err = w.tell(ctx, tx, now, last.Until, reports)
		}
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, sqlSaveCheck, pgx.NamedArgs{"now": now, "until": now.UTC().Truncate(time.Minute).Add(Ahead), "seen": seen, "empty_at": last.EmptyAt})
		return err
	})
}

// empty tells whether roles want people and there are none for any of them.
func empty(reports []Report) bool {
	wanted := false
	for _, r := range reports {
		if !r.Empty() {
			return false
		}
		wanted = wanted || r.Role.Minimum > 0
	}
	return wanted
}

// sayEmpty says once a week what is no news of single gaps.
func (w *Watch) sayEmpty(ctx context.Context, tx pgx.Tx, now time.Time, last *check) error {
	if last.EmptyAt != nil && now.Sub(*last.EmptyAt).Abs() < emptyEvery {
		return nil
	}
	last.EmptyAt = &now
	return notice.Post(ctx, tx, w.Queue, now, w.inRooms(
		"Coverage: nobody can be rung for any role, since nobody has said yes to one. !roster join ROLE is how one does.")...)
}

// tell compares what is with what was known of each role, and tells of the difference.
func (w *Watch) tell(ctx context.Context, tx pgx.Tx, now, seen time.Time, reports []Report) error {
	rows, err := known(ctx, tx, sqlRecentGaps, pgx.NamedArgs{"since": now.Add(-again)})
	if err != nil {
		return err
	}
	of := map[string][]*Known{}
	for i := range rows {
		of[rows[i].Role] = append(of[rows[i].Role], &rows[i])
	}
	var said telling
	var all []*Known
	ledgers := make([]*ledger, 0, len(reports))
	for _, r := range reports {
		l := &ledger{now: now, seen: seen, report: r, rows: of[r.Role.Name]}
		delete(of, r.Role.Name)
		l.compare()
		said.of(l, w.Base)
		ledgers = append(ledgers, l)
		all = append(all, l.rows...)
	}
	for _, left := range of { // roles that are no more
		for _, k := range left {
			if k.ClosedAt == nil {
				k.ClosedAt = &now
			}
		}
		all = append(all, left...)
	}
	if err := save(ctx, tx, all); err != nil {
		return err
	}
	if err := w.say(ctx, tx, now, said); err != nil {
		return err
	}
	return w.mail(ctx, tx, now, ledgers)
}
