package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"batsignal/incidents"
	"batsignal/incidents/alert"
	"batsignal/integrations/mail"
	"batsignal/oncall"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

// routeAdvice says where to look when a route does not let us in.
var routeAdvice = map[string]string{
	"sms":       "See twilio: account_sid and the file with the auth token must be of one account.",
	"voice":     "See twilio: account_sid and the file with the auth token must be of one account.",
	"pagerduty": "See pagerduty.token_file and pagerduty.events_url.",
}

// routes makes every way to ring people as the bot would, and tries it without sending
// anything.
func (d *doctor) routes(ctx context.Context) {
	p := &parts{
		incidents: &incidents.Service{Now: time.Now, Log: slog.New(slog.DiscardHandler)},
		alerts:    &alert.Service{}, routes: map[string]paging.Route{}, inbound: http.NewServeMux(),
	}
	p.errands = &incidents.Errands{Service: p.incidents, Routes: map[string]paging.Route{}}
	p.ear = p.incidents
	p.openNumber = func(context.Context, int64, string) (secret.Text, error) {
		return secret.Text{}, errors.New("nobody calls here") // nothing is sent, so nothing comes back
	}
	d.ways = p.incidents
	defer func() {
		for _, stop := range p.closers {
			stop()
		}
	}()
	log := p.incidents.Log
	if d.c.Mail.Host == "" {
		d.note("mail", "not configured, so nobody is paged by mail")
	} else if route, err := mail.New(mailOf(d.c)); err != nil {
		d.tell("mail", err, "")
	} else {
		p.mail = route
		p.addRoute(route)
	}
	if d.c.Webhook.Secret.Empty() {
		d.note("webhook", "not configured")
	}
	for _, join := range []struct {
		part string
		do   func() error
	}{
		{"webhook", func() error { return p.joinWebhook(d.c, time.Now, log) }},
		{"twilio", func() error { return p.joinTwilio(d.c, nil, time.Now, log) }},
		{"pagerduty", func() error { return p.joinPagerDuty(d.c, time.Now, log) }},
		{"ntfy", func() error { return p.joinNtfy(d.c, time.Now) }},
	} {
		if err := join.do(); err != nil {
			d.tell(join.part, err, "")
		}
	}
	loud := false
	for _, t := range p.incidents.Routes {
		d.tell(t.Name, tried(ctx, p.routes[t.Name]), routeAdvice[t.Name])
		loud = loud || t.Loud
	}
	if !loud && d.c.Switchboard.URL == "" { // else the switchboard's routes are looked at
		d.note("phones", "nothing here rings a phone, so nobody is woken. See twilio in the configuration, or pagerduty.")
	}
	if d.c.PagerDuty.Enabled && d.c.PagerDuty.WebhookSecret.Empty() {
		d.note("pagerduty", "an acknowledgement there is not heard here. See pagerduty.webhook_secret_file.")
	}
	if p.mail != nil {
		d.inbox(ctx, p, log)
	}
	d.canaries(p.incidents.Routes)
}

// tried has a route look whether its provider lets us in; one that has nobody to ask is
// well.
func tried(ctx context.Context, route any) error {
	checker, ok := route.(paging.Checker)
	if !ok {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, checkBudget)
	defer cancel()
	return checker.Check(ctx)
}

// inbox logs in where answers by mail are read.
func (d *doctor) inbox(ctx context.Context, p *parts, log *slog.Logger) {
	err := p.joinInbox(d.c, time.Now, log)
	if err == nil && p.mailbox {
		err = tried(ctx, p.inbox)
	}
	switch {
	case err != nil:
		d.tell("inbox", err, "See inbox: its host, tls, username and password_file.")
	case p.inbox == nil:
		d.note("inbox", "not configured, so pages by mail are answered by their link only")
	default:
		d.tell("inbox", nil, "")
	}
}

// canaries tells which routes are not tried each day.
func (d *doctor) canaries(routes []paging.Traits) {
	var without []string
	for _, t := range routes {
		if !slices.ContainsFunc(d.c.Watch.Canaries, func(c canaryConfig) bool { return c.Route == t.Name }) {
			without = append(without, t.Name)
		}
	}
	switch {
	case len(without) > 0:
		d.note("canaries", "no synthetic page goes out each day by "+oncall.JoinNames(without)+", so only a page would show that it is dead. Name an address of yours in watch.canaries.")
	case len(routes) > 0:
		d.tell("canaries", nil, "")
	}
}

// inbound tells whether providers can hand in what comes back.
func (d *doctor) inbound(ctx context.Context) {
	listen := d.c.Inbound.Listen
	if listen == "" {
		return
	}
	here, err := answerAt(ctx, "http://"+reachable(listen)+"/")
	switch {
	case err != nil && d.running:
		d.tell("inbound", fmt.Errorf("a bot runs, and nothing answers at %s", listen), "Perhaps it began with another configuration: start it anew.")
		return
	case err != nil:
		if err := free(ctx, listen); err != nil {
			d.tell("inbound", err, "Choose another inbound.listen.")
			return
		}
		d.note("inbound", "nothing answers at "+listen+" yet; that is right if no bot runs now")
		return
	case !d.running:
		d.tell("inbound", fmt.Errorf("another program answers at %s", listen), "Choose another inbound.listen, or stop that program.")
		return
	}
	d.tell("inbound", nil, "")
	there, err := answerAt(ctx, strings.TrimRight(d.c.Inbound.PublicURL, "/")+"/")
	switch {
	case err != nil:
		d.note("inbound.public_url", "nothing answers there when it is asked from this machine. Providers must reach it from outside.")
	case there != here:
		d.note("inbound.public_url", "what answers there is not this bot. It must hand everything on to "+listen+".")
	default:
		d.tell("inbound.public_url", nil, "")
	}
}

// free tells whether an address can be listened on.
func free(ctx context.Context, address string) error {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err == nil {
		return l.Close()
	}
	var refused *net.OpError
	if errors.As(err, &refused) {
		err = refused.Err
	}
	return fmt.Errorf("nothing can listen at %s: %w", address, err)
}

// answerAt is what answers at an address: enough of it to know it again.
func answerAt(ctx context.Context, address string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, healthPatience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return "", err
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, 512))
	return answer.Status + "\n" + string(body), err
}
