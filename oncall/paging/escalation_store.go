package paging

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
)

const (
	sqlStart = `
		insert into escalation (cause, slot, why, severity, everyone, needs, patience, started_at, due_at)
		values (@cause, @slot, @why, @severity, @everyone, @needs, @patience, @now, @now)
		on conflict (cause, slot) where state = 'hunting' do nothing
		returning id`
	sqlPeekDue = `
		select id, cause, slot, why, severity, everyone, needs, patience, round, tier
		from escalation
		where state = 'hunting' and (due_at <= @now or due_at > @now::timestamptz + greatest(patience, waits, @absurd::interval))
		order by due_at, id limit 1`
	sqlLockDue = `
		select id, cause, slot, why, severity, everyone, needs, patience, round, tier
		from escalation
		where id = @id and state = 'hunting' and (due_at <= @now or due_at > @now::timestamptz + greatest(patience, waits, @absurd::interval))
		for update`
	sqlLockCause = `
		select id from escalation where cause = @cause and state = 'hunting' order by id for update`
	sqlEscalationOf = `
		select id, cause, slot, why, severity, everyone, needs, patience, round, tier
		from escalation where cause = @cause and slot = @slot and state = 'hunting'`
	sqlAdvance = `
		update escalation set round = @round, tier = @tier, needs = @needs, waits = @waits, due_at = @due_at where id = @id and state = 'hunting'`
	sqlHurry = `
		update escalation set due_at = @now where id = @id and state = 'hunting' and due_at > @now`
	sqlPostpone = `
		update escalation set due_at = @due where id = @id and state = 'hunting' and (due_at <= @now or due_at > @now::timestamptz + greatest(patience, waits, @absurd::interval))`
	sqlHurryRole = `
		update escalation set due_at = @now where slot = @slot and state = 'hunting' and due_at > @now`
	sqlNotifyDue = `select pg_notify(@channel, '')`
	sqlEnd       = `
		update escalation set state = @state, ended_at = @now where id = @id and state = 'hunting'`
	sqlHunting = `
		select id, cause, slot, why, severity, everyone, needs, patience, round, tier
		from escalation where cause = @cause and state = 'hunting' order by id`
	sqlMissing = `
		select e.needs - (select count(*) from page p where p.escalation_id = e.id and p.state = 'acked')::int
		from escalation e where e.id = @id`
	sqlRetime = `
		update escalation set severity = @severity, patience = @patience, due_at = least(due_at, @latest)
		where cause = @cause and slot = @slot and state = 'hunting'`
)

// Start opens the hunt for a slot, due at once. started is false when that slot
// is being hunted for already; nothing changes then.
func Start(ctx context.Context, tx pgx.Tx, now time.Time, e Escalation) (started bool, err error) {
	err = tx.QueryRow(ctx, sqlStart, pgx.NamedArgs{
		"cause": e.Cause, "slot": e.Slot, "why": e.Why, "severity": e.Severity,
		"everyone": e.Everyone, "needs": max(e.Needs, 1), "patience": e.Patience, "now": now,
	}).Scan(&e.ID)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

const sqlHuntedFor = `select cause from escalation where cause = any (@causes) and state = 'hunting'`

// AskHunted asks, in a batch, for which causes somebody is hunted. Whoever does not lock
// what the causes belong to may be told what is no longer so.
func AskHunted(batch *pgx.Batch, causes []string, found func(cause string)) {
	batch.Queue(sqlHuntedFor, pgx.NamedArgs{"causes": causes}).Query(func(rows pgx.Rows) error {
		var cause string
		_, err := pgx.ForEachRow(rows, []any{&cause}, func() error {
			found(cause)
			return nil
		})
		return err
	})
}

// PeekDue finds an escalation whose time has come, without a lock: the caller
// locks what the cause belongs to first, and then asks [LockDue]. One that is due
// later than any step waits was written by a clock that was wrong, and is due.
func PeekDue(ctx context.Context, db pg.DB, now time.Time) (e Escalation, found bool, err error) {
	return oneEscalation(ctx, db, sqlPeekDue, pgx.NamedArgs{"now": now, "absurd": longestPause})
}

// LockDue locks an escalation if it is still due. found is false when another
// process was faster, or it ended.
func LockDue(ctx context.Context, tx pgx.Tx, now time.Time, id int64) (e Escalation, found bool, err error) {
	return oneEscalation(ctx, tx, sqlLockDue, pgx.NamedArgs{"now": now, "absurd": longestPause, "id": id})
}

// LockCause locks the open hunts of a cause that has no row of its own to lock.
func LockCause(ctx context.Context, tx pgx.Tx, cause string) error {
	_, err := tx.Exec(ctx, sqlLockCause, pgx.NamedArgs{"cause": cause})
	return err
}

// HuntFor finds the open hunt for a slot.
func HuntFor(ctx context.Context, db pg.DB, cause string, slot Slot) (e Escalation, found bool, err error) {
	return oneEscalation(ctx, db, sqlEscalationOf, pgx.NamedArgs{"cause": cause, "slot": slot})
}

// Hunting lists the open hunts of a cause.
func Hunting(ctx context.Context, db pg.DB, cause string) ([]Escalation, error) {
	rows, err := db.Query(ctx, sqlHunting, pgx.NamedArgs{"cause": cause})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Escalation])
}

