package runbook

import (
	"errors"
	"time"
	"unicode/utf8"

	"batsignal/incidents/runbook/book"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

var tooLong = fault.New(fault.Invalid, "Say it in up to %d letters.", longestNote)

// justNow is for how long after somebody else ended a step nobody ends the next one without
// its number: they mean the one before.
const justNow = 10 * time.Second

// fits refuses what is said of another step than the one at hand: somebody else was faster.
func (w *walk) fits(a oncall.Actor, said Said) error {
	switch {
	case utf8.RuneCountInString(said.Text) > longestNote:
		return tooLong
	case !w.Open():
		return ended(w.Detail)
	case said.Step > w.Steps:
		return fault.New(fault.NotFound, "%s has only %s.", w.Ref(), oncall.Plural(w.Steps, "step", "steps"))
	case said.Step != 0 && said.Step != w.Step:
		return w.elsewhere(said.Step)
	}
	last := w.Events[len(w.Events)-1]
	other := last.Person != a.PersonID && last.What.Ends() && w.now.Sub(last.At) < justNow
	switch {
	case !other:
		return nil
	case said.Step == 0:
		verb := "done"
		if w.step().Kind == book.Job || w.step().Kind == book.Sentence {
			verb = "next"
		}
		return fault.New(fault.Conflict, "%s just now. If you mean step %d: !runbook %s %[2]d", oncall.UpperFirst(w.Book.Past(last)), w.Step, verb)
	case last.Step+1 == said.Step: // a loop of one step
		return w.elsewhere(said.Step)
	}
	return nil
}

// elsewhere tells who did a step that is not at hand, and which one is.
func (w *walk) elsewhere(step int) error {
	for i := len(w.Events) - 1; i >= 0; i-- {
		if e := w.Events[i]; e.Step+1 == step && e.What.Ends() {
			return fault.New(fault.Conflict, "%s already, at %s. At hand is step %d: !runbook next says it.", oncall.UpperFirst(w.Book.Past(e)), clock(e.At), w.Step)
		}
	}
	return fault.New(fault.Conflict, "Step %d of %s is not at hand: step %d is. !runbook next says it.", step, w.Ref(), w.Step)
}

// noAnswer says why nobody says of the step at hand that it is done.
func (w *walk) noAnswer() error {
	switch w.Where.Phase {
	case book.Running:
		return fault.New(fault.Conflict, "Step %d waits for the job %s, run %d. I go on when it ends. To go on without it: !runbook skip %[1]d WHY", w.Step, w.step().Job, w.Where.Run)
	case book.Stopped:
		return fault.New(fault.Conflict, "The job of step %d did not succeed. !runbook retry %[1]d tries again, !runbook skip %[1]d WHY goes on if you did it by hand, and !runbook abort WHY ends it all.", w.Step)
	}
	return fault.New(fault.Conflict, "Step %d is a job: !runbook next %[1]d starts it. If you did it by hand: !runbook skip %[1]d WHY", w.Step)
}

// misfit says for people what does not fit.
func (w *walk) misfit(a oncall.Actor, err error) error {
	switch {
	case errors.Is(err, book.ErrOver):
		return ended(w.Detail)
	case errors.Is(err, book.ErrSame):
		return fault.New(fault.Conflict, "You said it already, and it takes two people: somebody else must look, too, and say !runbook done %d.", w.Step)
	case errors.Is(err, book.ErrNoPerson):
		return fault.New(fault.Forbidden, "It takes two people here whom I know: link your account with !link CODE first.")
	case errors.Is(err, book.ErrChoice):
		return fault.New(fault.Invalid, "Choose %s, as in !runbook done %d %s.", oncall.JoinOr(choicesOf(w.step())), w.Step, w.step().Choices[0].Name)
	case errors.Is(err, book.ErrStep), errors.Is(err, book.ErrMisfit):
		return fault.Wrap(fault.Conflict, err, "That does not fit step %d of %s as it is now. !runbook next says what is at hand.", w.Step, w.Ref())
	}
	return err
}

// ended tells how a run ended that goes on no more.
func ended(d Detail) error {
	at := ""
	if d.EndedAt != nil {
		at = " at " + clock(*d.EndedAt)
	}
	if d.State == StateAborted {
		last := d.Events[len(d.Events)-1]
		return fault.New(fault.Conflict, "%s was aborted by %s%s. !runbook start %s starts it anew.", d.Ref(), last.Who, at, d.Name)
	}
	return fault.New(fault.Conflict, "%s is through%s. !runbook start %s starts it anew.", d.Ref(), at, d.Name)
}

func choicesOf(step book.Step) []string {
	names := make([]string, len(step.Choices))
	for i, c := range step.Choices {
		names[i] = c.Name
	}
	return names
}
