package dial

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall/paging"
)

const (
	sqlPutRoute = `
		insert into switchboard_route (name, traits, at) values (@name, @traits, @now)
		on conflict (name) do update set traits = excluded.traits, at = excluded.at`
	sqlOtherRoutes = `delete from switchboard_route where name <> all (@names)`
	sqlRoutes      = `select traits from switchboard_route order by name`
)

// Announce writes which routes the switchboard has, so that the bot knows without it.
func Announce(ctx context.Context, db pg.DB, now time.Time, routes []paging.Route) error {
	return pg.InTx(ctx, db, func(tx pgx.Tx) error {
		names := []string{}
		for _, r := range routes {
			traits, err := json.Marshal(paging.TraitsOf(r))
			if err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, sqlPutRoute, pgx.NamedArgs{"name": r.Name(), "traits": traits, "now": now}); err != nil {
				return err
			}
			names = append(names, r.Name())
		}
		_, err := tx.Exec(ctx, sqlOtherRoutes, pgx.NamedArgs{"names": names})
		return err
	})
}

// Announced reads which routes the switchboard has, as it wrote them when it started.
func Announced(ctx context.Context, db pg.DB) ([]paging.Traits, error) {
	rows, err := db.Query(ctx, sqlRoutes)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[paging.Traits])
}

// traitsOf lists the traits of a board's routes, by name.
func (b *Board) traitsOf() []paging.Traits {
	var list []paging.Traits
	for _, r := range b.Routes {
		list = append(list, paging.TraitsOf(r))
	}
	slices.SortFunc(list, func(x, y paging.Traits) int { return strings.Compare(x.Name, y.Name) })
	return list
}
