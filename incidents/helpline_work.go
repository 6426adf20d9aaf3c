package incidents

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/paging"
)

// tellAfter is the try after which it is said aloud that a helpline cannot be called yet.
const tellAfter = 3

func findHelpHunt(ctx context.Context, db pg.DB, id int64) (h helpHunt, found bool, err error) {
	rows, err := db.Query(ctx, sqlHelpHunt, pgx.NamedArgs{"id": id})
	if err != nil {
		return h, false, err
	}
	h, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[helpHunt])
	if errors.Is(err, pgx.ErrNoRows) {
		return h, false, nil
	}
	return h, err == nil, err
}

// callHelp calls a helpline. If its process dies, the next try finds by the key what this
// one began.
func (e *Errands) callHelp(ctx context.Context, route paging.Route, errand Errand, attempt int, last bool) error {
	caller, ok := route.(paging.HelpCaller)
	if !ok {
		return nil
	}
	s := e.Service
	hunt, found, err := findHelpHunt(ctx, s.DB, errand.Hunt)
	if err != nil || !found {
		return err
	}
	role, _ := hunt.Slot.Role()
	line := s.helpline(errand.Route, errand.Place, role)
	over, err := helpNoted(ctx, s.DB, line.Route, line.Place, hunt.ID, helpEnded)
	if err != nil {
		return err
	}
	if over { // a try before may have called it when it was told of the end already
		return e.endHelp(ctx, route, errand)
	}
	id, _ := incidentOf(hunt.Cause)
	inc, err := getIncident(ctx, s.DB, id)
	if err != nil {
		return err
	}
	call := paging.HelpCall{
		Key: paging.HelpKey(hunt.ID, line.Place), Attempt: attempt, Place: line.Place, Policy: line.Policy,
		Ref: inc.Ref(), Severity: inc.Severity, Role: slotTitle(ctx, s.DB, hunt.Slot), Why: inc.Title,
	}
	if errand.Again {
		call.Attempt++
	}
	rooms, err := roomsOf(ctx, s.DB, inc.ID)
	if err != nil {
		return err
	}
	for _, r := range rooms {
		call.Rooms = append(call.Rooms, r.Room+" on "+r.Network)
	}
	calling, cancel := context.WithTimeout(ctx, errandBudget)
	defer cancel()
	called, err := caller.CallHelp(calling, call)
	if err == nil {
		return s.change(ctx, func(c *change) error { return c.helpCalled(line, hunt, call.Role, called) })
	}
	t := tried(paging.Handed{}, err)
	what := ""
	switch {
	case t.Outcome == paging.Permanent || last:
		what = helpGivenUp
	case attempt == tellAfter:
		what = helpLate
	default:
		return err
	}
	return errors.Join(err, s.change(ctx, func(c *change) error { return c.helpFails(line, hunt, call.Role, what, t.Detail) }))
}

// helpCalled notes that a helpline was called. If nobody is needed any more since it was
// asked to, it is told so: the errand that tells of the end may have been too early.
func (c *change) helpCalled(line paging.Helpline, hunt helpHunt, title string, called paging.HelpCalled) error {
	id, _ := incidentOf(hunt.Cause)
	inc, err := c.lock(id)
	if err != nil {
		return err
	}
	fresh, err := c.noteHelp(line.Route, line.Place, hunt.ID, helpCalled)
	if err != nil {
		return err
	}
	if fresh {
		text := fmt.Sprintf("%s calls whoever is on call there for %s: its incident %s", titleOf(line), title, called.Name)
		if called.Link != "" {
			text += ", " + called.Link
		}
		if err := c.record(inc.ID, "page", oncall.Actor{}, text); err != nil {
			return err
		}
		if err := c.sayRooms(inc.ID, text); err != nil {
			return err
		}
	}
	over, err := c.helpNoted(line.Route, line.Place, hunt.ID, helpEnded)
	if err != nil || !over {
		return err
	}
	return c.errand(Errand{What: ErrandHelpEnd, Route: line.Route, Hunt: hunt.ID, Place: line.Place})
}

// helpFails says aloud that a helpline cannot be called.
func (c *change) helpFails(line paging.Helpline, hunt helpHunt, title, what, why string) error {
	id, _ := incidentOf(hunt.Cause)
	inc, err := c.lock(id)
	if err != nil {
		return err
	}
	fresh, err := c.noteHelp(line.Route, line.Place, hunt.ID, what)
	if err != nil || !fresh {
		return err
	}
	over, err := c.helpNoted(line.Route, line.Place, hunt.ID, helpEnded)
	if err != nil {
		return err
	}
	if over { // the other side may have what nobody could be told that it has
		return c.errand(Errand{What: ErrandHelpEnd, Route: line.Route, Hunt: hunt.ID, Place: line.Place})
	}
	for _, prefix := range [...]string{paging.ErrPermanent.Error(), paging.ErrProvider.Error()} {
		why = strings.TrimPrefix(why, prefix+": ")
	}
	why = oncall.UpperFirst(ended(why))
	text := fmt.Sprintf("%s could not be called for %s yet, and I go on trying. %s", titleOf(line), title, why)
	if what == helpGivenUp {
		text = fmt.Sprintf("%s cannot be called for %s: whoever is on call there does not know. %s", titleOf(line), title, why)
	}
	return c.announce(inc, "page", oncall.Actor{}, text)
}

// endHelp tells a helpline that nobody is needed any more.
func (e *Errands) endHelp(ctx context.Context, route paging.Route, errand Errand) error {
	caller, ok := route.(paging.HelpCaller)
	if !ok {
		return nil
	}
	telling, cancel := context.WithTimeout(ctx, errandBudget)
	defer cancel()
	return caller.EndHelp(telling, paging.HelpEnd{
		Key: paging.HelpKey(errand.Hunt, errand.Place), Place: errand.Place, Why: "Nobody is needed for it any more, says Batsignal.",
	})
}
