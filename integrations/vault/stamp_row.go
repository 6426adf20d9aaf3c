package vault

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
)

const (
	sqlNoteStamp = `
		insert into share_stamp (mark, host, seen_at) values (@mark, @host, @now)
		on conflict (mark) do update set host = excluded.host, seen_at = excluded.seen_at`
	sqlLeadingStamp = `select mark, host from share_stamp where leads`
	sqlDeposeStamp  = `update share_stamp set leads = false where leads and mark <> @mark`
	sqlLeadStamp    = `
		insert into share_stamp (mark, host, seen_at, leads, told) values (@mark, @host, @now, true, true)
		on conflict (mark) do update set host = excluded.host, seen_at = excluded.seen_at, leads = true, told = true
		where not share_stamp.leads or share_stamp.host <> excluded.host or share_stamp.seen_at < excluded.seen_at - interval '1 day'`
	// Who was gone for a month and comes back is told of again.
	sqlOldStamps   = `delete from share_stamp where not leads and seen_at < @now::timestamptz - interval '30 days'`
	sqlOtherStamps = `
		update share_stamp set told = true where mark in (select mark from share_stamp where not leads and not told order by seen_at limit 10)
		returning host`
)

// NoteStamp notes at the start of a process on a host that its secret is in use there. other
// is the host that leads, if that has another secret: then no share can be handed in here.
func NoteStamp(ctx context.Context, db pg.DB, now time.Time, host string, s Stamp) (other string, err error) {
	if _, err := db.Exec(ctx, sqlNoteStamp, pgx.NamedArgs{"mark": s.Mark(), "host": hostOr(host), "now": now}); err != nil {
		return "", err
	}
	return OtherStamp(ctx, db, s)
}

// OtherStamp is the host that leads, if its secret is another one than this; "" else.
func OtherStamp(ctx context.Context, db pg.DB, s Stamp) (host string, err error) {
	var mark string
	err = db.QueryRow(ctx, sqlLeadingStamp).Scan(&mark, &host)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return "", nil
	case err != nil || mark == s.Mark():
		return "", err
	}
	return host, nil
}

func hostOr(host string) string {
	if host == "" {
		return "an unnamed host"
	}
	return oncall.Clip(host, 100)
}

// lead notes that sessions are stamped by our secret from now on, and says in the rooms if
// that of the host that led before was another, and of which hosts it is another.
func (w *Watch) lead(ctx context.Context, tx pgx.Tx) error {
	if len(w.Vaults) == 0 || w.Vaults[0].Stamp.Mark() == "" {
		return nil
	}
	s, now := w.Vaults[0].Stamp, w.Now()
	before, err := OtherStamp(ctx, tx, s)
	if err != nil {
		return err
	}
	args := pgx.NamedArgs{"mark": s.Mark(), "host": hostOr(w.Host), "now": now}
	for _, sql := range []string{sqlDeposeStamp, sqlLeadStamp, sqlOldStamps} {
		if _, err := tx.Exec(ctx, sql, args); err != nil {
			return err
		}
	}
	if before != "" && w.mayAlarm(&w.movedAt, now) {
		text := fmt.Sprintf("The bot leads with another share-stamp.key now, on %s, than before, on %s. Shares can be handed in only where the file is the same: copy it, and restart the bot there. Runs that waited for shares begin anew. If nobody moved the bot or removed the file, find out who can write the database.", hostOr(w.Host), before)
		if err := w.say(ctx, tx, now, text); err != nil {
			return err
		}
	}
	rows, err := tx.Query(ctx, sqlOtherStamps)
	if err != nil {
		return err
	}
	others, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(others) == 0 {
		return err
	}
	others = unique(others)
	return w.say(ctx, tx, now, fmt.Sprintf("No share can be handed in at %s: the share-stamp.key there is another than that of %s, which leads. Copy the file, and restart the bot there.", oncall.JoinNames(others), hostOr(w.Host)))
}

// mayAlarm tells whether it is time to say an alarm again, and takes it for said.
func (w *Watch) mayAlarm(last *time.Time, now time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !last.IsZero() && now.Sub(*last) < quietFor && !last.After(now) {
		return false
	}
	*last = now
	return true
}

const sqlEndSessions = `
	with gone as (delete from share_handed where session_id = any(@ids))
	update share_session set state = 'closed', ended_at = @now where id = any(@ids) and state = 'open'`

// forged closes sessions that the bot did not make, and tells of them, of all at once.
func (w *Watch) forged(ctx context.Context, tx pgx.Tx) error {
	open, err := Sessions(ctx, tx, w.Vaults)
	if err != nil {
		return err
	}
	var ids []int64
	var names []string
	for _, s := range open {
		if s.Ours {
			continue
		}
		ids = append(ids, s.ID)
		if s.Elsewhere { // the host that led before has made it, with another secret
			w.Log.Warn("a session of shares is closed: the host that led has another share-stamp.key", "session", s.ID, "run", s.Run, "vault", s.Vault)
			continue
		}
		names = append(names, fmt.Sprintf("session %d of Vault %s", s.ID, s.Vault))
		w.Log.Error("a session of shares in the database is not the bot's", "session", s.ID, "run", s.Run, "vault", s.Vault)
	}
	if len(ids) == 0 {
		return nil
	}
	if _, err := tx.Exec(ctx, sqlEndSessions, pgx.NamedArgs{"ids": ids, "now": w.Now()}); err != nil {
		return err
	}
	if len(names) == 0 || !w.mayAlarm(&w.alarmedAt, w.Now()) {
		return nil
	}
	is := oneOr(len(names), "is not known for the bot's own, and was closed", "are not known for the bot's own, and were closed")
	if most := 5; len(names) > most {
		names = append(names[:most:most], fmt.Sprintf("%d more", len(names)-most))
	}
	return w.say(ctx, tx, w.Now(), fmt.Sprintf("Alarm: %s in the database %s. Somebody may have tried to get at shares: those that were handed in there are made anew by a rekey; find out who can write the database. If it happens again within %s, only the log says so.",
		oncall.JoinNames(names), is, oncall.Plural(int(quietFor/time.Minute), "minute", "minutes")))
}
