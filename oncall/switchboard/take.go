package switchboard

import (
	"errors"
	"slices"
	"time"

	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/switchboard/totp"
	"batsignal/oncall/unseal"
)

// Wrong codes that freeze somebody, at the door where they were given, and for how long.
const (
	mostWrong = 5
	frozenFor = 15 * time.Minute
)

// The doors through which codes come. Wrong ones count for each by itself: anybody who
// reads the room can give wrong codes on the page in somebody's name, and must not keep
// them from confirming in the room.
const (
	doorRoom = "room"
	doorPage = "page"
)

// took is what became of a code.
type took struct {
	grant unseal.Grant
	err   error
	loud  bool // a wrong code in somebody's name: they must hear of it
}

// take takes a code of p's for a challenge. place says what else must be true of it.
func (a *Authority) take(p known, said confirmation, door string, r reading, place func(*challenge) error) took {
	c := a.state.find(said.code)
	err := a.mayTake(p, c, said, r)
	if err == nil {
		err = place(c)
	}
	if err != nil {
		return took{err: errors.Join(a.spend(p, said, r), err)}
	}
	told := a.prove(p, said, door, r, c.Code, func(c *challenge) {
		switch {
		case c.Heard:
			c.Grant = grant{Declared: c.Declared, Confirmed: p.Handle, Incident: c.Incident, Span: newSpan(r, unseal.GrantHolds)}
		case c.First == "":
			c.First = p.Handle
		default:
			c.Grant = grant{Declared: c.First, Confirmed: p.Handle, Incident: c.Incident, Span: newSpan(r, unseal.GrantHolds)}
		}
	})
	if told.err != nil {
		return told
	}
	if c = a.state.find(said.code); c.granted() {
		return took{grant: c.grant()}
	}
	return took{grant: unseal.Grant{Code: c.Code, Incident: c.Incident, Declared: c.Declared, Confirmed: p.Handle, Waits: true}}
}

// mayTake tells whether p can be the person who is missing.
func (a *Authority) mayTake(p known, c *challenge, said confirmation, r reading) error {
	switch {
	case said.code == "":
		return fault.New(fault.Invalid, "Say which request you confirm: !confirm, its four letters, and a new code.")
	case c == nil:
		return errNoChallenge
	case c.granted():
		return fault.New(fault.Conflict, "That request is confirmed already. Keep your codes for the next one.")
	case c.Void != "":
		return fault.New(fault.Conflict, "That request counts no more: %s. Ask anew.", c.Void)
	case c.Span.over(r):
		return fault.New(fault.Conflict, "That request is over, which it is after 15 minutes. Ask anew.")
	case c.Heard && (p.Handle == c.Declared || slices.Contains(p.Accounts, c.Network+"/"+c.Account)):
		return fault.New(fault.Forbidden, "%s asked for it. A second person must confirm, whatever account they use.", oncall.UpperFirst(p.Handle))
	case p.Handle == c.First:
		return fault.New(fault.Forbidden, "Of %s there is a code already. A second person must give one too.", p.Handle)
	}
	// Whoever was the other one may have been removed since.
	other, may := c.First, p.MayConfirm
	if c.Heard {
		other = c.Declared
	}
	if other != "" {
		o, known, err := a.people.byHandle(other)
		switch {
		case err != nil:
			return err
		case !known:
			return fault.New(fault.Conflict, "The switchboard knows %s no more, who was the other person of that request. Ask anew.", other)
		}
		may = may || !c.Heard && o.MayConfirm
	} else {
		may = true // the second one may have to
	}
	if !may {
		return fault.New(fault.Forbidden, "%s may ask for sealed contacts, and not confirm what others ask for. An operator changes that on the switchboard.", oncall.UpperFirst(p.Handle))
	}
	return nil
}

// prove takes a code of p's: right, new, and used up from now on, in the same write as
// what it allows: then changes the challenge that purpose is the code of; nil is none.
func (a *Authority) prove(p known, said confirmation, door string, r reading, purpose string, then func(*challenge)) took {
	if !said.typed() {
		return took{err: fault.New(fault.Invalid, "A code is the %d digits that your authenticator shows.", totp.Digits)}
	}
	if a.frozen(p, door, r) {
		return took{err: errors.Join(a.spend(p, said, r), fault.New(fault.Limited, "Too many wrong codes of %s were given: none is taken here until %s.", p.Handle, oncall.Clock(a.thaws(p, door, r), "")))}
	}
	step, err := totp.Verify(p.seed, said.digits, r.wall, a.state.Burnt[p.Handle].Step)
	switch {
	case errors.Is(err, totp.ErrUsed):
		return took{err: fault.New(fault.Conflict, "That code was used before, and each is good once. Wait for the next one.")}
	case err != nil:
		return a.wrong(p, door, r)
	}
	return took{err: a.change(func(s *state) {
		s.Burnt[p.Handle] = burnt{step, purpose}
		delete(s.Wrong, door+"/"+p.Handle)
		if then != nil {
			then(s.find(purpose))
		}
	})}
}

// spend uses up a right code that allows nothing: said in a room all know it, and it must
// not be good for anything else. Nobody is told whether it was right.
func (a *Authority) spend(p known, said confirmation, r reading) error {
	step, err := totp.Verify(p.seed, said.digits, r.wall, a.state.Burnt[p.Handle].Step)
	if err != nil {
		return nil
	}
	return a.change(func(s *state) { s.Burnt[p.Handle] = burnt{step, "nothing"} })
}

// wrong counts a wrong code, and says so.
func (a *Authority) wrong(p known, door string, r reading) took {
	w := wrong{Count: a.state.Wrong[door+"/"+p.Handle].Count + 1}
	if w.Count >= mostWrong {
		w = wrong{Frozen: newSpan(r, frozenFor)}
	}
	if err := a.change(func(s *state) { s.Wrong[door+"/"+p.Handle] = w }); err != nil {
		return took{err: err, loud: true}
	}
	if w.Count > 0 {
		return took{loud: true, err: fault.New(fault.Forbidden, "That is not the code that the authenticator of %s shows now. It opens nothing; after %s none is taken for 15 minutes.",
			p.Handle, oncall.Plural(mostWrong-w.Count, "more wrong one", "more wrong ones"))}
	}
	return took{loud: true, err: fault.New(fault.Limited, "Wrong codes of %s were given %d times: none is taken here until %s. If it was not %s, somebody has that account.",
		p.Handle, mostWrong, oncall.Clock(w.Frozen.Until, ""), p.Handle)}
}

func (a *Authority) frozen(p known, door string, r reading) bool {
	w := a.state.Wrong[door+"/"+p.Handle]
	return w.Frozen != (span{}) && w.Frozen.holds(r)
}

// thaws is when codes are taken again, by the clock on the wall as it is now.
func (a *Authority) thaws(p known, door string, r reading) time.Time {
	f := a.state.Wrong[door+"/"+p.Handle].Frozen
	return r.wall.Add(f.length() - f.age(r))
}
