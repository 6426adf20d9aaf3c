package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"batsignal/bot"
	"batsignal/incidents"
	"batsignal/incidents/meeting"
	"batsignal/integrations/job"
	"batsignal/migrations/pg"
	"batsignal/migrations/pg/leader"
	"batsignal/oncall/fault"
	"batsignal/oncall/notice"
	"batsignal/oncall/paging"
	"batsignal/oncall/policy"
	"batsignal/web"
)

func newServeCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "serve",
		Short:   "Run the bot on the networks of the configuration",
		GroupID: groupUse,
		Long: `Serve connects to every configured network, pages people, and shows its pages on
the web. It ends on an interrupt or SIGTERM, and may be killed at any moment: what
it has to do is in the database, and the next start goes on with it.

Of several that share a database of your own, on one machine or more, one does this;
the others show the pages, and one of them takes over when that one is gone.`,
		Example: "  batsignal serve --config /etc/batsignal/batsignal.yaml",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.load(cmd)
			if err != nil {
				return err
			}
			if err := harden(); err != nil {
				return err
			}
			if len(c.networkIDs()) == 0 {
				return fault.New(fault.Invalid, "No network is configured, so nobody could light the signal. batsignal config example shows how; batsignal run needs none.")
			}
			places, err := placesOf(c, true, a.log)
			if err != nil {
				return err
			}
			db, err := openDatabase(cmd.Context(), c, false, a.log)
			if err != nil {
				return err
			}
			defer db.close()
			p, err := wire(cmd.Context(), c, db, places, time.Now, a.log)
			if err != nil {
				return err
			}
			listener, err := listen(cmd.Context(), c)
			if err != nil {
				return err
			}
			return p.run(cmd.Context(), c, db, listener, a.log)
		},
	}
}

// listen opens the web address early, so that a taken port is told at once.
func listen(ctx context.Context, c Config) (net.Listener, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.Web.Listen)
	if err != nil {
		return nil, fault.Wrap(fault.Unready, err, "The web pages cannot be shown at %s: the address is taken or not ours. Choose another web.listen.", c.Web.Listen)
	}
	return l, nil
}

// run works until ctx ends or a part that cannot be missed fails, and returns when
// every part has stopped. What everybody may do who shares the database is done at once;
// the rest is led, and waits for that.
func (p *parts) run(ctx context.Context, c Config, db *database, at net.Listener, log *slog.Logger) error {
	p.election = &leader.Election{DSN: db.DSN.Reveal(), Me: processName(), Now: p.incidents.Now, Log: log}
	wake := &pg.Listener{
		DSN: db.DSN.Reveal(), Channels: []string{paging.ChannelDue, incidents.ChannelIncident, meeting.ChannelMeeting, job.Channel}, Log: log,
		Notified: func(channel, payload string) {
			switch channel {
			case paging.ChannelDue:
				p.pager.Wake()
			case meeting.ChannelMeeting:
				p.keeper.Wake()
			case job.Channel:
				if run, err := strconv.ParseInt(payload, 10, 64); err == nil {
					p.jobs.Hear(run)
				}
				p.runs.Publish(payload)
			default:
				p.watch.Publish(payload)
			}
		},
		Regained: func() { p.pager.Wake(); p.keeper.Wake(); p.watch.PublishAll(); p.runs.PublishAll() },
	}
	all := works{
		{"notifications", wake.Run},
		{"web", func(ctx context.Context) error { return p.serveWeb(ctx, c, db, at, log) }},
		{"inbound", func(ctx context.Context) error { return p.serveInbound(ctx, c, log) }},
		{"switchboard", func(ctx context.Context) error { return p.serveSwitchboard(ctx, log) }},
		{"leadership", func(ctx context.Context) error {
			return p.election.Run(ctx, func(ctx context.Context) error { return p.lead(ctx, db, log) })
		}},
	}
	if db.Local != nil {
		all = append(all, work{"database", db.Local.Wait})
	}
	log.Info("batsignal is up", "web", "http://"+at.Addr().String(), "networks", len(p.networks), "version", currentBuild().Version)
	err := all.run(ctx)
	for _, stop := range p.closers {
		stop()
	}
	switch {
	case errors.Is(err, leader.ErrDeposed):
		return fault.Wrap(fault.Unready, err, "Another process leads now. This one ends, and when it is started again, it serves the web and waits.")
	case err != nil:
		return fault.Wrap(fault.Unready, err, "A part that cannot be missed has failed; the log says more: %v.", err)
	}
	return nil
}

