package vault

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/oncall"
)

// quietFor is for how long an alarm of sessions that were tampered with is not said again:
// whoever does that again and again must not drown the room.
const quietFor = 10 * time.Minute

// A session that was closed while its run lives is opened again: nobody else would hear those
// who hand in, and the run keeps the next one from beginning. It stays closed if the run is
// over, or began anew.
const sqlRightSession = `
	with was as (
		select id, state, (recipient, stamp, run_id, purpose, vault) is distinct from (@recipient, @stamp, @run, @purpose, @vault) as changed
		from share_session where id = @id for update
	)
	update share_session s set recipient = @recipient, stamp = @stamp, run_id = @run, purpose = @purpose, vault = @vault, state = 'open', ended_at = null
	from was
	where s.id = was.id and (was.changed or was.state <> 'open')
		and exists (select from job_run where id = @run and attempt = @attempt and state = 'running')
		and not exists (select from share_session n where n.run_id = @run and n.id > @id)
	returning was.changed, was.state <> 'open' as closed`

// guard sees to it that the row of the session says what the run has in memory, and tells
// everybody if it did not.
func (d *desk) guard(ctx context.Context) {
	var changed, closed bool
	err := d.DB.QueryRow(ctx, sqlRightSession, d.row().args()).Scan(&changed, &closed)
	if err != nil {
		if !errors.Is(err, pgx.ErrNoRows) && ctx.Err() == nil && d.Parts.Log != nil {
			d.Parts.Log.Warn("whether a session of shares is as the run made it cannot be seen", "session", d.id, "error", err)
		}
		return // of a database that does not answer people are told where shares are read
	}
	if d.Parts.Log != nil {
		d.Parts.Log.Error("somebody changed or closed a session of shares in the database", "session", d.id, "run", d.run.ID, "vault", d.vault.Name, "changed", changed, "closed", closed)
	}
	now := d.Now()
	if !d.alarmed.IsZero() && now.Sub(d.alarmed) < quietFor {
		return
	}
	d.alarmed = now
	if !changed {
		d.say(ctx, "Session %d of Vault %s was closed in the database, though its run goes on. It is open again. What was handed in meanwhile may be lost: hand in again what I did not name. %s", d.id, d.vault.Name, d.asks())
		return
	}
	d.say(ctx, "Alarm: somebody changed the key of session %d of Vault %s in the database, to get at shares. It is right again: %s. Treat each share that went in to another key as known to them, and find out who can write the database. If it happens again within %s, only the log says so.",
		d.id, d.vault.Name, d.key.Recipient(), oncall.Plural(int(quietFor/time.Minute), "minute", "minutes"))
}
