package main

import (
	"context"
	"log/slog"
	"time"

	"batsignal/integrations/heartbeat"
	"batsignal/oncall/paging"
	"batsignal/oncall/selfwatch"
)

// joinWatch has the bot look after itself.
func (p *parts) joinWatch(c Config, db *database, now func() time.Time, log *slog.Logger) error {
	watch := &selfwatch.Watch{DB: db.Pool, Now: now, Log: log}
	for _, n := range p.networks {
		watch.Checks = append(watch.Checks, selfwatch.Check{
			Kind: selfwatch.Chat, Name: n.Name(), Do: func(context.Context) error { return n.Check() },
		})
	}
	for _, t := range p.incidents.Routes {
		check := selfwatch.Check{Kind: selfwatch.Route, Name: t.Name}
		if checker, ok := p.routes[t.Name].(paging.Checker); ok {
			check.Do = checker.Check
		} else { // its receivers are each somebody else's: what became of pages tells
			check.Do = func(ctx context.Context) error { return p.incidents.RouteFares(ctx, t.Name) }
		}
		watch.Checks = append(watch.Checks, check)
	}
	if p.mailbox {
		watch.Checks = append(watch.Checks, selfwatch.Check{Kind: selfwatch.Answers, Name: "inbox", Do: p.inbox.Check})
	}
	p.joinEscrowWatch(db, now, watch)
	if !c.Watch.HeartbeatURL.Empty() {
		sender, err := heartbeat.New(c.Watch.HeartbeatURL)
		if err != nil {
			return err
		}
		watch.Beat = sender.Beat
	}
	p.chores = append(p.chores,
		chore{"looking after ourselves", c.Watch.Every, p.afterStart(min(settling, c.Watch.Every), watch.Look)},
		chore{"old looks at ourselves", time.Hour, watch.Forget},
		chore{"messages never heard of again", time.Minute, p.incidents.ExpireSilent},
		chore{"routes that are unproven", 10 * time.Minute, p.incidents.ReportUnproven},
		chore{"synthetic pages", 10 * time.Minute, p.incidents.SendCanaries},
		chore{"old alerts", time.Hour, p.alerts.Forget},
	)
	return nil
}

// settling is how long a process may take to come to its networks, where it looks at itself
// less often.
const settling = 20 * time.Second

// afterStart puts work off until the parts have had the time to begin: before that,
// everything looks broken.
func (p *parts) afterStart(wait time.Duration, do func(context.Context) error) func(context.Context) error {
	began := time.Now()
	return func(ctx context.Context) error {
		if time.Since(began) < wait {
			return nil
		}
		return do(ctx)
	}
}
