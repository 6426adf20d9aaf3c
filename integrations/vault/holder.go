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
		update share_holder set number = @number, commitment = @commitment, place = coalesce(nullif(@place, ''), place), registered_at = @now, registered_by = @by
		where id = (
			select id from share_holder where vault = @vault and person_id = @person and number is null and gone_at is null order by id limit 1)`
	sqlRegisterHolder = `
		update share_holder set handle = @handle, person_id = @person, place = coalesce(nullif(@place, ''), place), commitment = @commitment, registered_by = @by,
			registered_at = case when commitment = @commitment then registered_at else @now end,
			drilled_at = case when commitment = @commitment then drilled_at end
		where id = @id`
	sqlOneNumber = `
		update share_holder set gone_at = @now where vault = @vault and registered_by = @by and person_id = @by and number <> @number and gone_at is null`
	// How many shares there are, and how many numbers others than somebody have.
	sqlNumbers = `
		select coalesce((select max(shares) from vault_node where vault = @vault and shares > 0), 0),
			(select count(distinct number) from share_holder where vault = @vault and gone_at is null and person_id is distinct from @by)`
	sqlAddHolder = `
		insert into share_holder (vault, number, person_id, handle, place, commitment, registered_at, drilled_at, registered_by)
		values (@vault, @number, @person, @handle, @place, @commitment, @now, @drilled, @by)
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
	Admin      bool   // an admin asks: what stands for somebody else is theirs from now on
}

// Register notes that somebody keeps a share, and by what it is known again. It may be done
// twice; another share of the same person takes the place of the first one. The errors are
// fault.Invalid, NotFound (there is no such vault), and Conflict where somebody else keeps
// that number, or the others have as many as there are shares; an admin may do that.
func Register(ctx context.Context, tx pgx.Tx, now time.Time, who oncall.Actor, vaults []*Vault, r Registration) error {
	if len(r.Commitment) != 64 || r.Number < 0 || r.Number > 255 || r.Vault == "" || len([]rune(r.Place)) > 100 {
		return fault.New(fault.Invalid, "That is no registration of a share. Make it with \"batsignal share register\".")
	}
	if !slices.ContainsFunc(vaults, func(v *Vault) bool { return v.Name == r.Vault }) {
		return fault.New(fault.NotFound, "There is no Vault %s here. /vaults lists those that there are.", strconv.Quote(oncall.Clip(r.Vault, 48)))
	}
	args := pgx.NamedArgs{"vault": r.Vault, "number": r.Number, "commitment": r.Commitment, "place": r.Place,
		"person": pg.NullID(who.PersonID), "handle": who.Handle, "now": now, "drilled": nil, "by": pg.NullID(who.PersonID)}
	var shares, others int
	if err := tx.QueryRow(ctx, sqlNumbers, args).Scan(&shares, &others); err != nil {
		return err
	}
	if shares > 0 && (shares == 1) != (r.Number == 0) {
		return fault.New(fault.Invalid, "Vault %s has %s, and a number %d is none of them. Look whether it is the share of another Vault.", r.Vault, oncall.Plural(shares, "share", "shares"), r.Number)
	}
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
		// By what a share is known again anybody may read somewhere: it proves nothing of who asks.
		// Of their own everybody may know best: it may be rekeyed.
		theirs := h.PersonID != nil && *h.PersonID == who.PersonID
		nobodys := h.PersonID == nil && (h.DrilledAt == nil || h.Commitment == nil || *h.Commitment == r.Commitment)
		if !theirs && !nobodys && !r.Admin {
			return fault.New(fault.Conflict, "Share %d of Vault %s stands for %s. If that is not right, or of before a rekey, an admin registers it anew.", r.Number, r.Vault, h.Handle)
		}
		args["id"] = h.ID
		if _, err := tx.Exec(ctx, sqlRegisterHolder, args); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, sqlOneNumber, args)
		return err
	}
	if shares > 0 && others >= shares && !r.Admin {
		return fault.New(fault.Conflict, "All %d shares of Vault %s stand for others already. If that is not right, or of before a rekey, an admin registers it.", shares, r.Vault)
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
		"person": pg.NullID(who.PersonID), "handle": who.Handle, "now": now, "drilled": nil, "by": nil})
	return err
}

// Retire forgets all holders of a vault: it was rekeyed elsewhere, and their shares open
// nothing any more.
func Retire(ctx context.Context, tx pgx.Tx, now time.Time, vault string) error {
	_, err := tx.Exec(ctx, sqlRetireHolders, pgx.NamedArgs{"vault": vault, "now": now})
	return err
}
