package incidents

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
)

// request is one row of signal_request that waits.
type request struct {
	ID            int64
	Code          string
	What          string
	Severity      int
	Everyone      bool
	AskedBy       int64
	AskedByHandle string
	ExpiresAt     time.Time
}

// use is one line of the public record.
type use struct {
	act      string
	actor    oncall.Actor
	who      string // when there is no actor
	request  int64
	incident int64
	text     string
}

// Use is one line of the public record, as it is shown.
type Use struct {
	At         time.Time
	Act        string // asked, confirmed, refused, expired, false-alarm
	Who        string
	Network    string
	IncidentID *int64
	Text       string
}

// guardLock serialises requests and confirmations, so that limits hold and one
// request is confirmed once, whoever types at the same moment.
const guardLock = 7_310_001

const (
	sqlConfirmedBy = `
		select p.handle, r.incident_id from signal_request r join person p on p.id = r.decided_by
		where r.code = @code and r.state = 'confirmed' order by r.id desc limit 1`
	sqlLockGuard = `select pg_advisory_xact_lock(@key)`
	sqlCountUses = `
		select count(*) filter (where person_id = @person), count(*)
		from signal_use where act = 'asked' and at > @since`
	sqlInsertUse = `
		insert into signal_use (at, act, person_id, who, network, request_id, incident_id, text)
		values (@now, @act, @person, @who, @network, @request, @incident, left(@text, 600))`
	sqlRefusedLately = `
		select exists (select from signal_use where act = 'refused' and who = @who and network = @network and at > @since)`
	sqlInsertRequest = `
		insert into signal_request (code, what, severity, everyone, asked_by, network, room, account, asked_at, expires_at)
		values (@code, @what, @severity, @everyone, @by, @network, @room, @account, @now, @expires) returning id`
	sqlRequestColumns = `
		select r.id, r.code, r.what, r.severity, r.everyone, r.asked_by, p.handle as asked_by_handle, r.expires_at
		from signal_request r join person p on p.id = r.asked_by`
	// One that was asked for in the future is from before a clock was set back. How long it
	// has waited is not known, and it must not wait for that much longer.
	sqlWaiting = sqlRequestColumns + `
		where r.state = 'waiting' and r.expires_at > @now and r.asked_at <= @now::timestamptz + interval '1 minute' order by r.id`
	sqlExpired = sqlRequestColumns + `
		where r.state = 'waiting' and (r.expires_at <= @now or r.asked_at > @now::timestamptz + interval '1 minute') order by r.id for update of r skip locked`
	sqlDecideRequest = `
		update signal_request set state = @state, decided_by = @by, decided_at = @now, incident_id = @incident
		where id = @id and state = 'waiting'`
	sqlUses = `
		select at, act, who, network, incident_id, text from signal_use order by id desc limit @most`
)

func (c *change) lockGuard() error {
	_, err := c.tx.Exec(c.ctx, sqlLockGuard, pgx.NamedArgs{"key": guardLock})
	return err
}

func (c *change) usesOf(person int64, since time.Time) (u Uses, err error) {
	err = c.tx.QueryRow(c.ctx, sqlCountUses, pgx.NamedArgs{"person": person, "since": since}).Scan(&u.ByPerson, &u.ByAll)
	return u, err
}

func (c *change) use(u use) error {
	who := u.who
	if who == "" {
		who = u.actor.Who()
	}
	_, err := c.tx.Exec(c.ctx, sqlInsertUse, pgx.NamedArgs{
		"now": c.now, "act": u.act, "person": pg.NullID(u.actor.PersonID), "who": who, "network": u.actor.Network,
		"request": pg.NullID(u.request), "incident": pg.NullID(u.incident), "text": u.text,
	})
	return err
}

func (c *change) refusedLately(a oncall.Actor, since time.Time) (lately bool, err error) {
	err = c.tx.QueryRow(c.ctx, sqlRefusedLately, pgx.NamedArgs{"who": a.Who(), "network": a.Network, "since": since}).Scan(&lately)
	return lately, err
}

func (c *change) insertRequest(r *request, a oncall.Actor) error {
	return c.tx.QueryRow(c.ctx, sqlInsertRequest, pgx.NamedArgs{
		"code": r.Code, "what": r.What, "severity": r.Severity, "everyone": r.Everyone, "by": r.AskedBy,
		"network": a.Network, "room": a.Room, "account": a.Account, "now": c.now, "expires": r.ExpiresAt,
	}).Scan(&r.ID)
}

func (c *change) waiting() ([]request, error) {
	rows, err := c.tx.Query(c.ctx, sqlWaiting, pgx.NamedArgs{"now": c.now})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[request])
}

func (c *change) expireRequests() ([]request, error) {
	rows, err := c.tx.Query(c.ctx, sqlExpired, pgx.NamedArgs{"now": c.now})
	if err != nil {
		return nil, err
	}
	late, err := pgx.CollectRows(rows, pgx.RowToStructByName[request])
	if err != nil {
		return nil, err
	}
	for _, r := range late {
		if err := c.decideRequest(r.ID, "expired", 0, 0); err != nil {
			return nil, err
		}
	}
	return late, nil
}

func (c *change) decideRequest(id int64, state string, by, incident int64) error {
	_, err := c.tx.Exec(c.ctx, sqlDecideRequest, pgx.NamedArgs{
		"id": id, "state": state, "by": pg.NullID(by), "incident": pg.NullID(incident), "now": c.now,
	})
	return err
}

// Uses lists the public record, newest first.
func (s *Service) Uses(ctx context.Context, most int) ([]Use, error) {
	rows, err := s.DB.Query(ctx, sqlUses, pgx.NamedArgs{"most": most})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Use])
}

// confirmedBy tells who confirmed the newest request of that code, if anybody did.
func (c *change) confirmedBy(code string) (by string, incident int64, found bool, err error) {
	err = c.tx.QueryRow(c.ctx, sqlConfirmedBy, pgx.NamedArgs{"code": code}).Scan(&by, &incident)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", 0, false, nil
	}
	return by, incident, err == nil, err
}
