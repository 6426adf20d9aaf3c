package job_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/integrations/job"
	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

// A whole life, by River: asked for, queued, done, taken back, told.
func TestAWholeLife(t *testing.T) {
	s := newScene(t, job.Definition{Params: []job.Param{{Name: "node", Type: job.ParamHost}, {Name: "keep", Type: job.ParamNumber, Default: "3"}}})
	var ended []job.Row
	s.Finished = append(s.Finished, func(_ context.Context, _ pgx.Tx, r job.Row) error {
		ended = append(ended, r)
		return nil
	})
	inc := s.incident()
	r := s.ask(job.Ask{Params: job.Params{"node": "db-1.example"}, Reason: "as every night.", Incident: inc})
	if r.State != job.Queued || r.Attempt != 0 || r.Params["keep"] != "3" || r.AskedWords != "ada" {
		t.Errorf("%+v", r)
	}
	stop := s.riverOn(s.Service)
	eventually(t, "it is done", func() bool { return s.row(r.ID).State.Ended() })
	stop()
	r = s.is(r.ID, job.Succeeded)
	if r.Said != "Three things were made." || r.Evidence[0] != [2]string{"things", "3"} || r.Done != 3 || r.Total != 3 || r.Attempt != 1 || r.EndedAt == nil {
		t.Errorf("%+v", r)
	}
	if got := s.steps(r.ID); got != "disk=undone server=undone mount=undone" {
		t.Error(got)
	}
	if left, order := s.kind.left(), s.kind.take(); left != "" || order != "mount server disk" {
		t.Errorf("left %q, undone %q", left, order)
	}
	files, err := s.Artifacts(ctx, r.ID)
	s.must(err)
	if len(files) != 1 || files[0].Size != 7 || files[0].Place != "here" {
		t.Errorf("%+v", files)
	}
	for _, line := range []string{"Ada asked for it with keep=3 node=db-1.example (as every night).", "It begins.", "Making things.", "made disk", "Said: 3/3", "Done in less than a second: Three things were made."} {
		if !strings.Contains(s.log(r.ID), line+"\n") {
			t.Errorf("the log lacks %q:\n%s", line, s.log(r.ID))
		}
	}
	s.hears("#inc Run 1 (work): it begins with keep=3 node=db-1.example, for ada.", "#dev Run 1 (work): 3/3", "#inc Run 1 (work): 3/3",
		"#dev Run 1 (work): done in", "#inc Run 1 (work): done in less than a second: Three things were made.")
	if len(ended) != 1 || ended[0].State != job.Succeeded || ended[0].ID != r.ID {
		t.Errorf("%+v", ended)
	}
	lines, err := s.Incidents.Timeline(ctx, inc, 0)
	s.must(err)
	var kinds []string
	for _, e := range lines {
		kinds = append(kinds, e.Kind+"/"+e.Who+"/"+e.Text)
	}
	if got := strings.Join(kinds, "\n"); got != "job/ada/Run 1 (work): ada asked for it with keep=3 node=db-1.example (as every night).\njob//Run 1 (work): it begins.\njob//Run 1 (work): done in less than a second: Three things were made." {
		t.Error(got)
	}
}

// incident is an incident with a room.
func (s *scene) incident() int64 {
	s.Helper()
	var id int64
	err := s.owner().QueryRow(ctx, `insert into incident (title, slug, severity, opened_by, opened_at) values ('fire', 'fire', 1, $1, $2) returning id`, s.ids["ada"], start).Scan(&id)
	s.must(err)
	_, err = s.db.Exec(ctx, `insert into incident_room (incident_id, network, room) values ($1, $2, '#inc')`, id, network)
	s.must(err)
	return id
}

func (s *scene) owner() pg.DB { return s.db }

