package incidents

import (
	"context"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/paging"
)

// Call is a page that somebody sends by hand.
type Call struct {
	To       string // a handle, or a role
	Why      string
	Incident int64  // 0: the incident of the room, or none
	Cause    string // of a page that is to be stopped, wherever it was asked for; "" is that of the place
}

// longestWhy is in letters.
const longestWhy = 300

// Page rings one person by name, or the people of a role until one answers. It
// belongs to the incident of the room it is asked in, if there is one; the answer
// is announced where it was asked.
func (s *Service) Page(ctx context.Context, a oncall.Actor, call Call) (say string, err error) {
	if n := utf8.RuneCountInString(call.Why); n == 0 || n > longestWhy || strings.ContainsFunc(call.Why, unicode.IsControl) {
		return "", fault.New(fault.Invalid, "Say in one line of up to %d letters why, as in !page maria the signing server is down.", longestWhy)
	}
	inc, err := s.Pick(ctx, a, call.Incident)
	if call.Incident == 0 && (err != nil || a.Room == "") {
		inc = Incident{} // not in an incident's room: a call of its own
	} else if err != nil {
		return "", err
	}
	err = s.change(ctx, func(c *change) error {
		say, err = c.call(a, inc, call)
		return err
	})
	return say, err
}

// PageIn is [Service.Page] outside of incidents, in a transaction of somebody else's, which
// goes on as if nothing had been asked where it cannot be. a says where the answer is told.
func (s *Service) PageIn(ctx context.Context, tx pgx.Tx, a oncall.Actor, call Call) (say string, err error) {
	err = pg.InTx(ctx, tx, func(tx pgx.Tx) error {
		c := &change{Service: s, ctx: ctx, tx: tx, now: s.Now()}
		if say, err = c.call(a, Incident{}, call); err != nil {
			return err
		}
		return c.flush()
	})
	return say, err
}

func (c *change) call(a oncall.Actor, inc Incident, call Call) (say string, err error) {
	e, what, err := c.callFor(a, inc, call)
	if err != nil {
		return "", err
	}
	if inc.ID != 0 {
		if inc, err = c.lockOpen(inc.ID); err != nil {
			return "", err
		}
	}
	started, err := paging.Start(c.ctx, c.tx, c.now, e)
	if err != nil {
		return "", err
	}
	if !started {
		return "", fault.New(fault.Conflict, "%s is being paged already.", what)
	}
	e, _, err = paging.HuntFor(c.ctx, c.tx, e.Cause, e.Slot)
	if err != nil {
		return "", err
	}
	if inc.ID != 0 {
		if err := c.record(inc.ID, "page", a, fmt.Sprintf("%s pages %s: %s", a.Who(), what, call.Why)); err != nil {
			return "", err
		}
	}
	rung, err := c.step(e, inc)
	if err != nil {
		return "", err
	}
	if len(rung) == 0 && !c.helped {
		ranking, err := c.rank(e, inc)
		if err != nil {
			return "", err
		}
		if left := leftOutWords(ranking.LeftOut); left != "" {
			return "", fault.New(fault.Conflict, "Nobody can be rung for %s now: %s.", what, left)
		}
		return "", fault.New(fault.Conflict, "Nobody can be rung for %s: nobody has said yes to it, or no way leads to them.", what)
	}
	c.rings = true
	if len(rung) == 0 {
		return fmt.Sprintf("Nobody of ours can be rung for %s now, so I call whoever is on call for it elsewhere. The answer is announced here.", what), nil
	}
	return fmt.Sprintf("I ring %s: %s The answer is announced here.", oncall.JoinNames(rung), ended(call.Why)), nil
}

// callFor makes the hunt of a call: for a person if somebody has that handle, else
// for a role.
func (c *change) callFor(a oncall.Actor, inc Incident, call Call) (paging.Escalation, string, error) {
	e := paging.Escalation{Cause: callCause(a), Why: call.Why, Severity: 2}
	if inc.ID != 0 {
		e.Cause, e.Severity = cause(inc.ID), inc.Severity
	}
	roles, err := oncall.Roles(c.ctx, c.tx)
	if err != nil {
		return e, "", err
	}
	p, err := oncall.PersonByHandle(c.ctx, c.tx, call.To)
	if err == nil {
		e.Slot = paging.PersonSlot(p.Handle)
		for _, r := range roles {
			e.Patience = max(e.Patience, r.PatienceAt(e.Severity))
		}
		return e, p.Handle, c.mustConsent(p)
	}
	if fault.KindOf(err) != fault.NotFound {
		return e, "", err
	}
	r, ok := oncall.MatchRole(roles, call.To)
	if !ok {
		return e, "", fault.New(fault.NotFound, "%q is neither a person nor a role here. The roles are %s; !roster show lists the people.", call.To, oncall.RoleNames(roles))
	}
	e.Slot, e.Patience = paging.RoleSlot(r.Name), r.PatienceAt(e.Severity)
	return e, r.Title, nil
}

// mustConsent refuses to ring somebody who has said yes to nothing.
func (c *change) mustConsent(p oncall.Person) error {
	roles, err := oncall.ActiveRoles(c.ctx, c.tx, p.ID)
	if err != nil || len(roles) > 0 {
		return err
	}
	return fault.New(fault.Forbidden, "%s has not agreed to be paged.", p.Handle)
}

// PagesOf lists every page of an incident, oldest first.
func (s *Service) PagesOf(ctx context.Context, incident int64) ([]paging.Page, error) {
	return paging.Of(ctx, s.DB, cause(incident))
}
