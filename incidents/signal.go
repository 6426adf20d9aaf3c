package incidents

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/duty"
	"batsignal/oncall/fault"
	"batsignal/oncall/notice"
	"batsignal/oncall/paging"
	"batsignal/oncall/unseal"
)

// Signal is somebody's wish to light the bat-signal.
type Signal struct {
	What     string
	Severity int
	Everyone bool // everybody of each role, not just the first to answer
	Separate bool // it is not the fire that is signalled already
}

// Asked is a request that waits for a second person.
type Asked struct {
	Code    string
	Signal  Signal
	Expires time.Time
	Plan    []PlanLine
	// Opened is set instead when policy asks for no confirmation.
	Opened *Opened
	// Challenge is what is confirmed with a code, where sealed addresses may be opened. Its
	// line is shown as it is. In a refusal it is that of the signal that waits here already.
	Challenge *unseal.Challenge
	Sealed    string // why they stay sealed, in a sentence; "" if they need not
}

// PlanLine says what confirming would do for one role.
type PlanLine struct {
	Role    oncall.Role
	First   string // the handles of those who are rung first; "" when nobody can be
	Rings   int    // how many they are; 0 is one
	Asleep  bool   // it is night where they are
	Members int    // how many can be rung for the role in all
	Nobody  string // why nobody can be rung; "" when somebody can
}

// Rings is how many people would be rung at once.
func (a Asked) Rings() int {
	n := 0
	for _, l := range a.Plan {
		if l.First == "" {
			continue
		}
		if a.Signal.Everyone {
			n += l.Members
		} else {
			n += max(l.Rings, 1)
		}
	}
	return n
}

// Ask asks for the bat-signal. It rings nobody (unless policy wants no
// confirmation): it says what would happen, and waits for a second person. Each
// ask and each refusal is on the public record.
func (s *Service) Ask(ctx context.Context, a oncall.Actor, sig Signal) (asked Asked, err error) {
	// A code is one of a million, and now and then another request waits under it already.
	for range 5 {
		if asked, err = s.ask(ctx, a, sig); !pg.IsUnique(err, "signal_request_code") {
			break
		}
	}
	return asked, err
}

func (s *Service) ask(ctx context.Context, a oncall.Actor, sig Signal) (asked Asked, err error) {
	var refused *fault.Error
	made, sealed, err := s.sound(ctx, a, sig)
	if err != nil {
		return asked, err
	}
	err = s.change(ctx, func(c *change) error {
		asked, refused = Asked{Signal: sig, Challenge: made, Sealed: sealed}, nil
		if err := c.lockGuard(); err != nil {
			return err
		}
		if refused, err = c.judge(a, sig); err != nil {
			return err
		}
		if refused != nil {
			if asked.Challenge, err = c.waitingChallenge(a); err != nil {
				return err
			}
			return c.use(use{act: "refused", actor: a, text: sig.What + ": " + refused.Say})
		}
		if asked.Plan, err = c.plan(sig); err != nil {
			return err
		}
		code := ""
		if made != nil {
			code = made.Code
		}
		req := request{
			Code: cmp.Or(code, c.newCode()), What: sig.What, Severity: sig.Severity, Everyone: sig.Everyone,
			AskedBy: a.PersonID, AskedByHandle: a.Handle, ExpiresAt: c.now.Add(s.Guard.Window),
		}
		if err := c.insertRequest(&req, a); err != nil {
			return err
		}
		if made != nil {
			if err := c.askedUnseal(*made, a, 0); err != nil {
				return err
			}
		}
		if err := c.use(use{act: "asked", actor: a, request: req.ID, text: sig.What}); err != nil {
			return err
		}
		asked.Code, asked.Expires = req.Code, req.ExpiresAt
		if s.Guard.Confirmations == 0 {
			asked.Opened, err = c.open(req, a)
			return err
		}
		c.rings = true // the pager must know when the request expires
		c.sayElsewhere(a, fmt.Sprintf("%s asks for the bat-signal, severity %d: %s. It would ring %s at once. Somebody else: !confirm %s until %s.",
			a.Who(), sig.Severity, sig.What, oncall.Plural(asked.Rings(), "person", "people"), req.Code, oncall.Clock(req.ExpiresAt, "")), ConfirmActions(asked)...)
		return nil
	})
	switch {
	case err != nil: // nothing was written, and nothing of it is shown
		return Asked{}, err
	case refused != nil:
		return asked, refused
	}
	return asked, nil
}

