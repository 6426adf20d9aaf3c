package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"batsignal/incidents"
	"batsignal/integrations/mail"
	switchwire "batsignal/integrations/switchboard"
	"batsignal/migrations/pg"
	"batsignal/oncall/contact"
	"batsignal/oncall/custody"
	"batsignal/oncall/escrow"
	"batsignal/oncall/fault"
	"batsignal/oncall/ledger"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
	"batsignal/oncall/switchboard"
	"batsignal/oncall/switchboard/dial"
	"batsignal/oncall/unseal"
)

// exchange is the switchboard's process, joined: the only place where a sealed address is
// opened.
type exchange struct {
	c          Config
	home       keyHome
	identity   switchwire.Identity
	peer       switchwire.Pin
	db         *pgxpool.Pool
	bot        *switchwire.BotClient
	authority  *switchboard.Authority
	ledger     *ledger.Log
	vkey       string
	board      *dial.Board
	forward    *dial.Forward
	ways       *parts // the routes, and what comes back by them
	ears       []ear
	pusher     *switchwire.Pusher
	uptime     func() switchboard.Uptime // nil is the kernel's
	reconciled time.Time                 // when what was given out was last compared with what was opened
	noted      string                    // the keyring that the ledger has, as far as this run knows
	ready      func()                    // told when it is about to serve; nil is nobody
	now        func() time.Time
	log        *slog.Logger
}

// exchangePool are the switchboard's connections. The bot waits for the lock under which
// addresses are opened for an incident, with every answer to it: a switchboard that is
// frozen while it has that lock loses it after moments, and answers go on.
var exchangePool = pg.Options{Name: "batsignal switchboard", MaxConns: 24, IdleInTxTimeout: 5 * time.Second}

// exchangeClock is what time it is, and how long this machine has run.
type exchangeClock struct {
	now    func() time.Time
	uptime func() switchboard.Uptime // nil asks the kernel
}

// newExchange joins the parts. Nothing runs yet.
func newExchange(ctx context.Context, c Config, ears []ear, routes []paging.Route, clock exchangeClock, log *slog.Logger) (_ *exchange, err error) {
	x := &exchange{c: c, home: switchboardKeys(c), ears: ears, now: clock.now, uptime: clock.uptime, log: log}
	if x.identity, err = x.home.identity(); err != nil {
		return nil, err
	}
	if x.peer, err = switchwire.ParsePin(c.Switchboard.Run.Peer); err != nil {
		return nil, err
	}
	if x.bot, err = switchwire.NewBotClient(c.Switchboard.Run.Bots, x.identity, x.peer); err != nil {
		return nil, err
	}
	if x.db, err = openSwitchboardDatabase(ctx, c, exchangePool); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			x.db.Close()
		}
	}()
	if x.ledger, x.vkey, err = x.home.ledger(ctx, x.db, ledgerName(c)); err != nil {
		return nil, err
	}
	x.pusher = switchwire.NewPusher(x.bot, x.now, log)
	if err := x.joinAuthority(); err != nil {
		return nil, err
	}
	return x, x.joinBoard(routes)
}

// ledgerName is the name of the ledger, which stays when its key is changed.
func ledgerName(c Config) string {
	if name := placeName(Config{Web: webConfig{PublicURL: c.Switchboard.Run.PagesURL}}); name != "" {
		return name
	}
	return "batsignal"
}

func (x *exchange) joinAuthority() (err error) {
	bots := map[string]string{}
	for _, account := range x.c.Switchboard.Run.BotAccounts {
		network, name, _ := strings.Cut(account, "/")
		bots[network] = strings.ToLower(name)
	}
	names := make([]string, len(x.ears))
	for i, e := range x.ears {
		names[i] = e.name
	}
	x.authority, err = switchboard.New(switchboard.Options{
		Dir: x.home.dir, Now: x.now, Uptime: x.uptime, Log: x.log, Prefix: x.c.Commands.Prefix, Signals: namesOf(x.c, x.c.Commands.Emergency), Unseals: namesOf(x.c, "unseal"), Confirms: namesOf(x.c, "confirm"),
		Names: botNicks(x.c), Bots: bots, Ears: names, Page: strings.TrimRight(x.c.Switchboard.Run.PagesURL, "/") + "/confirm",
		Count: func(ctx context.Context, incident int64) (int, error) {
			return dial.Count(ctx, x.db, incident, switchboard.PeoplePerSlot)
		},
		Granted: x.pusher.Push,
	})
	return err
}

// namesOf are a command's own name, and the aliases that stand for it alone.
func namesOf(c Config, command string) []string {
	names := []string{command}
	for _, a := range c.Commands.Aliases {
		if strings.TrimSpace(a.Means) == command {
			names = append(names, a.Alias)
		}
	}
	return names
}

// botNicks are by which names the bot is spoken to.
func botNicks(c Config) []string {
	var names []string
	for _, account := range c.Switchboard.Run.BotAccounts {
		_, name, _ := strings.Cut(account, "/")
		names = append(names, name)
	}
	return names
}

