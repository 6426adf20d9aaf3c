package runbook

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/incidents"
	"batsignal/incidents/runbook/book"
	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/notice"
)

// walk is one transaction in which something happens in a run.
type walk struct {
	*Service
	Detail
	ctx  context.Context
	tx   pgx.Tx
	now  time.Time
	told Told
	// quiet says what is at hand to whoever asks, and nothing in rooms.
	quiet bool
	// unasked is set where nobody said anything: then nobody gets an answer, and a run that
	// was started in private tells whoever started it.
	unasked bool
}

// Told is what was said of something that happened in a run.
type Told struct {
	Run     Run
	Lines   []string
	Actions []notice.Action
	Heard   []incidents.Room // the rooms that hear the lines anyway
}

const (
	sqlIncidentOf   = `select coalesce(incident_id, 0) from runbook_run where id = @id`
	sqlLockIncident = `select id from incident where id = @id for update`
	sqlLockRun      = `select id from runbook_run where id = @id for update`
	sqlAddEvent     = `
		insert into runbook_step_done (run_id, n, turn, step, what, at, person_id, who, choice, note, job_run)
		values (@id, @n, @turn, @step, @what, @now, @person, @who, @choice, @note, @run)`
	sqlMove = `
		update runbook_run set state = @state, step = @step, turn = @turn, phase = @phase, job_run = @run,
			moved_at = @now, reminded_at = null, ended_at = @ended
		where id = @id`
	sqlRoomsOf = `select network, room from incident_room where incident_id = @id order by network`
	// Those that Pick would find, too, where this one is spoken of.
	sqlOpenBeside = `
		select count(*) from runbook_run
		where state = 'open' and id <> @id and (
			@incident::bigint is not null and incident_id = @incident
			or @incident::bigint is null and network = @network and lower(room) = lower(@room))`
	sqlAnyIn = `select exists (select from responder where incident_id = @incident and person_id = @person and role = @role and left_at is null)`
)

// How much a note and an announcement hold, in letters.
const (
	longestNote  = 500
	longestWords = 2000
)

// in does something in a run, in one transaction.
func (s *Service) in(ctx context.Context, id int64, do func(w *walk) error) (Told, error) {
	var told Told
	err := pg.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		w, err := s.open(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := do(w); err != nil {
			return err
		}
		told, err = w.flush()
		return err
	})
	return told, err
}

// open locks a run, and its incident before it: whoever ends a job does so in that order.
func (s *Service) open(ctx context.Context, tx pgx.Tx, id int64) (*walk, error) {
	var incident int64
	if err := tx.QueryRow(ctx, sqlIncidentOf, pgx.NamedArgs{"id": id}).Scan(&incident); err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return nil, err
	}
	if incident != 0 {
		if _, err := tx.Exec(ctx, sqlLockIncident, pgx.NamedArgs{"id": incident}); err != nil {
			return nil, err
		}
	}
	if _, err := tx.Exec(ctx, sqlLockRun, pgx.NamedArgs{"id": id}); err != nil {
		return nil, err
	}
	d, err := detail(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	return &walk{Service: s, Detail: d, ctx: ctx, tx: tx, now: s.Now()}, nil
}

// step is the one at hand.
func (w *walk) step() book.Step { return w.Book.Steps[w.Where.At] }

// add keeps that something happened at the step at hand.
func (w *walk) add(a oncall.Actor, e book.Event) error {
	e.N, e.At, e.Step, e.Person = len(w.Events)+1, w.now, w.Where.At, a.PersonID
	if a != (oncall.Actor{}) {
		e.Who = oncall.Clip(a.Who(), 200)
	}
	after, err := w.Book.Apply(w.Where, e)
	if err != nil {
		return w.misfit(a, err)
	}
	if _, err := w.tx.Exec(w.ctx, sqlAddEvent, pgx.NamedArgs{
		"id": w.ID, "n": e.N, "turn": w.Where.Turn, "step": e.Step + 1, "what": e.What, "now": w.now,
		"person": pg.NullID(e.Person), "who": e.Who, "choice": e.Choice, "note": e.Note, "run": pg.NullID(e.Run),
	}); err != nil {
		return err
	}
	w.Where, w.Events = after, append(w.Events, e)
	return w.move()
}

