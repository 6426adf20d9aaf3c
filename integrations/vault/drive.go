package vault

import (
	"context"
	"errors"
	"time"

	"batsignal/integrations/vault/vaultapi"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

// drive brings what is handed in at a desk to a lock, until the lock is done.
type drive struct {
	*desk
	lock  lock
	label string // "Vault main, node vault1"
	node  string

	last     state
	seen     bool // last is of the lock, and not nothing
	doubts   bool // a set of shares was not right together
	quiet    bool // it was said that the node does not answer
	quietAt  time.Time
	leaves   bool // a node that stays silent is left for others, with errLeft
	remindAt time.Time
	trying   bool // a set is tried out: people hear of what comes of it
}

// until hands in shares until the lock is done. It waits for people, for a node that does not
// answer, and for one that was restarted; only what waiting cannot mend is an error.
func (d *drive) until(ctx context.Context) error {
	for _, h := range d.held {
		h.in = false
	}
	d.remindAt = d.Now().Add(orElse(d.Remind, 10*time.Minute))
	for {
		done, err := d.round(ctx)
		if err != nil {
			if err = d.bear(ctx, err); err != nil {
				return err
			}
		}
		if done {
			if d.ofToday() {
				d.learn(ctx)
			}
			return nil
		}
		if err := d.await(ctx); err != nil {
			return err
		}
	}
}

// round looks how far the lock is, and hands in what can be.
func (d *drive) round(ctx context.Context) (done bool, err error) {
	st, err := d.lock.State(ctx)
	if err != nil {
		return false, err
	}
	if d.quiet {
		d.quiet = false
		d.say(ctx, "%s answers again.", d.label)
	}
	d.compare(ctx, st)
	if st.Open {
		return true, nil
	}
	if d.doubts {
		if done, tried, err := d.tryOut(ctx); done || tried || err != nil {
			return done, err
		}
	}
	return d.handIn(ctx)
}

// await waits until something was handed in, or it is time to look at the lock again.
func (d *drive) await(ctx context.Context) error {
	d.guard(ctx)
	for left := orElse(d.Look, 500*time.Millisecond); left > 0; left -= orElse(d.Poll, 100*time.Millisecond) {
		if len(d.pick(ctx, d.label)) > 0 {
			return nil
		}
		if err := wait(ctx, orElse(d.Poll, 100*time.Millisecond)); err != nil {
			return err
		}
	}
	if now := d.Now(); now.After(d.remindAt) {
		d.remindAt = now.Add(orElse(d.Remind, 10*time.Minute))
		d.say(ctx, "%s: still %d of %d. %s", d.label, d.last.Progress, d.last.Need, d.asks())
	}
	return nil
}

// errLeft is a node that is silent for so long that others come first.
var errLeft = errors.New("the node stays silent")

// bear decides whether an error passes by itself; then it is said once.
func (d *drive) bear(ctx context.Context, err error) error {
	var refusal *vaultapi.Refusal
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case silent(err):
	case errors.As(err, &refusal): // it answers, and something of its own is wrong
	case fault.KindOf(err) == fault.Unready: // no node is active just now
	default:
		return err
	}
	if d.quiet && d.leaves && d.Now().Sub(d.quietAt) > orElse(d.Leave, 30*time.Second) {
		return errLeft
	}
	if !d.quiet {
		d.quiet, d.quietAt = true, d.Now()
		d.say(ctx, "%s I wait, and keep what was handed in.", d.trouble(err))
	}
	return nil
}

// compare tells what others did to the lock.
func (d *drive) compare(ctx context.Context, st state) {
	last := d.last
	d.last, d.need = st, st.Need
	switch {
	case !d.seen:
		d.seen = true
		if st.Progress > 0 && !st.Open {
			d.say(ctx, "%s: %d of %d are in already.", d.label, st.Progress, st.Need)
		}
	case st == last:
		return
	case st.Open:
	case st.Progress < last.Progress, st.Nonce != last.Nonce && last.Progress > 0:
		again := ""
		for _, h := range d.held {
			if h.in {
				again = " I hand in again what I have."
			}
			h.in = false
		}
		d.say(ctx, "%s began anew, at %d of %d: somebody reset it, or it was restarted.%s", d.label, st.Progress, st.Need, again)
	case st.Progress > last.Progress:
		d.say(ctx, "%s: %d of %d, by somebody straight to Vault.", d.label, st.Progress, st.Need)
	}
	d.at(ctx, d.node, st)
}

// handIn hands in one share after the other, the proven ones first.
func (d *drive) handIn(ctx context.Context) (done bool, err error) {
	for {
		h := d.next()
		if h == nil {
			return false, nil
		}
		d.proves(ctx, h)
		st, o, err := d.lock.Submit(ctx, h.Share)
		if err != nil {
			return false, err
		}
		d.last = st
		switch o {
		case late:
			return true, nil
		case counted:
			h.in = true
			if st.Open {
				st.Progress = st.Need
			}
			d.at(ctx, d.node, st)
			d.say(ctx, "%s: %d of %d, by %s.", d.label, st.Progress, st.Need, h.who)
			if st.Open {
				d.right(ctx)
				return true, nil
			}
		case repeated:
			h.in = true
			d.say(ctx, "%s: %s, which %s handed in, is in Vault already, and does not count twice.", d.label, h.Name(), h.who)
		case wrong:
			h.in = true
			d.wrongTogether(ctx)
			return false, nil
		}
	}
}

// next is a share that can be handed in now: not a second one of the same number, none of a
// set that was tried out whole, and what is odd only to make up the number that is needed.
func (d *drive) next() *held {
	in, numbers := map[int]bool{}, map[int]bool{}
	for _, h := range d.held {
		if h.in {
			in[h.Number()] = true
		}
	}
	for _, h := range d.usable() {
		numbers[h.Number()] = true
	}
	if d.doubts && len(numbers) >= d.last.Need {
		return nil // they are tried out in sets; the next share that comes makes new ones
	}
	enough := d.last.Progress-len(in)+len(numbers) >= d.last.Need
	var best *held
	for _, h := range d.usable() {
		if in[h.Number()] || h.odd && !enough {
			continue
		}
		if best == nil || h.good && !best.good || best.odd && !h.odd {
			best = h
		}
	}
	return best
}

// usable are the shares that are not proven wrong.
func (d *drive) usable() (list []*held) {
	for _, h := range d.held {
		if !h.bad {
			list = append(list, h)
		}
	}
	return list
}

// trouble says what waiting may mend.
func (d *drive) trouble(err error) string {
	var s vaultapi.Silence
	switch {
	case errors.As(err, &s) && d.node != "":
		return d.label + " does not answer: " + s.Why + "."
	case fault.KindOf(err) != fault.Internal:
		return d.label + ": " + fault.Say(err)
	}
	return d.label + ": " + err.Error() + "."
}

// sentence is an error for a room.
func sentence(err error) string {
	var f *fault.Error
	if errors.As(err, &f) {
		return f.Say
	}
	return oncall.UpperFirst(fault.Say(err))
}
