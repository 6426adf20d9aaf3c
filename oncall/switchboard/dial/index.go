package dial

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
	"batsignal/oncall/wholefile"
)

// Index finds the same address again without opening it: it has a hash of each, with a key
// that only the switchboard has. Without the key, numbers cannot be tried out.
type Index struct {
	key secret.Bytes

	mu   sync.Mutex
	open map[string]int64 // which open contact an address is of, by hash and kind: the last that were dialled
}

const indexKeySize = 32

// OpenIndex reads the key file "index.key" of the state directory, and makes it if there is
// none. Without its old key an index finds nothing; it is made anew as addresses are opened.
func OpenIndex(path string) (*Index, error) {
	key, err := wholefile.ReadPrivate(path, 2*indexKeySize)
	if errors.Is(err, fs.ErrNotExist) {
		key = make([]byte, indexKeySize)
		_, _ = rand.Read(key) // never fails, see crypto/rand
		err = wholefile.Create(path, key, 0o600)
	}
	if errors.As(err, new(wholefile.SharedError)) {
		return nil, fmt.Errorf("others on this machine may read the key of the index of addresses: chmod 600 %s", path)
	}
	if err != nil {
		return nil, err
	}
	if len(key) != indexKeySize {
		return nil, fmt.Errorf("the key of the index of addresses has %d bytes, and must have %d", len(key), indexKeySize)
	}
	return &Index{key: secret.NewBytes(key)}, nil
}

// Of is the hash of an address: HMAC-SHA-256. A number that is texted is the same one as a
// number that is called.
func (x *Index) Of(kind string, address secret.Text) []byte {
	family, plain := kind, strings.TrimSpace(address.Reveal())
	switch kind {
	case "sms", "voice":
		family = "phone"
	case "mail":
		plain = strings.ToLower(plain)
	}
	mac := hmac.New(sha256.New, x.key.RevealBytes())
	mac.Write([]byte("batsignal/address/v1\x00" + family + "\x00" + plain))
	return mac.Sum(nil)
}

const (
	sqlSetIndex = `
		insert into sealed_index (record_id, mac) values (@record, @mac)
		on conflict (record_id) do update set mac = excluded.mac where sealed_index.mac <> excluded.mac`
	sqlHoldIndex = `select pg_advisory_xact_lock(hashtextextended('batsignal: an address is claimed', hashtext(@mac::text)))`
	// Whoever has shown that an address is theirs has it; whoever has a code under way may
	// show it within the hour.
	sqlClaims = `
		select coalesce(bool_or(c.proven_at is not null), false) as proven,
			coalesce(bool_or(exists (
				select from sealed_opening o where o.record_id = s.record_id and o.lane = 'F' and o.opened_at > @hour
					and (o.dialled is null or starts_with(o.result, 'taken')))), false) as asked
		from sealed_index x join sealed_contact s on s.record_id = x.record_id join contact c on c.id = s.contact_id
		where x.mac = @mac and s.owner_id <> @owner`
	sqlWhoseAddress = `
		select c.id from sealed_index x join sealed_contact s on s.record_id = x.record_id join contact c on c.id = s.contact_id
		where x.mac = @mac and c.kind = @kind order by c.proven_at is null, c.proven_at desc, c.id desc limit 1`
	sqlContactOfMessage = `
		select contact_id from delivery where id = @delivery and contact_id is not null
		union all
		select contact_id from contact_proof where id = @proof`
)

// learn puts an address into the index that was opened.
func (b *Board) learn(ctx context.Context, o opening, address secret.Text) error {
	clean, err := b.Address(o.row.Kind, address)
	if err != nil {
		return nil // nobody can have that one too
	}
	_, err = b.DB.Exec(ctx, sqlSetIndex, pgx.NamedArgs{"record": o.row.ID, "mac": b.Index.Of(o.row.Kind, clean)})
	return err
}

// claim puts an address into the index for its owner, unless it is somebody else's.
func (b *Board) claim(ctx context.Context, now time.Time, r row, mac []byte) (proven, asked bool, err error) {
	err = pg.InTx(ctx, b.DB, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, sqlHoldIndex, pgx.NamedArgs{"mac": hex.EncodeToString(mac)}); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, sqlClaims, pgx.NamedArgs{"mac": mac, "owner": r.Owner, "hour": now.Add(-time.Hour)}).Scan(&proven, &asked); err != nil || proven || asked {
			return err
		}
		_, err := tx.Exec(ctx, sqlSetIndex, pgx.NamedArgs{"record": r.ID, "mac": mac})
		return err
	})
	return proven, asked, err
}

// Contact finds whose contact of a kind has an address; 0 is nobody's that is known here.
func (x *Index) Contact(ctx context.Context, db pg.DB, kind string, address secret.Text) (id int64, err error) {
	err = db.QueryRow(ctx, sqlWhoseAddress, pgx.NamedArgs{"mac": x.Of(kind, address), "kind": kind}).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		x.mu.Lock()
		defer x.mu.Unlock()
		return x.open[x.place(kind, address)], nil
	}
	return id, err
}

func (x *Index) place(kind string, address secret.Text) string {
	return kind + string(x.Of(kind, address))
}

// mostMet is how many open addresses are remembered.
const mostMet = 20_000

// met remembers which open contact an address is of, so that whoever writes back from there
// is known to the bot without the address.
func (x *Index) met(kind string, address secret.Text, contact int64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.open == nil || len(x.open) >= mostMet {
		x.open = map[string]int64{}
	}
	x.open[x.place(kind, address)] = contact
}

// meet remembers whose open address a message went to.
func (b *Board) meet(ctx context.Context, kind string, m paging.Message) {
	delivery, proof, ok := paging.ParseKey(m.Key)
	clean, err := b.Address(kind, m.Address)
	if !ok || err != nil || m.Account != "" {
		return
	}
	var contact int64
	err = b.DB.QueryRow(ctx, sqlContactOfMessage, pgx.NamedArgs{"delivery": delivery, "proof": proof}).Scan(&contact)
	if err != nil {
		b.Log.Debug("it could not be looked up which contact a message goes to", "key", m.Key, "error", err)
		return
	}
	b.Index.met(kind, clean, contact)
}
