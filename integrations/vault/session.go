package vault

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/share"
)

// Purpose is what shares are needed for.
type Purpose string

// The purposes.
const (
	ToUnseal Purpose = "unseal"
	ToRekey  Purpose = "rekey"
	ToVerify Purpose = "verify" // that the new holders of a rekey can read theirs
	ToRoot   Purpose = "root"
	ToDrill  Purpose = "drill" // that a snapshot opens
)

// Session is a run that waits for shares.
type Session struct {
	ID        int64
	Run       int64 `db:"run_id"`
	Attempt   int
	Purpose   Purpose
	Vault     string
	Node      string
	Recipient string // the key that shares are to be sealed to; "" unless it is known for ours
	Stamp     string // see [Stamp]
	Nonce     string
	Progress  int
	Threshold int
	Open      bool
	BegunAt   time.Time
	EndedAt   *time.Time

	Leading string // Stamp.Mark of the host that leads; "" is not known

	Ours bool `db:"-"` // this process knows that the bot made it
	// Elsewhere tells that it is not known whose it is: the host that leads has another secret.
	Elsewhere bool `db:"-"`
}

const (
	sqlSessionColumns = `
		select id, run_id, attempt, purpose, vault, node, recipient, stamp, nonce, progress, threshold, state = 'open' as open, begun_at, ended_at,
			coalesce((select mark from share_stamp where leads), '') as leading
		from share_session `
	sqlOpenSessions = sqlSessionColumns + `where state = 'open' order by id limit 200`
	sqlSessionOfRun = sqlSessionColumns + `where run_id = @run order by id desc limit 1`
	sqlSessionByID  = sqlSessionColumns + `where id = @id`
	sqlLockSession  = sqlSessionColumns + `where id = @id for share`
	// It is open to nobody before it has its code, which its number is a part of.
	sqlBeginSession = `
		insert into share_session (run_id, attempt, purpose, vault, recipient, state, begun_at)
		values (@run, @attempt, @purpose, @vault, @recipient, 'open', @now) returning id`
	sqlStampSession = `update share_session set stamp = @stamp where id = @id`
	// Who waits to be read by a key that is gone must hand in again.
	sqlEndOldSessions = `
		with ended as (
			update share_session set state = 'closed', ended_at = @now where run_id = @run and state = 'open' returning id
		), lost as (
			delete from share_handed where session_id in (select id from ended) returning handle
		)
		select distinct handle from lost order by handle`
	sqlEndSession = `
		with gone as (delete from share_handed where session_id = @id)
		update share_session set state = 'closed', ended_at = @now where id = @id and state = 'open'`
	sqlSessionAt = `
		update share_session set node = @node, nonce = @nonce, progress = @progress, threshold = @threshold
		where id = @id and state = 'open'`
	sqlTakeHanded = `
		delete from share_handed where session_id = @id and exists (select from share_session s where s.id = @id and s.state = 'open')
		returning id, person_id, handle, sealed, handed_at`
	sqlHandIn = `
		insert into share_handed (session_id, person_id, handle, sealed, handed_at) values (@session, @person, @handle, @sealed, @now)`
	sqlWaiting = `select count(*) from share_handed where session_id = @session`
	// As long as not every share has its holder, whoever comes may be one of those who are missing:
	// who opened it first is noted by itself, and must lock out none of the others.
	sqlMayHandIn = `
		select coalesce((select count(distinct number) from share_holder where vault = @vault and gone_at is null and person_id is not null)
				< (select max(shares) from vault_node where vault = @vault and shares > 0), true)
			or exists (select from share_holder where vault = @vault and gone_at is null and person_id = @person)`
)

// mostWaiting is how many shares of a session may wait to be read: they are read within a
// second, so more is somebody's mistake, or mischief.
const mostWaiting = 30

// Sessions are the runs that wait for shares, the oldest first. Those that are not known for
// the bot's own have no key ([Session.Ours]).
func Sessions(ctx context.Context, db pg.DB, vaults []*Vault) ([]Session, error) {
	rows, err := db.Query(ctx, sqlOpenSessions)
	if err != nil {
		return nil, err
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Session])
	for i := range list {
		list[i].judge(vaults)
	}
	return list, err
}

