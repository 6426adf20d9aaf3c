package incidents

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"batsignal/oncall/contact"
	"batsignal/oncall/fault"
	"batsignal/oncall/paging"
)

const sqlProofsDone = `select id from contact_proof where contact_id = @contact and done_at = @now order by id`

// endProofs has a provider end what stands there of the codes that this change took back.
func (c *change) endProofs(one contact.Contact) error {
	if !c.stays(one.Kind) {
		return nil
	}
	rows, err := c.tx.Query(c.ctx, sqlProofsDone, pgx.NamedArgs{"contact": one.ID, "now": c.now})
	if err != nil {
		return err
	}
	done, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	for _, id := range done {
		if err == nil {
			err = c.endProof(one.Kind, id)
		}
	}
	return err
}

// endProof does the same for one code.
func (c *change) endProof(kind string, proof int64) error {
	if !c.stays(kind) {
		return nil
	}
	return c.errand(Errand{What: ErrandProofEnd, Route: kind, Proof: proof})
}

// endProof tells a provider that a code is not waited for any more.
func (e *Errands) endProof(ctx context.Context, route paging.Route, id int64) error {
	ender, ok := route.(paging.Ender)
	if !ok {
		return nil
	}
	p, found, err := contact.GetProof(ctx, e.Service.DB, id)
	if err != nil || !found {
		return err
	}
	address, err := contact.Open(ctx, e.Service.DB, p.ContactID)
	switch {
	case errors.Is(err, contact.ErrSealed): // the switchboard knows by our key where it went
	case fault.KindOf(err) == fault.NotFound:
		return nil
	case err != nil:
		return err
	}
	telling, cancel := context.WithTimeout(ctx, errandBudget)
	defer cancel()
	return ender.End(telling, paging.Ended{Key: paging.ProofKey(id), Ref: p.Ref, How: paging.PageClosed, Address: address})
}
