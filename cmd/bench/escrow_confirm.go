package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/oncall/switchboard/totp"
)

const (
	sealedPeople  = 5000 // with two addresses each
	aimSealedDial = time.Second
	mostAnHour    = 6 // challenges of one switchboard on one network
)

// trial is one way in which signals are confirmed.
type trial struct {
	name string // behind what is measured
	open bool   // every second person has an open way too
	slow bool   // the bot talks as public networks bear it
	runs int
}

// escrowConfirm is how long a code that allows it takes to ring sealed telephones.
func escrowConfirm(ctx context.Context, b *bench) (all []figure, err error) {
	x, err := b.exchangeAt(ctx, "escrow", volunteers{people: b.runs(sealedPeople, 60), ways: []string{"voice", "sms"}})
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = x.withLogs(err)
		}
		err = errors.Join(err, x.stop()) // what is measured next has the machine to itself
	}()
	for _, t := range []trial{
		{runs: b.runs(60, 2)},
		{name: ", open ways too", open: true, runs: b.runs(24, 1)},
		{name: ", default pace on IRC", slow: true, runs: b.runs(6, 1)},
	} {
		b.say("measuring: escrow-confirm%s", t.name)
		if err := x.prepare(ctx, b, t); err != nil {
			return nil, err
		}
		figures, err := x.confirmed(ctx, b, t)
		if err != nil {
			return nil, err
		}
		all = append(all, figures...)
	}
	return all, nil
}

const sqlPauseOpen = `update contact set suspended_at = case when @open then null else @now::timestamptz end where not sealed`

// prepare has open ways used or not, and the bot talk as fast as is asked for.
func (x *exchange) prepare(ctx context.Context, b *bench, t trial) error {
	if _, err := x.db.Exec(ctx, sqlPauseOpen, pgx.NamedArgs{"open": t.open, "now": time.Now()}); err != nil {
		return err
	}
	if x.config.slow == t.slow {
		return nil
	}
	x.config.slow = t.slow
	if err := x.config.write(); err != nil {
		return err
	}
	return x.restart(ctx, b)
}

func (x *exchange) confirmed(ctx context.Context, b *bench, t trial) (all []figure, err error) {
	var first, last, granted, intended, anchored durations
	for i := range t.runs {
		a, err := x.fire(ctx, b)
		if err != nil {
			return nil, fmt.Errorf("signal %d%s: %w", i+1, t.name, err)
		}
		first, last = append(first, a.first), append(last, a.last)
		granted, intended, anchored = append(granted, a.granted), append(intended, a.intended), append(anchored, a.anchored)
	}
	pace := "the bot may talk as fast as it can"
	if t.slow {
		pace = "the bot talks as public networks bear it (5 lines at once, then one a second), and was silent for 6 s before each signal"
	}
	open := "who have no others"
	if t.open {
		open = "of whom every second has an open webhook too"
	}
	how := fmt.Sprintf("%d signals of severity 1, the bot and the switchboard as two processes on one Postgres that flushes each commit, "+
		"%d proven sealed addresses (voice and text) of %d people over five roles, %s; %s. From the moment before the client writes `!confirm` with "+
		"the code to its IRC server to the request at the fake of Twilio. People pick up and acknowledge, then the incident is resolved. 18 people confirm in turn, "+
		"and the switchboard is started anew with an empty `state.json` for each %d signals, since it allows no more in an hour",
		len(first), x.volunteers.records(), x.volunteers.people, open, pace, mostAnHour)
	return []figure{{
		what: "code to the first sealed dial" + t.name, got: first.list(0.5, 0.95, 0.99, 1), aim: "p99 ≤ 1 s", met: first.at(0.99) <= aimSealedDial,
		how: fmt.Sprintf("%s. On the way there: the bot has the grant after %s, the first intent is in the ledger after %s, its head was seen in the room after %s",
			how, granted.list(0.5, 1), intended.list(0.5, 1), anchored.list(0.5, 1)),
	}, {
		what: "code to the fifth role's first sealed dial" + t.name, got: last.list(0.5, 0.95, 0.99, 1),
		how: "the same signals, until somebody of each of the five roles was dialled",
	}}, nil
}

// withLogs adds what both processes said to an error.
func (x *exchange) withLogs(err error) error {
	for name, p := range map[string]*program{"bot": x.bot, "switchboard": x.board} {
		if p != nil {
			err = fmt.Errorf("%w\nthe log of the %s ends:\n%s", err, name, p.tail())
		}
	}
	return err
}

// sealedAlarm is how one signal went whose sealed addresses were allowed with a code.
type sealedAlarm struct {
	confirmed time.Time     // right before the code was written to IRC
	first     time.Duration // from there to the first request at the provider
	last      time.Duration // to the first one of the role that was last
	granted   time.Duration // the bot has written down the grant
	intended  time.Duration // the switchboard has written down the first intent
	anchored  time.Duration // and has seen the ledger's head in the room
}

var challengeShown = regexp.MustCompile(` PRIVMSG ` + homeRoom + ` :([A-Z0-9]{4}) opens sealed contacts of up to `)

