package rota

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall/fault"
)

// State says where a request stands.
type State string

// The states. Only an open one changes.
const (
	Open      State = "open"
	Accepted  State = "accepted"
	Declined  State = "declined"
	Withdrawn State = "withdrawn"
	Lapsed    State = "lapsed" // the shift began before anybody said yes
)

// Request is somebody's wish to be replaced for a while. With a return it is a swap.
type Request struct {
	ID       int64
	Schedule int64
	Name     string // of the schedule
	Layer    string // "" is wherever Person is on
	Person   int64  // whose shift it is
	From     time.Time
	Until    time.Time
	Of       int64 // who is asked; 0 is anybody who can come

	ReturnLayer string
	ReturnFrom  *time.Time // the shift of Of that Person takes in return; nil: nothing is offered
	ReturnUntil *time.Time

	Note      string
	State     State
	AskedAt   time.Time
	DecidedAt *time.Time
	DecidedBy int64 // who took it, said no or withdrew it; 0 is nobody
}

// Swap tells whether something is offered in return.
func (r Request) Swap() bool { return r.ReturnFrom != nil }

// Ref is what a request is called: "C12".
func Ref(id int64) string { return "C" + strconv.FormatInt(id, 10) }

// ParseRef reads "C12" or "12".
func ParseRef(text string) (id int64, err error) {
	digits := strings.TrimPrefix(strings.ToUpper(strings.TrimSpace(text)), "C")
	if id, err = strconv.ParseInt(digits, 10, 64); err != nil || id <= 0 {
		return 0, fault.New(fault.Invalid, "%q is no request for cover. Write it like C12; !cover lists those that are open.", text)
	}
	return id, nil
}

// begins is when the first of the shifts that it is about begins.
func (r Request) begins() time.Time {
	if r.Swap() && r.ReturnFrom.Before(r.From) {
		return *r.ReturnFrom
	}
	return r.From
}

const (
	sqlRequestColumns = `
		select r.id, r.schedule_id as schedule, s.name, r.layer, r.person_id as person,
			r.starts_at as from, r.ends_at as until, coalesce(r.asked_of, 0) as of,
			r.return_layer, r.return_starts as return_from, r.return_ends as return_until,
			r.note, r.state, r.asked_at, r.decided_at, coalesce(r.decided_by, 0) as decided_by
		from cover_request r join schedule s on s.id = r.schedule_id`
	sqlRequest       = sqlRequestColumns + ` where r.id = @id`
	sqlRequestLocked = sqlRequest + ` for update of r`
	sqlOpenRequests  = sqlRequestColumns + ` where r.state = 'open' and (@schedule = 0 or r.schedule_id = @schedule)
		order by r.starts_at, r.id`
	sqlSameRequest = sqlRequestColumns + ` where r.state = 'open' and r.schedule_id = @schedule and r.person_id = @person
		and r.layer = @layer and r.starts_at = @from and r.ends_at = @until
		and r.asked_of is not distinct from @of and r.return_layer = @return_layer
		and r.return_starts is not distinct from @return_from and r.return_ends is not distinct from @return_until
		order by r.id limit 1`
	sqlInsertRequest = `
		insert into cover_request (schedule_id, layer, person_id, starts_at, ends_at, asked_of,
			return_layer, return_starts, return_ends, note, asked_at)
		values (@schedule, @layer, @person, @from, @until, @of, @return_layer, @return_from, @return_until, @note, @now)
		returning id`
	sqlDecideRequest = `
		update cover_request set state = @state, decided_at = @now, decided_by = @by where id = @id and state = 'open'`
	sqlWithdrawAllCover = `
		update cover_request set state = 'withdrawn', decided_at = @now where schedule_id = @id and state = 'open'`
	// Asked in the middle of a shift, it stands until the end of it.
	sqlLapsing = `
		select id from cover_request
		where state = 'open' and @now >= case
			when least(starts_at, return_starts) > asked_at then least(starts_at, return_starts) else ends_at end
		order by id for update skip locked`
)

// RequestByID finds a request, whatever became of it.
func RequestByID(ctx context.Context, db pg.DB, id int64) (Request, error) {
	return oneRequest(ctx, db, sqlRequest, id)
}

// OpenRequests lists the requests that wait for an answer, those first whose shift
// begins first; scheduleID 0 is of all schedules.
func OpenRequests(ctx context.Context, db pg.DB, scheduleID int64) ([]Request, error) {
	rows, err := db.Query(ctx, sqlOpenRequests, pgx.NamedArgs{"schedule": scheduleID})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Request])
}

func oneRequest(ctx context.Context, db pg.DB, sql string, id int64) (Request, error) {
	rows, err := db.Query(ctx, sql, pgx.NamedArgs{"id": id})
	if err != nil {
		return Request{}, err
	}
	r, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Request])
	if noRow(err) {
		err = fault.New(fault.NotFound, "There is no request %s. !cover lists those that are open.", Ref(id))
	}
	return r, err
}

func (c *change) sameRequest(r Request) (same Request, found bool, err error) {
	rows, err := c.tx.Query(c.ctx, sqlSameRequest, requestArgs(c, r))
	if err != nil {
		return same, false, err
	}
	same, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Request])
	if noRow(err) {
		return same, false, nil
	}
	return same, err == nil, err
}

func requestArgs(c *change, r Request) pgx.NamedArgs {
	return pgx.NamedArgs{
		"schedule": r.Schedule, "layer": r.Layer, "person": r.Person, "from": r.From, "until": r.Until, "of": pg.NullID(r.Of),
		"return_layer": r.ReturnLayer, "return_from": r.ReturnFrom, "return_until": r.ReturnUntil, "note": r.Note, "now": c.now,
	}
}

// decide ends an open request that this transaction has locked.
func (c *change) decide(r *Request, state State) error {
	by := c.by.PersonID
	if state == Lapsed {
		by = 0
	}
	now := c.now
	r.State, r.DecidedAt, r.DecidedBy = state, &now, by
	_, err := c.tx.Exec(c.ctx, sqlDecideRequest, pgx.NamedArgs{"id": r.ID, "state": state, "by": pg.NullID(by), "now": now})
	return err
}

// what is the wish in words: "maria for release from … until …, and takes … in return".
func (c *change) what(r Request, zone string) string {
	out := fmt.Sprintf("%s for %s %s", c.handle(r.Person), r.Name, stretch(r.From, r.Until, zone))
	if r.Swap() {
		out += fmt.Sprintf("; in return %s is on instead of %s %s", c.handle(r.Person), c.handle(r.Of), stretch(*r.ReturnFrom, *r.ReturnUntil, zone))
	}
	return out
}
