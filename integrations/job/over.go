package job

import (
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/oncall"
	"batsignal/oncall/notice"
)

const (
	sqlEndRun = `
		update job_run set state = @state, ended_at = @now, leased_by = '', leased_until = null, outcome = '', not_before = null, said = @said, doing = ''
		where id = @run and ended_at is null`
	sqlNextOfWord = `
		select id as run, attempt + 1 as attempt from job_run where exclusive = @word and state = 'queued' and doing <> ''
			and (not_before is null or not_before <= @now) order by id limit 1`
	sqlAgainRun = `
		update job_run set state = 'queued', leased_by = '', leased_until = null, outcome = '', said = '', doing = '', undo_tries = 0
		where id = @run and state = 'undoing'`
)

// over ends a run for good, in its transaction: the row, the log, the timeline, what is said,
// and whoever else has to know. r.Said is what came of it.
func (c *change) over(r Row, end State, by oncall.Actor) error {
	if _, err := c.tx.Exec(c.ctx, sqlEndRun, pgx.NamedArgs{"run": r.ID, "state": end, "now": c.now, "said": r.Said}); err != nil {
		return err
	}
	text := c.endWords(r, end)
	if err := c.note(r, by, text); err != nil {
		return err
	}
	if err := c.tellEnd(r, end, text); err != nil {
		return err
	}
	if err := c.wakeNext(r); err != nil {
		return err
	}
	ended, err := oneRow(c.ctx, c.tx, sqlRun, r.ID)
	if err != nil {
		return err
	}
	for _, hook := range c.Finished {
		if err := hook(c.ctx, c.tx, ended); err != nil {
			return fmt.Errorf("%w: what happens when a run ends: %w", errFinal, err)
		}
	}
	return nil
}

// wakeNext has the run begin at once that waits longest for this one's word. It would look
// again by itself, but some seconds later.
func (c *change) wakeNext(r Row) error {
	if r.State != Undoing {
		return nil // it held no word
	}
	waiting, err := list[WorkArgs](c.ctx, c.tx, sqlNextOfWord, pgx.NamedArgs{"word": r.Exclusive, "now": c.now})
	for _, next := range waiting {
		if _, err := c.Queue.InsertTx(c.ctx, c.tx, next, insertOpts(time.Time{})); err != nil {
			return err
		}
	}
	return err
}

// endWords says how a run ended, and what came of it.
func (c *change) endWords(r Row, end State) string {
	took, in := "", ""
	if r.StartedAt != nil {
		spelt := Spell(c.now.Sub(*r.StartedAt))
		took, in = " after "+spelt, " in "+spelt
	}
	switch end {
	case Succeeded:
		return sentence("done"+in, r.Said)
	case Failed:
		return sentence("failed"+took, r.Said)
	case TimedOut:
		return sentence("timed out"+took, r.Said)
	case Cancelled:
		if r.CancelAt != nil {
			return sentence("stopped"+took, r.CancelWords+" cancelled it.")
		}
	case Lost:
		return sentence("lost", fmt.Sprintf("whatever did it died %s, and nobody knows what came of it", oncall.Times(r.Crashes)))
	}
	return r.Said
}

// sentence joins what became of a run with what it says itself.
func sentence(how, said string) string {
	if said == "" {
		return how + "."
	}
	said = trimmed(said)
	return how + ": " + said + "."
}

// tellEnd says the end where people wait for it. What a schedule began is told in the home
// rooms: always if it failed, and if it went well unless its policy is to be quiet.
func (c *change) tellEnd(r Row, end State, text string) error {
	asked := r.AskedBy != nil || r.Network != ""
	bad := end == Failed || end == TimedOut || end == Lost
	if end == Succeeded && r.Scheduled() {
		if d, err := c.Definition(r.Job); err == nil && d.Policy.Quiet {
			return nil
		}
	}
	to, err := c.places(r, bad && r.Scheduled(), bad || !asked || end == Denied || end == Expired)
	if err != nil {
		return err
	}
	var actions []notice.Action
	if bad {
		text += fmt.Sprintf(" !job logs %d tells more.", r.ID)
		actions = append(actions, notice.Action{Label: "Logs", Command: fmt.Sprintf("job logs %d", r.ID), Says: "Shows the end of the log of " + r.Ref() + "."})
	}
	c.say(r, to, text, actions...)
	return nil
}

// again queues the next try of a run of which everything is taken back.
func (c *change) again(r Row) error {
	if _, err := c.tx.Exec(c.ctx, sqlAgainRun, pgx.NamedArgs{"run": r.ID}); err != nil {
		return err
	}
	var at time.Time
	text := "it is begun again at once"
	if r.NotBefore != nil && r.NotBefore.After(c.now) {
		at, text = *r.NotBefore, "it is tried again in "+Spell(r.NotBefore.Sub(c.now))
	}
	if r.Said == "" { // its worker died, or was stopped
		text = "it was interrupted; " + text
	}
	text = sentence(text, "")
	if r.Said != "" {
		text = sentence("try "+fmt.Sprint(r.Failures)+" of "+fmt.Sprint(r.Tries)+" failed", r.Said) + " " + oncall.UpperFirst(text)
	}
	if err := c.log(r, oncall.UpperFirst(text)); err != nil {
		return err
	}
	if !r.Scheduled() {
		to, err := c.places(r, false, false)
		if err != nil {
			return err
		}
		c.say(r, to, text)
	}
	if err := c.wakeNext(r); err != nil {
		return err
	}
	return c.enqueue(r, at)
}