// Advance stores the outcome of a step: the round, how far its steps were begun, and
// when to look again.
func Advance(ctx context.Context, tx pgx.Tx, now time.Time, e Escalation, s Step) error {
	_, err := tx.Exec(ctx, sqlAdvance, pgx.NamedArgs{"id": e.ID, "round": s.Round, "tier": s.Tier, "needs": max(e.Needs, 1), "waits": s.Wait, "due_at": now.Add(s.Wait)})
	return err
}

// Hurry makes the next step due now: the person who was waited for cannot come.
func Hurry(ctx context.Context, db pg.DB, now time.Time, escalation int64) error {
	_, err := db.Exec(ctx, sqlHurry, pgx.NamedArgs{"id": escalation, "now": now})
	return err
}

// Postpone puts a step that is due off until an instant. One that was taken meanwhile, or
// whose commit went well though nobody heard of it, is left alone.
func Postpone(ctx context.Context, db pg.DB, now, until time.Time, escalation int64) error {
	_, err := db.Exec(ctx, sqlPostpone, pgx.NamedArgs{"id": escalation, "now": now, "due": until, "absurd": longestPause})
	return err
}

// ChannelDue is where a committing transaction tells that something may be due
// sooner than a sleeping worker thinks.
const ChannelDue = "batsignal_due"

// HurryRole makes every hunt for a role look again now: somebody new can be rung.
func HurryRole(ctx context.Context, tx pgx.Tx, now time.Time, role string) error {
	tag, err := tx.Exec(ctx, sqlHurryRole, pgx.NamedArgs{"slot": RoleSlot(role), "now": now})
	if err != nil || tag.RowsAffected() == 0 {
		return err
	}
	return NotifyDue(ctx, tx)
}

// NotifyDue wakes the workers when the transaction commits.
func NotifyDue(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, sqlNotifyDue, pgx.NamedArgs{"channel": ChannelDue})
	return err
}

// Retime gives the hunt for a slot another severity and patience. Whoever is waited
// for now is not waited for longer than the new patience.
func Retime(ctx context.Context, tx pgx.Tx, now time.Time, cause string, slot Slot, severity int, patience time.Duration) error {
	_, err := tx.Exec(ctx, sqlRetime, pgx.NamedArgs{
		"cause": cause, "slot": slot, "severity": severity, "patience": patience, "latest": now.Add(patience),
	})
	return err
}

// Fill ends a hunt because the slot is filled. ended is false when it had ended
// before: somebody else was first.
func Fill(ctx context.Context, tx pgx.Tx, now time.Time, escalation int64) (ended bool, err error) {
	return end(ctx, tx, now, escalation, "filled")
}

// Missing is how many more must acknowledge before a hunt has as many as it needs.
func Missing(ctx context.Context, db pg.DB, escalation int64) (n int, err error) {
	err = db.QueryRow(ctx, sqlMissing, pgx.NamedArgs{"id": escalation}).Scan(&n)
	return max(n, 0), err
}

// Stop ends a hunt because nobody is wanted any more.
func Stop(ctx context.Context, tx pgx.Tx, now time.Time, escalation int64) (ended bool, err error) {
	return end(ctx, tx, now, escalation, "stopped")
}

func end(ctx context.Context, tx pgx.Tx, now time.Time, escalation int64, state string) (bool, error) {
	tag, err := tx.Exec(ctx, sqlEnd, pgx.NamedArgs{"id": escalation, "state": state, "now": now})
	return err == nil && tag.RowsAffected() == 1, err
}

func oneEscalation(ctx context.Context, db pg.DB, sql string, args pgx.NamedArgs) (Escalation, bool, error) {
	rows, err := db.Query(ctx, sql, args)
	if err != nil {
		return Escalation{}, false, err
	}
	e, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Escalation])
	if errors.Is(err, pgx.ErrNoRows) {
		return e, false, nil
	}
	return e, err == nil, err
}
