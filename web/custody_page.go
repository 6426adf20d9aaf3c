package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"batsignal/oncall/custody"
	"batsignal/oncall/custody/quorum"
	"batsignal/oncall/fault"
)

// custodyBody is who keeps what, and whether it is there.
type custodyBody struct {
	Health  custody.Health
	None    string // why there is no keyring to tell of; "" there is one
	Keys    []custodyKey
	Pending *custody.Keyring
	Counts  []string // how few people can open, and what loses it, in sentences
	Planned bool     // somebody has written down where the keys are
	Plan    string   // what is wrong with that
	Did     string   // what the form has done
	Pasted  string
	Problem string // what is wrong with the form
}

// custodyKey is one line of the inventory.
type custodyKey struct {
	custody.Entry
	Name string // whose share it is; "" is a key of a host
	Lost bool   // it counts as not there any more
}

func (p *escrowPages) custody(w http.ResponseWriter, r *http.Request) error {
	body, err := p.custodyOf(r.Context())
	if err != nil {
		return err
	}
	body.Did = body.did(r.URL.Query())
	return p.renderCustody(w, r, http.StatusOK, body)
}

// did says what the form has done: only what is on record is said.
func (b custodyBody) did(query url.Values) string {
	n, errN := strconv.Atoi(query.Get("drilled"))
	epoch, errEpoch := strconv.Atoi(query.Get("keyring"))
	switch {
	case errN != nil || errEpoch != nil:
	case b.Pending != nil && epoch == b.Pending.Epoch && n >= 1 && n <= b.Pending.N:
		return fmt.Sprintf("Thank you. The drill of %s is on record, with keyring %d.", b.Pending.Custodians[n-1].Name, epoch)
	case epoch == b.Health.Keyring.Epoch && n >= 1 && n <= len(b.Health.Standings):
		if s := b.Health.Standings[n-1]; s.Drilled != nil {
			return fmt.Sprintf("Thank you. The drill of %s on %s is on record; the next one is due on %s.", s.Custodian.Name, day(*s.Drilled), day(s.Due))
		}
	}
	return ""
}

func (p *escrowPages) renderCustody(w http.ResponseWriter, r *http.Request, status int, body custodyBody) error {
	return p.render(w, r, status, "custody", view{Title: "Custody", Here: "/custody", Body: body})
}

// custodyOf reads how custody stands. A keyring that is not to be trusted is told on the
// page: it is what people come to see.
func (p *escrowPages) custodyOf(ctx context.Context) (body custodyBody, err error) {
	now := p.Now()
	body.Planned = p.Custody != nil
	if body.Health, err = custody.Stand(ctx, p.DB, now); err != nil {
		if fault.KindOf(err) == fault.Internal {
			return body, err
		}
		body.None = fault.Say(err)
		return body, nil
	}
	next, waits, err := custody.Pending(ctx, p.DB)
	if err != nil {
		return body, err
	}
	if waits {
		body.Pending = &next
	}
	plan, err := p.planOf(body.Health.Keyring)
	if err == nil && body.Planned {
		var result quorum.Result
		if result, err = plan.Reckon(); err == nil {
			body.Counts = result.Sentences()
		}
	}
	if err != nil {
		body.Plan = fault.Say(err)
	}
	for i, e := range custody.Inventory(body.Health, plan, now) {
		key := custodyKey{Entry: e}
		if i < len(body.Health.Standings) {
			s := body.Health.Standings[i]
			key.Name, key.Lost = s.Custodian.Name, !s.Live
		}
		body.Keys = append(body.Keys, key)
	}
	return body, nil
}

// planOf is where the keys of a keyring are, as far as anybody has written it down.
func (s *site) planOf(k custody.Keyring) (quorum.Plan, error) {
	if s.Custody == nil {
		return custody.PlanOf(k, quorum.Plan{})
	}
	return custody.PlanOf(k, *s.Custody)
}

// drill takes what a custodian's machine signed. Nobody needs to be signed in: the signature
// tells whose it is, and says nothing that could be misused.
func (p *escrowPages) drill(w http.ResponseWriter, r *http.Request) error {
	if err := p.readForm(w, r); err != nil {
		return err
	}
	pasted := r.PostForm.Get("signature")
	err := p.drills.take(p.Now())
	if err == nil {
		if _, _, err = custody.RecordDrill(r.Context(), p.DB, p.Now(), pasted); err == nil {
			sig, err := custody.ParseSignature(pasted)
			if err != nil {
				return err
			}
			http.Redirect(w, r, fmt.Sprintf("/custody?drilled=%d&keyring=%d", sig.Custodian, sig.Epoch), http.StatusSeeOther)
			return nil
		}
	}
	if fault.KindOf(err) == fault.Internal {
		return err
	}
	body, wrong := p.custodyOf(r.Context())
	if wrong != nil {
		return wrong
	}
	body.Problem = fault.Say(err)
	if len(pasted) <= longestDrill {
		body.Pasted = pasted
	}
	return p.renderCustody(w, r, statusOf(err), body)
}

// longestDrill is more letters than any signature of a drill has.
const longestDrill = 200

// day is a day of UTC, as lists of keys have it.
func day(t time.Time) string { return t.UTC().Format("2 Jan 2006") }

// Bad tells whether something must be done soon.
func (b custodyBody) Bad() bool { return b.Health.Level != custody.LevelOK }