// move keeps where the run is.
func (w *walk) move() error {
	w.State, w.Step, w.Phase, w.JobRun, w.EndedAt = StateOpen, w.Where.At+1, string(w.Where.Phase), 0, nil
	if w.Where.Phase == book.Running {
		w.JobRun = w.Where.Run
	}
	if w.Where.Over != "" {
		w.State, w.Phase, w.JobRun, w.EndedAt = w.Where.Over, "", 0, &w.now
	}
	w.MovedAt, w.RemindedAt = w.now, nil
	_, err := w.tx.Exec(w.ctx, sqlMove, pgx.NamedArgs{
		"id": w.ID, "state": w.State, "step": w.Step, "turn": w.Where.Turn, "phase": w.Phase, "run": pg.NullID(w.JobRun), "now": w.now, "ended": w.EndedAt,
	})
	return err
}

// happened tells what happened: in the rooms, and on the timeline of the incident.
func (w *walk) happened(a oncall.Actor, text string) error {
	text = oncall.Clip(text, longestWords)
	w.told.Lines = append(w.told.Lines, text)
	if w.Incident == 0 {
		return nil
	}
	return w.Incidents.RecordIn(w.ctx, w.tx, w.now, w.Incident, a, incidents.Noted{Kind: "runbook", Text: text})
}

// flush says all of it, and then what is at hand.
func (w *walk) flush() (Told, error) {
	if w.Open() {
		line, actions, err := w.atHand()
		if err != nil {
			return Told{}, err
		}
		w.told.Lines, w.told.Actions = append(w.told.Lines, line), actions
	}
	w.told.Run = w.Run
	if w.quiet {
		return w.told, nil
	}
	rooms, err := w.rooms()
	if err != nil {
		return Told{}, err
	}
	w.told.Heard = rooms
	return w.told, notice.Post(w.ctx, w.tx, w.Queue, w.now, w.notices(w.told.Lines, w.told.Actions)...)
}

// rooms are where what happens in the run is heard.
func (w *walk) rooms() ([]incidents.Room, error) {
	var rooms []incidents.Room
	if w.Incident != 0 {
		rows, err := w.tx.Query(w.ctx, sqlRoomsOf, pgx.NamedArgs{"id": w.Incident})
		if err != nil {
			return nil, err
		}
		if rooms, err = pgx.CollectRows(rows, pgx.RowToStructByName[incidents.Room]); err != nil {
			return nil, err
		}
	}
	if len(rooms) == 0 && w.Room != "" {
		rooms = append(rooms, incidents.Room{Network: w.Network, Room: w.Run.Room})
	}
	known := rooms[:0]
	for _, r := range rooms {
		if w.knows(r.Network) {
			known = append(known, r)
		}
	}
	return known, nil
}

// notices say lines in the rooms of the run.
func (w *walk) notices(lines []string, actions []notice.Action) []notice.Notice {
	var all []notice.Notice
	if len(w.told.Heard) == 0 && w.unasked && w.Account != "" && w.knows(w.Network) {
		for i, line := range lines {
			n := notice.Notice{Network: w.Network, Kind: notice.Say, Account: w.Account, Text: line}
			if i == len(lines)-1 {
				n.Actions = actions
			}
			all = append(all, n)
		}
	}
	for _, r := range w.told.Heard {
		for i, line := range lines {
			n := notice.Notice{Network: r.Network, Kind: notice.Say, Room: r.Room, Text: line}
			if w.Incident != 0 {
				n.Incident, n.Text = &w.Incident, "["+incidents.Ref(w.Incident)+"] "+line
			}
			n.Text = oncall.Clip(n.Text, longestWords)
			if i == len(lines)-1 {
				n.Actions = actions
			}
			all = append(all, n)
		}
	}
	return all
}

// may refuses whom a step is not for.
func (w *walk) may(by By) error {
	who := w.step().Who
	switch {
	case who == "" || by.Admin:
		return nil
	case who == book.Admin:
		return fault.New(fault.Forbidden, "Step %d of %s is for administrators. Ask one of them to say it.", w.Step, w.Ref())
	}
	roles, err := oncall.ActiveRoles(w.ctx, w.tx, by.PersonID)
	if err != nil {
		return err
	}
	for _, r := range roles {
		if r == who {
			return nil
		}
	}
	var does bool
	err = w.tx.QueryRow(w.ctx, sqlAnyIn, pgx.NamedArgs{"incident": w.Incident, "person": by.PersonID, "role": who}).Scan(&does)
	if err != nil || does {
		return err
	}
	return fault.New(fault.Forbidden, "Step %d of %s is for the role %s. Ask somebody who has it to say it.", w.Step, w.Ref(), who)
}