// sound asks the switchboard for the challenge of a signal for which sealed addresses may
// be opened. It is asked before the transaction of the request, which must not wait for
// another process, and not for a request that will be refused.
func (s *Service) sound(ctx context.Context, a oncall.Actor, sig Signal) (made *unseal.Challenge, why string, err error) {
	if s.Switchboard == nil || sig.Severity != 1 || s.Guard.Confirmations == 0 {
		return nil, "", nil
	}
	var refused *fault.Error
	if err := s.change(ctx, func(c *change) (err error) {
		refused, err = c.judge(a, sig)
		return err
	}); err != nil || refused != nil {
		return nil, "", err
	}
	made, why = s.challenge(ctx, a, sig.What, 0)
	return made, why, nil
}

// judge applies the guard to one request.
func (c *change) judge(a oncall.Actor, sig Signal) (*fault.Error, error) {
	if sig.Severity < 1 || sig.Severity > 4 {
		return fault.New(fault.Invalid, "A severity is 1 (the internet is on fire) to 4 (minor)."), nil
	}
	if n := utf8.RuneCountInString(sig.What); n == 0 || n > longestTitle {
		return fault.New(fault.Invalid, "Say in up to %d letters what is on fire, as in !batsignal remote code execution in openssl.", longestTitle), nil
	}
	uses, err := c.usesOf(a.PersonID, c.now.Add(-c.Guard.Period))
	if err != nil {
		return nil, err
	}
	if f := c.Guard.Judge(uses); f != nil {
		return f, nil
	}
	if sig.Separate {
		return nil, nil
	}
	waiting, err := c.waiting()
	if err != nil {
		return nil, err
	}
	if len(waiting) > 0 {
		w := waiting[len(waiting)-1]
		return fault.New(fault.Conflict, "%s asked for the bat-signal already: %s. If it is the same fire, type !confirm %s. If it is another, add --separate.",
			w.AskedByHandle, w.What, w.Code), nil
	}
	open, err := someIncidents(c.ctx, c.tx, sqlOpenIncidents, nil)
	if err != nil {
		return nil, err
	}
	for _, inc := range open {
		if c.now.Sub(inc.OpenedAt) < c.Guard.Same {
			return fault.New(fault.Conflict, "%s was lit %s ago for: %s. To help with it, type !role take <role>. If this is another fire, add --separate.",
				inc.Ref(), span(max(c.now.Sub(inc.OpenedAt).Truncate(time.Second), time.Second)), inc.Title), nil
		}
	}
	return nil, nil
}

func (c *change) newCode() string {
	if c.NewCode != nil {
		return c.NewCode()
	}
	return oncall.NewCode()
}

// plan says whom confirming would ring first, by role.
func (c *change) plan(sig Signal) ([]PlanLine, error) {
	facts, err := duty.LoadAll(c.ctx, c.tx, sig.What, c.now, c.now)
	if err != nil {
		return nil, err
	}
	taken := map[int64]bool{}
	var lines []PlanLine
	for _, r := range facts.Roles {
		ranking := facts.Rank(duty.Ask{Role: r.Name, Severity: sig.Severity, Everyone: sig.Everyone}, c.now)
		line := PlanLine{Role: r, Members: len(ranking.People)}
		if len(ranking.People) == 0 {
			line.Nobody = nobodyWords(ranking.LeftOut)
		}
		s := paging.Next(paging.Escalation{Slot: paging.RoleSlot(r.Name), Round: 1}, ranking.Candidates(nil, taken))
		line.Rings = len(s.Ring)
		var first []string
		for _, one := range s.Ring {
			first = append(first, one.Handle)
			line.Asleep = one.Asleep && len(s.Ring) == 1
			taken[one.PersonID] = taken[one.PersonID] || !sig.Everyone
		}
		if len(first) > 0 {
			line.First = namesOrNumber(first)
		}
		lines = append(lines, line)
	}
	return lines, nil
}

// Confirm lights the bat-signal that somebody else asked for. An empty code means
// the only request that waits.
func (s *Service) Confirm(ctx context.Context, a oncall.Actor, code string) (opened *Opened, err error) {
	return s.confirm(ctx, a, code, false)
}

// ConfirmWithDigits is [Service.Confirm] by somebody who gave a code of their authenticator
// as well. The switchboard hears that for itself; nothing is checked here.
func (s *Service) ConfirmWithDigits(ctx context.Context, a oncall.Actor, code string) (*Opened, error) {
	return s.confirm(ctx, a, code, true)
}

