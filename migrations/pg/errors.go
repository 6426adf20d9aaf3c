package pg

import (
	"errors"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// IsUnique reports whether err is the violation of that unique constraint or
// unique index; an empty name means any.
func IsUnique(err error, constraint string) bool { return violates(err, "23505", constraint) }

// IsCheck reports whether err is the violation of that check constraint; an
// empty name means any.
func IsCheck(err error, constraint string) bool { return violates(err, "23514", constraint) }

// IsData reports whether the server refused what it was given, not how things stand:
// a value that no column takes, a rule that it breaks. Trying again changes nothing.
func IsData(err error) bool {
	pgErr := pgError(err)
	return pgErr != nil && (strings.HasPrefix(pgErr.Code, "22") || strings.HasPrefix(pgErr.Code, "23") && pgErr.Code != "23505")
}

// IsRefusal reports whether the server understood what it was asked and refused it,
// other than because of how things stand with it, with other transactions, or with who leads.
func IsRefusal(err error) bool {
	pgErr := pgError(err)
	if pgErr == nil || len(pgErr.Code) != 5 {
		return false
	}
	switch pgErr.Code[:2] {
	case "08", "40", "53", "55", "57", "58", "BS": // connection, rollback, resources, state, operator, system; ours, see package leader
		return false
	}
	return true
}

func violates(err error, code, constraint string) bool {
	pgErr := pgError(err)
	return pgErr != nil && pgErr.Code == code && (constraint == "" || pgErr.ConstraintName == constraint)
}

func pgError(err error) *pgconn.PgError {
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) {
		return pgErr
	}
	return nil
}
