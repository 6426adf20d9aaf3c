package vault

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

// Holder is who keeps a share, and where.
type Holder struct {
	ID           int64
	Vault        string
	Number       *int   // nil is not known; 0 is a key that was never split
	PersonID     *int64 // nil is somebody we do not know
	Handle       string
	Place        string  // "anna's laptop"; "" is some place of their own
	Commitment   *string // by what the share is known again; nil is not
	RegisteredAt time.Time
	DrilledAt    *time.Time // when Vault last found it right
}

const (
	sqlHolders = `
		select id, vault, number, person_id, handle, place, commitment, registered_at, drilled_at
		from share_holder where vault = @vault and gone_at is null order by handle, number, id`
	sqlHolderOfNumber = `
		select id, vault, number, person_id, handle, place, commitment, registered_at, drilled_at
		from share_holder where vault = @vault and number = @number and gone_at is null for update`
	// A holder of whom only the name was known has a number from now on.
	sqlNumberHolder = `
		update share_holder set number = @number, commitment = @commitment, place = coalesce(nullif(@place, ''), place), registered_at = @now
		where id = (
			select id from share_holder where vault = @vault and person_id = @person and number is null and gone_at is null order by id limit 1)`
	sqlRegisterHolder = `
		update share_holder set handle = @handle, person_id = @person, place = coalesce(nullif(@place, ''), place), commitment = @commitment, registered_at = @now,
			drilled_at = case when commitment = @commitment then drilled_at end
		where id = @id`
	sqlOneNumber = `
		update share_holder set gone_at = @now where vault = @vault and person_id = @person and number <> @number and gone_at is null`
	sqlAddHolder = `
		insert into share_holder (vault, number, person_id, handle, place, commitment, registered_at, drilled_at)
		values (@vault, @number, @person, @handle, @place, @commitment, @now, @drilled)
		on conflict (vault, number) where gone_at is null and number is not null do nothing`
	sqlRetireHolders = `update share_holder set gone_at = @now where vault = @vault and gone_at is null`
)

// Holders are those who keep the shares of a vault, by their names.
func Holders(ctx context.Context, db pg.DB, vault string) ([]Holder, error) {
	rows, err := db.Query(ctx, sqlHolders, pgx.NamedArgs{"vault": vault})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Holder])
}

// Registration is what "batsignal share register" sends: nothing of the share itself.
type Registration struct {
	Vault      string
	Number     int
	Commitment string // of share.Register
	Place      string // where it is kept: "anna's laptop"
}

// Register notes that somebody keeps a share, and by what it is known again. It may be done
// twice; another share of the same person takes the place of the first one. The errors are
// fault.Invalid, NotFound (there is no such vault), and Conflict where Vault found another
// share of that number right, which somebody else keeps.
func Register(ctx context.Context, tx pgx.Tx, now time.Time, who oncall.Actor, vaults []*Vault, r Registration) error {
	if len(r.Commitment) != 64 || r.Number < 0 || r.Number > 255 || r.Vault == "" || len([]rune(r.Place)) > 100 {
		return fault.New(fault.Invalid, "That is no registration of a share. Make it with \"batsignal share register\".")
	}
	if !slices.ContainsFunc(vaults, func(v *Vault) bool { return v.Name == r.Vault }) {
		return fault.New(fault.NotFound, "There is no Vault %s here. /vaults lists those that there are.", strconv.Quote(oncall.Clip(r.Vault, 48)))
	}
	args := pgx.NamedArgs{"vault": r.Vault, "number": r.Number, "commitment": r.Commitment, "place": r.Place,
		"person": pg.NullID(who.PersonID), "handle": who.Handle, "now": now, "drilled": nil}
	rows, err := tx.Query(ctx, sqlHolderOfNumber, args)
	if err != nil {
		return err
	}
	there, err := pgx.CollectRows(rows, pgx.RowToStructByName[Holder])
	if err != nil {
		return err
	}
	if len(there) > 0 {
		h := there[0]
		// What Vault never found right may be anybody's mistake: whoever comes later may be right.
		// And of their own everybody may know best: it may be rekeyed.
		theirs := h.PersonID != nil && *h.PersonID == who.PersonID
		if h.Commitment != nil && *h.Commitment != r.Commitment && h.DrilledAt != nil && !theirs {
			return fault.New(fault.Conflict, "Another share %d of Vault %s was registered by %s. One of the two is not right, or is of before a rekey.", r.Number, r.Vault, h.Handle)
		}
		args["id"] = h.ID
		if _, err := tx.Exec(ctx, sqlRegisterHolder, args); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, sqlOneNumber, args)
		return err
	}
	if _, err := tx.Exec(ctx, sqlOneNumber, args); err != nil {
		return err
	}
	tag, err := tx.Exec(ctx, sqlNumberHolder, args)
	if err != nil || tag.RowsAffected() > 0 {
		return err
	}
	_, err = tx.Exec(ctx, sqlAddHolder, args)
	return err
}

// AddHolder notes that somebody keeps a share of which no more is known yet.
func AddHolder(ctx context.Context, tx pgx.Tx, now time.Time, vault string, who oncall.Actor, place string) error {
	_, err := tx.Exec(ctx, sqlAddHolder, pgx.NamedArgs{"vault": vault, "number": nil, "commitment": nil, "place": place,
		"person": pg.NullID(who.PersonID), "handle": who.Handle, "now": now, "drilled": nil})
	return err
}

// Retire forgets all holders of a vault: it was rekeyed elsewhere, and their shares open
// nothing any more.
func Retire(ctx context.Context, tx pgx.Tx, now time.Time, vault string) error {
	_, err := tx.Exec(ctx, sqlRetireHolders, pgx.NamedArgs{"vault": vault, "now": now})
	return err
}