func (s *Service) confirm(ctx context.Context, a oncall.Actor, code string, digits bool) (opened *Opened, err error) {
	var refused *fault.Error
	err = s.change(ctx, func(c *change) error {
		opened, refused = nil, nil
		if err := c.lockGuard(); err != nil {
			return err
		}
		req, why, err := c.find(code)
		if err != nil {
			return err
		}
		if why == nil && req.AskedBy == a.PersonID {
			why = fault.New(fault.Forbidden, "You asked for it yourself. A second person must confirm, whatever account you use.")
		}
		if why != nil {
			refused = why
			return c.use(use{act: "refused", actor: a, request: req.ID, text: "confirmation: " + why.Say})
		}
		if opened, err = c.open(req, a); err != nil || digits || s.Switchboard == nil {
			return err
		}
		if _, _, asked, err := c.askedFor(req.Code); err != nil || !asked {
			return err // the switchboard made no challenge for it
		}
		c.sayHome(opened.Incident.ID, fmt.Sprintf("It was confirmed without a code here, so sealed addresses stay sealed, unless one was given on the page of the switchboard. Until %s somebody who is registered with the switchboard can have them opened: !confirm, the code of the request, and a code of their authenticator.",
			oncall.Clock(req.ExpiresAt, "")))
		return nil
	})
	if err == nil && refused != nil {
		return nil, refused
	}
	return opened, err
}

// find finds the request that a confirmation means, or says why there is none.
func (c *change) find(code string) (request, *fault.Error, error) {
	waiting, err := c.waiting()
	if err != nil {
		return request{}, nil, err
	}
	code = strings.ToUpper(code)
	for _, w := range waiting {
		if code != "" && w.Code == code {
			return w, nil, nil
		}
	}
	if code != "" {
		if by, incident, found, err := c.confirmedBy(code); err != nil || found {
			return request{}, fault.New(fault.Conflict, "%s confirmed it already: %s. To help with it, type !role take <role>.", by, Ref(incident)), err
		}
	}
	switch {
	case len(waiting) == 0:
		return request{}, fault.New(fault.NotFound, "Nothing waits for a confirmation. It may have been confirmed, or its %s may be over.", span(c.Guard.Window)), nil
	case code == "" && len(waiting) == 1:
		return waiting[0], nil, nil
	case code == "":
		return request{}, fault.New(fault.Invalid, "%s wait for a confirmation. Say which: !confirm <code>.", oncall.Plural(len(waiting), "request", "requests")), nil
	}
	return request{}, fault.New(fault.NotFound, "No request with the code %s waits. It may have been confirmed, or its %s may be over.", code, span(c.Guard.Window)), nil
}

// Refuse puts on the public record that somebody without the right tried. A
// stranger is recorded once an hour: the record must not be flooded.
func (s *Service) Refuse(ctx context.Context, a oncall.Actor, what, why string) error {
	return s.change(ctx, func(c *change) error {
		lately, err := c.refusedLately(a, c.now.Add(-time.Hour))
		if err != nil || lately {
			return err
		}
		return c.use(use{act: "refused", actor: a, text: what + ": " + why})
	})
}

// sayElsewhere announces in every home room but the place where the actor reads
// the answer anyway.
func (c *change) sayElsewhere(a oncall.Actor, text string, actions ...notice.Action) {
	for _, n := range c.Networks {
		if n.Home == "" || (n.Name == a.Network && strings.EqualFold(n.Home, a.Room)) {
			continue
		}
		c.say(n.Name, n.Home, 0, "Bat-signal: "+text, actions...)
	}
}

// expire ends requests that nobody confirmed in time, and says so.
func (s *Service) expire(ctx context.Context) error {
	return s.change(ctx, func(c *change) error {
		// A confirmation of this very moment is either before or after.
		if err := c.lockGuard(); err != nil {
			return err
		}
		late, err := c.expireRequests()
		for _, r := range late {
			if err := c.use(use{act: "expired", request: r.ID, who: r.AskedByHandle, text: r.What}); err != nil {
				return err
			}
			c.sayHome(0, fmt.Sprintf("The bat-signal that %s asked for (%s) was not confirmed in %s. Nobody was rung.",
				r.AskedByHandle, r.What, span(s.Guard.Window)))
		}
		return err
	})
}
