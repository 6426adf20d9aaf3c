package pagerduty

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"batsignal/oncall/paging"
)

// longestName is how much of somebody's name is passed on, in letters.
const longestName = 60

// news is one event of an incident, as a webhook tells it.
type news struct {
	ID       string    // of the event
	Type     string    // "incident.acknowledged"
	At       time.Time // zero if it does not say
	Agent    string    // ID of the person who did it; "" for machines, ours included
	Called   string    // what that person is called there: from outside
	Incident string    // ID
	Number   string
	Key      string // incident key; "" where its alerts have keys instead
	Merged   bool   // it was resolved because it is part of another now
}

// readNews reads the body of a webhook. Its errors repeat nothing of it.
func readNews(body []byte) (news, error) {
	var w struct {
		Event struct {
			ID    text `json:"id"`
			Type  text `json:"event_type"`
			At    text `json:"occurred_at"`
			Agent *struct {
				ID      text `json:"id"`
				Type    text `json:"type"`
				Summary text `json:"summary"`
			} `json:"agent"`
			Data json.RawMessage `json:"data"`
		} `json:"event"`
	}
	if json.Unmarshal(body, &w) != nil {
		return news{}, errors.New("it is not what PagerDuty's webhooks (v3) look like")
	}
	e := w.Event
	n := news{ID: e.ID.s, Type: e.Type.s, At: moment(e.At.s)}
	if n.ID == "" || len(n.ID) > 100 || n.ID != oneLine(n.ID, 100) || n.Type == "" {
		return news{}, errors.New("it is not what PagerDuty's webhooks (v3) look like")
	}
	// What did it is a person, or an integration, a service, a workflow.
	if e.Agent != nil && strings.HasPrefix(e.Agent.Type.s, "user") && isID(e.Agent.ID.s) {
		n.Agent, n.Called = e.Agent.ID.s, oneLine(e.Agent.Summary.s, longestName)
	}
	var data struct {
		ID     text `json:"id"`
		Type   text `json:"type"`
		Number text `json:"number"`
		Key    text `json:"incident_key"`
		Reason *struct {
			Type text `json:"type"`
		} `json:"resolve_reason"`
	}
	if strings.HasPrefix(n.Type, "incident.") && json.Unmarshal(e.Data, &data) == nil && data.Type.s == "incident" {
		n.Incident, n.Number, n.Key = data.ID.s, oneLine(data.Number.s, 20), data.Key.s
		n.Merged = data.Reason != nil && data.Reason.Type.s == "merge_resolve_reason"
	}
	return n, nil
}

// hear passes on what concerns a page of ours. Its error means: tell us again.
func (h *Hook) hear(ctx context.Context, n news) error {
	if !n.At.IsZero() && h.Now().Sub(n.At) > oldestNews {
		return nil
	}
	var means paging.PageState
	switch n.Type {
	case "incident.triggered":
	case "incident.acknowledged":
		means = paging.PageAcked
	case "incident.resolved":
		means = paging.PageClosed
	default:
		// Reassigned, escalated, no longer acknowledged, annotated …: whoever has it there
		// now, the page here stands as it stood.
		return nil
	}
	if means != "" && (n.Agent == "" || n.Merged) {
		// Machines answer for nobody. What we do there by an integration comes back here
		// and ends here; so does what PagerDuty resolves because nobody did.
		return nil
	}
	keys, err := h.keysOf(ctx, n)
	if err != nil {
		return err
	}
	for _, key := range keys {
		event := n.ID
		if key != h.Keys.Ours(n.Key) {
			event += "/" + key // one click there can answer several pages here
		}
		if means == "" {
			err = errors.Join(err, h.Ear.Receipt(ctx, paging.Receipt{
				Route: Name, Event: event, Key: key, News: paging.NewsDelivered, At: n.At,
				Detail: fmt.Sprintf("PagerDuty opened incident %s and calls whoever is on call there", n.Number),
			}))
			continue
		}
		said := paging.Reply{Route: Name, Event: event, Key: key, Account: n.Agent, Means: means}
		if _, _, help := paging.ParseHelpKey(key); help {
			said.Text = n.Called // whoever is called there need not be known here
		}
		_, failed := h.Ear.Reply(ctx, said)
		err = errors.Join(err, failed)
	}
	return err
}

// keysOf finds the keys of ours that an incident has, the one that it has itself first.
func (h *Hook) keysOf(ctx context.Context, n news) ([]string, error) {
	var keys []string
	if own := h.Keys.Ours(n.Key); own != "" {
		keys = append(keys, own)
	}
	// Of the alerts that came to an incident later nobody was told by ringing.
	first := n.Type == "incident.triggered"
	if h.Look == nil || !isID(n.Incident) || first && len(keys) > 0 {
		return keys, nil
	}
	looking, cancel := context.WithTimeout(ctx, lookingUp)
	defer cancel()
	alerts, err := h.Look(looking, n.Incident)
	if err != nil && len(keys) == 0 {
		return nil, fmt.Errorf("its alerts could not be looked up: %w", err)
	}
	if first && len(alerts) > 1 {
		alerts = alerts[:1]
	}
	for _, a := range alerts {
		if key := h.Keys.Ours(a); key != "" && !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	return keys, nil
}
