package runbook

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"batsignal/incidents/runbook/book"
	"batsignal/oncall"
)

// Finished is how a job ended that a run waits for.
type Finished struct {
	Run       int64  // of the job
	Succeeded bool   // else it failed, was denied, cancelled, or is lost
	How       string // as people say it: "failed", "denied", "timed out"
	Said      string // a sentence: what came of it; may be ""
}

const sqlWaitsFor = `select id from runbook_run where job_run = @run and state = 'open'`

// Finished hears of the end of a job, in the transaction that ends it: a run that waits for
// it goes on, or stops until somebody says how. A job that no run waits for is none of ours.
func (s *Service) Finished(ctx context.Context, tx pgx.Tx, f Finished) error {
	var id int64
	err := tx.QueryRow(ctx, sqlWaitsFor, pgx.NamedArgs{"run": f.Run}).Scan(&id)
	if isNone(err) {
		return nil
	}
	if err != nil {
		return err
	}
	w, err := s.open(ctx, tx, id)
	if err != nil {
		return err
	}
	if w.Where.Phase != book.Running || w.Where.Run != f.Run {
		return nil // it was skipped or aborted while we waited for the lock
	}
	w.unasked = true
	step := w.step()
	e := book.Event{What: book.Succeeded, Run: f.Run, Note: oncall.Clip(f.Said, longestNote)}
	text := fmt.Sprintf("The job %s succeeded: step %d of %s, %s, is done.", step.Job, w.Step, w.Ref(), step.Name)
	if !f.Succeeded {
		e.What = book.Failed
		text = fmt.Sprintf("The job %s %s, so %s stays at step %d, %s.", step.Job, how(f.How), w.Ref(), w.Step, step.Name)
	}
	if f.Said != "" {
		text += " " + dotted(f.Said)
	}
	if err := w.add(oncall.Actor{}, e); err != nil {
		return err
	}
	if err := w.happened(oncall.Actor{}, text); err != nil {
		return err
	}
	if err := w.over(oncall.Actor{}); err != nil {
		return err
	}
	_, err = w.flush()
	return err
}

// how tells how a job ended that did not succeed, as the rest of a sentence.
func how(word string) string {
	switch word, _, _ = strings.Cut(word, ","); word {
	case "denied", "cancelled", "lost":
		return "was " + word
	case "expired":
		return "was not agreed to in time"
	case "timed_out", "timed out":
		return "took too long"
	}
	return "failed"
}
