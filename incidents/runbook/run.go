package runbook

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/incidents/runbook/book"
	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

// Run is one time that people walk through a book.
type Run struct {
	ID         int64
	Name       string // of the book
	Title      string
	Hash       string // of the book's text, as it was at the start
	Incident   int64  // 0 is none
	Network    string // where it was started
	Room       string // "" in private
	Account    string // who started it there
	State      string // "open", "done" or "aborted"
	Step       int    // the one at hand, from 1
	Steps      int
	Phase      string // of the step; see [book.Phase]
	JobRun     int64  // the run of a job that is waited for; 0 is none
	StartedAt  time.Time
	StartedBy  string
	MovedAt    time.Time // when something was done in it
	RemindedAt *time.Time
	EndedAt    *time.Time
}

// The states of a run.
const (
	StateOpen    = "open"
	StateDone    = "done"
	StateAborted = "aborted"
)

// Ref writes a run's number as people do: R3.
func Ref(id int64) string { return "R" + strconv.FormatInt(id, 10) }

// Ref is how people write it.
func (r Run) Ref() string { return Ref(r.ID) }

// Open tells whether it goes on.
func (r Run) Open() bool { return r.State == StateOpen }

// Detail is a run with all that there is to know of it.
type Detail struct {
	Run
	Book   book.Book // with the jobs that it was started with
	Where  book.State
	Events []book.Event
}

// Filter says which runs are meant. What is zero does not matter.
type Filter struct {
	Open     bool
	Name     string
	Incident int64
	Network  string
	Room     string // where it was started
	Limit    int    // how many at most; 0 is 100
}

const (
	columns = `
		select id, name, title, hash, coalesce(incident_id, 0) as incident, network, room, account, state, step, steps, phase,
			coalesce(job_run, 0) as job_run, started_at, started_words as started_by, moved_at, reminded_at, ended_at
		from runbook_run`
	sqlRuns = columns + `
		where (not @open or state = 'open') and (@name = '' or name = @name)
			and (@incident::bigint is null or incident_id = @incident)
			and (@network = '' or network = @network) and (@room = '' or lower(room) = lower(@room))
		order by id desc limit @most`
	sqlRun    = columns + ` where id = @id`
	sqlText   = `select book, jobs from runbook_run where id = @id`
	sqlEvents = `
		select n, what, at, step, coalesce(person_id, 0), who, choice, note, coalesce(job_run, 0)
		from runbook_step_done where run_id = @id order by n`
	sqlIncidentHere = `
		select incident_id from incident_room where network = @network and lower(room) = lower(@room)
		order by incident_id desc limit 1`
)

// List lists runs, the newest first.
func (s *Service) List(ctx context.Context, f Filter) ([]Run, error) {
	return list(ctx, s.DB, f)
}

func list(ctx context.Context, db pg.DB, f Filter) ([]Run, error) {
	most := f.Limit
	if most == 0 {
		most = 100
	}
	rows, err := db.Query(ctx, sqlRuns, pgx.NamedArgs{
		"open": f.Open, "name": f.Name, "incident": pg.NullID(f.Incident), "network": f.Network, "room": f.Room, "most": most,
	})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Run])
}

// Get reads a run with its steps, and who did what in it.
func (s *Service) Get(ctx context.Context, id int64) (d Detail, err error) {
	err = pg.Snapshot(ctx, s.DB, func(tx pgx.Tx) error {
		d, err = detail(ctx, tx, id)
		return err
	})
	return d, err
}

