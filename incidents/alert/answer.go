package alert

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/paging"
)

const (
	sqlLockGroup = `
		select k.id from alert_key k join alert_group g on g.key_id = k.id where g.id = @group for no key update of k`
	sqlGroupOfAlert = `select group_id from alert where id = @id`
	sqlAckAlerts    = `
		update alert set state = 'acknowledged', acked_at = @now, acked_by = @by
		where group_id = @group and state = 'triggered' and (@alert::bigint = 0 or id = @alert)`
	sqlResolveAlerts = `
		update alert set state = 'resolved', resolved_at = @now, resolved_by = @by
		where group_id = @group and state <> 'resolved' and (@alert::bigint = 0 or id = @alert)`
	sqlSettleGroup = `
		with counted as (
			select count(*) filter (where state = 'triggered') as triggered, count(*) filter (where state = 'acknowledged') as acknowledged
			from alert where group_id = @group
		), stands as (
			select *, case when triggered > 0 then 'open' when acknowledged > 0 then 'acked' else 'resolved' end as state from counted
		)
		update alert_group g set triggered = s.triggered, acknowledged = s.acknowledged, state = s.state,
			acked_at = case when s.state = 'acked' and g.state = 'open' then @now else g.acked_at end,
			acked_by = case when s.state = 'acked' and g.state = 'open' then @by else g.acked_by end,
			resolved_at = case when s.state = 'resolved' then coalesce(g.resolved_at, @now) end
		from stands s where g.id = @group`
)

// Lock locks what is needed to change a group and everything of it, and reads it. Whoever
// answers or steps a page of a group calls it before they lock anything of paging, as
// the intake does: then nobody waits in a circle. found is false if there is no such group.
func Lock(ctx context.Context, tx pgx.Tx, group int64) (g Group, found bool, err error) {
	var key int64
	err = tx.QueryRow(ctx, sqlLockGroup, pgx.NamedArgs{"group": group}).Scan(&key)
	if errors.Is(err, pgx.ErrNoRows) {
		return g, false, nil
	}
	if err != nil {
		return g, false, err
	}
	return GetGroup(ctx, tx, group)
}

// Acked acknowledges every alert of a group because its page was acknowledged (by as many
// as its policy wants), in the caller's transaction, and returns the group as it is then.
// Alerts that were in no message yet are acknowledged too and stay untold, so that they
// are still named to whoever answered: see [Service.DueFolds]. It does not call the
// engine: the caller is it.
func Acked(ctx context.Context, tx pgx.Tx, now time.Time, group int64, by oncall.Actor) (Group, error) {
	return settle(ctx, tx, now, sqlAckAlerts, group, 0, by)
}

// Ended resolves every alert of a group, in the caller's transaction: its page was
// resolved at another paging service. It does not call the engine either.
func Ended(ctx context.Context, tx pgx.Tx, now time.Time, group int64, by oncall.Actor) (Group, error) {
	return settle(ctx, tx, now, sqlResolveAlerts, group, 0, by)
}

// settle changes one alert of a group, or all (0), and the group with them.
func settle(ctx context.Context, tx pgx.Tx, now time.Time, sql string, group, alert int64, by oncall.Actor) (Group, error) {
	g, found, err := Lock(ctx, tx, group)
	if err != nil {
		return g, err
	}
	if !found {
		return g, fault.New(fault.NotFound, "There is no such group of alerts.")
	}
	args := pgx.NamedArgs{"group": group, "alert": alert, "now": now, "by": pg.NullID(by.PersonID)}
	if _, err := tx.Exec(ctx, sql, args); err != nil {
		return g, err
	}
	if _, err := tx.Exec(ctx, sqlSettleGroup, args); err != nil {
		return g, err
	}
	g, _, err = GetGroup(ctx, tx, group)
	return g, err
}

// Answered is what an answer of a person did.
type Answered struct {
	Alert   Alert
	Group   Group
	Changed int // alerts whose state it changed; 0: somebody was first
	Others  int // of them, those that came with the one that was named
}

// Ack acknowledges an alert; with all, everything else that came with it and nobody has
// acknowledged. Once nothing of a group is left that nobody looks at, its page ends.
func (s *Service) Ack(ctx context.Context, a oncall.Actor, id int64, all bool) (Answered, error) {
	return s.change(ctx, a, id, all, sqlAckAlerts)
}

// Resolve says that what an alert tells of is over, whatever its source says; with all,
// everything that came with it.
func (s *Service) Resolve(ctx context.Context, a oncall.Actor, id int64, all bool) (Answered, error) {
	return s.change(ctx, a, id, all, sqlResolveAlerts)
}

func (s *Service) change(ctx context.Context, a oncall.Actor, id int64, all bool, sql string) (out Answered, err error) {
	now := s.Now()
	err = pg.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		out = Answered{}
		group, before, err := lockAlert(ctx, tx, id)
		if err != nil {
			return err
		}
		was, err := Get(ctx, tx, id)
		if err != nil {
			return err
		}
		only := id
		if all {
			only = 0
		}
		if out.Group, err = settle(ctx, tx, now, sql, group, only, a); err != nil {
			return err
		}
		out.Changed = before.Triggered - out.Group.Triggered
		if sql == sqlResolveAlerts {
			out.Changed += before.Acknowledged - out.Group.Acknowledged
		}
		if out.Alert, err = Get(ctx, tx, id); err != nil {
			return err
		}
		if out.Others = out.Changed; out.Alert.State != was.State {
			out.Others--
		}
		if out.Group.State == before.State || out.Group.State == GroupOpen {
			return nil
		}
		if err := s.over(ctx, tx, now, out.Group, a); err != nil {
			return err
		}
		return paging.NotifyDue(ctx, tx)
	})
	return out, err
}

// lockAlert locks the group of an alert. An alert may move to another group until that
// is locked.
func lockAlert(ctx context.Context, tx pgx.Tx, id int64) (group int64, g Group, err error) {
	for {
		var now int64
		err = tx.QueryRow(ctx, sqlGroupOfAlert, pgx.NamedArgs{"id": id}).Scan(&now)
		if errors.Is(err, pgx.ErrNoRows) {
			return 0, g, noAlert(id)
		}
		if err != nil || now == group {
			return group, g, err
		}
		group = now
		if g, _, err = Lock(ctx, tx, group); err != nil {
			return 0, g, err
		}
	}
}

func noAlert(id int64) error {
	return fault.New(fault.NotFound, "There is no alert %s. !alert list lists those that are open.", Ref(id))
}
