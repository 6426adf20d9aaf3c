package pagerduty

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	pd "github.com/PagerDuty/go-pagerduty"

	"batsignal/oncall/paging"
)

// Route rings whoever is on call at a PagerDuty service. The address of a contact is the
// integration key (Events API v2) of that service. It is safe for many goroutines.
type Route struct {
	keys     Keys
	webURL   string
	timeout  time.Duration
	receipts bool
	events   events
	rest     *Client // nil without a token
	close    func()
}

var (
	_ paging.Route   = (*Route)(nil)
	_ paging.Asker   = (*Route)(nil)
	_ paging.Ender   = (*Route)(nil)
	_ paging.Checker = (*Route)(nil)
)

// Name is how delivery rows call this route.
func (r *Route) Name() string { return Name }

// Close ends the connections that are kept.
func (r *Route) Close() { r.close() }

// Traits are what everybody may know of it. It has no limits of its own: how often a
// phone rings is up to PagerDuty, and a repeat rings none.
func (r *Route) Traits() paging.Traits {
	return paging.Traits{
		Name: Name, Loud: true, Timeout: 2 * r.timeout, Parallel: 8,
		Asks: r.rest != nil, Ends: true, Stays: true,
		// Without the REST API an incident is not always known to be ours.
		Receipts: r.receipts && r.rest != nil,
	}
}

// Send triggers an alert. What a service's owner has to correct is a
// [paging.BadAddress]; that PagerDuty is down, slow or wants a pause is
// [paging.ErrProvider]. Neither the receipt nor the error holds the key or words of
// PagerDuty.
func (r *Route) Send(ctx context.Context, m paging.Message) (paging.Handed, error) {
	key := strings.TrimSpace(m.Address.Reveal())
	if !isKey(key) {
		return paging.Handed{}, badKey()
	}
	if err := r.events.send(ctx, r.eventOf(m, key)); err != nil {
		return paging.Handed{}, err
	}
	return paging.Handed{Note: "accepted by PagerDuty", Ref: r.keys.There(m.Key)}, nil
}

// Ask looks whether PagerDuty has an incident, open or over, of a message. It never
// fails: when nobody can say, the message is sent again, which rings nobody twice.
func (r *Route) Ask(ctx context.Context, m paging.Message) (paging.Handed, bool, error) {
	if r.rest == nil {
		return paging.Handed{}, false, nil
	}
	list, err := r.rest.Incidents(ctx, IncidentQuery{Key: r.keys.There(m.Key), Over: true})
	if err != nil || len(list) == 0 {
		return paging.Handed{}, false, nil
	}
	return paging.Handed{Note: "PagerDuty has it as incident " + fmt.Sprint(list[0].Number), Ref: r.keys.There(m.Key)}, true, nil
}

// End acknowledges at PagerDuty what was acknowledged here, and resolves what is over.
// PagerDuty drops both for an alert that it does not have or that is over.
//
// An acknowledgement there may run out (a setting of the service, 30 minutes unless it
// was changed), and then PagerDuty calls again: hence it is resolved when the cause of the
// page is over.
func (r *Route) End(ctx context.Context, e paging.Ended) error {
	key := strings.TrimSpace(e.Address.Reveal())
	if !isKey(key) {
		return badKey()
	}
	action := Resolve
	if e.How == paging.PageAcked {
		action = Acknowledge
	}
	return r.events.send(ctx, &pd.V2Event{
		RoutingKey: key, Action: string(action), DedupKey: r.keys.There(e.Key),
		Client: clientName, ClientURL: r.webURL, Payload: &pd.V2Payload{
			Summary: endedBy(e), Source: r.source(), Severity: string(Info),
		},
	})
}

func endedBy(e paging.Ended) string {
	what := map[paging.PageState]string{paging.PageAcked: "Acknowledged", paging.PageDeclined: "Declined"}[e.How]
	switch {
	case what == "":
		return "No longer needed"
	case e.By == "":
		return what + " in Batsignal"
	}
	return what + " by " + oneLine(e.By, 64) + " in Batsignal"
}

// Check tries, without sending anything, whether events can be sent and whether our token
// for the REST API works.
func (r *Route) Check(ctx context.Context) error {
	if err := r.events.check(ctx); err != nil {
		return err
	}
	if r.rest == nil {
		return nil
	}
	_, err := r.rest.services(ctx, "", 1)
	return err
}

// events sends events.
type events struct {
	lib     *pd.Client
	doer    *doer
	base    string
	timeout time.Duration
}

func newEvents(c Config) events {
	d := newDoer(c, false) // the pager has a patience of its own
	lib := pd.NewClient("", pd.WithV2EventsAPIEndpoint(c.EventsURL))
	lib.HTTPClient = d
	return events{lib: lib, doer: d, base: c.EventsURL, timeout: c.Timeout}
}

func (e events) send(ctx context.Context, event *pd.V2Event) error {
	ctx, cancel := context.WithTimeout(ctx, e.timeout)
	defer cancel()
	watching, seen := watched(ctx)
	answer, err := e.lib.ManageEventWithContext(watching, event)
	switch {
	case err != nil && seen.status/100 != 2:
		return explain(ctx, seen)
	case err != nil || answer.Status != "success":
		// It may have been taken: to send it again does no harm.
		return providerError("what answered at the address of PagerDuty does not speak like PagerDuty")
	}
	return nil
}

// check asks for what only may be posted: that somebody says no is answer enough.
func (e events) check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, e.timeout)
	defer cancel()
	watching, seen := watched(ctx)
	req, err := http.NewRequestWithContext(watching, http.MethodGet, e.base+"/v2/enqueue", nil)
	if err != nil {
		return providerError("the address of PagerDuty's events is none")
	}
	if _, err := e.doer.Do(req); err != nil || seen.status >= 500 || seen.status/100 == 3 {
		return explain(ctx, seen)
	}
	return nil
}
