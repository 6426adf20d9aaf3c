package runbook

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/incidents/runbook/book"
	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/notice"
)

// sentence tells what was done at a step, as rooms and timelines hear it.
func (w *walk) sentence(step book.Step, e book.Event) string {
	at := fmt.Sprintf("step %d of %s", e.Step+1, w.Ref())
	var text string
	switch e.What {
	case book.Looked:
		if w.Where.Phase == book.Guarding {
			return fmt.Sprintf("%s looked before %s, %s, and found it so. A second person must look, too.", e.Who, at, step.Name)
		}
		return fmt.Sprintf("%s looked, too, before %s, %s: %s So it may begin.", e.Who, at, step.Name, dotted(step.Guard))
	case book.Confirmed:
		text = fmt.Sprintf("%s confirms %s, %s", e.Who, at, step.Name)
	case book.Done:
		text = fmt.Sprintf("%s did %s, %s", e.Who, at, step.Name)
		if step.Kind == book.Sentence {
			text = fmt.Sprintf("%s read %s, %s", e.Who, at, step.Name)
		}
	case book.Chosen:
		text = fmt.Sprintf("%s chose %s at %s, %s", e.Who, e.Choice, at, step.Name)
	case book.Asked:
		return fmt.Sprintf("%s starts the job %s for %s, %s: it is run %d.", e.Who, step.Job, at, step.Name, e.Run)
	case book.Skipped:
		text = fmt.Sprintf("%s skipped %s, %s", e.Who, at, step.Name)
	case book.Aborted:
		text = fmt.Sprintf("%s aborted the runbook %s (%s) at step %d", e.Who, w.Name, w.Ref(), e.Step+1)
	}
	if e.Note != "" {
		text += ": " + e.Note
	}
	if text = dotted(text); e.What == book.Confirmed {
		text += " A second person must confirm it."
	}
	return text
}

// sayUndo tells what is to be taken back.
func (w *walk) sayUndo() {
	for _, u := range w.Book.Undo(w.Events) {
		when := "Take back"
		if u.Maybe {
			when = "If it was begun, take back"
		}
		w.told.Lines = append(w.told.Lines, fmt.Sprintf("%s step %d, %s: %s", when, u.Step+1, w.Book.Steps[u.Step].Name, u.Undo))
	}
}

// AtHand says what is at hand in a run that goes on, and what one may click.
func (s *Service) AtHand(ctx context.Context, d Detail) (string, []notice.Action, error) {
	w := &walk{Service: s, Detail: d, ctx: ctx, now: s.Now()}
	return w.atHandIn(s.DB)
}

func (w *walk) atHand() (string, []notice.Action, error) { return w.atHandIn(w.tx) }

// atHandIn says what the step at hand is, and what one types then.
func (w *walk) atHandIn(db pg.DB) (string, []notice.Action, error) {
	var open int
	if err := db.QueryRow(w.ctx, sqlOpenBeside, pgx.NamedArgs{
		"id": w.ID, "incident": pg.NullID(w.Incident), "network": w.Network, "room": w.Room,
	}).Scan(&open); err != nil {
		return "", nil, err
	}
	which := ""
	if open > 0 {
		which = "--run " + w.Ref() + " "
	}
	step := w.step()
	parts := []string{fmt.Sprintf("%s step %d of %d:", w.Ref(), w.Step, w.Steps)}
	if w.Where.Phase == book.Guarding {
		parts = append(parts, "first two people must look and find: "+step.Guard, "Then it is: "+step.Say)
	} else {
		parts = append(parts, step.Say)
		if step.Why != "" {
			parts = append(parts, "Why: "+step.Why)
		}
	}
	if step.Who != "" {
		parts = append(parts, "It is for "+forWhom(step.Who)+".")
	}
	parts = append(parts, w.how(step, which))
	return strings.Join(parts, " "), w.buttons(step), nil
}

func forWhom(who string) string {
	if who == book.Admin {
		return "administrators"
	}
	return "the role " + who
}

