package component

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

// Fetcher reads a list from where the configuration says it is: a file or an address.
type Fetcher interface {
	Fetch(ctx context.Context, place string) ([]byte, error)
}

// Source is a list that the configuration names.
type Source struct {
	Name  string
	Place string
	Every time.Duration // how often it is read again; 0 is never by itself
}

// State is how it stands with a source.
type State struct {
	Name       string
	Place      string
	DueAt      *time.Time // when it is read again; nil is not by itself
	TriedAt    *time.Time
	LoadedAt   *time.Time // nil was never read to the end
	Trouble    string     // why not, the last time; "" is none
	Components int
	Owners     int
}

const (
	sqlSyncSource = `
		insert into component_source (name, place, every, due_at) values (@name, @place, @every, @now)
		on conflict (name) do update set place = excluded.place, every = excluded.every,
			due_at = case when component_source.place = excluded.place then coalesce(component_source.due_at, @now) else @now end`
	sqlUnsyncSources = `
		update component_source set every = null, due_at = null where every is not null and name <> all (@names)`
	// Until it is read, it is due in an hour: a process may die over it. One that is due
	// later than a list can be was read by a clock that was wrong.
	sqlClaimSource = `
		update component_source set tried_at = @now, due_at = @now::timestamptz + least(every, interval '1 hour') where name = (
			select name from component_source
			where every is not null and (due_at <= @now or due_at > @now::timestamptz + every + interval '1 hour')
			order by due_at limit 1 for update skip locked)
		returning name, place`
	sqlSourceFailed = `
		update component_source set trouble = @trouble, due_at = @now::timestamptz + least(every, interval '1 hour')
		where name = @name and every is not null`
	sqlSources = `
		select name, place, due_at, tried_at, loaded_at, trouble, components, owners from component_source order by name`
)

// SyncSources makes the lists that are read by themselves those of the configuration. One
// that is named no more stays as it was read the last time, until somebody forgets it.
func (s *Service) SyncSources(ctx context.Context, sources []Source) error {
	return s.change(ctx, func(tx pgx.Tx, now time.Time) error {
		names := []string{}
		for _, one := range sources {
			if one.Every <= 0 {
				continue
			}
			names = append(names, one.Name)
			if _, err := tx.Exec(ctx, sqlSyncSource, pgx.NamedArgs{"name": one.Name, "place": one.Place, "every": one.Every, "now": now}); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, sqlUnsyncSources, pgx.NamedArgs{"names": names})
		return err
	})
}

// RefreshDue reads the lists that are due, one after the other. One that cannot be read
// is tried again in an hour, and holds up no other. Any process may do it, at any time:
// whoever takes a list has moved its due instant on before reading.
func (s *Service) RefreshDue(ctx context.Context) error {
	if s.Fetcher == nil {
		return nil
	}
	for {
		name, place, err := s.claim(ctx)
		if err != nil || name == "" {
			return err
		}
		sum, err := s.load(ctx, name, place)
		if err == nil {
			s.Log.Info("a list of owners was read", "list", name, "components", sum.Components, "added", sum.Added, "removed", sum.Removed)
			continue
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		s.Log.Warn("a list of owners could not be read; what it said before stays", "list", name, "error", err)
		if _, err := s.DB.Exec(ctx, sqlSourceFailed, pgx.NamedArgs{"name": name, "trouble": oncall.Clip(fault.Say(err), 500), "now": s.Now()}); err != nil {
			return err
		}
	}
}

func (s *Service) claim(ctx context.Context) (name, place string, err error) {
	err = s.DB.QueryRow(ctx, sqlClaimSource, pgx.NamedArgs{"now": s.Now()}).Scan(&name, &place)
	if errors.Is(err, pgx.ErrNoRows) {
		err = nil
	}
	return name, place, err
}

// load reads one list. Nothing is locked while the network is slow.
func (s *Service) load(ctx context.Context, name, place string) (Summary, error) {
	text, err := s.Fetcher.Fetch(ctx, place)
	if err != nil {
		return Summary{}, err
	}
	list, err := ParseList(place, text)
	if err != nil {
		return Summary{}, err
	}
	return s.Import(ctx, oncall.Actor{Handle: "batsignal", Network: "list", Account: name}, Import{Source: name, Place: place, List: list})
}

// Sources lists the lists, by name.
func Sources(ctx context.Context, db pg.DB) ([]State, error) {
	rows, err := db.Query(ctx, sqlSources)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[State])
}