func TestWhatIsRefused(t *testing.T) {
	s := newScene(t, job.Definition{Name: "consul-nightly"}, job.Definition{Name: "vault-unseal", Policy: job.Policy{Admin: true, Approvals: 1}})
	_, err := s.Ask(ctx, job.Ask{Job: "consul-nigthly", By: s.as("ada")})
	s.refused(err, fault.NotFound, "Did you mean consul-nightly?")
	_, err = s.Ask(ctx, job.Ask{Job: "xyzzy", By: s.as("ada")})
	s.refused(err, fault.NotFound, "!job list")
	_, err = s.Ask(ctx, job.Ask{Job: "consul-nightly", By: s.as("ada"), Params: job.Params{"x": "1"}})
	s.refused(err, fault.Invalid, "takes nothing")
	_, err = s.Ask(ctx, job.Ask{Job: "vault-unseal", By: s.as("ada")})
	s.refused(err, fault.Forbidden, "Only admins")
	_, err = s.Ask(ctx, job.Ask{Job: "consul-nightly", By: s.as("ada"), Incident: 77})
	s.refused(err, fault.NotFound, "INC-77")
	r := s.ask(job.Ask{Job: "vault-unseal", By: s.as("cem"), Admin: true})
	_, err = s.Approve(ctx, s.as("ada"), r.ID, "")
	s.refused(err, fault.Forbidden, "Only admins agree")
	_, err = s.Cancel(ctx, s.as("ada"), r.ID, "")
	s.refused(err, fault.Forbidden, "Only admins")
	_, err = s.Approve(ctx, oncall.Actor{Network: network, Account: "x"}, r.ID, "")
	s.refused(err, fault.Forbidden, "people of the roster")
	r, err = s.Approve(ctx, s.as("dora"), r.ID, "")
	s.must(err)
	if r.State != job.Queued {
		t.Error(r.State)
	}
	_, err = s.Cancel(ctx, s.as("cem"), r.ID, "") // who asked for it may
	s.must(err)
	_, err = s.Get(ctx, 99)
	s.refused(err, fault.NotFound, "There is no run 99")
}

func TestADryRunDoesNothing(t *testing.T) {
	s := newScene(t, job.Definition{Policy: job.Policy{Approvals: 2, Risky: true}})
	s.Frozen = func(context.Context, pg.DB, time.Time) (string, time.Time, error) { return "x", start, nil }
	r := s.ask(job.Ask{Dry: true})
	if r.State != job.Succeeded || !r.Dry || len(r.Plan) != 2 || s.log(r.ID) != "It would make a disk.\nIt would make a server.\n" {
		t.Errorf("%+v", r)
	}
	s.hears()
	if n := get[int](t, s.db, `select count(*) from river_job where kind = 'job_run'`); n != 0 {
		t.Error("it is queued")
	}
	s.kind.plan = func() ([]string, error) { return nil, fault.New(fault.Unready, "It is away.") }
	_, err := s.Ask(ctx, job.Ask{Job: "work", Dry: true, By: s.as("ada")})
	s.refused(err, fault.Unready, "away")
	err = pg.InTx(ctx, s.db, func(tx pgx.Tx) error {
		_, err := s.AskIn(ctx, tx, job.Ask{Job: "work", Dry: true, By: s.as("ada")})
		return err
	})
	if err == nil {
		t.Error("a dry run in a transaction")
	}
}

// The same message, or the same time of a schedule, asks once; also at once.
func TestAKeyAsksOnce(t *testing.T) {
	s := newScene(t)
	const many = 8
	got := make(chan job.Row, many)
	for range many {
		go func() {
			r, err := s.Ask(ctx, job.Ask{Job: "work", By: s.as("ada"), Key: "net/msg-1"})
			if err != nil {
				t.Error(err)
			}
			got <- r
		}()
	}
	first := 0
	for range many {
		if r := <-got; r.ID != 1 {
			t.Errorf("run %d", r.ID)
		} else if !r.Again {
			first++
		}
	}
	if n := get[int](t, s.db, `select count(*) from river_job where kind = 'job_run'`); n != 1 || first != 1 {
		t.Errorf("%d jobs, %d first", n, first)
	}
}

