package vault

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"batsignal/oncall"
	"batsignal/oncall/share"
)

// mostTries is how many sets of shares are tried out at once: of ten shares of which five
// are needed there are 252.
const mostTries = 500

// set names shares that are tried together, by where they are in the list of what is held.
type set []int

func (s set) key() string {
	words := make([]string, len(s))
	for i, n := range s {
		words[i] = strconv.Itoa(n)
	}
	return strings.Join(words, ",")
}

// in are the shares of the attempt that is under way.
func (d *drive) in() (s set) {
	for i, h := range d.held {
		if h.in {
			s = append(s, i)
		}
	}
	return s
}

// wrongTogether is told that the lock had as many shares as it needs and that one was wrong.
// The lock does not know which, and has forgotten them all.
func (d *drive) wrongTogether(ctx context.Context) {
	s := d.in()
	d.disproves(ctx)
	d.doubts = true
	d.last.Progress, d.last.Nonce = 0, ""
	for _, h := range d.held {
		h.in = false
	}
	d.at(ctx, d.node, d.last)
	names := d.names(s)
	if len(s) < d.last.Need {
		d.say(ctx, "%s refused: the shares of %s and the one that went straight to Vault are not right together, and it forgot them all. Hand them in to this run: it finds out which is wrong, Vault does not.", d.label, oncall.JoinNames(names))
		return
	}
	d.fail(s)
	if !slices.ContainsFunc(s, func(i int) bool { return !d.held[i].good }) {
		// What was registered is not what opens it, so nothing can be told by it any more.
		for _, h := range d.held {
			h.good = false
		}
		d.known = nil
		d.say(ctx, "%s refused the shares of %s, though each is as it was registered. It was rekeyed since, or they were registered wrongly: register the shares that open it today.", d.label, oncall.JoinNames(names))
		return
	}
	if one := d.onlyDoubt(s); one != nil {
		d.blame(ctx, one)
		return
	}
	if !d.anyLeft() {
		d.say(ctx, "%s refused: of the shares of %s at least one is wrong, and Vault does not say which. One more right share will tell.", d.label, oncall.JoinNames(names))
	}
}

func (d *drive) names(s set) (list []string) {
	for _, i := range s {
		list = append(list, d.held[i].String())
	}
	return list
}

func (d *drive) fail(s set) {
	if d.failed == nil {
		d.failed = map[string]bool{}
	}
	d.failed[s.key()] = true
}

// onlyDoubt is the one share of a wrong set that is not proven right; nil if there are more.
func (d *drive) onlyDoubt(s set) (one *held) {
	for _, i := range s {
		switch h := d.held[i]; {
		case h.good:
		case one != nil:
			return nil
		default:
			one = h
		}
	}
	return one
}

func (d *drive) blame(ctx context.Context, h *held) {
	h.bad = true
	d.say(ctx, "%s: %s, which %s handed in, is wrong. It is not used any more; the others are kept.", d.label, h.Name(), h.who)
}

// right is told that what is in has opened the lock: these are right, and tell of all
// others whether they are.
func (d *drive) right(ctx context.Context) {
	s := d.in()
	var right []share.Share
	for _, i := range s {
		d.held[i].good, d.held[i].proven = true, true
		right = append(right, d.held[i].Share)
	}
	if len(s) < d.last.Need {
		return // somebody else's were among them
	}
	for i, h := range d.held {
		if slices.Contains(s, i) || h.bad {
			continue
		}
		if share.Agrees(right, h.Share) {
			h.good, h.proven = true, true
			continue
		}
		d.blame(ctx, h)
	}
}

func (d *drive) anyLeft() bool { return len(d.untried(1)) > 0 }

// untried are sets of shares that could be right together and were not tried, those with
// the newest shares first.
func (d *drive) untried(most int) (list []set) {
	need := d.last.Need
	var s set
	var choose func(from int)
	choose = func(from int) {
		if len(list) >= most {
			return
		}
		if len(s) == need {
			whole := slices.Clone(s)
			slices.Sort(whole)
			if !d.failed[whole.key()] {
				list = append(list, whole)
			}
			return
		}
		for i := from; i >= need-len(s)-1; i-- {
			h := d.held[i]
			if h.bad || slices.ContainsFunc(s, func(j int) bool { return d.held[j].Number() == h.Number() }) {
				continue
			}
			s = append(s, i)
			choose(i - 1)
			s = s[:len(s)-1]
		}
	}
	if need > 0 {
		choose(len(d.held) - 1)
	}
	return list
}

// tryOut tries sets of what is held until one opens the lock. tried tells that it did
// anything.
func (d *drive) tryOut(ctx context.Context) (done, tried bool, err error) {
	list := d.untried(mostTries)
	if len(list) == 0 {
		return false, false, nil
	}
	if !d.trying {
		d.trying = true
		d.say(ctx, "%s: one of the shares is wrong; I try which of the %d are right together.", d.label, len(d.usable()))
	}
	for _, s := range list {
		if slices.ContainsFunc(s, func(i int) bool { return d.held[i].bad }) {
			continue // it was found wrong meanwhile
		}
		if done, err = d.try(ctx, s); done || err != nil {
			return done, true, err
		}
	}
	d.trying = false
	if !d.anyLeft() {
		wrong := "More than one is wrong"
		if len(d.usable()) == d.last.Need {
			wrong = "At least one is wrong"
		}
		d.say(ctx, "%s: of the %d shares that I have no %d are right together. %s; one more right share will tell.", d.label, len(d.usable()), d.last.Need, wrong)
	}
	return false, true, nil
}

// try hands in one set, from the beginning. If others hand in shares meanwhile, nothing is
// known of the set, and it is tried again later.
func (d *drive) try(ctx context.Context, s set) (done bool, err error) {
	if d.last.Progress > 0 {
		if err := d.lock.Restart(ctx); err != nil {
			return false, err
		}
	}
	for _, h := range d.held {
		h.in = false
	}
	for n, i := range s {
		h := d.held[i]
		d.proves(ctx, h)
		st, o, err := d.lock.Submit(ctx, h.Share)
		if err != nil {
			return false, err
		}
		d.last = st
		h.in = true
		switch {
		case o == late:
			return true, nil
		case st.Open:
			d.say(ctx, "%s: %d of %d, by %s.", d.label, d.last.Need, d.last.Need, oncall.JoinNames(d.names(s)))
			if n == len(s)-1 {
				d.right(ctx)
			}
			return true, nil
		case o == wrong && n == len(s)-1:
			d.fail(s)
			d.disproves(ctx)
			h.in = false
			if one := d.onlyDoubt(s); one != nil {
				d.blame(ctx, one)
			}
			return false, nil
		case o != counted || st.Progress != n+1:
			return false, nil // somebody else is at it
		}
	}
	return false, nil
}
