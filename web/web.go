// Package web owns what is seen over HTTP: the pages, the single-use link that
// acknowledges a page, sign-in, health, and figures for Prometheus.
//
// Who is not signed in only reads, but for that link and the one by which somebody edits
// a retrospective. Who is signed in may do here what they may do in chat. Each page is complete
// without a script; one small script makes a few of them follow along. Nothing here
// knows an address: the queries it uses do not read any. It opens no port and reads
// no configuration; cmd does.
package web

import (
	"context"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"time"

	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/prometheus/client_golang/prometheus"

	"batsignal/bot"
	"batsignal/bot/command"
	"batsignal/incidents"
	"batsignal/incidents/action"
	"batsignal/incidents/alert"
	"batsignal/incidents/announcement"
	"batsignal/incidents/meeting"
	"batsignal/incidents/reminder"
	"batsignal/incidents/retrospective"
	"batsignal/incidents/runbook"
	"batsignal/integrations/job"
	"batsignal/integrations/job/clockwork"
	"batsignal/integrations/job/freeze"
	"batsignal/integrations/snapshot"
	"batsignal/integrations/vault"
	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/access"
	"batsignal/oncall/custody"
	"batsignal/oncall/custody/quorum"
	escalation "batsignal/oncall/policy"
	"batsignal/oncall/rota"
	"batsignal/oncall/skill"
	"batsignal/oncall/tree"
)

// Options are what the pages are made of.
type Options struct {
	Incidents *incidents.Service
	DB        pg.DB
	Meetings  *meeting.Service       // the archive of minutes; nil has none, and no pages of it
	Actions   *action.Service        // what there is to do; nil has no pages of it
	Watch     *incidents.Watch       // tells open pages of changes; nil leaves them to refresh by themselves
	Retro     *retrospective.Service // documents about incidents; nil has none
	Access    *access.Service        // who is signed in; nil lets nobody sign in
	Rota      *rota.Service          // schedules and coverage; nil has no pages of them
	Policies  *escalation.Service    // who is rung after whom; nil has no pages of it
	Alerts    *alert.Service         // what monitoring tools send; nil takes none, and has no pages of them
	Jobs      *job.Service           // what can be done from chat; nil has no pages of it
	Runs      *incidents.Watch       // tells open pages of changes of runs, by their numbers; nil leaves them to refresh by themselves
	Clock     *clockwork.Service     // when jobs run by themselves; nil shows and changes nothing of it
	Freezes   freeze.Rules           // the days of the week on which nothing risky is done
	Reminders *reminder.Service      // what is to be remembered for months; nil has no pages of it
	Runbooks  *runbook.Service       // what people walk through together; nil has no pages of it
	// Announcements is what is told to the world; nil has no pages of it.
	Announcements *announcement.Service
	Vaults        []*vault.Vault             // that are watched
	Backups       map[string]snapshot.Expect // what is expected of the backups, by the job that takes them
	Who           *bot.Identity              // what people may do who are; needed with Access
	OIDC          []Provider                 // identity providers to sign in by
	People        *oncall.Desk               // by which people and rosters are changed; nil changes none
	Skills        *skill.Service             // by which it changes what people are good at; nil changes nothing of it
	Tree          *tree.Service              // everything as text; nil neither shows nor applies it
	Commands      *command.Set               // the vocabulary that is explained and by which texts are localized
	Now           func() time.Time
	Log           *slog.Logger
	Version       string
	Currency      string // in what costs are written; "" says none
	PublicURL     string // how people reach these pages, for what is read elsewhere; "" is unknown
	// Switchboard makes links to the switchboard's own pages; nil: there is none, and there are
	// no pages of its ledger and of custody.
	Switchboard command.LinkFor
	// Keyring is the keyring that this installation trusts, to whom people seal, and whose key
	// signs the ledger; needed with Switchboard. What the rows say is not enough: whoever can
	// write them all could have a keyring of their own there.
	Keyring func(ctx context.Context) (custody.Keyring, error)
	// Custody says where the keys are kept and who gets at them, beside what the keyring says
	// of the shares (quorum.ParsePart); nil: nobody has written it down.
	Custody *quorum.Plan
	// Elsewhere says in a sentence, for a reader in a zone, who is on call for a role, "" is
	// every one, at other paging services; "" is nobody. It does not wait for long. nil
	// knows none.
	Elsewhere func(ctx context.Context, role, zone string) string
	// Ready says what else must be there before work can be sent here, beside the
	// database; nil asks nothing. An error that is a fault.Error is shown, any other
	// only logged.
	Ready func(ctx context.Context) error
	// Leads tells whether this process is the one that is on the networks and rings people;
	// nil says nothing of it.
	Leads func() bool
	// Hooks are addresses at which chat networks deliver, by the path that they are
	// below, as in "/slack/acme". Each checks for itself who speaks.
	Hooks    map[string]http.Handler
	Registry *prometheus.Registry // where our figures are registered; nil makes one
}

// site is everything that the handlers share. It does not change once made.
type site struct {
	Options
	pages    *template.Template // all of them, with the layout
	files    map[string]file    // by name, under /static/
	commands []commandGroup
	intro    [][]span
	figures  *figures
	streams  chan struct{} // one place for each open event stream
	oidc     map[string]*provider
	passkeys *webauthn.WebAuthn // nil where browsers allow none
	live     liveDocs           // meetings that go on, as they were read last
}

// mostStreams is how many browsers may follow along at once; the others refresh.
const mostStreams = 500

// New makes the handler of every address there is. It can be mounted at the root
// of a server only.
func New(o Options) (http.Handler, error) {
	switch {
	case o.Incidents == nil || o.DB == nil || o.Now == nil || o.Log == nil || o.Commands == nil:
		return nil, errors.New("web needs incidents, a database, commands, a clock and a log")
	case o.Access != nil && o.Who == nil:
		return nil, errors.New("web needs to know what people may do who sign in")
	case o.Switchboard != nil && o.Keyring == nil:
		return nil, errors.New("web needs to know which keyring is trusted, where there is a switchboard")
	}
	if o.Registry == nil {
		o.Registry = prometheus.NewRegistry()
	}
	s := &site{Options: o, streams: make(chan struct{}, mostStreams)}
	var err error
	if s.files, err = readFiles(); err != nil {
		return nil, err
	}
	if s.pages, err = s.parsePages(); err != nil {
		return nil, err
	}
	s.intro, s.commands = readReference(o.Commands.Reference())
	if err := s.prepareSignIn(); err != nil {
		return nil, err
	}
	if s.figures, err = newFigures(s); err != nil {
		return nil, err
	}
	return s.routes(), nil
}
