package web

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"batsignal/bot/command"
	"batsignal/incidents/runbook"
	"batsignal/incidents/runbook/book"
	"batsignal/oncall/fault"
)

// runbookRunBody is a run: what is at hand, and who did what.
type runbookRunBody struct {
	runbook.Detail
	MayAct   bool
	Was      bool // the visitor is the first of the two people whom it takes
	Stopping bool // whether the step is skipped or the run aborted is asked now
	Wrong    string
	Choice   string            // as it was sent, like the others
	Text     string            // the note
	Filled   map[string]string // the values of a job
}

// stepButton is what the button of the step at hand does.
type stepButton struct {
	Do, Word string
	Chooses  bool // there is something to choose from
	Fills    bool // there are values to be filled in
}

// AtHand is the step at hand.
func (b runbookRunBody) AtHand() book.Step { return b.Book.Steps[b.Where.At] }

// Past says what happened, of one event.
func (b runbookRunBody) Past(e book.Event) string { return b.Book.Past(e) }

// FilledIn is what was sent as a value of the job.
func (b runbookRunBody) FilledIn(name string) string { return b.Filled[name] }

// Half says that one of two people was there already; "" where there is nothing to say.
func (b runbookRunBody) Half() string {
	switch {
	case b.Where.First == 0:
		return ""
	case b.Was && b.Where.Phase == book.Guarding:
		return "You looked already. Somebody else has to look, too."
	case b.Was:
		return "You said that it is done. Somebody else has to say so, too."
	case b.Where.Phase == book.Guarding:
		return "One person looked already. Somebody else has to look, too."
	}
	return "One person says that it is done. Somebody else has to say so, too."
}

// Does is the button of the step at hand; nil has none.
func (b runbookRunBody) Does() *stepButton {
	step := b.AtHand()
	if b.Was {
		return nil
	}
	switch b.Where.Phase {
	case book.Running:
		return nil
	case book.Stopped:
		return &stepButton{Do: "retry", Word: "Try again", Fills: len(step.Fill) > 0}
	case book.Guarding:
		return &stepButton{Do: "done", Word: "I looked, and it is so"}
	}
	switch step.Kind {
	case book.Job:
		return &stepButton{Do: "next", Word: "Have it done", Fills: len(step.Fill) > 0}
	case book.Sentence:
		return &stepButton{Do: "next", Word: "Go on"}
	case book.Decision:
		return &stepButton{Do: "done", Word: "Decide", Chooses: true}
	}
	return &stepButton{Do: "done", Word: "It is done"}
}

func (s *site) showRunbookRun(w http.ResponseWriter, r *http.Request) error {
	id, err := runbookRunID(r)
	if err != nil {
		return err
	}
	return s.renderRunbookRun(w, r, http.StatusOK, id, runbookRunBody{Stopping: r.URL.Query().Has("stop")})
}

func (s *site) renderRunbookRun(w http.ResponseWriter, r *http.Request, status int, id int64, body runbookRunBody) (err error) {
	if body.Detail, err = s.Runbooks.Get(r.Context(), id); err != nil {
		return err
	}
	body.MayAct = body.Open() && s.visitor(r).May(command.LetIn)
	body.Stopping = body.Stopping && body.MayAct
	body.Was = body.MayAct && body.Where.First == s.visitor(r).PersonID
	out := view{Title: body.Ref() + " " + body.Title, Here: jobsPath, Under: "/runbooks", Body: body}
	switch { // what somebody writes into a field would be lost
	case !body.Open() || body.Stopping:
	case body.Where.Phase == book.Running:
		out.Refresh = jobRefresh
	case !body.MayAct || body.Was:
		out.Refresh = incidentRefresh
	}
	return s.render(w, r, status, "runbookrun", out)
}

// inRunbook does what a button says.
func (s *site) inRunbook(w http.ResponseWriter, r *http.Request) error {
	id, err := runbookRunID(r)
	if err != nil {
		return err
	}
	do, ok := map[string]func(context.Context, runbook.By, runbook.Said) (runbook.Told, error){
		"done": s.Runbooks.Done, "next": s.Runbooks.Next, "retry": s.Runbooks.Retry, "skip": s.Runbooks.Skip, "abort": s.Runbooks.Abort,
	}[r.PostForm.Get("do")]
	if !ok {
		return fault.New(fault.Invalid, "This form can only say done, next, retry, skip or abort.")
	}
	sent := runbookRunBody{Stopping: field(r, "stopping") != "", Choice: field(r, "choice"), Text: field(r, "text"), Filled: map[string]string{}}
	said := runbook.Said{Run: id, Text: strings.TrimSpace(sent.Choice + " " + sent.Text)}
	said.Step, _ = strconv.Atoi(field(r, "step")) // 0 is the one at hand
	for name := range r.PostForm {
		if short, is := strings.CutPrefix(name, "fill-"); is {
			sent.Filled[short] = field(r, name)
			said.Text += " " + short + "=" + sent.Filled[short]
		}
	}
	said.Text = strings.TrimSpace(said.Text)
	_, err = do(r.Context(), s.runbookBy(r), said)
	return s.after(w, r, runbookPath(id), err, func(status int, wrong string) error {
		sent.Wrong = wrong
		return s.renderRunbookRun(w, r, status, id, sent)
	})
}