// lead does what one process does for all: it is on the networks, rings people, and does
// what nobody asks for. Whatever it writes is refused once another process leads.
func (p *parts) lead(ctx context.Context, db *database, log *slog.Logger) error {
	if err := paging.TakeOver(ctx, db.Pool, p.incidents.Now()); err != nil && ctx.Err() == nil {
		log.Warn("what was being sent by whoever led before waits for the end of its lease", "error", err)
	}
	all := works{
		{"pager", func(ctx context.Context) error { return p.pager.Run(leader.Apart(ctx)) }},
		{"minutes", p.scribe.Run},
		{"meetings", p.keeper.Run},
		{"chores", func(ctx context.Context) error { return doChores(ctx, p.chores, log) }},
		{"chores of jobs", func(ctx context.Context) error { return doChores(ctx, p.jobChores, log) }},
		{"watching files", func(ctx context.Context) error { return doChores(ctx, p.fileChores, log) }},
		{"announcements", func(ctx context.Context) error { return p.announce(ctx, db) }},
	}
	if p.mailbox {
		all = append(all, work{"inbox", p.inbox.Run})
	}
	for _, n := range p.networks {
		all = append(all, work{n.Name(), func(ctx context.Context) error {
			return n.Run(ctx, func(ctx context.Context, h bot.Heard) { p.dispatcher.Hear(ctx, n, h) })
		}})
	}
	return all.run(ctx)
}

// announce works the queue of announcements. What waited while no process was on a
// network is sent now.
func (p *parts) announce(ctx context.Context, db *database) error {
	if len(p.networks) == 0 {
		<-ctx.Done()
		return nil
	}
	if err := pg.InTx(ctx, db.Pool, func(tx pgx.Tx) error {
		for _, n := range p.networks {
			if err := notice.Wake(ctx, tx, p.queue, n.Name()); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		return err
	}
	if err := p.incidents.EnterRooms(ctx); err != nil {
		return err
	}
	if err := p.incidents.TakeOverHelp(ctx); err != nil && ctx.Err() == nil {
		p.incidents.Log.Warn("helplines that were about to be called wait for their job to be found lost", "error", err)
	}
	if err := p.queue.Start(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	<-ctx.Done()
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := p.queue.StopAndCancel(stopping); err != nil {
		return fmt.Errorf("stop the queue: %w", err)
	}
	return nil
}

// hooks are the addresses at which networks deliver to us, by path. Only the process that
// is on a network can take what it delivers; another one says so at once, so that a proxy
// can try the next.
func (p *parts) hooks() map[string]http.Handler {
	at := map[string]http.Handler{}
	for _, n := range p.networks {
		hooked, ok := n.(interface{ Handler() http.Handler })
		if !ok {
			continue
		}
		take := hooked.Handler()
		at["/slack/"+n.Name()] = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if p.election.Waits() {
				http.Error(w, "another process is on this network", http.StatusServiceUnavailable)
				return
			}
			take.ServeHTTP(w, r)
		})
	}
	return at
}

// settled is nil once it is known who leads: this process, or another one.
func (p *parts) settled(context.Context) error {
	if p.election.Leads() || p.election.Waits() {
		return nil
	}
	return fault.New(fault.Unready, "This process neither leads nor waits to lead. It has just begun, or ends.")
}

func (p *parts) serveWeb(ctx context.Context, c Config, db *database, at net.Listener, log *slog.Logger) error {
	plan, err := custodyPlan(c)
	if err != nil {
		return err
	}
	handler, err := web.New(web.Options{
		Incidents: p.incidents, DB: db.Pool, Watch: p.watch, Runs: p.runs, Commands: p.set,
		Meetings: p.meetings, Actions: p.actions, Retro: p.retro, PublicURL: c.Web.PublicURL,
		Access: p.access, Who: p.identity, OIDC: providersOf(c),
		People: p.people, Skills: p.skills, Tree: p.tree, Rota: p.rota, Alerts: p.alerts, Jobs: p.jobs, Runbooks: p.runbooks, Vaults: p.vaults, Backups: p.expects, Clock: p.clock, Freezes: p.freezes,
		Reminders: p.reminders, Announcements: p.announcements, Currency: c.Paging.Currency, Policies: &policy.Service{DB: db.Pool, Now: p.incidents.Now},
		Now: p.incidents.Now, Log: log, Version: currentBuild().Version, Hooks: p.hooks(),
		Leads: p.election.Leads, Ready: p.settled, Elsewhere: p.elsewhere,
		Switchboard: linkTo(c, db.Pool, p.incidents.Now), Keyring: p.keyring, Custody: plan,
	})
	if err != nil {
		return err
	}
	return serveHTTP(ctx, at, handler, log)
}

// serveInbound takes what providers send back, until ctx ends. It is another server than
// that of the pages, so that only providers need be let in to it.
func (p *parts) serveInbound(ctx context.Context, c Config, log *slog.Logger) error {
	at, err := listenInbound(ctx, c)
	if err != nil || at == nil {
		return err
	}
	log.Info("providers are heard", "at", "http://"+at.Addr().String())
	return serveHTTP(ctx, at, p.inbound, log)
}

// serveHTTP serves until ctx ends, and lets what is being answered come to its end.
func serveHTTP(ctx context.Context, at net.Listener, handler http.Handler, log *slog.Logger) error {
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second,
		WriteTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog:    slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		<-ctx.Done()
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
		defer cancel()
		if err := server.Shutdown(last); err != nil {
			_ = server.Close() // somebody's stream did not end in time
		}
	}()
	if err := server.Serve(at); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	<-stopped
	return nil
}