// SessionOf is the last session of a run; not found is a run that never asked for shares.
// Whose its key is was not looked at.
func SessionOf(ctx context.Context, db pg.DB, run int64) (s Session, found bool, err error) {
	rows, err := db.Query(ctx, sqlSessionOfRun, pgx.NamedArgs{"run": run})
	if err != nil {
		return s, false, err
	}
	s, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Session])
	if errors.Is(err, pgx.ErrNoRows) {
		return s, false, nil
	}
	return s, err == nil, err
}

// sqlEndOfRun closes what a run leaves: nobody has its key any more.
const sqlEndOfRun = `
	with ended as (update share_session set state = 'closed', ended_at = @now where run_id = @run and state = 'open' returning id)
	delete from share_handed where session_id in (select id from ended)`

// EndOfRun closes the sessions of a run that ended, however it did, and deletes what was
// handed in and never read.
func EndOfRun(ctx context.Context, tx pgx.Tx, now time.Time, run int64) error {
	_, err := tx.Exec(ctx, sqlEndOfRun, pgx.NamedArgs{"run": run, "now": now})
	return err
}

// SessionByID gives a session; it has no key unless it is known for the bot's own. The error
// is fault.NotFound.
func SessionByID(ctx context.Context, db pg.DB, vaults []*Vault, id int64) (Session, error) {
	return session(ctx, db, sqlSessionByID, vaults, id)
}

func session(ctx context.Context, db pg.DB, sql string, vaults []*Vault, id int64) (Session, error) {
	rows, err := db.Query(ctx, sql, pgx.NamedArgs{"id": id})
	if err != nil {
		return Session{}, err
	}
	s, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Session])
	if errors.Is(err, pgx.ErrNoRows) {
		return s, fault.New(fault.NotFound, "Nobody asks for shares under the number %d. The bot says the right one in the room.", id)
	}
	s.judge(vaults)
	return s, err
}

// Handing is a sealed share that somebody hands in.
type Handing struct {
	Session int64
	To      string // the key that it was sealed to, as far as whoever sealed it says; "" is not said
	Sealed  []byte
}

// HandIn keeps a sealed share for the run that waits for it, which reads it within a second
// and says in the room what came of it. The errors are fault.NotFound, Conflict (the run
// is over, or the session is not known for the bot's own), Forbidden (others hold the shares),
// Limited and Invalid (it is not sealed).
func HandIn(ctx context.Context, tx pgx.Tx, now time.Time, who oncall.Actor, vaults []*Vault, in Handing) error {
	s, err := session(ctx, tx, sqlLockSession, vaults, in.Session)
	if err != nil {
		return err
	}
	if !s.Open {
		return fault.New(fault.Conflict, "That run takes no more shares: it is over, or began anew with another key. Look which key it says now.")
	}
	if err := s.Forged(); err != nil {
		return err
	}
	if err := share.Looks(in.Sealed); err != nil {
		return err
	}
	if in.To != "" && in.To != s.Recipient {
		return fault.New(fault.Conflict, "That share was sealed to another key than the run's, and was not kept. Either the run began anew: the page of the session has its key now. Or whoever told you that key wants your share: compare, and tell an administrator.")
	}
	var may bool
	if err := tx.QueryRow(ctx, sqlMayHandIn, pgx.NamedArgs{"vault": s.Vault, "person": pg.NullID(who.PersonID)}).Scan(&may); err != nil {
		return err
	}
	if !may && s.Purpose != ToVerify && s.Purpose != ToDrill { // new and former holders are in no list
		return fault.New(fault.Forbidden, "All shares of Vault %s have their holders, and you are none of them. If you are, register yours first: batsignal share register; if its number stands for somebody else, an admin does it.", s.Vault)
	}
	var waiting int
	if err := tx.QueryRow(ctx, sqlWaiting, pgx.NamedArgs{"session": s.ID}).Scan(&waiting); err != nil {
		return err
	}
	if waiting >= mostWaiting {
		return fault.New(fault.Limited, "Too many shares wait to be read already. Try again in a minute.")
	}
	handle := who.Handle
	if handle == "" {
		handle = oncall.Clip(who.Account, 100)
	}
	_, err = tx.Exec(ctx, sqlHandIn, pgx.NamedArgs{"session": s.ID, "person": pg.NullID(who.PersonID), "handle": handle, "sealed": in.Sealed, "now": now})
	return err
}
