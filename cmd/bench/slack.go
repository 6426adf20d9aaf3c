package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"batsignal/bot/slack/slackfake"
	"batsignal/oncall/rosterfile"
)

// workspace is a whole bot at work in a fake Slack workspace, which is all that its
// people are reached by.
type workspace struct {
	fake  *slackfake.Server
	bot   *program
	db    *pgxpool.Pool
	home  string            // the channel of homeRoom
	ims   map[string]string // the channel of somebody's private messages with the bot, to their name
	fires int
	acks  durations // of all commands and clicks outside of the burst
}

// slack takes what is measured of a bot that people reach by Slack alone.
func slack(ctx context.Context, b *bench) (all []figure, err error) {
	w, err := b.openWorkspace(ctx)
	if err != nil {
		return nil, err
	}
	for _, take := range []func(context.Context, *bench) ([]figure, error){w.answers, w.latency, w.acknowledged, w.bursts} {
		figures, err := take(ctx, b)
		if err != nil {
			return nil, fmt.Errorf("%w\nthe program's log ends:\n%s", err, w.bot.tail())
		}
		all = append(all, figures...)
	}
	if log := w.bot.tail(); log != "" {
		b.say("the program's log ends:\n%s", log)
	}
	return all, nil
}

// openWorkspace starts the fake and the bot. What real Slack does to whoever is slow
// (after three seconds it asks again) is left as it is, but for a quick run, which
// must work on any machine.
func (b *bench) openWorkspace(ctx context.Context) (*workspace, error) {
	fake, err := slackfake.Start(slackfake.Options{AckTimeout: b.span(3*time.Second, patience)})
	if err != nil {
		return nil, err
	}
	b.later(func() error { fake.Close(); return nil })
	w := &workspace{fake: fake, ims: map[string]string{}}
	var members []string
	for i := range talkers {
		u := fake.AddUser(slackfake.User{Name: memberName(i)})
		w.ims[fake.IM(u.ID)] = u.Name
		members = append(members, u.Name)
	}
	w.home = fake.AddChannel(strings.TrimPrefix(homeRoom, "#"), members...)

	c := config{dir: filepath.Join(b.dir, "slack"), slack: fake}
	if c.listen, err = freeAddress(); err != nil {
		return nil, err
	}
	if err := c.write(); err != nil {
		return nil, err
	}
	if w.bot, err = b.launch(c); err != nil {
		return nil, err
	}
	b.later(w.bot.stop)
	if err := w.bot.ready(ctx); err != nil {
		return nil, err
	}
	if w.db, err = b.attach(ctx, c); err != nil {
		return nil, err
	}
	if err := enrol(ctx, w.db, fewPeople, func(i int, p *rosterfile.Person) {
		p.Accounts = map[string]string{workspaceName: strings.ToLower(fake.TeamID() + "/" + fake.User(memberName(i)).ID)}
	}); err != nil {
		return nil, err
	}
	return w, until(ctx, "the bot hears "+homeRoom, func() bool {
		return fake.Connections() == 1 && slices.Contains(fake.Channel(w.home).Members, fake.BotUserID())
	})
}

// memberName is what somebody is called in the workspace. The first few are on the
// roster.
func memberName(i int) string {
	if i < 2 {
		return []string{asker, confirmer}[i]
	}
	return fmt.Sprintf("person%d", i)
}

// now is the number of the last message in the home channel, after which news begins.
func (w *workspace) now() int {
	last := 0
	for _, m := range w.fake.Messages(w.home) {
		last = max(last, m.At)
	}
	return last
}

// hear waits for a message of the bot's that fits, and is later than another one.
func (w *workspace) hear(ctx context.Context, after int, what string, fits func(slackfake.Message) bool) (found slackfake.Message, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err = w.fake.Await(ctx, func() bool {
		for _, m := range w.fake.Since(after) {
			if m.User == w.fake.BotUserID() && fits(m) {
				found = m
				return true
			}
		}
		return false
	})
	if err != nil {
		return found, fmt.Errorf("%s: %w", what, err)
	}
	return found, nil
}

// acked waits for the acknowledgement of what somebody did, and notes how long it took.
func (w *workspace) acked(ctx context.Context, i *slackfake.Invocation) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := i.Wait(ctx); err != nil {
		return err
	}
	w.acks = append(w.acks, i.AckedIn())
	return nil
}
