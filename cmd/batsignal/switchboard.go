package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/spf13/cobra"

	switchwire "batsignal/integrations/switchboard"
	"batsignal/oncall/fault"
	"batsignal/oncall/ledger"
	"batsignal/oncall/paging"
	"batsignal/oncall/switchboard"
	"batsignal/oncall/switchboard/dial"
)

func newSwitchboardCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "switchboard",
		Short:   "Run the process that alone opens sealed addresses, and dials",
		GroupID: groupUse,
		Long: `Switchboard is the second process of an installation with sealed addresses. It runs
as a user of its own, better on a host of its own, with a configuration file, a state
directory and a login to the database of its own. It does not believe the bot: it hears
the home room by a connection of its own, takes the codes of people's authenticators
itself, and writes into the ledger before it opens anything. docs/escrow.md tells all
of it.`,
		Example: "  batsignal switchboard --config /etc/batsignal-switchboard/switchboard.yaml",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := harden(); err != nil {
				return err
			}
			c, err := a.loadSwitchboard(cmd)
			if err != nil {
				return err
			}
			ears, err := ircEars(c, a.log)
			if err != nil {
				return err
			}
			x, err := newExchange(cmd.Context(), c, ears, nil, exchangeClock{now: time.Now}, a.log)
			if err != nil {
				return err
			}
			return x.run(cmd.Context())
		},
	}
	cmd.AddCommand(newConfirmerCommand(a), newStageCommand(a))
	return cmd
}

// loadSwitchboard is load for commands of the switchboard's own configuration.
func (a *app) loadSwitchboard(cmd *cobra.Command) (Config, error) {
	c, err := a.load(cmd)
	switch {
	case err != nil:
		return c, err
	case c.Switchboard.Run.Listen == "":
		return c, fault.New(fault.Invalid, "This is no configuration of a switchboard: switchboard.run.listen is not set. docs/escrow.md shows one.")
	}
	return c, nil
}

// run works until ctx ends or a part that cannot be missed fails.
func (x *exchange) run(ctx context.Context) error {
	defer x.close()
	if err := x.board.Journal.Replay(ctx); err != nil {
		return fault.Wrap(fault.Unready, err, "It cannot be made sure that deleted addresses stay deleted, so nothing is opened: %v.", err)
	}
	var routes []paging.Route
	for _, r := range x.board.Routes {
		routes = append(routes, r)
	}
	if err := dial.Announce(ctx, x.db, x.now(), routes); err != nil {
		return err
	}
	all := works{
		{"grants", func(ctx context.Context) error { x.pusher.Run(ctx); return nil }},
		{"anchor", x.board.Anchor.Run},
		{"receipts", x.forward.Spool.Run},
		{"deletions", func(ctx context.Context) error { return x.board.Journal.Run(ctx, x.c.Database.URL.Reveal()) }},
		{"keeping", x.keep},
		{"bot", x.serveBot},
		{"inbound", func(ctx context.Context) error { return x.ways.serveInbound(ctx, x.c, x.log) }},
		{"pages", x.servePages},
	}
	if x.ways.mailbox {
		all = append(all, work{"inbox", x.ways.inbox.Run})
	}
	for _, e := range x.ears {
		all = append(all, work{"ear " + e.name, func(ctx context.Context) error { return e.run(ctx, x.hear) }})
	}
	x.authority.Again()
	if x.ready != nil {
		x.ready()
	}
	x.log.Info("the switchboard is up", "bot", x.c.Switchboard.Run.Listen, "pages", x.c.Switchboard.Run.Pages, "pin", string(x.identity.Pin()),
		"routes", len(routes), "version", currentBuild().Version)
	if err := all.run(ctx); err != nil && !errors.Is(err, errStageOver) {
		return fault.Wrap(fault.Unready, err, "A part that cannot be missed has failed; the log says more: %v.", err)
	}
	return nil
}

func (x *exchange) close() {
	for _, stop := range x.ways.closers {
		stop()
	}
	x.bot.Close()
	if err := x.authority.Close(); err != nil {
		x.log.Warn("the folder of the switchboard could not be let go", "error", err)
	}
	x.db.Close()
}

// hear is told of each line of a room.
func (x *exchange) hear(h switchboard.Heard) {
	x.authority.Hear(h)
	x.board.Anchor.HeardLine(h.Network, h.Room, h.Text)
}

