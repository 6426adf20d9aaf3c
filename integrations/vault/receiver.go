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
}

const (
	sqlParcelColumns = `select id, run_id, purpose, vault, person_id, handle, fingerprint, sealed, state, made_at from share_parcel `
	sqlParcelsOfRun  = sqlParcelColumns + `where run_id = @run order by id`
	sqlParcelsOf     = sqlParcelColumns + `
		where (person_id = @person or person_id is null and handle = @handle) and state <> 'void' order by id desc limit 50`
	sqlAddParcel = `
		insert into share_parcel (run_id, purpose, vault, person_id, handle, fingerprint, sealed, state, made_at)
		values (@run, @purpose, @vault, @person, @handle, @fingerprint, @sealed, @state, @now) returning id`
	sqlParcelsAre  = `update share_parcel set state = @state where run_id = @run and state = 'new'`
	sqlVoidParcels = `update share_parcel set state = 'void' where run_id = @run and state = 'new'`
	sqlOldParcels  = `update share_parcel set state = 'void' where vault = @vault and purpose = 'rekey' and state = 'valid' and run_id is distinct from @run`
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

// actor is a receiver as one who keeps a share.
func (r Receiver) actor() oncall.Actor { return oncall.Actor{PersonID: r.Person, Handle: r.Handle} }