const sqlWayThere = `
	select i.unsealed_at, o.opened_at, (select min(seen_at) from ledger_anchor where size > o.intent) as seen_at
	from incident i join lateral (
		select intent, opened_at from sealed_opening where incident_id = i.id and lane = 'B' order by intent limit 1) o on true
	where i.id = @id`

// fire lights the signal, has it confirmed with a code, waits until somebody of each role
// is dialled and has answered, and resolves the incident.
func (x *exchange) fire(ctx context.Context, b *bench) (a sealedAlarm, err error) {
	if x.asked >= mostAnHour {
		if err := x.fresh(ctx, b); err != nil {
			return a, err
		}
	}
	x.asked, x.fires = x.asked+1, x.fires+1
	if err := x.calm(ctx, b); err != nil {
		return a, err
	}
	if _, err := x.asker.say(fmt.Sprintf("!batsignal --separate bench fire %d", x.fires)); err != nil {
		return a, err
	}
	line, err := x.asker.hear(ctx, challengeShown.MatchString)
	if err != nil {
		return a, fmt.Errorf("the challenge: %w", err)
	}
	if err := x.think(ctx, b); err != nil {
		return a, err
	}
	who, code, err := x.code(ctx)
	if err != nil {
		return a, err
	}
	if a.confirmed, err = who.say("!confirm " + challengeShown.FindStringSubmatch(line)[1] + " " + code); err != nil {
		return a, err
	}
	if err := x.dialled(ctx, &a); err != nil {
		return a, err
	}
	return a, x.over(ctx, &a)
}

// calm is the time before a signal: of no rhythm, and with the pace of public networks long
// enough that the bot may say its five lines at once again.
func (x *exchange) calm(ctx context.Context, b *bench) error {
	if x.config.slow && !b.quick {
		for heard := true; heard; {
			listening, stop := context.WithTimeout(ctx, 6*time.Second)
			_, err := x.asker.hear(listening, said)
			stop()
			heard = err == nil
		}
	}
	return b.pause(ctx)
}

// think is how long the second person takes before they confirm.
func (x *exchange) think(ctx context.Context, b *bench) error {
	usual := 50*time.Millisecond + rand.N(250*time.Millisecond)
	if x.config.slow && !b.quick {
		usual += 3 * time.Second // to read it, and to look at the authenticator
	}
	return rest(ctx, usual)
}

// code is the next one's, who has given none in this step of their authenticator.
func (x *exchange) code(ctx context.Context) (who *registered, code string, err error) {
	who = x.confirmers[x.turn%len(x.confirmers)]
	x.turn++
	for totp.Step(time.Now()) <= who.used {
		if err := rest(ctx, 100*time.Millisecond); err != nil {
			return nil, "", err
		}
	}
	now := time.Now()
	who.used = totp.Step(now)
	return who, totp.Code(who.seed, now).Reveal(), nil
}

// dialled waits until somebody of each role was dialled.
func (x *exchange) dialled(ctx context.Context, a *sealedAlarm) error {
	roles := len(x.volunteers.roles)
	for deadline := time.Now().Add(patience); ; {
		first := map[int]time.Time{}
		note := func(number string, at time.Time) {
			if role, known := x.byNumber[number]; known && at.After(a.confirmed) && (first[role].IsZero() || at.Before(first[role])) {
				first[role] = at
			}
		}
		for _, call := range x.config.phones.Rung() {
			note(call.To, call.At)
		}
		for _, text := range x.config.phones.Texts() {
			note(text.To, text.At)
		}
		if len(first) == roles {
			for _, at := range first {
				since := at.Sub(a.confirmed)
				if a.last = max(a.last, since); a.first == 0 || since < a.first {
					a.first = since
				}
			}
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%d roles of %d were dialled", len(first), roles)
		}
		if err := rest(ctx, 20*time.Millisecond); err != nil {
			return err
		}
	}
}

// over waits until everybody who is needed has answered, resolves the incident, and reads
// how it went.
func (x *exchange) over(ctx context.Context, a *sealedAlarm) error {
	lit, err := x.asker.hear(ctx, inHome(isLit))
	if err != nil {
		return fmt.Errorf("the announcement: %w", err)
	}
	id := isLit.FindStringSubmatch(lit)[1]
	if err := until(ctx, "everybody has answered", func() bool {
		var open int
		err := x.db.QueryRow(ctx, `select count(*) from escalation where cause = 'incident:' || $1 and state = 'hunting'`, id).Scan(&open)
		return err == nil && open == 0
	}); err != nil {
		return err
	}
	var granted, intended, anchored time.Time
	if err := x.db.QueryRow(ctx, sqlWayThere, pgx.NamedArgs{"id": id}).Scan(&granted, &intended, &anchored); err != nil {
		return fmt.Errorf("INC-%s was dialled, and its way there is not in the database: %w", id, err)
	}
	a.granted, a.intended, a.anchored = granted.Sub(a.confirmed), intended.Sub(a.confirmed), anchored.Sub(a.confirmed)
	if _, err := x.asker.say("!incident resolve --inc " + id); err != nil {
		return err
	}
	_, err = x.asker.hear(ctx, func(line string) bool { return said(line) && strings.Contains(line, " resolves the incident") })
	return err
}
