package paging

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

const (
	sqlInsertAckToken = `insert into ack_token (hash, page_id, delivery_id, created_at) values (@hash, @page, @delivery, @now)`
	sqlPeekAckToken   = sqlPageColumns + `
		join ack_token t on t.page_id = p.id where t.hash = @hash and t.used_at is null`
	sqlUseAckToken = `
		update ack_token set used_at = @now where hash = @hash and used_at is null returning page_id, coalesce(delivery_id, 0)`
)

// AddToken makes a single-use token by which whoever holds it can acknowledge one page. A
// delivery brings it; 0 is none. Only its hash is stored.
func AddToken(ctx context.Context, db pg.DB, now time.Time, page, delivery int64) (secret.Text, error) {
	raw := make([]byte, 24)
	_, _ = rand.Read(raw) // never fails, see crypto/rand
	token := base64.RawURLEncoding.EncodeToString(raw)
	_, err := db.Exec(ctx, sqlInsertAckToken, pgx.NamedArgs{"hash": hashOf(token), "page": page, "delivery": pg.NullID(delivery), "now": now})
	return secret.New(token), err
}

// PeekToken finds the page behind a token without using it up.
func PeekToken(ctx context.Context, db pg.DB, token secret.Text) (Page, error) {
	rows, err := db.Query(ctx, sqlPeekAckToken, pgx.NamedArgs{"hash": hashOf(token.Reveal())})
	if err != nil {
		return Page{}, err
	}
	p, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Page])
	if errors.Is(err, pgx.ErrNoRows) {
		return p, errNoToken
	}
	return p, err
}

// UseToken uses a token up and returns its page, and the delivery that brought it; 0 is one
// that is not known. The second use is NotFound.
func UseToken(ctx context.Context, tx pgx.Tx, now time.Time, token secret.Text) (p Page, delivery int64, err error) {
	var id int64
	err = tx.QueryRow(ctx, sqlUseAckToken, pgx.NamedArgs{"hash": hashOf(token.Reveal()), "now": now}).Scan(&id, &delivery)
	if errors.Is(err, pgx.ErrNoRows) {
		return p, 0, errNoToken
	}
	if err != nil {
		return p, 0, err
	}
	p, _, err = Get(ctx, tx, id)
	return p, delivery, err
}

var errNoToken = fault.New(fault.NotFound, "This link is wrong or was used before. In chat, !ack answers your open page.")

func hashOf(token string) []byte {
	h := sha256.Sum256([]byte(token))
	return h[:]
}
