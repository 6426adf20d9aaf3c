package migrations

import (
	"context"
	"fmt"

	"batsignal/migrations/pg"

	"github.com/jackc/pgx/v5"
)

// AppRole is the group that the migrations grant rights to. It cannot log in and
// owns nothing: a bot that owned its tables could drop the triggers that make
// some of them append-only.
const AppRole = "batsignal_app"

// SwitchboardRole is the group of the switchboard's login: it alone may write the ledger,
// and of everything else it reads what it must know to call somebody.
const SwitchboardRole = "batsignal_switchboard"

const (
	ownerFindRole = "select exists (select from pg_roles where rolname = $1)"

	// Somebody else may have made the role meanwhile, for another database of the
	// same cluster; our advisory lock does not reach that far. %s is its name and
	// whether it can log in.
	ownerCreateRole = `do $$
begin
  create role %s;
exception when duplicate_object or unique_violation then
  null;
end $$`

	ownerNeedsGrant = `select exists (select from pg_roles where rolname = $1)
  and not exists (
    select from pg_auth_members m
    join pg_roles g on g.oid = m.roleid and g.rolname = $2
    join pg_roles l on l.oid = m.member and l.rolname = $1)`

	// River's tables carry no grants of their own, and goose's is read by Check,
	// which the switchboard does as well.
	ownerGrants = `do $$
declare
  t record;
begin
  grant select on goose_db_version to ` + AppRole + `;
  grant select on goose_db_version, river_migration to ` + SwitchboardRole + `;
  for t in
    select relname as name, relkind as kind from pg_class
    where relnamespace = current_schema()::regnamespace and relname like 'river\_%' and relkind in ('r', 'p', 'S')
  loop
    execute format(
      case
        when t.kind = 'S' then 'grant usage, select on sequence %I to ` + AppRole + `'
        when t.name = 'river_migration' then 'grant select on %I to ` + AppRole + `'
        else 'grant select, insert, update, delete on %I to ` + AppRole + `'
      end, t.name);
  end loop;
end $$`
)

// EnsureAppRole makes the group role of the cluster if it is missing, and makes
// login a member of it if that role exists and is none yet; login may be empty.
// An owner who may not create roles can have an administrator do both beforehand,
// and the error says how. [Up] calls it.
func EnsureAppRole(ctx context.Context, owner pg.DB, login string) error {
	return ensureGroup(ctx, owner, AppRole, login)
}

// EnsureSwitchboardRole is [EnsureAppRole] for the switchboard, whose login it makes as
// well if it is missing: without a password, so that it can come only by a way that
// needs none, as on the socket of a private server.
func EnsureSwitchboardRole(ctx context.Context, owner pg.DB, login string) error {
	if login != "" {
		if err := ensureRole(ctx, owner, login, "login"); err != nil {
			return err
		}
	}
	return ensureGroup(ctx, owner, SwitchboardRole, login)
}

// ensureRole makes a role of the cluster if it is missing.
func ensureRole(ctx context.Context, owner pg.DB, name, kind string) error {
	var exists bool
	if err := owner.QueryRow(ctx, ownerFindRole, name).Scan(&exists); err != nil {
		return fmt.Errorf("the roles of the database cannot be read: %w", err)
	}
	if exists {
		return nil
	}
	what := pgx.Identifier{name}.Sanitize() + " " + kind
	if _, err := owner.Exec(ctx, fmt.Sprintf(ownerCreateRole, what)); err != nil {
		return fmt.Errorf("the role %s cannot be created; let an administrator run: create role %s: %w", name, what, err)
	}
	return nil
}

func ensureGroup(ctx context.Context, owner pg.DB, group, login string) error {
	if err := ensureRole(ctx, owner, group, "nologin"); err != nil || login == "" {
		return err
	}
	needs := func() (yes bool, err error) {
		err = owner.QueryRow(ctx, ownerNeedsGrant, login, group).Scan(&yes)
		return yes, err
	}
	yes, err := needs()
	if err != nil {
		return fmt.Errorf("the roles of the database cannot be read: %w", err)
	}
	if !yes {
		return nil
	}
	grant := "grant " + group + " to " + pgx.Identifier{login}.Sanitize()
	if _, err := owner.Exec(ctx, grant); err != nil {
		if still, errAgain := needs(); errAgain == nil && !still {
			return nil // somebody else was quicker
		}
		return fmt.Errorf("the role %s cannot be given to %s; let an administrator run: %s: %w", group, login, grant, err)
	}
	return nil
}
