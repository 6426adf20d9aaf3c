// Package slack owns the Slack door: one app in one workspace, who is proven to speak
// there, what is heard of messages, slash commands, buttons and forms, and what goes
// out in which order.
//
// It decides nothing about commands, people or incidents: a click or a form is turned
// into a command with its arguments filled in, and takes the same way as a typed one.
//
// The library slack-go carries the protocol. What Slack delivers is stored before it
// is acknowledged and worked from rows (inbox.go), because Slack delivers twice, and
// we may be killed in between; and calls wait for Slack's limits in lanes of ours
// (lane.go), because a page must not stand behind chatter.
package slack

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"batsignal/bot"
)

// Door is one Slack workspace. It implements [bot.Network] and [bot.Summarizer].
type Door struct {
	cfg    Config
	api    *slack.Client
	log    *slog.Logger
	now    func() time.Time
	lanes  *lanes
	people *people
	rooms  *rooms
	inbox  *inbox
	hooks  *hooks

	answers *answers

	mu      sync.Mutex
	self    self
	scopes  string    // that the app was given, with commas; "" if Slack did not say
	trouble error     // why we do not hear or cannot speak; nil is well
	away    time.Time // Slack failed: nothing but pages is tried before then
	fails   int
	failure error // of the last call, if Slack did not work
}

var (
	_ bot.Network    = (*Door)(nil)
	_ bot.Summarizer = (*Door)(nil)
)

// self is who we are in the workspace.
type self struct {
	team, enterprise string // ids
	user, bot        string // ids of our bot
	name             string // what our bot is called
	url              string // of the workspace: "https://example.slack.com/"
}

const (
	callBudget  = 20 * time.Second // longest that one call may take
	firstPause  = time.Second
	mostPause   = time.Minute
	mostAway    = 30 * time.Second
	healthyTime = time.Minute // a connection that lasted so long starts the pauses anew
)

var errStarting = errors.New("not connected yet")

// New makes a door; [Door.Run] opens it.
func New(cfg Config) (*Door, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Prefix == "" {
		cfg.Prefix = "!"
	}
	if cfg.Emergency == "" {
		cfg.Emergency = "batsignal"
	}
	if cfg.HTTP == nil {
		cfg.HTTP = &http.Client{Timeout: callBudget}
	}
	d := &Door{cfg: cfg, now: time.Now, log: cfg.Log.With("network", cfg.Name), trouble: errStarting}
	d.api = newClient(cfg)
	d.lanes = newLanes(cfg.Pace, d.now)
	d.people = newPeople(d)
	d.rooms = newRooms(d)
	d.answers = newAnswers(d)
	d.inbox = newInbox(cfg.DB, cfg.Name, d.now, d.log)
	d.hooks = &hooks{door: d, seen: map[string]time.Time{}}
	return d, nil
}

// Name is the configured name.
func (d *Door) Name() string { return d.cfg.Name }

// Check says what is wrong right now, nil if the workspace is usable. One call that
// failed is not yet a workspace that does not work.
func (d *Door) Check() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.trouble == nil && d.fails > 1 {
		return d.failure
	}
	return d.trouble
}

func (d *Door) setTrouble(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.trouble = err
}

// me is who we are; ok is false until Slack has told us.
func (d *Door) me() (s self, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.self, d.self.user != ""
}

// hello asks Slack who we are, and our rows which channels we made.
func (d *Door) hello(ctx context.Context) error {
	if err := d.whoami(ctx); err != nil {
		return err
	}
	return d.rooms.load(ctx)
}

func (d *Door) whoami(ctx context.Context) error {
	var who *slack.AuthTestResponse
	if err := d.call(ctx, room, "auth.test", func(ctx context.Context) (err error) {
		who, err = d.api.AuthTestContext(ctx)
		return err
	}); err != nil {
		return err
	}
	d.mu.Lock()
	d.scopes = who.Header.Get("X-Oauth-Scopes")
	d.self = self{team: who.TeamID, enterprise: who.EnterpriseID, user: who.UserID, bot: who.BotID, name: who.User, url: who.URL}
	d.mu.Unlock()
	return nil
}
