package vault

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/integrations/job"
	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

// Receiver is who gets a new share, or a root token: encrypted by Vault itself to their key.
type Receiver struct {
	Person int64 // 0 is nobody we know
	Handle string
	Key    string // OpenPGP public key, in armor or in base64 without
}

// bare is the key as Vault takes it: in base64 of one line. Armor is that, with lines around.
func (r Receiver) bare() (string, error) {
	var b strings.Builder
	armor, body := strings.Contains(r.Key, "-----BEGIN PGP PUBLIC KEY BLOCK-----"), false
	for line := range strings.Lines(r.Key) {
		line = strings.TrimSpace(line)
		switch {
		case !armor:
			b.WriteString(line)
		case strings.HasPrefix(line, "-----BEGIN PGP PUBLIC"):
			body = false
		case strings.HasPrefix(line, "-----END"):
			armor = false // what follows would be another key, and breaks the base64
		case line == "":
			body = true
		case body && !strings.HasPrefix(line, "="): // that is the checksum
			b.WriteString(line)
		}
	}
	key := b.String()
	if raw, err := base64.StdEncoding.DecodeString(key); err != nil || len(raw) < 32 || raw[0]&0x80 == 0 {
		return "", fault.New(fault.Invalid, "The key of %s is no OpenPGP public key. Export it with: gpg --armor --export %[1]s.", r.Handle)
	}
	return key, nil
}

// Parcel is what a ceremony made for somebody: only their own key opens it.
type Parcel struct {
	ID          int64
	Run         *int64 `db:"run_id"`
	Purpose     Purpose
	Vault       string
	PersonID    *int64
	Handle      string
	Fingerprint string
	Sealed      string // OpenPGP ciphertext in base64: base64 -d | gpg -d
	State       string // "new" shares open nothing yet; "valid"; "void" never will
	MadeAt      time.Time
	Asked       bool // its receiver is asked to prove it just now
}

// Unknown tells that nobody saw whether a rekey was verified: its new shares may be valid, or
// never be. The next opening of the vault tells.
func (p Parcel) Unknown() bool { return p.State == "new" && !p.Asked }

const (
	sqlParcelColumns = `
		select id, run_id, purpose, vault, person_id, handle, fingerprint, sealed, state, made_at,
			exists (select from share_session s where s.run_id = p.run_id and s.purpose = 'verify' and s.state = 'open') as asked
		from share_parcel p `
	sqlParcelsOfRun = sqlParcelColumns + `where run_id = @run order by id`
	sqlParcelsOf    = sqlParcelColumns + `
		where (person_id = @person or person_id is null and handle = @handle) and state <> 'void' order by id desc limit 50`
	sqlAddParcel = `
		insert into share_parcel (run_id, purpose, vault, person_id, handle, fingerprint, sealed, state, made_at)
		values (@run, @purpose, @vault, @person, @handle, @fingerprint, @sealed, @state, @now) returning id`
	sqlVoidParcels = `update share_parcel set state = 'void' where run_id = @run and state = 'new' and made_at >= @since`
	// Of a vault that was rekeyed, these are valid, and no others.
	sqlRekeyedParcels = `
		update share_parcel set state = case when run_id = @run and made_at = @made_at then 'valid' else 'void' end
		where vault = @vault and purpose = 'rekey' and (state <> 'void' or run_id = @run and made_at = @made_at)`
	sqlParcelsMade = sqlParcelColumns + `where run_id = @run and made_at = @made_at order by id`
)

// Parcels are what a run made.
func Parcels(ctx context.Context, db pg.DB, run int64) ([]Parcel, error) {
	return parcels(ctx, db, sqlParcelsOfRun, pgx.NamedArgs{"run": run})
}

// ParcelsFor are those for a person, the newest first; also those that were made for the
// handle before it was known whose it is.
func ParcelsFor(ctx context.Context, db pg.DB, person int64, handle string) ([]Parcel, error) {
	return parcels(ctx, db, sqlParcelsOf, pgx.NamedArgs{"person": person, "handle": handle})
}

func parcels(ctx context.Context, db pg.DB, sql string, args pgx.NamedArgs) ([]Parcel, error) {
	rows, err := db.Query(ctx, sql, args)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Parcel])
}

// rekeyed is told that the new shares that a run made at an instant are those that open the
// vault from now on.
func rekeyed(ctx context.Context, tx pgx.Tx, now time.Time, vault string, run int64, at time.Time) error {
	args := pgx.NamedArgs{"vault": vault, "run": run, "made_at": at}
	made, err := parcels(ctx, tx, sqlParcelsMade, args)
	if err != nil {
		return err
	}
	if err := Retire(ctx, tx, now, vault); err != nil {
		return err
	}
	for _, p := range made {
		to := oncall.Actor{Handle: p.Handle}
		if p.PersonID != nil {
			to.PersonID = *p.PersonID
		}
		if err := AddHolder(ctx, tx, now, vault, to, ""); err != nil {
			return err
		}
	}
	_, err = tx.Exec(ctx, sqlRekeyedParcels, args)
	return err
}

// pack keeps what Vault made for somebody.
func pack(ctx context.Context, tx pgx.Tx, now time.Time, r *job.Run, v *Vault, what Purpose, state string, to Receiver, fingerprint, sealed string) (job.Artifact, error) {
	raw, err := base64.StdEncoding.DecodeString(sealed)
	if err != nil || len(raw) < 64 {
		return job.Artifact{}, fault.New(fault.Conflict, "Vault %s gave out something for %s that is not encrypted. It was not kept.", v.Name, to.Handle)
	}
	var id int64
	err = tx.QueryRow(ctx, sqlAddParcel, pgx.NamedArgs{"run": r.ID, "purpose": what, "vault": v.Name, "person": pg.NullID(to.Person),
		"handle": to.Handle, "fingerprint": fingerprint, "sealed": sealed, "state": state, "now": now}).Scan(&id)
	sum := sha256.Sum256([]byte(sealed))
	return job.Artifact{Name: fmt.Sprintf("for %s (OpenPGP, base64)", to.Handle), Key: fmt.Sprintf("parcel %d", id), Size: int64(len(sealed)), SHA256: hex.EncodeToString(sum[:])}, err
}
