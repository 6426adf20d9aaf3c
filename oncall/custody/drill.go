package custody

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall/fault"
)

const (
	sqlRecordDrill = `
		insert into custody_drill (epoch, custodian, day, signature, at)
		values (@epoch, @custodian, @day, @signature, @now)
		on conflict do nothing`
	sqlDrills = `
		select custodian, day, signature from custody_drill where epoch = @epoch order by custodian, day desc`
)

const (
	// DrillGrace is how long after the day on which a drill was due a share still counts as
	// being there.
	DrillGrace = 7 * 24 * time.Hour

	drillKept = 7 // days after which the signature of a drill is no longer taken
)

// DrillText is what a custodian signs to show that the share is there on a day.
func DrillText(day time.Time) string { return "drill " + day.UTC().Format(time.DateOnly) }

// Drill is what a custodian's machine does once a month: it needs the share and the day.
func (s Share) Drill(day time.Time) (Signature, error) { return s.Sign(PurposeDrill, DrillText(day)) }

// drilled is a drill that counts.
type drilled struct {
	custodian Custodian
	day       time.Time
}

// judgeDrill finds the day that was signed: of the last week, or the one that has begun
// further east.
func (k Keyring) judgeDrill(sig Signature, now time.Time) (drilled, error) {
	var last error
	for back := -1; back <= drillKept; back++ {
		day := now.UTC().AddDate(0, 0, -back)
		c, err := k.VerifySignature(sig, PurposeDrill, DrillText(day))
		if err == nil {
			return drilled{c, day}, nil
		}
		last = err
		if sig.Epoch != k.Epoch || sig.Purpose != PurposeDrill {
			return drilled{}, err
		}
	}
	return drilled{}, fault.Wrap(fault.Invalid, last, "That is no drill of the last %d days by custodian %d of keyring %d. Is the date of the machine right that signed it?", drillKept, sig.Custodian, k.Epoch)
}

// RecordDrill takes the signature of a drill, for the current keyring or the one that waits.
// It returns whose it was and the day that was signed; the same once more is no error.
func RecordDrill(ctx context.Context, db pg.DB, now time.Time, text string) (Custodian, time.Time, error) {
	sig, err := ParseSignature(text)
	if err != nil {
		return Custodian{}, time.Time{}, err
	}
	k, err := At(ctx, db, sig.Epoch)
	if err != nil {
		return Custodian{}, time.Time{}, err
	}
	d, err := k.judgeDrill(sig, now)
	if err != nil {
		return Custodian{}, time.Time{}, err
	}
	_, err = db.Exec(ctx, sqlRecordDrill, pgx.NamedArgs{
		"epoch": k.Epoch, "custodian": d.custodian.N, "day": d.day.Format(time.DateOnly), "signature": sig.String(), "now": now,
	})
	return d.custodian, d.day, err
}

// lastDrills finds the newest drill of each custodian of a keyring. Each is verified: a row
// that somebody wrote into the table is none.
func lastDrills(ctx context.Context, db pg.DB, k Keyring) (map[int]time.Time, error) {
	rows, err := db.Query(ctx, sqlDrills, pgx.NamedArgs{"epoch": k.Epoch})
	if err != nil {
		return nil, err
	}
	type row struct {
		custodian int
		day       time.Time
		signature string
	}
	read, err := pg.Collect(rows, func(r *row) []any { return []any{&r.custodian, &r.day, &r.signature} })
	if err != nil {
		return nil, err
	}
	last := map[int]time.Time{}
	for _, r := range read {
		if _, found := last[r.custodian]; found {
			continue
		}
		sig, err := ParseSignature(r.signature)
		if err != nil || sig.Custodian != r.custodian {
			continue
		}
		if _, err := k.VerifySignature(sig, PurposeDrill, DrillText(r.day)); err == nil {
			last[r.custodian] = r.day
		}
	}
	return last, nil
}