func detail(ctx context.Context, db pg.DB, id int64) (Detail, error) {
	rows, err := db.Query(ctx, sqlRun, pgx.NamedArgs{"id": id})
	if err != nil {
		return Detail{}, err
	}
	var d Detail
	if d.Run, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Run]); errors.Is(err, pgx.ErrNoRows) {
		return d, fault.New(fault.NotFound, "There is no run %s of a runbook. !runbook list shows those that go on.", Ref(id))
	} else if err != nil {
		return d, err
	}
	var text string
	var jobs map[string]string
	if err := db.QueryRow(ctx, sqlText, pgx.NamedArgs{"id": id}).Scan(&text, &jobs); err != nil {
		return d, err
	}
	b, problems := book.Parse([]byte(text))
	if len(problems) > 0 {
		return d, fmt.Errorf("the text of %s is no runbook: %v", d.Ref(), problems[0])
	}
	d.Book = b.Bind(jobs)
	if d.Events, err = events(ctx, db, id); err != nil {
		return d, err
	}
	if d.Where, err = d.Book.Replay(d.Events); err != nil {
		return d, fmt.Errorf("what was done in %s does not fit its book: %w", d.Ref(), err)
	}
	return d, nil
}

func events(ctx context.Context, db pg.DB, id int64) ([]book.Event, error) {
	rows, err := db.Query(ctx, sqlEvents, pgx.NamedArgs{"id": id})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (e book.Event, err error) {
		err = row.Scan(&e.N, &e.What, &e.At, &e.Step, &e.Person, &e.Who, &e.Choice, &e.Note, &e.Run)
		e.Step--
		return e, err
	})
}

// IncidentHere is the incident whose room somebody is in; 0 is none.
func (s *Service) IncidentHere(ctx context.Context, a oncall.Actor) (incident int64, err error) {
	if a.Room == "" {
		return 0, nil
	}
	err = s.DB.QueryRow(ctx, sqlIncidentHere, pgx.NamedArgs{"network": a.Network, "room": a.Room}).Scan(&incident)
	if errors.Is(err, pgx.ErrNoRows) {
		err = nil
	}
	return incident, err
}

// Pick finds the run that somebody means: by its number or the name of its book if they gave
// one, else the one of the incident whose room they are in, else that of the room, else the
// only one that goes on.
func (s *Service) Pick(ctx context.Context, a oncall.Actor, which string) (int64, error) {
	if id, ok := number(which); ok {
		return id, nil
	}
	incident, err := s.IncidentHere(ctx, a)
	if err != nil {
		return 0, err
	}
	name := strings.ToLower(strings.TrimSpace(which))
	filters := []Filter{{Open: true, Name: name}}
	if a.Room != "" {
		filters = []Filter{{Open: true, Name: name, Network: a.Network, Room: a.Room}, filters[0]}
	}
	if incident != 0 {
		// Of an incident's room no other run is ever meant by the way.
		filters = []Filter{{Open: true, Name: name, Incident: incident}}
	}
	for i, f := range filters {
		runs, err := s.List(ctx, f)
		switch {
		case err != nil:
			return 0, err
		case len(runs) == 1:
			return runs[0].ID, nil
		case len(runs) > 1:
			return 0, fault.New(fault.Invalid, "Several runbooks go on: %s. Say which one, as in --run %s.", oncall.JoinNames(named(runs)), runs[len(runs)-1].Ref())
		case i < len(filters)-1:
		case name != "":
			return 0, fault.New(fault.NotFound, "No runbook of that name goes on here. !runbook list shows those that do.")
		}
	}
	return 0, fault.New(fault.NotFound, "No runbook goes on here. !runbook list shows what there is, and !runbook start NAME starts one.")
}

// named are runs for a sentence, the oldest first.
func named(runs []Run) []string {
	names := make([]string, len(runs))
	for i, r := range runs {
		names[len(runs)-1-i] = r.Ref() + " (" + r.Name + ")"
	}
	return names
}

// number reads R3, r-3 and 3.
func number(word string) (int64, bool) {
	word = strings.TrimPrefix(strings.TrimPrefix(strings.ToLower(strings.TrimSpace(word)), "r"), "-")
	id, err := strconv.ParseInt(word, 10, 64)
	return id, err == nil && id > 0
}
