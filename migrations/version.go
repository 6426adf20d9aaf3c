package migrations

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"

	"batsignal/migrations/pg"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/pressly/goose/v3"
)

//go:embed [0-9]*.sql
var files embed.FS

// ErrSchema means that the database is of another version than this program.
var ErrSchema = errors.New("the database schema does not fit this program")

const (
	sqlVersion = `select coalesce(max(version_id), 0) from goose_db_version where is_applied`

	sqlVersions = `select
  (select coalesce(max(version_id), 0) from goose_db_version where is_applied),
  (select coalesce(max(version), 0) from river_migration where line = 'main')`

	codeNoTable = "42P01"
)

// Version tells which version of our schema the database has, 0 if none, and
// which one this program wants. It needs no more than the bot's rights.
func Version(ctx context.Context, db pg.DB) (have, want int64, err error) {
	if want, err = wanted(); err != nil {
		return 0, 0, err
	}
	if err := db.QueryRow(ctx, sqlVersion).Scan(&have); err != nil && !isNoTable(err) {
		return 0, want, fmt.Errorf("the version of the database cannot be read: %w", err)
	}
	return have, want, nil
}

// Check returns nil if this program can work with the database as it is, River's
// tables included, and [ErrSchema] with a sentence if not. It is one query, with
// no more than the bot's rights, and is meant for every start.
func Check(ctx context.Context, db pg.DB) error {
	want, err := wanted()
	if err != nil {
		return err
	}
	river, err := newRiver(nil)
	if err != nil {
		return err
	}
	wantRiver := lastOf(river)
	var have, haveRiver int64
	switch err := db.QueryRow(ctx, sqlVersions).Scan(&have, &haveRiver); {
	case isNoTable(err):
		return fmt.Errorf("%w: it was never migrated, or not to the end; run: batsignal migrate", ErrSchema)
	case err != nil:
		return fmt.Errorf("the version of the database cannot be read: %w", err)
	case have > want:
		return newer(have, want)
	case haveRiver > wantRiver:
		return newer(haveRiver, wantRiver)
	case have < want || haveRiver < wantRiver:
		return fmt.Errorf("%w: it is at version %d (queue %d), and version %d (queue %d) is needed; run: batsignal migrate",
			ErrSchema, have, haveRiver, want, wantRiver)
	}
	return nil
}

func newer(have, want int64) error {
	return fmt.Errorf("%w: its version %d is newer than this program's %d, and there is no way back; start the newer batsignal", ErrSchema, have, want)
}

// Fingerprint changes whenever a migration does, ours or River's. Tests name
// their cached databases by it.
func Fingerprint() (string, error) {
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	for _, name := range names {
		text, err := files.ReadFile(name)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(sum, "%s %d\n%s\n", name, len(text), text)
	}
	river, err := newRiver(nil)
	if err != nil {
		return "", err
	}
	for _, v := range river.AllVersions() {
		fmt.Fprintf(sum, "river %d %d\n%s\n", v.Version, len(v.SQLUp), v.SQLUp)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// wanted is the version of the newest embedded migration.
func wanted() (want int64, err error) {
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return 0, err
	}
	for _, name := range names {
		v, err := goose.NumericComponent(name)
		if err != nil {
			return 0, fmt.Errorf("the migrations of this program are unsound: %w", err)
		}
		want = max(want, v)
	}
	return want, nil
}

func isNoTable(err error) bool {
	var pgErr *pgconn.PgError
	return errors.As(err, &pgErr) && pgErr.Code == codeNoTable
}
