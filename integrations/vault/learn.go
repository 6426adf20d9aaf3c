package vault

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
)

const (
	// What Vault found right before and does not any more is of another key: nobody's share of
	// that time is known again.
	sqlRekeyedElsewhere = `
		update share_holder set commitment = null, drilled_at = null
		where vault = @vault and gone_at is null and commitment is not null and commitment <> all(@right) and exists (
			select from share_holder h join unnest(@numbers::int[], @right::text[]) as r(number, commitment) using (number)
			where h.vault = @vault and h.gone_at is null and h.drilled_at is not null and h.commitment <> r.commitment)`
	// Whoever types a share in may do so for its holder: it stays with whom it is registered for.
	sqlDrilled = `
		update share_holder set drilled_at = @now, commitment = @commitment,
			registered_at = case when commitment = @commitment then registered_at else @now end,
			person_id = coalesce(person_id, @person),
			handle = case when person_id is null and @person::bigint is not null then @handle else handle end
		where vault = @vault and number = @number and gone_at is null`
	// There are more numbers than shares: those of people who just proved another one are old.
	sqlTooMany = `
		update share_holder o set gone_at = @now
		where vault = @vault and gone_at is null and number is not null and (commitment is null or commitment <> all(@right))
			and exists (select from share_holder h where h.vault = @vault and h.gone_at is null and h.person_id = o.person_id and h.commitment = any(@right))
			and (select count(*) from share_holder where vault = @vault and gone_at is null and number is not null)
				> (select max(shares) from vault_node where vault = @vault and shares > 0)`
	sqlProves = `
		update share_parcel p set proven = @commitment
		where run_id = @run and purpose = 'rekey' and state = 'new' and (person_id = @person or person_id is null and handle = @handle)
			and not exists (select from share_holder where vault = p.vault and gone_at is null and registered_at < p.made_at and commitment = @commitment)`
	// Vault refused them together: nobody knows which of them are new shares.
	sqlProvesNothing = `update share_parcel set proven = null where run_id = @run and state = 'new' and proven is not null`
	// Two of them and none of the old ones: then a rekey that nobody saw the end of was verified.
	sqlProvenRekey = `
		select run_id, made_at from share_parcel p
		where vault = @vault and purpose = 'rekey' and state = 'new' and run_id is not null and proven = any(@right)
			and not exists (select from share_holder where vault = @vault and gone_at is null and registered_at < p.made_at and commitment = any(@right))
		group by run_id, made_at having count(*) >= 2 order by made_at desc limit 1`
	// An old one opens it: then it never was.
	sqlNeverRekeyed = `
		update share_parcel p set state = 'void'
		where vault = @vault and purpose = 'rekey' and state = 'new'
			and exists (select from share_holder where vault = @vault and gone_at is null and registered_at < p.made_at and commitment = any(@right))
			and not exists (select from share_session s where s.run_id = p.run_id and s.purpose = 'verify' and s.state = 'open')`
	sqlUnknownRekey = `select exists (select from share_parcel where vault = @vault and purpose = 'rekey' and state = 'new')`
)

// proves notes by what a new share is known again, before it is handed in: if we die while
// Vault takes the last one, the next opening tells by it which shares are valid.
func (d *desk) proves(ctx context.Context, h *held) {
	if d.what != ToVerify {
		return
	}
	_, err := d.DB.Exec(ctx, sqlProves, pgx.NamedArgs{"run": d.run.ID, "vault": d.vault.Name, "person": h.person, "handle": h.who, "commitment": h.Commitment(d.vault.Name)})
	if err != nil && ctx.Err() == nil {
		d.run.Logf(ctx, "That %s was handed in could not be noted.", h.Name())
	}
}

// disproves forgets what was noted of new shares: a set of them was wrong. Those that are
// handed in again are noted again.
func (d *desk) disproves(ctx context.Context) {
	if d.what != ToVerify {
		return
	}
	if _, err := d.DB.Exec(ctx, sqlProvesNothing, pgx.NamedArgs{"run": d.run.ID}); err != nil && ctx.Err() == nil {
		d.run.Logf(ctx, "That a set of shares was wrong could not be noted.")
	}
}

// learn notes whose shares were right: they are known again from then on. What Vault takes is
// the truth, whatever was registered.
func (d *drive) learn(ctx context.Context) {
	right, numbers := []string{}, []int{}
	for _, h := range d.held {
		if h.proven {
			right, numbers = append(right, h.Commitment(d.desk.vault.Name)), append(numbers, h.Number())
		}
	}
	if len(right) == 0 {
		return
	}
	err := pg.InTx(ctx, d.DB, func(tx pgx.Tx) error {
		args := pgx.NamedArgs{"vault": d.desk.vault.Name, "right": right, "numbers": numbers, "now": d.Now()}
		if err := settleRekey(ctx, tx, args); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, sqlRekeyedElsewhere, args); err != nil {
			return err
		}
		for _, h := range d.held {
			if h.proven {
				if err := drilled(ctx, tx, d.Now(), d.desk.vault.Name, h); err != nil {
					return err
				}
			}
		}
		_, err := tx.Exec(ctx, sqlTooMany, args)
		return err
	})
	if err != nil && ctx.Err() == nil {
		d.run.Logf(ctx, "Which shares are right could not be noted.")
	}
}

// settleRekey is told which shares open the vault, and with that whether a rekey was verified
// whose end nobody saw.
func settleRekey(ctx context.Context, tx pgx.Tx, args pgx.NamedArgs) error {
	type made struct {
		Run int64
		At  time.Time
	}
	rows, err := tx.Query(ctx, sqlProvenRekey, args)
	if err != nil {
		return err
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[made])
	if err != nil {
		return err
	}
	if len(found) == 0 {
		_, err := tx.Exec(ctx, sqlNeverRekeyed, args)
		return err
	}
	return rekeyed(ctx, tx, args["now"].(time.Time), args["vault"].(string), found[0].Run, found[0].At)
}

// drilled notes that a share was right, and who had it if nobody had registered it.
func drilled(ctx context.Context, db pg.DB, now time.Time, vault string, h *held) error {
	args := pgx.NamedArgs{"vault": vault, "number": h.Number(), "commitment": h.Commitment(vault), "place": "",
		"person": h.person, "handle": h.who, "now": now, "drilled": now, "by": nil}
	tag, err := db.Exec(ctx, sqlDrilled, args)
	if err != nil || tag.RowsAffected() > 0 {
		return err
	}
	if h.person != nil {
		if tag, err = db.Exec(ctx, sqlNumberHolder, args); err != nil {
			return err
		}
		if tag.RowsAffected() > 0 {
			_, err = db.Exec(ctx, sqlDrilled, args)
			return err
		}
	}
	_, err = db.Exec(ctx, sqlAddHolder, args)
	return err
}
