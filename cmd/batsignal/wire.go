package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"batsignal/bot"
	"batsignal/bot/command"
	"batsignal/incidents"
	"batsignal/incidents/action"
	"batsignal/incidents/alert"
	"batsignal/incidents/meeting"
	"batsignal/incidents/retrospective"
	"batsignal/integrations/fetch"
	"batsignal/integrations/inbox"
	"batsignal/integrations/mail"
	switchwire "batsignal/integrations/switchboard"
	"batsignal/migrations/pg"
	"batsignal/migrations/pg/leader"
	"batsignal/oncall"
	"batsignal/oncall/access"
	"batsignal/oncall/choice"
	"batsignal/oncall/component"
	"batsignal/oncall/coverage"
	"batsignal/oncall/custody"
	"batsignal/oncall/fault"
	"batsignal/oncall/notice"
	"batsignal/oncall/paging"
	"batsignal/oncall/rota"
	"batsignal/oncall/secret"
	"batsignal/oncall/selfwatch"
	"batsignal/oncall/skill"
	"batsignal/oncall/tree"
)

// parts are the whole bot, joined. They are made in one place, so that one can
// read what is joined to what.
type parts struct {
	db         *database
	incidents  *incidents.Service
	people     *oncall.Desk
	meetings   *meeting.Service
	keeper     *meeting.Keeper
	scribe     *bot.Scribe
	actions    *action.Service
	retro      *retrospective.Service
	access     *access.Service
	skills     *skill.Service
	rota       *rota.Service
	tree       *tree.Service
	choices    *choice.Service
	calendars  *fetch.Client // reads calendars that people name
	components *component.Service
	mail       *mail.Route // nil sends none
	alerts     *alert.Service
	routes     map[string]paging.Route // the ways that this process has
	errands    *incidents.Errands
	inbox      *inbox.Inbox   // nil hears no answers by mail
	mailbox    bool           // the inbox reads one, and is not only handed letters
	inbound    *http.ServeMux // what comes back from providers
	ear        paging.Ear     // who hears it
	// openNumber gives the number behind a contact to a caller who wants to be joined to it.
	openNumber func(ctx context.Context, contact int64, key string) (secret.Text, error)
	keyring    func(ctx context.Context) (custody.Keyring, error) // that we trust; nil: there is no switchboard
	dialled    map[string]paging.Route                            // routes of the switchboard
	board      *switchwire.Client                                 // nil: there is no switchboard
	botSide    *botSide                                           // what the switchboard hears us by; nil: there is none
	// elsewhere tells who is on call at other paging services; nil knows none.
	elsewhere func(ctx context.Context, role, zone string) string
	jobParts
	set        *command.Set
	identity   *bot.Identity
	dispatcher *bot.Dispatcher
	outbox     *bot.Outbox
	pager      *incidents.Pager
	watch      *incidents.Watch
	runs       *incidents.Watch // the same of runs of jobs
	queue      *river.Client[pgx.Tx]
	coverage   *coverage.Watch
	chores     []chore
	networks   []bot.Network
	election   *leader.Election // nil while this process does not run
	closers    []func()         // run last, when nothing is sent any more
}

// place is what a configured network means to lower floors.
type place struct {
	network bot.Network // nil in a process that is not on it
	id      string
	home    string
	rooms   string // template of incident rooms

	closeAfter time.Duration // how long after its end an incident's room is left
	summaries  bool          // it shows how an incident stands
	// make makes the network where that takes a database; nil if it is made, or if
	// this process is not on it.
	make func(pg.DB, *incidents.Service) (bot.Network, error)
}

