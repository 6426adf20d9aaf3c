package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"batsignal/incidents/alert"
	"batsignal/integrations/webhook/webhooktest"
	"batsignal/migrations/pglocal"
	"batsignal/oncall"
	"batsignal/oncall/policy"
	"batsignal/oncall/rosterfile"
)

// alertHouse is a bot to which alerts come by HTTP, as monitoring tools send them to
// PagerDuty.
type alertHouse struct {
	*installation
	postgres int // the process that its database is
	tool     *http.Client
}

// Who is rung for alerts.
const (
	alertCrowd = 30            // people of the one role that there is
	oneRings   = "one"         // the policy that rings the first of them
	allRing    = "everybody"   // and the one that rings all at once
	sinkPath   = "/hook"       // where all of them are reached
	firstOne   = "p0000"       // their handles are made of numbers
	enqueue    = "/v2/enqueue" // PagerDuty's path
)

// takeAlerts starts such a bot; it is stopped by its caller or at the end.
func (b *bench) takeAlerts(ctx context.Context, name string) (*alertHouse, error) {
	network, err := b.ownIRC()
	if err != nil {
		return nil, err
	}
	in, err := b.install(ctx, name, network)
	if err != nil {
		return nil, err
	}
	h := &alertHouse{installation: in, tool: &http.Client{
		Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: 64},
	}}
	server, err := pglocal.Start(ctx, pglocal.Options{Dir: filepath.Join(b.dir, name, "state", "postgres"), Attach: true})
	if err != nil {
		return nil, err
	}
	h.postgres = server.PID()
	var f rosterfile.File
	role := oncall.DefaultRoles()[0].Name
	for i := range alertCrowd {
		f.People = append(f.People, rosterfile.Person{
			Handle: fmt.Sprintf("p%04d", i), Zone: "UTC", Roles: []string{role},
			Webhook: fmt.Sprintf("http://127.0.0.1:%d%s", in.sink.Port(), sinkPath),
		})
	}
	if _, err := rosterfile.Apply(ctx, in.db, f, rosterfile.How{Now: time.Now(), Agreed: true}); err != nil {
		return nil, err
	}
	policies := policy.Service{DB: in.db, Now: time.Now}
	for name, step := range map[string]policy.Step{
		oneRings: {Targets: []policy.Target{{Kind: policy.Person, Name: firstOne}}},
		allRing:  {Targets: []policy.Target{{Kind: policy.Role, Name: role}}, All: true},
	} {
		if _, err := policies.Save(ctx, oncall.Actor{}, policy.Policy{Name: name, Title: name, Steps: []policy.Step{step}}); err != nil {
			return nil, err
		}
	}
	return h, nil
}

// key makes a routing key, by which critical alerts have severity 1: people are then rung
// at any hour, so the figures are those of any hour.
func (h *alertHouse) key(ctx context.Context, name, by string) (string, error) {
	text := fmt.Sprintf("%0*d%s", alert.KeyLength-len(name), 0, name)
	alerts := alert.Service{DB: h.db, Now: time.Now, NewKey: func() string { return text }}
	_, _, err := alerts.AddKey(ctx, oncall.Actor{}, alert.Key{Name: name, Policy: by, Severities: map[string]int{"critical": 1}})
	return text, err
}

// send sends an event of PagerDuty's Events API v2, and tells the instant right before. It
// returns when it was answered that the event is stored.
func (h *alertHouse) send(ctx context.Context, key, action, dedup string) (began time.Time, err error) {
	body := fmt.Appendf(nil, `{"routing_key":%q,"event_action":%q,"dedup_key":%q,"payload":{"summary":"bench %[3]s","source":"bench","severity":"critical"}}`,
		key, action, dedup)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+h.bot.address+enqueue, bytes.NewReader(body))
	if err != nil {
		return began, err
	}
	request.Header.Set("Content-Type", "application/json")
	began = time.Now()
	answer, err := h.tool.Do(request)
	if err != nil {
		return began, err
	}
	said, err := io.ReadAll(answer.Body)
	if err = errors.Join(err, answer.Body.Close()); err == nil && answer.StatusCode != http.StatusAccepted {
		err = fmt.Errorf("an alert was answered %s: %s", answer.Status, said)
	}
	return began, err
}

// await waits until so many pages arrived that tell of an alert, and returns them. The
// first ones that ever arrived, so many as from says, are older.
func await(sink *webhooktest.Sink, from, pages int, tells func(webhooktest.Arrival) bool) ([]webhooktest.Arrival, error) {
	for deadline := time.Now().Add(patience); ; {
		var found []webhooktest.Arrival
		all := sink.Arrivals()
		for _, a := range all[from:] {
			if a.Signature != nil {
				return nil, fmt.Errorf("a page with a wrong signature: %w", a.Signature)
			}
			if tells(a) {
				found = append(found, a)
			}
		}
		if len(found) >= pages {
			return found, nil
		}
		if _, err := sink.WaitFor(len(all)+1, time.Until(deadline)); err != nil {
			return nil, fmt.Errorf("%d pages of %d: %w", len(found), pages, err)
		}
	}
}

// tellsOf finds the pages that name an alert: in what they ring for, or in their list.
func tellsOf(dedup string) func(webhooktest.Arrival) bool {
	words := " bench " + dedup
	return func(a webhooktest.Arrival) bool {
		return strings.HasSuffix(a.Page.Why, words) || slices.ContainsFunc(a.Page.Alerts, func(line string) bool { return strings.HasSuffix(line, words) })
	}
}

// closeWith stops the bot, so that it does not run beside what is measured next, and adds
// what it said to an error.
func (h *alertHouse) closeWith(err error) error {
	if err != nil {
		err = fmt.Errorf("%w\nthe program's log ends:\n%s", err, h.bot.tail())
	}
	return errors.Join(err, h.bot.stop())
}