// keep does what is to be done now and then: what could not be written down is, and what
// was allowed for an incident that is over ends.
func (x *exchange) keep(ctx context.Context) error {
	tick := time.NewTicker(keepEvery)
	defer tick.Stop()
	for ; ; waitFor(ctx, tick.C) {
		if ctx.Err() != nil {
			return nil
		}
		if err := x.board.Settle(ctx); err != nil && ctx.Err() == nil {
			x.log.Warn("what came of an opening cannot be written down yet", "error", err)
		}
		if err := x.noteKeyring(ctx); err != nil && ctx.Err() == nil {
			x.log.Warn("the keyring is not in the ledger yet", "error", err)
		}
		if err := x.reconcile(ctx); err != nil && ctx.Err() == nil {
			x.log.Warn("what the bot gave out cannot be compared with what was opened", "error", err)
		}
		over, err := dial.Over(ctx, x.db, x.now().Add(-24*time.Hour))
		for _, incident := range over {
			if err == nil {
				err = x.authority.End(incident)
			}
		}
		if err != nil && ctx.Err() == nil {
			x.log.Warn("it cannot be looked which incidents are over", "error", err)
		}
	}
}

const (
	reconcileEvery = 24 * time.Hour
	reconcileRest  = 10 * time.Minute // what is younger may be under way
)

// reconcile compares, once a day, what the bot gave out with what the ledger has. An opening
// for which the bot gave nothing out cannot be, and is told; halves without an opening are
// refusals, and are counted in the log.
func (x *exchange) reconcile(ctx context.Context) error {
	now := x.now()
	if now.Sub(x.reconciled) < reconcileEvery {
		return nil
	}
	found, err := dial.Reconcile(ctx, x.db, now.Add(-reconcileEvery-reconcileRest), now.Add(-reconcileRest))
	if err != nil {
		return err
	}
	var opened []string
	for _, one := range found {
		if one.What == "opened" {
			opened = append(opened, one.Record+" ("+one.Key+")")
		}
	}
	x.log.Info("openings were compared with what the bot gave out", "given_without_opening", len(found)-len(opened), "opened_without_giving", len(opened))
	if len(opened) > 0 {
		if err := x.bot.Alarm(ctx, "The ledger has openings for which the bot gave nothing out: "+strings.Join(opened, ", ")+". Somebody must look: batsignal ledger verify."); err != nil {
			return err
		}
	}
	x.reconciled = now
	return nil
}

// noteKeyring writes into the ledger which keyring is trusted here, when it is another one
// than before: what is sealed to is public, too.
func (x *exchange) noteKeyring(ctx context.Context) error {
	keyring, err := x.home.follow(ctx, x.db)
	if fault.KindOf(err) == fault.Unready || fault.KindOf(err) == fault.NotFound {
		return nil // there is none, or this host was not told which one to trust
	}
	if err != nil || keyring.Fingerprint() == x.noted {
		return err
	}
	last, err := ledger.LastKeyring(ctx, x.db)
	if err == nil && last != keyring.Fingerprint() {
		_, err = x.ledger.Write(ctx, x.db, x.now(), ledger.Leaf{Type: ledger.TypeKeyring, Epoch: keyring.Epoch, Hash: keyring.Fingerprint()})
	}
	if err == nil {
		x.noted = keyring.Fingerprint()
	}
	return err
}

const keepEvery = 15 * time.Second

// serveBot hears the bot until ctx ends.
func (x *exchange) serveBot(ctx context.Context) error {
	at, err := (&net.ListenConfig{}).Listen(ctx, "tcp", x.c.Switchboard.Run.Listen)
	if err != nil {
		return fmt.Errorf("switchboard.run.listen: %w", err)
	}
	return switchwire.Serve(ctx, at, switchwire.Switchboard(operator{x.board, x}, x.log), x.log, x.identity, x.peer)
}

func newEscrowCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{Use: "escrow", Short: "The keys of sealed addresses on this host", GroupID: groupCare}
	cmd.AddCommand(&cobra.Command{
		Use:   "keys",
		Short: "Make this host's keys if there are none, and print the public ones",
		Long: `Keys prints two things, for the side whose configuration it is given, the bot's or the
switchboard's: the pin of its certificate, which goes into the configuration of the other
side (switchboard.peer of the bot, switchboard.run.peer of the switchboard), and a line
for the ceremony of the custodians (batsignal custody init --bot FILE --switchboard FILE).
Neither is a secret.`,
		Example: "  batsignal escrow keys --config /etc/batsignal/batsignal.yaml > bot.host",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.load(cmd)
			if err != nil {
				return err
			}
			return a.printHost(c)
		},
	})
	return cmd
}

// printHost makes the keys of the host whose configuration it is, if there are none.
func (a *app) printHost(c Config) error {
	if err := harden(); err != nil {
		return err
	}
	home := homeOf(c)
	host, err := home.host(ledgerName(c))
	if err != nil {
		return err
	}
	who, err := home.identity()
	if err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "# pin: %s\n%s\n", who.Pin(), host.Text())
	return nil
}

// waitFor waits for the next tick, or the end.
func waitFor(ctx context.Context, tick <-chan time.Time) {
	select {
	case <-ctx.Done():
	case <-tick:
	}
}
