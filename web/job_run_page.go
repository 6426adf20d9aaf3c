package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"

	"batsignal/bot/command"
	"batsignal/integrations/job"
	"batsignal/integrations/snapshot"
	"batsignal/integrations/vault"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

// mostLog is how many lines of a log a page shows, the newest ones.
const mostLog = 500

// runBody is one run.
type runBody struct {
	job.Row
	Lines     []job.Line
	Cut       int // lines that are not shown
	Steps     []job.StepRow
	Artifacts []job.Artifact
	Verdicts  []job.Verdict
	Shares    int64 // the session in which it waits for shares; 0 is none
	Backup    int64 // the snapshot that it took; 0 is none
	Disrupts  bool  // people notice it

	MayJudge bool   // agree or refuse
	Mine     string // why this visitor may not agree, though somebody has to; "" may, or is no matter
	MayEnd   bool
	Ending   bool // whether it is to be cancelled is asked now
	Wrong    string
	Why      string // as it was sent
}

func (s *site) showRun(w http.ResponseWriter, r *http.Request) error {
	id, err := runID(r)
	if err != nil {
		return err
	}
	return s.renderRun(w, r, http.StatusOK, id, runBody{Ending: r.URL.Query().Has("cancel")})
}

func (s *site) renderRun(w http.ResponseWriter, r *http.Request, status int, id int64, body runBody) (err error) {
	if err := s.readRun(r.Context(), id, &body); err != nil {
		return err
	}
	v := s.visitor(r)
	body.judges(v, s.Jobs)
	body.MayEnd = !body.State.Ended() && body.State != job.Undoing && body.CancelAt == nil && v.May(command.LetIn)
	body.Ending = body.Ending && body.MayEnd
	out := view{Title: body.Ref(), Here: jobsPath, Under: jobsPath, Body: body}
	if !body.State.Ended() {
		out.Events = s.runEventsAt(runPath(id) + "/events")
	}
	// What somebody writes into a field would be lost.
	if !body.State.Ended() && !body.MayJudge && !body.Ending {
		out.Refresh = jobRefresh
	}
	return s.render(w, r, status, "jobrun", out)
}

func (s *site) readRun(ctx context.Context, id int64, body *runBody) (err error) {
	if body.Row, err = s.Jobs.Get(ctx, id); err != nil {
		return err
	}
	if body.Lines, err = s.Jobs.LastLines(ctx, id, mostLog); err != nil {
		return err
	}
	if len(body.Lines) > 0 {
		body.Cut = body.Lines[0].N - 1
	}
	if body.Steps, err = s.Jobs.Steps(ctx, id); err != nil {
		return err
	}
	if body.Artifacts, err = s.Jobs.Artifacts(ctx, id); err != nil {
		return err
	}
	if body.Verdicts, err = s.Jobs.Verdicts(ctx, id); err != nil {
		return err
	}
	if d, err := s.Jobs.Definition(body.Job); err == nil { // it may be gone from the configuration
		body.Disrupts = d.Policy.Disrupts
	}
	session, found, err := vault.SessionOf(ctx, s.DB, id)
	if found && session.Open {
		body.Shares = session.ID
	}
	if err != nil {
		return err
	}
	body.Backup, _, err = snapshot.OfRun(ctx, s.DB, id)
	return err
}

// judges tells whether a visitor may agree to a run, and if not, why.
func (b *runBody) judges(v visitor, jobs *job.Service) {
	if b.State != job.Asked {
		return
	}
	d, err := jobs.Definition(b.Job)
	switch {
	case err != nil:
		b.Mine = "This job is not set up any more, so nobody can agree to it."
	case !v.May(command.LetIn):
		b.Mine = "Somebody who was let into a role has to agree."
	case d.Policy.Admin && !v.Admin():
		b.Mine = "An administrator has to agree."
	case b.AskedBy != nil && *b.AskedBy == v.PersonID:
		b.Mine = "You asked for it, so somebody else has to agree."
	case slices.ContainsFunc(b.Verdicts, func(one job.Verdict) bool { return one.PersonID == v.PersonID }):
		b.Mine = "You agreed; somebody else has to agree as well."
	default:
		b.MayJudge = true
	}
}

// Needed is how many people still have to agree.
func (b runBody) Needed() int { return max(b.Approvals-b.Agreed, 0) }

// Expires is when a request that nobody agrees to is over.
func (b runBody) Expires() time.Time { return b.AskedAt.Add(24 * time.Hour) }

// Took is for how long the last try went on; 0 is not known.
func (b runBody) Took() string {
	if b.StartedAt == nil || b.EndedAt == nil || b.Dry {
		return ""
	}
	return job.Spell(b.EndedAt.Sub(*b.StartedAt))
}

// Again is where the same is asked for again, with the same values.
func (b runBody) Again() string {
	query := url.Values{}
	for name, value := range b.Params {
		query.Set("value-"+name, value)
	}
	path := jobsPath + "/" + b.Job
	if b.Reason != "" {
		query.Set("reason", b.Reason)
	}
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return path
}

func (s *site) approveRun(w http.ResponseWriter, r *http.Request) error {
	return s.onRun(w, r, false, s.Jobs.Approve)
}

func (s *site) denyRun(w http.ResponseWriter, r *http.Request) error {
	return s.onRun(w, r, false, s.Jobs.Deny)
}

func (s *site) cancelRun(w http.ResponseWriter, r *http.Request) error {
	return s.onRun(w, r, true, s.Jobs.Cancel)
}

func (s *site) onRun(w http.ResponseWriter, r *http.Request, ends bool, do func(context.Context, oncall.Actor, int64, string) (job.Row, error)) error {
	id, err := runID(r)
	if err != nil {
		return err
	}
	why := field(r, "reason")
	_, err = do(r.Context(), s.visitor(r).Actor(), id, why)
	return s.after(w, r, runPath(id), err, func(status int, wrong string) error {
		return s.renderRun(w, r, status, id, runBody{Wrong: wrong, Why: why, Ending: ends})
	})
}

// after goes on to a page when something was done. What cannot be done is said on the page
// that it was sent from; what is not there, and what is our fault, on a page of its own.
func (s *site) after(w http.ResponseWriter, r *http.Request, page string, err error, again func(status int, wrong string) error) error {
	switch {
	case err == nil:
		http.Redirect(w, r, page, http.StatusSeeOther)
		return nil
	case statusOf(err) == http.StatusInternalServerError || fault.KindOf(err) == fault.NotFound:
		return err
	}
	return again(statusOf(err), s.said(err))
}

func runID(r *http.Request) (int64, error) {
	id, err := strconv.ParseInt(chi.URLParam(r, "id"), 10, 64)
	if err != nil || id < 1 {
		return 0, fault.New(fault.NotFound, "A run has a number, as in /jobs/runs/12.")
	}
	return id, nil
}
