package web

import (
	"context"
	"net/http"
	"strconv"

	"github.com/go-chi/chi/v5"

	"batsignal/bot/command"
	"batsignal/integrations/job"
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
	MayJudge  bool // agree or refuse
	MayEnd    bool
	Wrong     string
}

func (s *site) showRun(w http.ResponseWriter, r *http.Request) error {
	id, err := runID(r)
	if err != nil {
		return err
	}
	return s.renderRun(w, r, http.StatusOK, id, "")
}

func (s *site) renderRun(w http.ResponseWriter, r *http.Request, status int, id int64, wrong string) (err error) {
	ctx, v := r.Context(), s.visitor(r)
	body := runBody{Wrong: wrong}
	if body.Row, err = s.Jobs.Get(ctx, id); err != nil {
		return err
	}
	if body.Lines, err = s.Jobs.Lines(ctx, id, 0); err != nil {
		return err
	}
	if body.Cut = max(0, len(body.Lines)-mostLog); body.Cut > 0 {
		body.Lines = body.Lines[body.Cut:]
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
	own := body.AskedBy != nil && *body.AskedBy == v.PersonID
	body.MayJudge = body.State == job.Asked && v.May(command.LetIn) && !own
	body.MayEnd = !body.State.Ended() && body.State != job.Undoing && v.May(command.LetIn)
	out := view{Title: body.Ref(), Here: "/jobs", Body: body}
	if !body.State.Ended() {
		out.Refresh = jobRefresh
	}
	return s.render(w, r, status, "jobrun", out)
}

func (s *site) approveRun(w http.ResponseWriter, r *http.Request) error {
	return s.onRun(w, r, s.Jobs.Approve)
}

func (s *site) denyRun(w http.ResponseWriter, r *http.Request) error {
	return s.onRun(w, r, s.Jobs.Deny)
}

func (s *site) cancelRun(w http.ResponseWriter, r *http.Request) error {
	return s.onRun(w, r, s.Jobs.Cancel)
}

func (s *site) onRun(w http.ResponseWriter, r *http.Request, do func(context.Context, oncall.Actor, int64, string) (job.Row, error)) error {
	id, err := runID(r)
	if err != nil {
		return err
	}
	_, err = do(r.Context(), s.visitor(r).Actor(), id, r.PostForm.Get("reason"))
	switch {
	case err == nil:
		http.Redirect(w, r, runPath(id), http.StatusSeeOther)
		return nil
	case statusOf(err) >= http.StatusInternalServerError || fault.KindOf(err) == fault.NotFound:
		return err
	}
	return s.renderRun(w, r, statusOf(err), id, s.said(err))
}

func runID(r *http.Request) (int64, error) {
	id, err := strconv.ParseInt(chi.URLParam(r, "id"), 10, 64)
	if err != nil || id < 1 {
		return 0, fault.New(fault.NotFound, "A run has a number, as in /jobs/runs/12.")
	}
	return id, nil
}
