package oncall

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
)

// Role is a kind of work that an emergency needs somebody for.
type Role struct {
	Name         string
	Title        string
	Leads        bool          // whoever fills it first is given the baton if nobody holds it
	PatienceSev1 time.Duration // how long one person is waited for at severity 1
	Patience     time.Duration // the same at every other severity
	Minimum      int           // how many who can be rung should be on or awake at any time; 0 asks for nobody
	Version      int           // whoever changes the role or its roster must have seen this one
}

// PatienceAt returns how long one person is waited for at a severity.
func (r Role) PatienceAt(severity int) time.Duration {
	if severity == 1 {
		return r.PatienceSev1
	}
	return r.Patience
}

const (
	sqlRoles = `
		select name, title, leads, patience_sev1, patience, minimum, version
		from role where retired_at is null order by place, name`
	sqlRoleCalled = `
		select name, title, leads, patience_sev1, patience, minimum, version, retired_at is null
		from role where name = @name`
	sqlUpsertRole = `
		insert into role (name, title, place, leads, patience_sev1, patience)
		values (@name, @title, @place, @leads, @patience_sev1, @patience)
		on conflict (name) do update set
			title = excluded.title, place = excluded.place, leads = excluded.leads,
			patience_sev1 = excluded.patience_sev1, patience = excluded.patience, retired_at = null`
	sqlAnyRole          = `select exists (select from role)`
	sqlRetireOtherRoles = `
		update role set retired_at = @now where retired_at is null and name <> all (@names)`
)

// Roles lists the roles in use, in their order.
func Roles(ctx context.Context, db pg.DB) ([]Role, error) {
	rows, err := db.Query(ctx, sqlRoles)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Role])
}

// RoleCalled finds a role by its very name, in use or not: work that goes on speaks of roles
// that were retired meanwhile.
func RoleCalled(ctx context.Context, db pg.DB, name string) (r Role, inUse bool, err error) {
	err = db.QueryRow(ctx, sqlRoleCalled, pgx.NamedArgs{"name": name}).
		Scan(&r.Name, &r.Title, &r.Leads, &r.PatienceSev1, &r.Patience, &r.Minimum, &r.Version, &inUse)
	return r, inUse, err
}

// SyncRoles makes the stored roles those of the configuration; how many people each
// needs and who they are stays. A role that is no longer named is retired, not deleted:
// old incidents still speak of it.
func SyncRoles(ctx context.Context, db pg.DB, now time.Time, roles []Role) error {
	return pg.InTx(ctx, db, func(tx pgx.Tx) error {
		names := make([]string, 0, len(roles))
		for i, r := range roles {
			names = append(names, r.Name)
			if _, err := tx.Exec(ctx, sqlUpsertRole, pgx.NamedArgs{
				"name": r.Name, "title": r.Title, "place": i, "leads": r.Leads,
				"patience_sev1": r.PatienceSev1, "patience": r.Patience,
			}); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, sqlRetireOtherRoles, pgx.NamedArgs{"now": now, "names": names})
		return err
	})
}

// SeedRoles stores these roles where there never were any: from then on they are
// looked after in the database.
func SeedRoles(ctx context.Context, db pg.DB, now time.Time, roles []Role) error {
	var any bool
	if err := db.QueryRow(ctx, sqlAnyRole).Scan(&any); err != nil || any {
		return err
	}
	return SyncRoles(ctx, db, now, roles)
}

// DefaultRoles are the roles of the bat-signal ticket, for an installation whose
// configuration names none.
func DefaultRoles() []Role {
	const patient, urgent = 5 * time.Minute, 90 * time.Second
	return []Role{
		{Name: "coordination", Title: "coordination", Leads: true, PatienceSev1: urgent, Patience: patient},
		{Name: "communications", Title: "communications", PatienceSev1: urgent, Patience: patient},
		{Name: "package-fixing", Title: "package fixing", PatienceSev1: urgent, Patience: patient},
		{Name: "quality-assurance", Title: "quality assurance", PatienceSev1: urgent, Patience: patient},
		{Name: "release-engineering", Title: "release engineering", PatienceSev1: urgent, Patience: patient},
	}
}
