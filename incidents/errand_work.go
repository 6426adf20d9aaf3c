package incidents

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"batsignal/oncall"
	"batsignal/oncall/contact"
	"batsignal/oncall/fault"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
	"batsignal/oncall/unseal"
)

// Errands does the errands of the routes that this process has: it is the worker of the
// jobs that changes leave behind. The rows say what is to be done, so a job that runs
// twice or late does no harm.
type Errands struct {
	river.WorkerDefaults[Errand]
	Service *Service
	Routes  map[string]paging.Route
	Log     *slog.Logger
}

// errandRests are how long an errand rests after each failed try, two minutes in all: a
// code is of no use later, and a phone that rings on has stopped by itself.
var errandRests = [...]time.Duration{2 * time.Second, 5 * time.Second, 15 * time.Second, 30 * time.Second, time.Minute}

// errandBudget is how long one try may take.
const errandBudget = 30 * time.Second

// Timeout tells River how long an errand may take.
func (*Errands) Timeout(*river.Job[Errand]) time.Duration { return 2 * errandBudget }

// NextRetry tells River when a failed errand is tried again.
func (e *Errands) NextRetry(job *river.Job[Errand]) time.Time {
	return e.Service.Now().Add(errandRests[min(max(job.Attempt, 1), len(errandRests))-1])
}

// Work implements [river.Worker].
func (e *Errands) Work(ctx context.Context, job *river.Job[Errand]) error {
	err := e.Do(ctx, job.Args, job.Attempt, job.Attempt >= job.MaxAttempts)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, paging.ErrPermanent):
		err = river.JobCancel(err)
	case job.Attempt < job.MaxAttempts:
		return err
	}
	e.Log.Warn("an errand was given up", "what", job.Args.What, "route", job.Args.Route, "delivery", job.Args.Delivery, "proof", job.Args.Proof, "hunt", job.Args.Hunt, "error", err)
	return err
}

// Do does one errand. attempt is 1 on the first try; on the last one what fails is
// recorded as failed.
func (e *Errands) Do(ctx context.Context, errand Errand, attempt int, last bool) error {
	route, ok := e.Routes[errand.Route]
	if !ok {
		return nil // it is worked where the route is; a route that is gone has nothing to tell
	}
	switch errand.What {
	case ErrandProof:
		return e.sendProof(ctx, route, errand.Proof, attempt, last)
	case ErrandProofEnd:
		return e.endProof(ctx, route, errand.Proof)
	case ErrandEnd:
		return e.end(ctx, route, errand.Delivery)
	case ErrandHelp:
		return e.callHelp(ctx, route, errand, attempt, last)
	case ErrandHelpEnd:
		return e.endHelp(ctx, route, errand)
	}
	return nil
}

// sendProof sends a code to its address.
func (e *Errands) sendProof(ctx context.Context, route paging.Route, id int64, attempt int, last bool) error {
	s := e.Service
	p, found, err := contact.GetProof(ctx, s.DB, id)
	if err != nil || !found || p.State != contact.ProofWaiting {
		return err
	}
	if !p.Live(s.Now()) {
		return e.proofFailed(ctx, p, paging.Try{Detail: "it was too old before it could be sent"})
	}
	m := paging.Message{
		Kind: paging.Kind(p.Purpose), Key: paging.ProofKey(p.ID), Attempt: attempt, Code: p.Code, Keys: paging.KeysOf(p.Digits), Repeat: attempt > 1,
	}
	switch m.Address, err = contact.Open(ctx, s.DB, p.ContactID); {
	case errors.Is(err, contact.ErrSealed):
		if m.Sealed, err = s.released(ctx, p.ContactID, m.Key, unseal.LaneOwner); err != nil {
			return e.proofSealed(ctx, p, err)
		}
		defer wipe(&m)
	case fault.KindOf(err) == fault.NotFound:
		return nil
	case err != nil:
		return err
	}
	if p.PersonID != 0 {
		person, err := oncall.PersonByID(ctx, s.DB, p.PersonID)
		if err != nil {
			return err
		}
		m.Person = person.Handle
	}
	sending, cancel := context.WithTimeout(ctx, errandBudget)
	defer cancel()
	handed, err := sendOnce(sending, route, m)
	t := tried(handed, err)
	if err == nil {
		return s.change(ctx, func(c *change) error {
			if err := contact.SetProofState(c.ctx, c.tx, p.ID, contact.ProofSent, t.Ref, t.Detail); err != nil {
				return err
			}
			return paging.RouteWorks(c.ctx, c.tx, c.now, route.Name())
		})
	}
	if last || t.Outcome == paging.Permanent {
		return errors.Join(err, e.proofFailed(ctx, p, t))
	}
	return err
}

