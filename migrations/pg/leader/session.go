package leader

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
)

const (
	// Of the session that has it; who has it may take the next term. The trigger function
	// fence holds the gate, shared, in each transaction that writes for a term.
	lockLead int64 = 7089075327546515812
	lockGate int64 = 7089075327462372453

	// waitName begins the application_name of connections that wait for the lock, or have it.
	waitName = "batsignal candidate "

	// A server whose leader was stopped, or whose machine is gone, must notice: it ends the
	// session, and so gives the lock back. A server that does not know a setting does
	// without. What a beat changes may be lost with the server.
	sqlSettle = `
		select set_config(name, value, false) from (values
			('application_name', @name), ('idle_session_timeout', @idle), ('synchronous_commit', 'off'),
			('tcp_keepalives_idle', '5'), ('tcp_keepalives_interval', '2'), ('tcp_keepalives_count', '3'),
			('tcp_user_timeout', '10000')) as s (name, value)
		where name in (select name from pg_settings)`
	sqlTry = `select pg_try_advisory_lock(@lock)`
	// The connections of leaders before: they may hold rows, and can write nothing more.
	// Only those of our own role are seen.
	sqlEvict = `
		select count(pg_terminate_backend(pid)) from pg_stat_activity
		where datname = current_database() and usename = current_user and starts_with(application_name, @name)`
	sqlEvictOwn = `
		select count(pg_terminate_backend(pid)) from pg_stat_activity
		where datname = current_database() and usename = current_user and application_name = left(@name, 63)
			and pid <> pg_backend_pid()`
	sqlClose = `
		select set_config('synchronous_commit', 'on', true), set_config('lock_timeout', @patience, true)`
	sqlGate = `select pg_advisory_xact_lock(@gate)`
	sqlTake = `
		update leadership l set epoch = l.epoch + 1, holder = @me, since = @now, beat_at = @now
		from (select holder from leadership where name = 'bot') as before
		where l.name = 'bot' returning l.epoch, before.holder`
	sqlHeld = `select epoch, holder from leadership where name = 'bot'`
	sqlBeat = `
		with here as (update leadership set beat_at = @now where name = 'bot' and epoch = @epoch and holder = @me returning epoch)
		select exists (select from here), exists (
			select from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
				and starts_with(application_name, @name))`
)

// session is the connection of its own by which a process waits, or leads.
type session struct {
	conn *pgx.Conn
	me   string
}

// connect opens a session; idle is how long its server lets it be silent.
func connect(ctx context.Context, dsn, me string, idle time.Duration) (*session, error) {
	cfg, err := pg.Config(dsn, pg.Options{StatementTimeout: -1})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, budget)
	defer cancel()
	conn, err := pgx.ConnectConfig(ctx, cfg.ConnConfig)
	if err != nil {
		return nil, err
	}
	s := &session{conn: conn, me: me}
	args := pgx.NamedArgs{"name": waitName + me, "idle": fmt.Sprint(idle.Milliseconds())}
	if _, err := conn.Exec(ctx, sqlSettle, args); err != nil {
		s.close(ctx)
		return nil, fmt.Errorf("settle the session: %w", err)
	}
	return s, nil
}

// close gives the lock back at once, if we have it.
func (s *session) close(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	_ = s.conn.Close(ctx) // the server gives it back all the same
}

// try takes the lock if nobody has it. It does not wait inside the server, where a waiting
// statement would keep a snapshot, and with it every dead row, for as long as we wait.
func (s *session) try(ctx context.Context) (got bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, budget)
	defer cancel()
	err = s.conn.QueryRow(ctx, sqlTry, pgx.NamedArgs{"lock": lockLead}).Scan(&got)
	return got, err
}

// take begins a term. It comes after try, and may be called again when it failed. before is
// who led last.
func (s *session) take(ctx context.Context, now time.Time) (t *Term, before string, err error) {
	ctx, cancel := context.WithTimeout(ctx, budget)
	defer cancel()
	// What cannot be ended has to end by itself; the gate waits for it.
	_, _ = s.conn.Exec(ctx, sqlEvict, pgx.NamedArgs{"name": leadName})
	var epoch int64
	err = pg.InTx(ctx, s.conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, sqlClose, pgx.NamedArgs{"patience": fmt.Sprint(gatePatience.Milliseconds())}); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, sqlGate, pgx.NamedArgs{"gate": lockGate}); err != nil {
			return err
		}
		return tx.QueryRow(ctx, sqlTake, pgx.NamedArgs{"me": s.me, "now": now}).Scan(&epoch, &before)
	})
	if err != nil {
		return nil, "", fmt.Errorf("begin a term: %w", err)
	}
	return newTerm(ctx, epoch, s.me), before, nil
}

// isOurs tells whether nobody led since a term of ours began.
func (s *session) isOurs(ctx context.Context, t *Term) (ours bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, budget)
	defer cancel()
	var epoch int64
	var holder string
	err = s.conn.QueryRow(ctx, sqlHeld).Scan(&epoch, &holder)
	return epoch == t.Epoch && holder == t.Holder, err
}

// evictOwn ends the sessions of ours that came before this one: the server may not know yet
// that they are dead, and they have the lock.
func (s *session) evictOwn(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, budget)
	defer cancel()
	_, err := s.conn.Exec(ctx, sqlEvictOwn, pgx.NamedArgs{"name": waitName + s.me})
	return err
}

// beat shows that we are there. others tells whether another process waits.
func (s *session) beat(ctx context.Context, t *Term, now time.Time) (ours, others bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, budget)
	defer cancel()
	err = s.conn.QueryRow(ctx, sqlBeat, pgx.NamedArgs{
		"now": now, "epoch": t.Epoch, "me": t.Holder, "name": waitName,
	}).Scan(&ours, &others)
	return ours, others, err
}

// rest waits until the time is over, or ctx, or the server ends the session.
func (s *session) rest(ctx context.Context, d time.Duration) error {
	silence, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	_, err := s.conn.WaitForNotification(silence) // none is asked for
	if silence.Err() != nil && !s.conn.IsClosed() {
		return nil
	}
	return err
}
