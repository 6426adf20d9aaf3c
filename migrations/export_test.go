package migrations

import (
	"context"
	"io/fs"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

// UpFrom migrates by other files than those of this program, without River.
func UpFrom(ctx context.Context, dsn string, files fs.FS) error {
	return prepared(ctx, dsn, func(pool *pgxpool.Pool) error {
		db := stdlib.OpenDBFromPool(pool)
		defer db.Close()
		p, err := goose.NewProvider(goose.DialectPostgres, db, files, goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
		if err != nil {
			return err
		}
		_, err = p.Up(ctx)
		return err
	})
}

// UpOwnOnly migrates without River, for a dump that shows our own objects.
func UpOwnOnly(ctx context.Context, dsn string) error {
	return prepared(ctx, dsn, func(pool *pgxpool.Pool) error {
		_, _, err := upOwn(ctx, pool)
		return err
	})
}

// prepared does something in a database whose roles are there.
func prepared(ctx context.Context, dsn string, up func(*pgxpool.Pool) error) error {
	pool, err := openSession(ctx, dsn)
	if err != nil {
		return err
	}
	defer pool.Close()
	if err := EnsureAppRole(ctx, pool, ""); err != nil {
		return err
	}
	return up(pool)
}
