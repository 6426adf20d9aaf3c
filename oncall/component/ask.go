package component

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/notice"
)

// The limits of asking: a question goes to rooms full of people.
const (
	askAgain   = time.Hour // after which the same component may be asked for again
	asksAnHour = 5         // of one person
	// asksLock keeps two askers from passing the same limit at once.
	asksLock = 0x6f776e6572
)

// Question is that somebody asked for a component.
type Question struct {
	ID        int64
	Component string
	AskedAt   time.Time
	Asker     string
}

const (
	sqlAsksLock = `select pg_advisory_xact_lock(@key)`
	sqlLastAsk  = `
		select id, component, asked_at, asker from component_ask where component = @component order by asked_at desc, id desc limit 1`
	sqlAsksOf    = `select count(*), coalesce(min(asked_at), @now) from component_ask where person_id = @person and asked_at > @since`
	sqlInsertAsk = `
		insert into component_ask (component, asked_at, person_id, asker, network, account)
		values (@component, @now, @person, @asker, @network, @account)
		returning id, component, asked_at, asker`
)

// Asked tells when a component was asked for the last time; found is false if it never was.
func Asked(ctx context.Context, db pg.DB, component string) (q Question, found bool, err error) {
	rows, err := db.Query(ctx, sqlLastAsk, pgx.NamedArgs{"component": component})
	if err != nil {
		return q, false, err
	}
	q, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Question])
	if errors.Is(err, pgx.ErrNoRows) {
		return q, false, nil
	}
	return q, err == nil, err
}

// Ask asks everybody in the configured rooms who looks after a component, known or not.
// What is answered is told to whoever asked. The same component is asked for once an
// hour, and one person asks five times an hour: more is Limited.
func (s *Service) Ask(ctx context.Context, by oncall.Actor, typed string) (q Question, err error) {
	if len(s.Rooms) == 0 {
		return q, fault.New(fault.Unready, "There is no room that I could ask in. An operator names rooms under components.rooms.")
	}
	if by.PersonID == 0 {
		return q, fault.New(fault.Forbidden, "I do not know you yet. !roster join ROLE makes you known, and !link CODE if I know you elsewhere.")
	}
	err = s.change(ctx, func(tx pgx.Tx, now time.Time) error {
		c, found, _, err := Lookup(ctx, tx, typed)
		if err != nil {
			return err
		}
		name := c.Name
		if !found {
			if name, err = NameOf(typed); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, sqlAsksLock, pgx.NamedArgs{"key": int64(asksLock)}); err != nil {
			return err
		}
		if err := mayAsk(ctx, tx, now, by, name); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, sqlInsertAsk, pgx.NamedArgs{
			"component": name, "now": now, "person": by.PersonID, "asker": oncall.Clip(by.Who(), 200), "network": by.Network, "account": by.Account,
		})
		if err != nil {
			return err
		}
		if q, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Question]); err != nil {
			return err
		}
		text := fmt.Sprintf("Wanted: %s needs the maintainer of %s. Whoever knows one: !owner tell %s NAME", by.Who(), name, name)
		var notices []notice.Notice
		for _, r := range s.Rooms {
			notices = append(notices, notice.Notice{Network: r.Network, Room: r.Name, Kind: notice.Say, Text: text})
		}
		return notice.Post(ctx, tx, s.Queue, now, notices...)
	})
	return q, err
}

func mayAsk(ctx context.Context, tx pgx.Tx, now time.Time, by oncall.Actor, name string) error {
	last, asked, err := Asked(ctx, tx, name)
	if err != nil {
		return err
	}
	if asked && now.Sub(last.AskedAt) < askAgain {
		return fault.New(fault.Limited, "%s asked for %s at %s. What was answered: !owner %s. To ask again, wait until %s.",
			last.Asker, name, oncall.Clock(last.AskedAt, by.Zone), name, oncall.Clock(last.AskedAt.Add(askAgain), by.Zone))
	}
	var n int
	var first time.Time
	if err := tx.QueryRow(ctx, sqlAsksOf, pgx.NamedArgs{"person": by.PersonID, "since": now.Add(-time.Hour), "now": now}).Scan(&n, &first); err != nil {
		return err
	}
	if n >= asksAnHour {
		return fault.New(fault.Limited, "You have asked %d times within an hour, and that is the limit. The next question may be asked at %s.",
			n, oncall.Clock(first.Add(time.Hour), by.Zone))
	}
	return nil
}
