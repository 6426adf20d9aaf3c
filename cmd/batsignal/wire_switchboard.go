package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"slices"
	"time"

	"batsignal/bot"
	"batsignal/bot/command"
	"batsignal/incidents"
	switchwire "batsignal/integrations/switchboard"
	"batsignal/integrations/twilio"
	"batsignal/migrations/pg"
	"batsignal/oncall/contact"
	"batsignal/oncall/custody"
	"batsignal/oncall/custody/quorum"
	"batsignal/oncall/fault"
	"batsignal/oncall/paging"
	"batsignal/oncall/switchboard/dial"
	"batsignal/oncall/unseal"
)

// botSide is what the switchboard hears the bot by.
type botSide struct {
	identity switchwire.Identity
	peer     switchwire.Pin
	bot      unseal.Bot
	listen   string
}

// joinSwitchboard gives the bot the switchboard: its routes, by which sealed
// addresses are dialled, and our half of the keys of sealed addresses.
func (p *parts) joinSwitchboard(ctx context.Context, c Config, db *database, now func() time.Time, log *slog.Logger) error {
	if c.Switchboard.URL == "" {
		return nil
	}
	home := botKeys(c)
	identity, err := home.identity()
	if err != nil {
		return err
	}
	keys, err := home.unwrapKeys()
	if err != nil {
		return err
	}
	peer, err := switchwire.ParsePin(c.Switchboard.Peer)
	if err != nil {
		return err
	}
	if p.board, err = switchwire.NewClient(c.Switchboard.URL, identity, peer); err != nil {
		return err
	}
	p.closers = append(p.closers, p.board.Close)
	known, err := dial.Announced(ctx, db.Pool)
	if err != nil {
		return err
	}
	// With a private database the bot begins first, and is told of these by the next start.
	for _, usual := range twilio.Usual() {
		if !slices.ContainsFunc(known, func(t paging.Traits) bool { return t.Name == usual.Name }) {
			known = append(known, usual)
		}
	}
	p.dialled = map[string]paging.Route{}
	for _, route := range switchwire.Routes(p.board, known) {
		p.addRoute(route)
		p.dialled[route.Name()] = route
	}
	p.keyring = func(ctx context.Context) (custody.Keyring, error) { return home.follow(ctx, db.Pool) }
	s := p.incidents
	s.Switchboard, s.Seals = p.board, &contact.Halves{Keys: keys}
	s.Custodians = custodians
	p.botSide = &botSide{identity: identity, peer: peer, listen: c.Switchboard.Listen, bot: incidents.ForSwitchboard{
		Service: s,
		Revealed: func(ctx context.Context, r unseal.Release) error {
			keyring, err := p.keyring(ctx)
			if err != nil {
				return err
			}
			return keyring.Revealed(r, now())
		},
	}}
	p.chores = append(p.chores,
		chore{"owners' notices", 2 * time.Second, s.TellOwners},
	)
	return nil
}

// custodyPlan reads where keys are kept, if somebody wrote it down.
func custodyPlan(c Config) (*quorum.Plan, error) {
	if c.Switchboard.PlanFile == "" {
		return nil, nil
	}
	text, err := os.ReadFile(c.Switchboard.PlanFile)
	if err != nil {
		return nil, err
	}
	plan, err := quorum.ParsePart(string(text))
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "switchboard.plan_file: %s", fault.Say(err))
	}
	return &plan, nil
}

// custodians names, by handle, who keeps a share: a custodian is known here by the name
// that the keyring has for them, if somebody has that handle.
func custodians(ctx context.Context, db pg.DB) ([]string, error) {
	keyring, err := custody.Current(ctx, db)
	if fault.KindOf(err) == fault.NotFound {
		return nil, nil
	}
	var names []string
	for _, one := range keyring.Custodians {
		names = append(names, one.Name)
	}
	return names, err
}

// sayHeads has lines of the switchboard's said in the home rooms of the networks that this
// process is on. It is enough that one room has it: everybody there is a witness.
func (p *parts) sayHeads(places []place) func(ctx context.Context, line string) error {
	return func(ctx context.Context, line string) error {
		if !p.election.Leads() {
			return fault.New(fault.Unready, "Another process is on the networks.")
		}
		var failed []error
		said := false
		for _, at := range places {
			if at.network == nil || at.home == "" {
				continue
			}
			if err := at.network.Say(ctx, at.home, bot.Message{Text: line, Urgent: true}); err != nil {
				failed = append(failed, err)
				continue
			}
			said = true
		}
		if said {
			return nil
		}
		return fault.Wrap(fault.Unready, errors.Join(failed...), "No home room can be reached.")
	}
}

// serveSwitchboard hears the switchboard until ctx ends.
func (p *parts) serveSwitchboard(ctx context.Context, log *slog.Logger) error {
	side := p.botSide
	if side == nil {
		return nil
	}
	at, err := (&net.ListenConfig{}).Listen(ctx, "tcp", side.listen)
	if err != nil {
		return fmt.Errorf("switchboard.listen: %w", err)
	}
	log.Info("the switchboard is heard", "at", at.Addr().String(), "pin", string(side.identity.Pin()))
	return switchwire.Serve(ctx, at, switchwire.Bot(side.bot, log), log, side.identity, side.peer)
}

// linkTo makes links to the switchboard's pages; nil: there is none.
func linkTo(c Config, db pg.DB, now func() time.Time) command.LinkFor {
	if c.Switchboard.URL == "" {
		return nil
	}
	return contact.LinkTo(db, now, c.Switchboard.Pages)
}
