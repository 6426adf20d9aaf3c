package vault

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
	"batsignal/oncall/share"
)

// Rotation is a secret that has to be made anew, because it was said where it must not be.
type Rotation struct {
	ID     int64
	What   string // "a share of Vault main": never the secret itself
	Vault  string
	Number *int // of a share that was recognised
	SaidBy string
	SaidIn string
	At     time.Time
	DoneAt *time.Time
	DoneBy string
}

// Burn is what somebody said.
type Burn struct {
	Key    string // by what it was noticed: the network's name of the message. The same key opens one task.
	What   string // "a share of a Vault", "a token of AWS"
	Vault  string // "" is not known
	Number int    // of a recognised share; 0 is not known
	By     string
	In     string
	At     time.Time
}

const (
	sqlRotationColumns = `select id, what, vault, number, said_by, said_in, at, done_at, done_by from rotation_task `
	sqlBurn            = `
		insert into rotation_task (key, what, vault, number, said_by, said_in, at)
		values (@key, @what, @vault, nullif(@number, 0), @by, @in, @at)
		on conflict (key) do nothing returning id`
	sqlBurnt         = `select id from rotation_task where key = @key`
	sqlOpenRotations = sqlRotationColumns + `where done_at is null order by at, id`
	sqlAllRotations  = sqlRotationColumns + `order by at desc, id desc limit 200`
	sqlRotationDone  = `update rotation_task set done_at = @now, done_by = @by where id = @id and done_at is null`
	sqlRotationThere = `select done_by from rotation_task where id = @id`
	sqlRecognise     = `select vault, number, handle from share_holder where commitment = any(@list) limit 1`
	sqlVaultNames    = `select distinct vault from share_holder where commitment is not null`
)

// Burnt opens a task to make a secret anew, once for each key. fresh tells that it did, so
// that people are told once.
func Burnt(ctx context.Context, tx pgx.Tx, b Burn) (id int64, fresh bool, err error) {
	if b.What == "" {
		b.What = "a share of a Vault"
	}
	args := pgx.NamedArgs{"key": b.Key, "what": oncall.Clip(b.What, 200), "vault": b.Vault, "number": b.Number,
		"by": oncall.Clip(b.By, 200), "in": oncall.Clip(b.In, 200), "at": b.At}
	rows, err := tx.Query(ctx, sqlBurn, args)
	if err != nil {
		return 0, false, err
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil || len(ids) > 0 {
		return append(ids, 0)[0], err == nil, err
	}
	err = tx.QueryRow(ctx, sqlBurnt, args).Scan(&id)
	return id, false, err
}

// Recognise tells whose registered share somebody said; not found is any other word.
func Recognise(ctx context.Context, db pg.DB, said secret.Text) (vault string, number int, holder string, found bool, err error) {
	s, err := share.Parse(said)
	if err != nil {
		return "", 0, "", false, nil
	}
	defer s.Wipe()
	rows, err := db.Query(ctx, sqlVaultNames)
	if err != nil {
		return "", 0, "", false, err
	}
	vaults, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return "", 0, "", false, err
	}
	var list []string
	for _, v := range vaults {
		list = append(list, s.Commitment(v))
	}
	type whose struct {
		Vault  string
		Number int
		Handle string
	}
	if rows, err = db.Query(ctx, sqlRecognise, pgx.NamedArgs{"list": list}); err != nil {
		return "", 0, "", false, err
	}
	one, err := pgx.CollectRows(rows, pgx.RowToStructByPos[whose])
	if err != nil || len(one) == 0 {
		return "", 0, "", false, err
	}
	return one[0].Vault, one[0].Number, one[0].Handle, true, nil
}

// Rotations are the tasks that are open, the oldest first; or all, the newest first.
func Rotations(ctx context.Context, db pg.DB, all bool) ([]Rotation, error) {
	sql := sqlOpenRotations
	if all {
		sql = sqlAllRotations
	}
	rows, err := db.Query(ctx, sql)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Rotation])
}

// RotationDone closes a task: the secret was made anew. The errors are fault.NotFound, and
// Conflict where somebody said so before.
func RotationDone(ctx context.Context, tx pgx.Tx, now time.Time, by oncall.Actor, id int64) error {
	name := by.Handle
	if name == "" {
		name = by.Account
	}
	tag, err := tx.Exec(ctx, sqlRotationDone, pgx.NamedArgs{"id": id, "now": now, "by": oncall.Clip(name, 200)})
	if err != nil || tag.RowsAffected() > 0 {
		return err
	}
	var done string
	if err := tx.QueryRow(ctx, sqlRotationThere, pgx.NamedArgs{"id": id}).Scan(&done); err != nil {
		return fault.New(fault.NotFound, "There is no rotation %d.", id)
	}
	return fault.New(fault.Conflict, "Rotation %d is done already, by %s.", id, done)
}

// String says what is to be done, for a list.
func (r Rotation) String() string {
	what := r.What
	if r.Number != nil {
		what = fmt.Sprintf("share %d of Vault %s", *r.Number, r.Vault)
	}
	in := ""
	if r.SaidIn != "" {
		in = " in " + r.SaidIn
	}
	return fmt.Sprintf("%s was said by %s%s: make it anew (a share: by a rekey).", oncall.UpperFirst(what), r.SaidBy, in)
}
