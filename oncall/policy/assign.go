package policy

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/audit"
	"batsignal/oncall/fault"
)

const (
	sqlAssign = `
		insert into role_policy (role, severity, policy) values (@role, @severity, @policy)
		on conflict (role, severity) do update set policy = excluded.policy`
	sqlUnassign   = `delete from role_policy where role = @role and severity = @severity`
	sqlAssigned   = `select policy from role_policy where role = @role and severity = @severity for update`
	sqlRoleExists = `select exists (select from role where name = @role and retired_at is null)`
)

// Assign has a role follow a policy at a severity, or at every severity without one of
// its own; the policy "" is the built-in one. What is so already is not written again.
func Assign(ctx context.Context, tx pgx.Tx, now time.Time, a oncall.Actor, u Use) error {
	if u.Severity < 0 || u.Severity > 4 {
		return fault.New(fault.Invalid, "A severity is 1 (the internet is on fire) to 4 (minor), or 0 for every other.")
	}
	var known bool
	if err := tx.QueryRow(ctx, sqlRoleExists, pgx.NamedArgs{"role": u.Role}).Scan(&known); err != nil {
		return err
	}
	if !known {
		return fault.New(fault.NotFound, "There is no role called %q. !roster show lists them.", u.Role)
	}
	args := pgx.NamedArgs{"role": u.Role, "severity": u.Severity, "policy": u.Policy}
	before := u
	err := tx.QueryRow(ctx, sqlAssigned, args).Scan(&before.Policy)
	if errors.Is(err, pgx.ErrNoRows) {
		before.Policy, err = "", nil
	}
	if err != nil || before == u {
		return err
	}
	says := fmt.Sprintf("had %s follow the policy %s", u.Words(), u.Policy)
	if u.Policy == "" {
		says = fmt.Sprintf("had %s follow no policy of its own", u.Words())
		_, err = tx.Exec(ctx, sqlUnassign, args)
	} else {
		if _, err := one(ctx, tx, sqlLockPolicy, u.Policy); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, sqlAssign, args)
	}
	if err != nil {
		return err
	}
	return audit.Record(ctx, tx, now, a.By(), audit.Change{Kind: "role", Subject: u.Role, Says: says, Before: before, After: u})
}

// Service is the changes of policies, each in a transaction of its own.
type Service struct {
	DB  pg.DB
	Now func() time.Time
}

// Save is the function Save.
func (s *Service) Save(ctx context.Context, a oncall.Actor, p Policy) (saved Policy, err error) {
	err = pg.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		saved, err = Save(ctx, tx, s.Now(), a, p)
		return err
	})
	return saved, err
}

// Remove is the function Remove.
func (s *Service) Remove(ctx context.Context, a oncall.Actor, name string, version int) error {
	return pg.InTx(ctx, s.DB, func(tx pgx.Tx) error { return Remove(ctx, tx, s.Now(), a, name, version) })
}

// Assign is the function Assign.
func (s *Service) Assign(ctx context.Context, a oncall.Actor, u Use) error {
	return pg.InTx(ctx, s.DB, func(tx pgx.Tx) error { return Assign(ctx, tx, s.Now(), a, u) })
}
