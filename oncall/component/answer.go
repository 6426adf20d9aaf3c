package component

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/notice"
)

const (
	answersAnHour = 20 // of one account
	// openFor is how long whoever asked is told what is answered.
	openFor = 7 * 24 * time.Hour
)

// Answer is what somebody told about who looks after a component.
type Answer struct {
	Component  string
	Person     int64 // 0 is somebody whom we do not know
	Handle     string
	Login      string
	Rank       Rank
	By         string // who told
	To         string // who had asked; "" if nobody had
	At         time.Time
	AcceptedBy string // the admin or owner who made it an entry; "" is nobody yet
}

// Name is what to call them.
func (a Answer) Name() string { return cmp.Or(a.Handle, a.Login) }

// Says tells it in a few words: "sam owns it, says li".
func (a Answer) Says() string {
	return a.Name() + " " + a.Rank.Verb() + " it, says " + a.By
}

// teller names whoever told, as people see them where they did.
func teller(by oncall.Actor) string {
	if by.Handle == "" && by.Shown != "" {
		return oncall.Clip(by.Shown+" on "+by.Network, 200)
	}
	return oncall.Clip(by.Who(), 200)
}

const (
	sqlAnswers = `
		select a.component, coalesce(a.person_id, 0), coalesce(p.handle, ''), a.login, a.rank, a.by_name, coalesce(q.asker, ''), a.answered_at, a.accepted_by
		from component_answer a
		left join person p on p.id = a.person_id
		left join component_ask q on q.id = a.ask_id
		where a.component = @component order by a.id`
	sqlAnswersBy    = `select count(*) from component_answer where network = @network and account = @account and answered_at > @since`
	sqlInsertAnswer = `
		insert into component_answer (component, ask_id, person_id, login, rank, by_person, by_name, network, account, answered_at)
		values (@component, @ask, nullif(@person::bigint, 0), @login, @rank, @by, @by_name, @network, @account, @now)
		on conflict do nothing`
	sqlAgainAnswer = `
		update component_answer set rank = @rank, answered_at = @now, ask_id = coalesce(@ask, ask_id)
		where component = @component and by_name = @by_name and (person_id = nullif(@person::bigint, 0) or login <> '' and login = @login)`
	sqlWhoAsked = `
		select distinct on (network, account) id, network, account from component_ask
		where component = @component and asked_at > @since and account <> '' order by network, account, id desc limit 20`
)

// Answers lists what was told about a component, in the order in which it was.
func Answers(ctx context.Context, db pg.DB, component string) ([]Answer, error) {
	rows, err := db.Query(ctx, sqlAnswers, pgx.NamedArgs{"component": component})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (a Answer, err error) {
		err = row.Scan(&a.Component, &a.Person, &a.Handle, &a.Login, &a.Rank, &a.By, &a.To, &a.At, &a.AcceptedBy)
		return a, err
	})
}

// Told is what became of an answer.
type Told struct {
	Component string
	Whom      Whom
	Entered   bool // they are an owner by it; else they are suggested
	Askers    int  // how many of those who asked are told
}

// Tell takes in who somebody says looks after a component. What an admin or an owner
// says is an entry at once; what others say is a suggestion, which an owner or an admin
// can make one by [Service.Add]. Whoever asked within a week is told in private.
func (s *Service) Tell(ctx context.Context, by oncall.Actor, ch Change) (t Told, err error) {
	rank := cmp.Or(ch.Rank, Own)
	err = s.change(ctx, func(tx pgx.Tx, now time.Time) error {
		c, found, near, err := Lookup(ctx, tx, ch.Component)
		if err != nil {
			return err
		}
		t = Told{Component: c.Name}
		if !found {
			if t.Component, err = NameOf(ch.Component); err != nil {
				return err
			}
			asked, err := askedSince(ctx, tx, t.Component, now.Add(-openFor))
			if err != nil {
				return err
			}
			if len(near) > 0 && !asked && !ch.New { // nobody asked for it, so it is misspelt
				return unknown(t.Component, near)
			}
		}
		if t.Whom, err = Call(ctx, tx, by, ch.Name); err != nil {
			return err
		}
		if err := s.mayTell(ctx, tx, now, by); err != nil {
			return err
		}
		owner, err := owns(ctx, tx, c.ID, by.PersonID)
		if err != nil {
			return err
		}
		if t.Askers, err = s.answer(ctx, tx, now, by, t, rank); err != nil {
			return err
		}
		if !ch.Admin && !owner {
			return nil
		}
		if !found {
			if c, err = made(ctx, tx, now, t.Component); err != nil {
				return err
			}
		}
		t.Entered = true
		return own(ctx, tx, now, by, c, t.Whom, rank)
	})
	return t, err
}

func askedSince(ctx context.Context, tx pgx.Tx, component string, since time.Time) (bool, error) {
	last, asked, err := Asked(ctx, tx, component)
	return asked && last.AskedAt.After(since), err
}

func (s *Service) mayTell(ctx context.Context, tx pgx.Tx, now time.Time, by oncall.Actor) error {
	var n int
	err := tx.QueryRow(ctx, sqlAnswersBy, pgx.NamedArgs{"network": by.Network, "account": by.Account, "since": now.Add(-time.Hour)}).Scan(&n)
	if err == nil && n >= answersAnHour {
		err = fault.New(fault.Limited, "You have told me of %d people within an hour, and that is the limit. Go on in an hour.", n)
	}
	return err
}

// answer writes an answer down and tells it to those who asked.
func (s *Service) answer(ctx context.Context, tx pgx.Tx, now time.Time, by oncall.Actor, t Told, rank Rank) (askers int, err error) {
	asked, err := whoAsked(ctx, tx, t.Component, now.Add(-openFor))
	if err != nil {
		return 0, err
	}
	var latest *int64
	for _, a := range asked {
		if latest == nil || a.ID > *latest {
			latest = &a.ID
		}
	}
	args := pgx.NamedArgs{
		"component": t.Component, "ask": latest, "person": t.Whom.Person, "login": t.Whom.Login, "rank": rank, "by": pg.NullID(by.PersonID),
		"by_name": teller(by), "network": by.Network, "account": by.Account, "now": now,
	}
	tag, err := tx.Exec(ctx, sqlInsertAnswer, args)
	if err != nil {
		return 0, err
	}
	if tag.RowsAffected() == 0 {
		_, err := tx.Exec(ctx, sqlAgainAnswer, args)
		return 0, err // whoever asked has heard it
	}
	text := fmt.Sprintf("You asked for the maintainer of %s: %s %s it, says %s.", t.Component, t.Whom.Name(), rank.Verb(), teller(by))
	if t.Whom.Person == 0 {
		text += " I know nobody by that name, so I cannot ring them."
	} else {
		text += fmt.Sprintf(" !page %s REASON rings them, if they agreed to that.", t.Whom.Handle)
	}
	var notices []notice.Notice
	for _, a := range asked {
		if a.Network != by.Network || a.Account != by.Account {
			notices = append(notices, notice.Notice{Network: a.Network, Kind: notice.Say, Account: a.Account, Text: text})
		}
	}
	return len(notices), notice.Post(ctx, tx, s.Queue, now, notices...)
}

type asker struct {
	ID      int64
	Network string
	Account string
}

func whoAsked(ctx context.Context, tx pgx.Tx, component string, since time.Time) ([]asker, error) {
	rows, err := tx.Query(ctx, sqlWhoAsked, pgx.NamedArgs{"component": component, "since": since})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[asker])
}
