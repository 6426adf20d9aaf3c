package main

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/riverqueue/river"

	"batsignal/bot"
	"batsignal/incidents/action"
	"batsignal/incidents/meeting"
	"batsignal/incidents/minutes/archive"
	"batsignal/incidents/retrospective"
	"batsignal/integrations/forge"
	"batsignal/integrations/s3"
	"batsignal/oncall/letter"
)

// joinMinutes makes what has to do with meetings and what comes of them. The queue is
// made later, since it has to know its workers.
func (p *parts) joinMinutes(c Config, db *database, now func() time.Time, log *slog.Logger) error {
	p.meetings = &meeting.Service{DB: db.Pool, Now: now, Log: log, Policy: policyOf(c), Incidents: p.incidents}
	p.incidents.Minutes = p.meetings
	p.scribe = bot.NewScribe(p.meetings, log)
	p.actions = &action.Service{DB: db.Pool, Now: now, Log: log, Base: c.Web.PublicURL, Mails: c.Mail.Host != ""}
	p.retro = &retrospective.Service{DB: db.Pool, Now: now, Log: log, Incidents: p.incidents, Meetings: p.meetings, PublicURL: c.Web.PublicURL}
	archives, err := archivesOf(c)
	if err != nil {
		return err
	}
	for _, a := range archives {
		if open, ok := a.(interface{ Close() }); ok {
			p.closers = append(p.closers, open.Close)
		}
	}
	p.keeper = meeting.NewKeeper(p.meetings, archives...)
	p.keeper.Chores = []func(context.Context) error{p.actions.Remind, p.retro.DraftDue, p.meetings.ForgetRecent}
	if c.Minutes.Tracker.GitLab != "" {
		tracker, err := trackerOf(c)
		if err != nil {
			return err
		}
		p.actions.Tracker = tracker
		p.closers = append(p.closers, tracker.Close)
	}
	return nil
}

// trackerOf is where actions may be exported to.
func trackerOf(c Config) (*forge.GitLab, error) {
	t := c.Minutes.Tracker
	tracker, err := forge.NewGitLab(forge.Config{URL: t.GitLab, Project: t.Project, Token: t.Token})
	if err != nil {
		return nil, fmt.Errorf("the tracker of actions: %w", err)
	}
	return tracker, nil
}

// joinMail has letters mailed, if mail is configured.
func (p *parts) joinMail(db *database, workers *river.Workers, queues map[string]river.QueueConfig, log *slog.Logger) {
	postman := &letter.Postman{DB: db.Pool, Log: log}
	river.AddWorker(workers, postman)
	if p.mail != nil {
		postman.Mailer = p.mail
		queues[letter.Queue] = river.QueueConfig{MaxWorkers: 2}
	}
}

// archivesOf are the places where files of minutes go.
func archivesOf(c Config) (all []meeting.Archive, err error) {
	if c.Minutes.Dir != "none" {
		dir := cmp.Or(c.Minutes.Dir, filepath.Join(c.StateDir, "minutes"))
		all = append(all, archive.Dir{Path: dir, Formats: c.Minutes.Formats})
	}
	if b := c.Minutes.S3; b.Endpoint != "" {
		bucket, err := s3.New(s3.Config{
			Endpoint: b.Endpoint, Bucket: b.Bucket, Region: b.Region, Prefix: b.Prefix, AccessKey: b.AccessKey, SecretKey: b.SecretKey,
			Insecure: b.Insecure, Private: b.Private, Formats: c.Minutes.Formats,
		})
		if err != nil {
			return nil, fmt.Errorf("the bucket for minutes: %w", err)
		}
		all = append(all, bucket)
	}
	return all, nil
}

// look tells what a room looks like, where this process is on its network.
func (p *parts) look(ctx context.Context, network, room string) meeting.Look {
	n, here := p.outbox.Networks[network]
	if !here {
		return meeting.Look{}
	}
	return p.scribe.Look(ctx, n, room)
}
