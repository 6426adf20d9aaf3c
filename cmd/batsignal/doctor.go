package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/spf13/cobra"

	"batsignal/bot"
	"batsignal/incidents"
	"batsignal/oncall"
	"batsignal/oncall/custody"
	"batsignal/oncall/fault"
)

const (
	checkBudget = 20 * time.Second // how long one check may take
	// makeBudget is how long a private database may take, which may have to be made first
	// and brought up to date.
	makeBudget = 3 * time.Minute
)

func newDoctorCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "doctor",
		Short:   "Check configuration, database, networks and routes, and say what to do",
		GroupID: groupCare,
		Long: `Doctor connects to everything that the configuration names, as the bot would, and
says for each part whether it works and what to do if it does not. It pages nobody.
It joins each network for a moment, under a nick of its own: the bot that may be
there keeps its nick.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.load(cmd)
			if err != nil {
				return err
			}
			if homeOf(c).side != custody.SideBot {
				return fault.New(fault.Invalid, "This is the switchboard's configuration. Run it with the bot's, which asks the switchboard how it is.")
			}
			fmt.Fprintln(a.stdout, "ok       configuration")
			d := doctor{app: a, c: c}
			d.database(cmd.Context())
			if d.db != nil {
				defer d.db.close()
			}
			d.networks(cmd.Context())
			d.routes(cmd.Context())
			d.minutes(cmd.Context())
			d.signIn(cmd.Context())
			d.web(cmd.Context())
			d.inbound(cmd.Context())
			d.leader(cmd.Context())
			d.arrivals(cmd.Context())
			d.escrow(cmd.Context())
			d.jobs(cmd.Context())
			if d.sick {
				return said{exitFailed}
			}
			return nil
		},
	}
}

// doctor goes from part to part and remembers whether one was ill.
type doctor struct {
	*app
	c       Config
	db      *database          // nil if it cannot be opened
	ways    *incidents.Service // which knows the routes of the configuration
	running bool               // a bot answers here
	sick    bool
}

func (d *doctor) tell(part string, err error, advice string) {
	if err == nil {
		fmt.Fprintf(d.stdout, "ok       %s\n", part)
		return
	}
	d.sick = true
	why := err.Error()
	var known *fault.Error
	if errors.As(err, &known) {
		why = known.Say
	}
	fmt.Fprintf(d.stdout, "broken   %s: %s\n", part, why)
	if advice != "" {
		fmt.Fprintf(d.stdout, "         %s\n", advice)
	}
}

// note tells of something that works, but perhaps not as it was meant.
func (d *doctor) note(part, text string) { fmt.Fprintf(d.stdout, "note     %s: %s\n", part, text) }

func (d *doctor) database(ctx context.Context) {
	budget := checkBudget
	if d.c.Database.URL.Empty() {
		budget = makeBudget
	}
	ctx, cancel := context.WithTimeout(ctx, budget)
	defer cancel()
	db, err := openDatabase(ctx, d.c, true, quiet(d.log))
	if err != nil {
		d.tell("database", err, "")
		return
	}
	d.db = db
	d.tell("database", nil, "")
	d.tell("database role", roleIsWeak(ctx, db.Pool.Web),
		"Let database.url log in as a role of its own: batsignal migrate grants it what it needs.")
	members, err := oncall.Members(ctx, db.Pool)
	if err != nil {
		d.tell("roster", err, "")
		return
	}
	active := map[string]int{}
	for _, m := range members {
		if m.Active() {
			active[m.Role]++
		}
	}
	for _, r := range d.c.Roles {
		if active[r.Name] == 0 {
			d.note("roster", fmt.Sprintf("nobody can be rung for %s. In chat: !roster join %s, then an admin: !roster add HANDLE %s", r.Title, r.Name, r.Name))
		}
	}
}

const sqlRoleIsStrong = `
	select r.rolsuper or exists (select from pg_class where relname = 'timeline_entry' and relowner = r.oid)
	from pg_roles r where r.rolname = current_user`

// roleIsWeak makes sure that the bot could not empty an append-only table if it
// wanted to.
func roleIsWeak(ctx context.Context, pool *pgxpool.Pool) error {
	var strong bool
	if err := pool.QueryRow(ctx, sqlRoleIsStrong).Scan(&strong); err != nil {
		return err
	}
	if strong {
		return errors.New("the bot's role owns the tables or is a superuser, so it could change the public record")
	}
	return nil
}

func (d *doctor) networks(ctx context.Context) {
	c := d.c
	c.IRC = slices.Clone(c.IRC)
	for i := range c.IRC {
		c.IRC[i].Nick = nickOfDoctor(c.IRC[i].Nick)
	}
	// What goes wrong is said once, below; the door would log each of its tries.
	places, err := placesOf(c, true, slog.New(slog.DiscardHandler))
	if err != nil {
		d.tell("networks", err, "")
		return
	}
	if len(places) == 0 {
		d.note("networks", "none is configured; batsignal serve needs one, batsignal run does not")
	}
	for _, at := range places {
		if at.make != nil {
			d.tell("network "+at.id, examines(ctx, at), "docs/slack.md is the way there.")
			continue
		}
		d.tell("network "+at.id, connects(ctx, at.network), "Its server, tls, sasl and home in the configuration must fit the network.")
	}
}

// examines asks a workspace without hearing anything there: deliveries are for the bot
// that may run.
func examines(ctx context.Context, at place) error {
	ctx, cancel := context.WithTimeout(ctx, checkBudget)
	defer cancel()
	n, err := at.make(nil, nil)
	if err != nil {
		return err
	}
	return n.(interface{ Examine(context.Context) error }).Examine(ctx)
}

// nickOfDoctor is not the bot's: whoever is logged in to the account may take back
// its nick, which would throw out the bot that works there. It is short enough for
// every network.
func nickOfDoctor(nick string) string { return nick[:min(len(nick), 9)] + "-check" }

// sameAnswer is how long a network may give the same bad answer before it is
// believed. It is longer than one try and the pause after it.
const sameAnswer = 5 * time.Second

// connects runs a door until it is well, keeps giving the same bad answer, or its
// time is over.
func connects(ctx context.Context, n bot.Network) error {
	ctx, cancel := context.WithTimeout(ctx, checkBudget)
	defer cancel()
	answer, since := n.Check(), time.Now() // that it was not tried yet
	untried := true
	done := make(chan error, 1)
	go func() { done <- n.Run(ctx, func(context.Context, bot.Heard) {}) }()
	defer func() { cancel(); <-done }()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return answer
		}
		now := n.Check()
		switch {
		case now == nil:
			return nil
		case answer == nil || now.Error() != answer.Error():
			answer, since, untried = now, time.Now(), false
		case !untried && time.Since(since) >= sameAnswer:
			return answer
		}
	}
}

// web asks the pages of a bot that runs; it is no fault if none does.
func (d *doctor) web(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, healthPatience)
	defer cancel()
	address := "http://" + reachable(d.c.Web.Listen) + "/readyz"
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		d.tell("web", err, "")
		return
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		d.note("web", "no bot answers at "+address+"; that is right if none runs now")
		return
	}
	defer answer.Body.Close()
	d.running = true
	if answer.StatusCode != http.StatusOK {
		d.tell("web", fmt.Errorf("%s answers %s", address, answer.Status), "The log of the running bot says why.")
		return
	}
	d.tell("web", nil, "")
}