// wire joins the parts over an open database. places are all networks of the
// configuration; the ones with a network are worked by this process.
func wire(ctx context.Context, c Config, db *database, places []place, now func() time.Time, log *slog.Logger) (*parts, error) {
	p := &parts{db: db, watch: &incidents.Watch{}, runs: &incidents.Watch{}, routes: map[string]paging.Route{}, alerts: newAlerts(c, db, now, log)}
	var err error
	store := oncall.SeedRoles
	if c.RolesGiven {
		store = oncall.SyncRoles
	}
	if err := store(ctx, db.Pool, now(), rolesOf(c)); err != nil {
		return nil, fmt.Errorf("store the roles: %w", err)
	}

	p.outbox = &bot.Outbox{DB: db.Pool, Now: now, Log: log, Networks: map[string]bot.Network{}}
	workers := river.NewWorkers()
	river.AddWorker(workers, p.outbox)
	queues := map[string]river.QueueConfig{}
	p.incidents = &incidents.Service{
		DB: db.Pool, Now: now, Log: log, Guard: guardOf(c),
		Baton: incidents.BatonPolicy{AbsentAfter: c.Baton.AbsentAfter, Patience: c.Baton.Patience},
	}
	if c.Mail.Host != "" {
		if p.mail, err = mail.New(mailOf(c)); err != nil {
			return nil, err
		}
	}
	if err := p.joinMinutes(c, db, now, log); err != nil {
		return nil, err
	}
	p.joinAccess(c, db, now, log)
	if err := p.joinComponents(ctx, c, db, places, now, log); err != nil {
		return nil, err
	}
	p.people = &oncall.Desk{DB: db.Pool, Now: now, OpenDoor: c.Roster.Join == "open", Directories: map[string]oncall.Directory{}}
	p.joinRota(c, db, places, now, log)
	p.outbox.Incidents, p.outbox.PublicURL, p.outbox.Scribe = p.incidents, c.Web.PublicURL, p.scribe
	for _, at := range places {
		p.incidents.Networks = append(p.incidents.Networks, incidents.Network{
			Name: at.id, Home: at.home, RoomName: at.rooms, Summaries: at.summaries, CloseAfter: at.closeAfter,
		})
		p.incidents.Routes = append(p.incidents.Routes, paging.Traits{Name: at.id, Chat: true})
		p.people.Networks = append(p.people.Networks, at.id)
		p.actions.Networks = append(p.actions.Networks, at.id)
		if at.make != nil {
			if at.network, err = at.make(db.Pool, p.incidents); err != nil {
				return nil, err
			}
		}
		if directory, ok := at.network.(oncall.Directory); ok {
			p.people.Directories[at.id] = directory
		}
		if _, keeps := at.network.(bot.Summarizer); at.network != nil && c.Switchboard.URL != "" && !keeps { // no ear is on Slack
			at.network = &bot.Discreet{Network: at.network, Challenges: p.incidents.Challenges, Log: log}
		}
		if at.network != nil {
			p.networks = append(p.networks, at.network)
			p.outbox.Networks[at.id] = at.network
			// One worker a queue: lines to a network keep their order.
			queues[notice.QueueName(at.id)] = river.QueueConfig{MaxWorkers: 1}
		}
	}

	if err := p.joinRoutes(ctx, c, db, now, log); err != nil {
		return nil, err
	}
	river.AddWorker(workers, p.errands)
	p.routeQueues(queues)
	p.joinMail(db, workers, queues, log)
	if err := p.joinJobs(ctx, c, db, now, log); err != nil {
		return nil, err
	}
	p.workJobs(workers, queues, log)
	if p.queue, err = newQueue(db, queues, workers, log); err != nil {
		return nil, err
	}
	p.incidents.Queue, p.people.Queue, p.components.Queue = p.queue, p.queue, p.queue
	p.rota.Queue, p.coverage.Queue = p.queue, p.queue
	p.joinTree(c, db, now)
	p.meetings.Queue, p.actions.Queue, p.retro.Queue = p.queue, p.queue, p.queue
	p.queueJobs(p.queue)

	p.identity = &bot.Identity{DB: db.Pool, Policy: bot.Policy{Fire: c.Guard.MayFire, Confirm: c.Guard.MayConfirm, Admins: lower(c.Admins)}}
	p.set, err = command.NewSet(command.Options{
		Prefix: c.Commands.Prefix, Emergency: c.Commands.Emergency, Aliases: aliasesOf(c),
		WhoMay:   map[command.Right]string{command.Fire: whoWords(c.Guard.MayFire), command.Confirm: whoWords(c.Guard.MayConfirm), command.Admin: "the admins of the configuration"},
		Recorder: bot.Record{DB: db.Pool, Me: processName()}, Now: now, Refused: bot.Refusals(p.incidents, log),
	}, command.Vocabulary(command.Services{
		DB: db.Pool, Incidents: p.incidents, People: p.people, Meetings: p.meetings, Actions: p.actions, Retro: p.retro, Access: p.access,
		Skills: p.skills, Components: p.components, Rota: p.rota, Choices: p.choices, Fetch: p.calendars, Alerts: p.alerts,
		Jobs: p.jobs, Clock: p.clock, Freezes: p.freezes, Reminders: p.reminders, Announcements: p.announcements, Runbooks: p.runbooks, Backups: p.expects, Vaults: p.vaults,
		Switchboard: linkTo(c, db.Pool, now),
		PublicURL:   c.Web.PublicURL, Look: p.look, Health: p.health, Elsewhere: p.elsewhere,
	}))
	if err != nil {
		return nil, err
	}
	p.outbox.Localize, p.actions.Localize, p.coverage.Localize = p.set.Localize, p.set.Localize, p.set.Localize
	p.dispatcher = &bot.Dispatcher{DB: db.Pool, Set: p.set, Who: p.identity, Now: now, Log: log, Scribe: p.scribe}
	p.dispatcher.Burnt = &bot.Burnt{DB: db.Pool, Queue: p.queue, Now: now, Log: log, Home: p.rota.Rooms}
	if c.Bridge.Relay {
		p.dispatcher.Relay = &bot.Relay{DB: db.Pool, Incidents: p.incidents, Queue: p.queue, Now: now, Log: log}
	}
	p.incidents.Heads = p.sayHeads(places)
	p.chores = append(p.chores, p.sweeping(db)...)
	p.pager = p.newPager(c)
	return p, p.joinWatch(c, db, now, log)
}

