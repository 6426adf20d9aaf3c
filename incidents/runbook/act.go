package runbook

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"batsignal/incidents/runbook/book"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

// Said is what somebody says of a run.
type Said struct {
	Run  int64
	Step int // which one they mean, from 1; 0 is the one at hand
	// Text is a choice, values of a job's parameters, a note or a reason: whatever the step
	// asks for.
	Text string
}

// tidy makes one line of what somebody wrote, which may come from a form, without signs that
// cannot be seen or kept.
func tidy(text string) string {
	text = strings.Map(func(c rune) rune {
		if unicode.IsControl(c) && !unicode.IsSpace(c) || unicode.Is(unicode.Cf, c) || c == utf8.RuneError {
			return -1
		}
		return c
	}, text)
	return strings.Join(strings.Fields(text), " ")
}

// Done says that the step at hand is done, or that its guard is true, or chooses.
func (s *Service) Done(ctx context.Context, by By, said Said) (Told, error) {
	said.Text = tidy(said.Text)
	return s.in(ctx, said.Run, func(w *walk) error {
		if err := w.fits(by.Actor, said); err != nil {
			return err
		}
		// Anybody may look who was let in: those whom the step is for may be the ones who
		// overlook something.
		if w.Where.Phase != book.Guarding {
			if err := w.may(by); err != nil {
				return err
			}
		}
		what := w.Book.Answer(w.Where)
		if what == "" {
			return w.noAnswer()
		}
		e := book.Event{What: what, Note: said.Text}
		if what == book.Chosen {
			e.Choice, e.Note, _ = strings.Cut(said.Text, " ")
			e.Choice = strings.ToLower(strings.TrimRight(e.Choice, ".,:;"))
		}
		return w.did(by.Actor, e)
	})
}

// Next goes on from what is only to be read, and starts the job of the step at hand. Of any
// other step it only says again what is at hand, to whoever asks.
func (s *Service) Next(ctx context.Context, by By, said Said) (Told, error) {
	said.Text = tidy(said.Text)
	return s.in(ctx, said.Run, func(w *walk) error {
		kind := book.Kind("")
		if w.Open() && w.Where.Phase == book.Waiting {
			kind = w.step().Kind
		}
		w.quiet = kind != book.Sentence && kind != book.Job
		if w.quiet && w.Open() && said.Step == 0 {
			return nil
		}
		if err := w.fits(by.Actor, said); err != nil || w.quiet {
			return err
		}
		if err := w.may(by); err != nil {
			return err
		}
		if kind == book.Job {
			return w.ask(by, said.Text)
		}
		return w.did(by.Actor, book.Event{What: book.Done, Note: said.Text})
	})
}

// Retry asks once more for a job that did not succeed.
func (s *Service) Retry(ctx context.Context, by By, said Said) (Told, error) {
	said.Text = tidy(said.Text)
	return s.at(ctx, by, said, func(w *walk) error {
		if w.Where.Phase != book.Stopped {
			return fault.New(fault.Conflict, "Only a job that did not succeed is tried again, and step %d of %s is none. !runbook next says what is at hand.", w.Step, w.Ref())
		}
		return w.ask(by, said.Text)
	})
}

// Skip goes on without the step at hand, for a reason.
func (s *Service) Skip(ctx context.Context, by By, said Said) (Told, error) {
	said.Text = tidy(said.Text)
	return s.at(ctx, by, said, func(w *walk) error {
		switch step := w.step(); {
		case step.Kind == book.Decision:
			return fault.New(fault.Conflict, "A decision is not skipped: choose %s.", oncall.JoinOr(choicesOf(step)))
		case step.Must && !by.Admin:
			return fault.New(fault.Forbidden, "Step %d of %s must be done, so only administrators skip it.", w.Step, w.Ref())
		case said.Text == "":
			return fault.New(fault.Invalid, "Say why, as in !runbook skip %d the server is gone. It stays on record.", w.Step)
		}
		job := w.jobThatRuns()
		if err := w.did(by.Actor, book.Event{What: book.Skipped, Note: said.Text}); err != nil {
			return err
		}
		w.told.Lines = append(w.told.Lines, job...)
		return nil
	})
}

// Abort ends a run before its end, for a reason, and says what is to be taken back. Anybody
// may who was let in: what goes wrong must not wait for whom a step is for.
func (s *Service) Abort(ctx context.Context, by By, said Said) (Told, error) {
	said.Text = tidy(said.Text)
	switch {
	case utf8.RuneCountInString(said.Text) > longestNote:
		return Told{}, tooLong
	case said.Text == "":
		return Told{}, fault.New(fault.Invalid, "Say why, as in !runbook abort the old server answers again. It stays on record.")
	}
	return s.in(ctx, said.Run, func(w *walk) error {
		if !w.Open() {
			return ended(w.Detail)
		}
		job := w.jobThatRuns()
		if err := w.did(by.Actor, book.Event{What: book.Aborted, Note: said.Text}); err != nil {
			return err
		}
		w.told.Lines = append(w.told.Lines, job...)
		w.sayUndo()
		return nil
	})
}

// jobThatRuns says that a job goes on of which nobody waits for the end any more.
func (w *walk) jobThatRuns() []string {
	if w.Where.Phase != book.Running {
		return nil
	}
	return []string{fmt.Sprintf("The job %s still runs, as run %d. !job cancel %[2]d stops it.", w.step().Job, w.Where.Run)}
}

// at does something at the step at hand, if it is the one that is meant, and if the person
// may.
func (s *Service) at(ctx context.Context, by By, said Said, do func(w *walk) error) (Told, error) {
	return s.in(ctx, said.Run, func(w *walk) error {
		if err := w.fits(by.Actor, said); err != nil {
			return err
		}
		if err := w.may(by); err != nil {
			return err
		}
		return do(w)
	})
}

// did keeps what somebody did, and tells it.
func (w *walk) did(a oncall.Actor, e book.Event) error {
	step := w.step()
	if err := w.add(a, e); err != nil {
		return err
	}
	if err := w.happened(a, w.sentence(step, w.Events[len(w.Events)-1])); err != nil {
		return err
	}
	return w.over(a)
}

// over tells that the last step is done.
func (w *walk) over(a oncall.Actor) error {
	if w.State != StateDone {
		return nil
	}
	return w.happened(a, fmt.Sprintf("The runbook %s (%s) is through, after %s.", w.Name, w.Ref(), lasted(w.now.Sub(w.StartedAt))))
}

func isNone(err error) bool { return errors.Is(err, pgx.ErrNoRows) }

// HeardIn tells whether a room hears what was told anyway.
func (t Told) HeardIn(network, room string) bool {
	for _, r := range t.Heard {
		if r.Network == network && strings.EqualFold(r.Room, room) {
			return true
		}
	}
	return false
}