// What is asked for in a transaction that fails was never asked for.
func TestAskInATransaction(t *testing.T) {
	s := newScene(t)
	boom := errors.New("boom")
	err := pg.InTx(ctx, s.db, func(tx pgx.Tx) error {
		if _, err := s.AskIn(ctx, tx, job.Ask{Job: "work", By: s.as("ada")}); err != nil {
			return err
		}
		return boom
	})
	if !errors.Is(err, boom) || get[int](t, s.db, `select (select count(*) from job_run) + (select count(*) from river_job)`) != 0 {
		t.Error(err)
	}
}

// Failures are tried again after a rest, as often as the policy says; what is wrong with what
// was asked for is not.
func TestTries(t *testing.T) {
	s := newScene(t, job.Definition{Policy: job.Policy{Tries: 2, Rest: 5 * time.Minute}})
	s.kind.do = func(ctx context.Context, r *job.Run) (job.Result, error) {
		if err := s.kind.step(ctx, r, "disk", nil); err != nil {
			return job.Result{}, err
		}
		return job.Result{}, fault.Wrap(fault.Unready, errors.New("dial: refused"), "The server does not answer.")
	}
	r := s.ask(job.Ask{})
	s.work(r.ID)
	if row := s.is(r.ID, job.Queued); row.Failures != 1 || s.kind.left() != "" {
		t.Errorf("%+v, left %q", row, s.kind.left())
	}
	s.hears("try 1 of 2 failed: The server does not answer. It is tried again in 5 min.")
	if rest := s.work(r.ID); rest != 5*time.Minute {
		t.Errorf("rests %v", rest)
	}
	s.later(5 * time.Minute)
	s.work(r.ID)
	row := s.is(r.ID, job.Failed)
	if row.Said != "The server does not answer." || row.Attempt != 2 || !strings.Contains(s.log(r.ID), "dial: refused") {
		t.Errorf("%+v\n%s", row, s.log(r.ID))
	}
	s.hears("#dev Run 1 (work): failed after less than a second: The server does not answer. !job logs 1 tells more.")

	s.kind.do = func(context.Context, *job.Run) (job.Result, error) {
		return job.Result{}, fault.New(fault.Invalid, "There is no such node.")
	}
	r = s.ask(job.Ask{})
	s.work(r.ID)
	s.is(r.ID, job.Failed)
	s.kind.do = func(context.Context, *job.Run) (job.Result, error) { panic("ouch") }
	r = s.ask(job.Ask{})
	s.work(r.ID)
	s.later(time.Hour)
	s.work(r.ID)
	if row := s.is(r.ID, job.Failed); row.Said != "the log tells why" || !strings.Contains(s.log(r.ID), "ouch") {
		t.Errorf("%+v", row)
	}
}

// What a schedule began is told in the home rooms: failures always, successes unless quiet.
func TestSchedulesAreTold(t *testing.T) {
	s := newScene(t, job.Definition{Name: "loud"}, job.Definition{Name: "quiet", Policy: job.Policy{Quiet: true}})
	s.kind.do = func(context.Context, *job.Run) (job.Result, error) { return job.Result{Said: "Good."}, nil }
	for _, name := range []string{"loud", "quiet"} {
		s.work(s.ask(job.Ask{Job: name, ScheduledFor: start}).ID)
	}
	s.hears("#ops Run 1 (loud): done in less than a second: Good.")
	s.kind.do = func(context.Context, *job.Run) (job.Result, error) { return job.Result{}, errBroken }
	r := s.ask(job.Ask{Job: "quiet", ScheduledFor: start})
	if s.work(r.ID); s.row(r.ID).AskedWords != "the schedule" {
		t.Error(s.row(r.ID).AskedWords)
	}
	s.hears("#ops Run 3 (quiet): failed after")
	// Asked for in private: whoever asked hears of it.
	a := s.as("ada")
	a.Room = ""
	s.work(s.ask(job.Ask{Job: "loud", By: a}).ID)
	s.hears("@ada Run 4 (loud): failed", "#ops Run 4 (loud): failed")
}