// newQueue makes the River client that carries announcements. A short cooldown
// makes it fetch at once what a commit announces; the poll is only a safety net. It works in
// the process that leads; any may add to it, in transactions of its own.
func newQueue(db *database, queues map[string]river.QueueConfig, workers *river.Workers, log *slog.Logger) (*river.Client[pgx.Tx], error) {
	config := &river.Config{
		Logger:              quiet(log),
		SkipUnknownJobCheck: true, // other processes may know more kinds
	}
	if len(queues) > 0 {
		config.Queues, config.Workers = queues, workers
		config.FetchCooldown, config.FetchPollInterval = 2*time.Millisecond, 5*time.Second
		config.RescueStuckJobsAfter = time.Minute
		config.CompletedJobRetentionPeriod = 24 * time.Hour
		config.ReindexerIndexNames = []string{} // reindexing is for an owner, which the bot is not
	}
	return river.NewClient(riverpgxv5.New(db.Pool.Lead), config)
}

// processName tells this run of the program from every other, before and beside it.
func processName() string {
	host, _ := os.Hostname()
	b := make([]byte, 4)
	_, _ = rand.Read(b) // never fails, see crypto/rand
	return fmt.Sprintf("%s/%d/%s", host, os.Getpid(), hex.EncodeToString(b))
}

// health is the part of !status that only the whole program can tell.
func (p *parts) health(ctx context.Context) command.Facts {
	var facts command.Facts
	for _, n := range p.networks {
		state := "connected"
		if err := n.Check(); err != nil {
			state = err.Error()
			if f := (*fault.Error)(nil); errors.As(err, &f) {
				state = f.Say
			}
		}
		facts = append(facts, [2]string{n.Name(), state})
	}
	if s, err := leader.Look(ctx, p.db.Pool); err == nil {
		facts = append(facts, [2]string{"leads", selfwatch.Leads(s, p.incidents.Now())})
	}
	return facts
}