// how says what one types.
func (w *walk) how(step book.Step, which string) string {
	done := fmt.Sprintf("!runbook done %s%d", which, w.Step)
	switch w.Where.Phase {
	case book.Guarding:
		if w.Where.First != 0 {
			return "Somebody other than " + w.firstOf() + " says: " + done
		}
		return "Each of them says: " + done
	case book.Running:
		return fmt.Sprintf("The job %s is at it, as run %d; I go on when it ends.", step.Job, w.Where.Run)
	case book.Stopped:
		return fmt.Sprintf("The job did not succeed. To go on: !runbook retry %s%d, or !runbook skip %[1]s%[2]d WHY, or !runbook abort %[1]sWHY", which, w.Step)
	}
	switch step.Kind {
	case book.Sentence:
		return fmt.Sprintf("Then: !runbook next %s%d", which, w.Step)
	case book.Decision:
		var words []string
		for _, c := range step.Choices {
			word := done + " " + c.Name
			if c.Means != "" {
				word += " (" + c.Means + ")"
			}
			words = append(words, word)
		}
		return "Choose: " + oncall.JoinOr(words)
	case book.Job:
		with := ""
		if len(step.With) > 0 {
			with = " with " + step.WithWords()
		}
		start := fmt.Sprintf("!runbook next %s%d", which, w.Step)
		for _, b := range step.Fill {
			start += fmt.Sprintf(" %s=… (%s)", b.Name, b.Help)
		}
		return fmt.Sprintf("The job %s does it%s. To start it: %s", step.Job, with, start)
	}
	if step.Two && w.Where.First != 0 {
		return "Somebody other than " + w.firstOf() + " says: " + done
	}
	if step.Two {
		return "When it is done, two people say: " + done
	}
	return "When it is done: " + done
}

// firstOf is who was the first of two people.
func (w *walk) firstOf() string {
	for i := len(w.Events) - 1; i >= 0; i-- {
		if w.Events[i].Person == w.Where.First {
			return w.Events[i].Who
		}
	}
	return "the first"
}

// buttons are what one may click in place of typing. They name run and step, so that an old
// one does nothing to another step.
func (w *walk) buttons(step book.Step) []notice.Action {
	of := fmt.Sprintf("--run %s %d", w.Ref(), w.Step)
	done := notice.Action{Label: "Done", Command: "runbook done " + of, Says: fmt.Sprintf("It says that step %d is done.", w.Step)}
	switch w.Where.Phase {
	case book.Running:
		return nil
	case book.Stopped:
		return []notice.Action{{Label: "Retry", Command: "runbook retry " + of, Says: "It starts the job once more.", Grave: true}}
	case book.Guarding:
		done.Label, done.Says = "I looked", fmt.Sprintf("It says that you looked, and that it is true: %s", step.Guard)
		return []notice.Action{done}
	}
	switch step.Kind {
	case book.Sentence:
		return []notice.Action{{Label: "Next", Command: "runbook next " + of}}
	case book.Job:
		if len(step.Fill) > 0 {
			return nil
		}
		return []notice.Action{{Label: "Start the job", Command: "runbook next " + of, Says: "It starts the job " + step.Job + ".", Grave: true}}
	case book.Decision:
		var all []notice.Action
		for _, c := range step.Choices {
			all = append(all, notice.Action{Label: oncall.Clip(oncall.UpperFirst(c.Name), 24), Command: done.Command + " " + c.Name})
		}
		return all
	}
	return []notice.Action{done}
}

// lasted writes how long something took, to the minute.
func lasted(d time.Duration) string {
	if d < time.Minute {
		return "less than a minute"
	}
	d = d.Round(time.Minute)
	if d < time.Hour {
		return oncall.Lasting(d)
	}
	return fmt.Sprintf("%d h %02d min", int(d.Hours()), int(d.Minutes())%60)
}

// dotted makes a sentence of somebody's words.
func dotted(text string) string {
	if strings.HasSuffix(text, ".") || strings.HasSuffix(text, "?") || strings.HasSuffix(text, "!") || strings.HasSuffix(text, "…") {
		return text
	}
	return text + "."
}
