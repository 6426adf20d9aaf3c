package ledger

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/tlog"

	"batsignal/migrations/pg"
)

const sqlHashes = `select place, hash from ledger_hash where place = any(@places::bigint[])`

// errNoHash is the error of a stored hash that is not there.
var errNoHash = errors.New("a stored hash of the ledger is missing")

// storedHashes reads hashes from the database, each once.
type storedHashes struct {
	ctx   context.Context // tlog.HashReader has none to give
	db    pg.DB
	known map[int64]tlog.Hash
}

func hashesOf(ctx context.Context, db pg.DB) *storedHashes {
	return &storedHashes{ctx: ctx, db: db, known: map[int64]tlog.Hash{}}
}

// ReadHashes implements [tlog.HashReader].
func (s *storedHashes) ReadHashes(places []int64) ([]tlog.Hash, error) {
	var missing []int64
	for _, p := range places {
		if _, ok := s.known[p]; !ok {
			missing = append(missing, p)
		}
	}
	if len(missing) > 0 {
		if err := s.read(missing); err != nil {
			return nil, err
		}
	}
	list := make([]tlog.Hash, len(places))
	for i, p := range places {
		hash, ok := s.known[p]
		if !ok {
			return nil, errNoHash
		}
		list[i] = hash
	}
	return list, nil
}

func (s *storedHashes) read(places []int64) error {
	rows, err := s.db.Query(s.ctx, sqlHashes, pgx.NamedArgs{"places": places})
	if err != nil {
		return err
	}
	var place int64
	var hash []byte
	_, err = pgx.ForEachRow(rows, []any{&place, &hash}, func() error {
		if len(hash) != tlog.HashSize {
			return errNoHash
		}
		s.known[place] = tlog.Hash(hash)
		return nil
	})
	return err
}