func (x *exchange) joinBoard(extra []paging.Route) error {
	index, err := dial.OpenIndex(filepath.Join(x.home.dir, "index.key"))
	if err != nil {
		return err
	}
	keys, err := x.home.unwrapKeys()
	if err != nil {
		return err
	}
	sent := &dial.Sent{Path: filepath.Join(x.home.dir, "sent.json")}
	spool := &dial.Spool{Path: filepath.Join(x.home.dir, "receipts"), Ear: x.bot, Now: x.now, Log: x.log}
	journal := &dial.Journal{DB: x.db, Ledger: x.ledger, Path: filepath.Join(x.home.dir, "deleted"), Alarm: x.bot.Alarm, Now: x.now, Log: x.log}
	for _, load := range []func() error{sent.Load, spool.Load, journal.Load} {
		if err := load(); err != nil {
			return err
		}
	}
	homes := map[[2]string]bool{}
	for _, e := range x.ears {
		homes[[2]string{e.name, e.home}] = true
	}
	x.board = &dial.Board{
		DB: x.db, Keys: x.keyOf(keys), Grants: x.authority, Ledger: x.ledger, Journal: journal, Index: index, Sent: sent,
		Address: contact.Clean, Alarm: x.bot.Alarm, Now: x.now, Log: x.log,
		Anchor: &dial.Anchor{
			Say: x.bot.Say, Alarm: x.bot.Alarm, Now: x.now, Log: x.log,
			Hear: func(ctx context.Context, prefix string, a ledger.Anchor) error {
				return ledger.Hear(ctx, x.db, prefix, a)
			},
			Home: func(network, room string) bool { return homes[[2]string{network, strings.ToLower(room)}] },
		},
	}
	x.forward = &dial.Forward{DB: x.db, Ear: x.bot, Spool: spool, Index: index, Address: contact.Clean, Log: x.log}
	return x.joinWays(extra)
}

// joinWays gives it the routes of its configuration, and the listener for what comes back.
func (x *exchange) joinWays(extra []paging.Route) error {
	bridge := &dial.Bridge{Board: x.board, Lead: x.bot.Lead}
	p := &parts{
		routes: map[string]paging.Route{}, inbound: http.NewServeMux(), incidents: &incidents.Service{Log: x.log}, ear: x.forward,
		openNumber: func(ctx context.Context, id int64, key string) (secret.Text, error) {
			return x.joinCaller(ctx, bridge, id, key)
		},
	}
	p.errands = &incidents.Errands{Routes: map[string]paging.Route{}}
	for _, r := range extra {
		p.addRoute(r)
	}
	c := x.c
	if c.Mail.Host != "" {
		var err error
		if p.mail, err = mail.New(mailOf(c)); err != nil {
			return err
		}
		p.addRoute(p.mail)
	}
	for _, join := range []func() error{
		func() error { return p.joinWebhook(c, x.now, x.log) },
		func() error { return p.joinTwilio(c, x.db, x.now, x.log) },
		func() error { return p.joinPagerDuty(c, x.now, x.log) },
		func() error { return p.joinNtfy(c, x.now) },
		func() error { return p.joinInbox(c, x.now, x.log) },
	} {
		if err := join(); err != nil {
			return err
		}
	}
	x.ways, x.board.Routes = p, p.routes
	return nil
}

// joinCaller finds the number of a lead: an open one stands in the database, a sealed one
// is opened.
func (x *exchange) joinCaller(ctx context.Context, bridge *dial.Bridge, id int64, key string) (secret.Text, error) {
	one, err := contact.Get(ctx, x.db, id)
	if err != nil {
		return secret.Text{}, err
	}
	if !one.Sealed {
		return secret.Text{}, fault.New(fault.Forbidden, "The lead's number is not sealed, and the switchboard reads no others.")
	}
	return bridge.Join(ctx, id, key)
}

// keyOf finds the key of ours that a keyring names.
func (x *exchange) keyOf(keys []escrow.PrivateKey) func(ctx context.Context, db pg.DB, epoch int) (escrow.PrivateKey, bool) {
	return func(ctx context.Context, db pg.DB, epoch int) (escrow.PrivateKey, bool) {
		keyring, err := custody.At(ctx, db, epoch)
		if err != nil {
			x.log.Error("a keyring cannot be read", "epoch", epoch, "error", err)
			return escrow.PrivateKey{}, false
		}
		key, err := custody.KeyOf(custody.SideSwitchboard, keys, keyring)
		return key, err == nil
	}
}

// operator is what the bot may ask of this process. It implements [unseal.Switchboard].
type operator struct {
	*dial.Board
	x *exchange
}

var _ unseal.Switchboard = operator{}

func (o operator) Challenge(ctx context.Context, a unseal.Ask) (unseal.Challenge, error) {
	return o.x.authority.Challenge(ctx, a)
}

func (o operator) Status(ctx context.Context) (unseal.Status, error) {
	s, err := o.Board.Status(ctx)
	if err != nil {
		return s, err
	}
	people, err := o.x.authority.Confirmers().List()
	if err != nil {
		return s, err
	}
	s.Confirmers, s.Ears = len(people), map[string]string{}
	for _, e := range o.x.ears {
		s.Ears[e.name] = "connected"
		if err := e.check(); err != nil {
			s.Ears[e.name] = fault.Say(err)
			s.Trouble = append(s.Trouble, fmt.Sprintf("The ear on %s does not hear: %s", e.name, fault.Say(err)))
		}
	}
	return s, nil
}
