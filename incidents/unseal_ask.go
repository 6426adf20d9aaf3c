package incidents

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/unseal"
)

// challengeBudget is how long the switchboard may take to make a challenge: its ear may
// hear the room a little later than ours.
const challengeBudget = 5 * time.Second

const (
	sqlAskUnseal = `
		insert into unseal_ask (code, line, incident_id, asked_by, network, room, asked_at)
		values (@code, @line, @incident, @by, @network, @room, @now)`
	sqlChallenges = `
		select code, line from unseal_ask
		where network = @network and lower(room) = lower(@room) and asked_at > @since and line <> '' order by id`
	sqlWaitingChallenge = `
		select u.code, u.line from unseal_ask u join signal_request r on r.code = u.code and r.state = 'waiting'
		where u.network = @network and lower(u.room) = lower(@room) and u.asked_at > @since and u.line <> '' order by u.id desc limit 1`
	sqlVoidChallenge = `update unseal_ask set line = '' where code = @code and asked_at > @since`
	sqlAsked         = `
		select coalesce(u.incident_id, 0) as asked_for, coalesce((
			select r.incident_id from signal_request r
			where r.code = u.code and r.state = 'confirmed' and r.asked_at > @since order by r.id desc limit 1), 0) as begun
		from unseal_ask u where u.code = @code and u.asked_at > @since order by u.id desc limit 1`
)

// challenge asks the switchboard for what a second person confirms with a code. Without
// one, why says so in a sentence: sealed addresses stay sealed then, and nothing else waits.
func (s *Service) challenge(ctx context.Context, a oncall.Actor, what string, incident int64) (_ *unseal.Challenge, why string) {
	asking, cancel := context.WithTimeout(ctx, challengeBudget)
	defer cancel()
	made, err := s.Switchboard.Challenge(asking, unseal.Ask{
		Network: a.Network, Room: a.Room, Account: a.Account, What: what, Incident: incident,
	})
	switch {
	case err == nil:
		return &made, ""
	case fault.KindOf(err) == fault.Internal:
		s.Log.Error("the switchboard makes no challenge", "incident", incident, "error", err)
		return nil, "The switchboard does not answer, so sealed addresses stay sealed. !unseal asks again."
	}
	return nil, "Sealed addresses stay sealed: " + fault.Say(err)
}

// Unseal asks for a challenge for an incident that goes on: whoever confirms it with a code
// has sealed addresses opened for it.
func (s *Service) Unseal(ctx context.Context, a oncall.Actor, incident int64) (unseal.Challenge, error) {
	inc, err := s.Get(ctx, incident)
	switch {
	case err != nil:
		return unseal.Challenge{}, err
	case s.Switchboard == nil:
		return unseal.Challenge{}, fault.New(fault.Unready, "There is no switchboard here, so no address is sealed.")
	case !inc.Open():
		return unseal.Challenge{}, fault.New(fault.Conflict, "%s is over. Nothing is opened for it.", inc.Ref())
	case inc.Severity != 1:
		return unseal.Challenge{}, fault.New(fault.Forbidden, "Sealed addresses are opened at severity 1 only, and %s has severity %d. !incident sev 1 changes that.", inc.Ref(), inc.Severity)
	}
	made, why := s.challenge(ctx, a, inc.Title, incident)
	if made == nil {
		return unseal.Challenge{}, fault.New(fault.Unready, "%s", why)
	}
	return *made, s.change(ctx, func(c *change) error {
		if _, err := c.lockOpen(incident); err != nil {
			return err
		}
		if err := c.askedUnseal(*made, a, incident); err != nil {
			return err
		}
		return c.record(incident, "signal", a, "asked to open sealed addresses")
	})
}

// askedUnseal keeps that a challenge was asked for, and where: no grant is taken for another
// one.
func (c *change) askedUnseal(made unseal.Challenge, a oncall.Actor, incident int64) error {
	_, err := c.tx.Exec(c.ctx, sqlAskUnseal, pgx.NamedArgs{
		"code": made.Code, "line": made.Line, "incident": pg.NullID(incident), "by": pg.NullID(a.PersonID),
		"network": a.Network, "room": a.Room, "now": c.now,
	})
	return err
}

// challengesHold is how long the switchboard takes codes for a challenge, and a little more.
const challengesHold = unseal.ChallengeHolds + time.Minute

// Challenges lists, by code and line, the challenges that were asked for in a room and may
// still be confirmed, the oldest first.
func (s *Service) Challenges(ctx context.Context, network, room string) ([]unseal.Challenge, error) {
	return challengesOf(ctx, s.DB, sqlChallenges, s.Now(), network, room)
}

// waitingChallenge is that of a signal that was asked for where the actor is, and waits; nil
// is none.
func (c *change) waitingChallenge(a oncall.Actor) (*unseal.Challenge, error) {
	list, err := challengesOf(c.ctx, c.tx, sqlWaitingChallenge, c.now, a.Network, a.Room)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return &list[0], nil
}

func challengesOf(ctx context.Context, db pg.DB, sql string, now time.Time, network, room string) ([]unseal.Challenge, error) {
	rows, err := db.Query(ctx, sql, pgx.NamedArgs{"network": network, "room": room, "since": now.Add(-challengesHold)})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (c unseal.Challenge, err error) {
		return c, row.Scan(&c.Code, &c.Line)
	})
}

// askedFor tells whether a challenge of this code was asked for lately, for which incident,
// and which one the signal of that code began; 0 is none so far.
func (c *change) askedFor(code string) (incident, begun int64, found bool, err error) {
	err = c.tx.QueryRow(c.ctx, sqlAsked, pgx.NamedArgs{"code": code, "since": c.now.Add(-grantsHold)}).Scan(&incident, &begun)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, 0, false, nil
	}
	return incident, begun, err == nil, err
}
