package main

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/riverqueue/river"

	"batsignal/bot"
	"batsignal/incidents"
	"batsignal/incidents/alert"
	"batsignal/integrations/inbox"
	"batsignal/integrations/ntfy"
	"batsignal/integrations/pagerduty"
	"batsignal/integrations/twilio"
	"batsignal/integrations/webhook"
	"batsignal/migrations/pg"
	"batsignal/oncall/contact"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

// joinRoutes gives the pager the ways by which this process can reach people, and the
// listener for what comes back by them.
func (p *parts) joinRoutes(ctx context.Context, c Config, db *database, now func() time.Time, log *slog.Logger) error {
	s := p.incidents
	s.Admins = lower(c.Admins)
	s.Paging = incidents.PagingPolicy{ForgottenAfter: c.Paging.ForgottenAfter}
	s.Alerts = p.alerts
	p.alerts.Engine = s
	p.inbound = http.NewServeMux()
	p.errands = &incidents.Errands{Service: s, Routes: map[string]paging.Route{}, Log: log}
	p.ear = s
	p.openNumber = func(ctx context.Context, id int64, _ string) (secret.Text, error) {
		return contact.Open(ctx, db.Pool, id)
	}
	if err := p.joinSwitchboard(ctx, c, db, now, log); err != nil {
		return err
	}
	if p.mail != nil {
		p.addRoute(p.mail)
	}
	if err := p.joinWebhook(c, now, log); err != nil {
		return err
	}
	if err := p.joinTwilio(c, db.Pool, now, log); err != nil {
		return err
	}
	if err := p.joinPagerDuty(c, now, log); err != nil {
		return err
	}
	if err := p.joinNtfy(c, now); err != nil {
		return err
	}
	if err := p.joinInbox(c, now, log); err != nil {
		return err
	}
	canaries := map[string]secret.Text{}
	for _, one := range c.Watch.Canaries {
		canaries[one.Route] = one.Address
	}
	if err := paging.ExpectOnly(ctx, db.Pool, slices.Collect(maps.Keys(canaries))); err != nil {
		return err
	}
	return contact.SyncCanaries(ctx, db.Pool, now(), canaries)
}

// addRoute puts a way into use that this process has. Of one that the switchboard has too,
// open addresses go by ours and sealed ones by its own.
func (p *parts) addRoute(r paging.Route) {
	if closer, ok := r.(interface{ Close() }); ok {
		p.closers = append(p.closers, closer.Close)
	}
	if theirs := p.dialled[r.Name()]; theirs != nil {
		r = bothWays{own: r, sealed: theirs}
		p.incidents.Routes = slices.DeleteFunc(p.incidents.Routes, func(t paging.Traits) bool { return t.Name == r.Name() })
	}
	p.routes[r.Name()] = r
	p.errands.Routes[r.Name()] = r
	p.incidents.Routes = append(p.incidents.Routes, paging.TraitsOf(r))
}

func (p *parts) joinWebhook(c Config, now func() time.Time, log *slog.Logger) error {
	if c.Webhook.Secret.Empty() {
		return nil
	}
	route, err := webhook.New(webhook.Config{Secret: c.Webhook.Secret, AllowNetworks: c.Webhook.AllowNetworks})
	if err != nil {
		return err
	}
	p.addRoute(route)
	p.inbound.Handle("POST /canary", &webhook.Canary{Secret: c.Webhook.Secret, Ear: p.ear, Now: now, Log: log})
	return nil
}

func (p *parts) joinTwilio(c Config, db pg.DB, now func() time.Time, log *slog.Logger) error {
	t := c.Twilio
	if t.AccountSID == "" {
		return nil
	}
	account, err := twilio.New(twilio.Config{
		BaseURL: t.BaseURL, AccountSID: t.AccountSID, Tokens: t.AuthToken.Lines(), From: t.From, SMSFrom: t.SMSFrom, Voice: t.Voice, Discreet: t.Discreet,
		InboundURL: c.Inbound.PublicURL, CostSMS: t.CostSMS, CostVoice: t.CostVoice,
		Whose: func(ctx context.Context, route string, refs []string) (map[string]string, error) {
			return paging.KeysByRef(ctx, db, route, refs)
		},
	})
	if err != nil {
		return err
	}
	p.addRoute(account.SMS())
	p.addRoute(account.Voice())
	p.closers = append(p.closers, account.Close)
	hook, err := twilio.NewHook(twilio.Hook{
		Ear: p.ear, Tokens: t.AuthToken.Lines(), AccountSID: t.AccountSID, From: t.From, Voice: t.Voice,
		InboundURL: c.Inbound.PublicURL, Words: p.localized, Now: now, Log: log,
		Open: p.openNumber,
	})
	if err != nil {
		return err
	}
	p.inbound.Handle("/twilio/", hook)
	return nil
}