// proofSealed is what becomes of a code for a sealed address whose half of the key was not
// released.
func (e *Errands) proofSealed(ctx context.Context, p contact.Proof, err error) error {
	switch fault.KindOf(err) {
	case fault.NotFound:
		return nil
	case fault.Internal:
		return err
	}
	e.Log.Warn("a sealed address cannot be used", "contact", p.ContactID, "error", err)
	return e.proofFailed(ctx, p, paging.Try{Detail: plainly(err)})
}

// sendOnce asks a route that can be asked whether it has a message from a try before.
func sendOnce(ctx context.Context, route paging.Route, m paging.Message) (paging.Handed, error) {
	if asker, ok := route.(paging.Asker); ok && m.Attempt > 1 {
		handed, found, err := asker.Ask(ctx, m)
		if err != nil || found {
			return handed, err
		}
	}
	return route.Send(ctx, m)
}

// proofFailed notes that a code will not arrive, and tells whoever waits for it.
func (e *Errands) proofFailed(ctx context.Context, p contact.Proof, t paging.Try) error {
	return e.Service.change(ctx, func(c *change) error {
		if err := contact.SetProofState(c.ctx, c.tx, p.ID, contact.ProofFailed, t.Ref, t.Detail); err != nil {
			return err
		}
		if t.Provider {
			if err := paging.RouteFailed(c.ctx, c.tx, c.now, time.Time{}, p.Kind, t.Detail); err != nil {
				return err
			}
		}
		if p.PersonID == 0 {
			return nil
		}
		if t.Bad != "" {
			return c.badAddress(p.ContactID, p.PersonID, p.Kind, t.Bad)
		}
		return c.tell(p.PersonID, 0, fmt.Sprintf("The code for your %s could not be sent: %s. !contact code %s sends another one.", contact.Noun(p.Kind), t.Detail, p.Kind))
	})
}

// Who acknowledged is the page's own person, or else whose answer closed it.
const sqlEnding = `
	select d.ref, d.state, d.contact_id, p.id as page, p.state as how, p.code, p.digits, h.handle, e.cause, e.state = 'hunting' as hunting,
		case when p.state in ('acked', 'declined') then h.handle else coalesce((
			select o.handle from page a join person o on o.id = a.person_id
			where a.escalation_id = p.escalation_id and a.state = 'acked' order by a.answered_at, a.id limit 1), '') end as by
	from delivery d join page p on p.id = d.page_id join person h on h.id = p.person_id join escalation e on e.id = p.escalation_id
	where d.id = @id`

// ending is what there is to be told of one delivery of a page.
type ending struct {
	Ref       string
	State     string
	ContactID *int64
	Page      int64
	How       paging.PageState
	Code      string
	Digits    int
	Handle    string
	By        string
	Cause     string
	Hunting   bool
}

// end tells a provider that a page is over.
func (e *Errands) end(ctx context.Context, route paging.Route, delivery int64) error {
	ender, ok := route.(paging.Ender)
	if !ok {
		return nil
	}
	rows, err := e.Service.DB.Query(ctx, sqlEnding, pgx.NamedArgs{"id": delivery})
	if err != nil {
		return err
	}
	of, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[ending])
	if errors.Is(err, pgx.ErrNoRows) || err == nil && of.How == paging.PageOpen {
		return nil // there is nothing to end, or not any more
	}
	if err != nil {
		return err
	}
	var address secret.Text
	sealed := false
	if of.ContactID != nil {
		// Without its address a page can still be ended by what the provider calls it, and a
		// sealed one by our key: the switchboard knows what it dialled.
		address, err = contact.Open(ctx, e.Service.DB, *of.ContactID)
		sealed = errors.Is(err, contact.ErrSealed)
		if err != nil && !sealed && fault.KindOf(err) != fault.NotFound {
			return err
		}
	}
	if of.How == paging.PageAcked && paging.TraitsOf(route).Stays {
		over, err := causeOver(ctx, e.Service.DB, of.Cause, of.Hunting)
		if err != nil {
			return err
		}
		if over { // there is nothing to look after any more
			of.How = paging.PageClosed
		}
	}
	telling, cancel := context.WithTimeout(ctx, errandBudget)
	defer cancel()
	told := paging.Ended{Key: paging.PageKey(delivery), Ref: of.Ref, How: of.How, By: of.By, Address: address}
	asker, asks := route.(paging.Asker)
	inFlight := told.Ref == "" && (of.State == "leased" || of.State == "submitted")
	switch {
	case sealed && inFlight:
		return errInFlight
	case asks && !sealed && told.Ref == "":
		handed, found, err := asker.Ask(telling, paging.Message{
			Key: told.Key, Attempt: 1, Page: of.Page, Person: of.Handle, Address: address, Code: of.Code, Keys: paging.KeysOf(of.Digits),
		})
		switch {
		case err != nil:
			return err
		case found:
			told.Ref = handed.Ref
		case inFlight:
			return errInFlight // its sender may be at it this moment
		}
		// Nobody could say, or it is not there. Where our key is enough, it is ended by that.
	}
	return ender.End(telling, told)
}

var errInFlight = errors.New("the message may still be on its way to the provider")