func (p *parts) joinPagerDuty(c Config, now func() time.Time, log *slog.Logger) error {
	d := c.PagerDuty
	if !d.Enabled {
		return nil
	}
	keys := pagerduty.Keys{Name: placeName(c), Seals: d.WebhookSecret.Lines()}
	route, client, err := pagerduty.New(pagerduty.Config{
		EventsURL: d.EventsURL, APIURL: d.APIURL, Token: d.Token, From: d.From, Name: keys.Name, Seals: keys.Seals,
		WebURL: c.Web.PublicURL, Receipts: !d.WebhookSecret.Empty(),
	})
	if err != nil {
		return err
	}
	p.addRoute(route)
	p.joinPagerDutyServices(d.Services, client, now)
	if d.WebhookSecret.Empty() {
		return nil
	}
	hook := pagerduty.Hook{
		Ear: p.ear, Keys: keys, Secrets: keys.Seals, Now: now, Log: log,
	}
	if client != nil {
		hook.Look = client.AlertKeys
	}
	made, err := pagerduty.NewHook(hook)
	if err != nil {
		return err
	}
	p.inbound.Handle("POST /pagerduty", made)
	return nil
}

// joinPagerDutyServices has services there shown, and called for roles.
func (p *parts) joinPagerDutyServices(services []pagerdutyServiceConfig, client *pagerduty.Client, now func() time.Time) {
	if client == nil || len(services) == 0 {
		return
	}
	watched := make([]pagerduty.Watched, len(services))
	for i, one := range services {
		watched[i] = pagerduty.Watched{Role: one.Role, ID: one.ID}
		if one.Role != "" {
			p.incidents.Helplines = append(p.incidents.Helplines, paging.Helpline{
				Role: one.Role, Route: pagerduty.Name, Title: "PagerDuty", Place: one.ID, Policy: one.Policy, AtOnce: one.AtOnce,
			})
		}
	}
	p.elsewhere = pagerduty.NewGlance(client, watched, now).Say
}

func (p *parts) joinNtfy(c Config, now func() time.Time) error {
	if c.Ntfy.URL == "" {
		return nil
	}
	route, err := ntfy.New(ntfy.Config{
		URL: c.Ntfy.URL, Servers: c.Ntfy.Servers, Token: c.Ntfy.Token, AllowNetworks: c.Ntfy.AllowNetworks,
		Prefix: c.Commands.Prefix, Ear: p.ear, Now: now,
	})
	if err == nil {
		p.addRoute(route)
	}
	return err
}

// joinInbox has answers to mails heard: from a mailbox, or handed in by a mail server.
func (p *parts) joinInbox(c Config, now func() time.Time, log *slog.Logger) error {
	i := c.Inbox
	if i.Address == "" {
		return nil
	}
	p.mailbox = i.Host != ""
	config := inbox.Config{Ear: p.ear, Secret: i.Secret, Answer: p.mail.Answer, Log: log, Now: now}
	if p.mailbox {
		config.IMAP = inbox.IMAP{
			Host: i.Host, Port: i.Port, TLS: i.TLS, RootCAs: poolOf(i.CAFile), Username: i.Username, Password: i.Password, Folder: i.Folder,
		}
	}
	var err error
	p.inbox, err = inbox.New(config)
	return err
}

// placeName names this installation among others that use the same services of others.
func placeName(c Config) string {
	u, err := url.Parse(c.Web.PublicURL)
	if err != nil {
		return ""
	}
	return strings.Map(func(r rune) rune {
		if r == '[' || r == ']' || r == ':' {
			return '-'
		}
		return r
	}, u.Hostname())
}

// localized writes the commands in a text as they are typed here.
func (p *parts) localized(text string) string {
	if p.set == nil {
		return text
	}
	return p.set.Localize(text)
}

// newAlerts is what takes alerts in.
func newAlerts(c Config, db *database, now func() time.Time, log *slog.Logger) *alert.Service {
	a := c.Alerts
	return &alert.Service{DB: db.Pool, Now: now, Log: log, Rate: a.Rate, Burst: a.Burst, Fold: a.Fold, Patience: a.Patience}
}

// newPager gives the pager the routes that this process has.
func (p *parts) newPager(c Config) *incidents.Pager {
	pager := &incidents.Pager{
		Service: p.incidents, Routes: p.routes, Worker: paging.Worker{Me: processName()},
		Link: func(token secret.Text) secret.Text {
			return secret.New(strings.TrimRight(c.Web.PublicURL, "/") + "/ack/" + token.Reveal())
		},
	}
	for _, n := range p.networks {
		pager.Routes[n.Name()] = bot.DirectRoute{Network: n, Localize: p.set.Localize}
	}
	for name := range pager.Routes {
		pager.Worker.Routes = append(pager.Worker.Routes, name)
	}
	return pager
}

// routeQueues adds those of the errands of the routes that this process has.
func (p *parts) routeQueues(queues map[string]river.QueueConfig) {
	for name := range p.errands.Routes {
		queues[incidents.RouteQueue(name)] = river.QueueConfig{MaxWorkers: errandsAtOnce}
	}
}

// errandsAtOnce is how many codes and ends are told to one provider at the same time.
const errandsAtOnce = 4

// listenInbound opens the address for providers early, so that a taken port is told at
// once; nil if nothing comes back.
func listenInbound(ctx context.Context, c Config) (net.Listener, error) {
	if c.Inbound.Listen == "" {
		return nil, nil
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.Inbound.Listen)
	if err != nil {
		return nil, fmt.Errorf("inbound.listen: %w", err)
	}
	return l, nil
}
