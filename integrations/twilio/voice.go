package twilio

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"batsignal/oncall"
	"batsignal/oncall/paging"
)

// Voice rings people by calling them. It is safe for many goroutines.
type Voice struct {
	account  *Account
	from     string
	voice    string
	ring     time.Duration
	discreet bool
	cost     int
	whose    func(ctx context.Context, route string, refs []string) (map[string]string, error)
}

var (
	_ paging.Route   = (*Voice)(nil)
	_ paging.Asker   = (*Voice)(nil)
	_ paging.Ender   = (*Voice)(nil)
	_ paging.Checker = (*Voice)(nil)
)

// Name is how delivery rows call this route.
func (v *Voice) Name() string { return NameVoice }

// Traits are what everybody may know of it. The limits are GoAlert's, known to be bearable.
func (v *Voice) Traits() paging.Traits {
	return paging.Traits{
		Name: NameVoice, Loud: true, Delay: 2 * time.Minute, Timeout: 2 * v.account.api.timeout, Parallel: 8,
		Asks: true, Ends: true, Receipts: true, PerQuarterHour: 3, PerHour: 7, Cost: v.cost,
	}
}

// Check tries our login without calling anybody.
func (v *Voice) Check(ctx context.Context) error { return v.account.api.check(ctx) }

// Send has Twilio call somebody. Errors are those of [SMS.Send]. A try after the first
// asks before it calls.
func (v *Voice) Send(ctx context.Context, m paging.Message) (paging.Handed, error) {
	to := strings.TrimSpace(m.Address.Reveal())
	if !isNumber(to) {
		return paging.Handed{}, errNoNumber()
	}
	if m.Attempt > 1 {
		if h, found, err := v.Ask(ctx, m); err != nil || found {
			return h, err
		}
	}
	called, err := v.account.api.post(ctx, "/Calls.json", url.Values{
		"To": {to}, "From": {v.from},
		// What is said goes along, so that a call says it even if we are away by then.
		"Twiml":   {v.speaker().callOf(m)},
		"Timeout": {strconv.Itoa(int(v.ring / time.Second))},
		// The first of them names the call by our key, a moment after it was taken: if the
		// answer to this request is lost, that is how its delivery learns of it.
		"StatusCallbackEvent":  {"initiated", "ringing", "answered", "completed"},
		"StatusCallback":       {v.account.hook.called(m.Key)},
		"StatusCallbackMethod": {http.MethodPost},
	})
	if err != nil {
		return paging.Handed{}, explain(ctx, err)
	}
	return paging.Handed{Note: "accepted by Twilio as a call", Ref: called.SID}, nil
}

func (v *Voice) speaker() speaker {
	return speaker{voice: v.voice, discreet: v.discreet, links: v.account.hook}
}

// recently is how far back a call may be the one that is asked for. An older one is over,
// nobody keyed anything, and to ring again is right.
const recently = 10 * time.Minute

// Ask looks whether Twilio has the call of a message: see the package comment for what can
// be known. A call that is on record as this message's own is certain; otherwise it is the
// only recent call to this number that is nobody's.
func (v *Voice) Ask(ctx context.Context, m paging.Message) (paging.Handed, bool, error) {
	to := strings.TrimSpace(m.Address.Reveal())
	if !isNumber(to) {
		return paging.Handed{}, false, errNoNumber()
	}
	if v.whose == nil {
		return paging.Handed{}, false, nil
	}
	var list struct {
		Calls []record `json:"calls"`
	}
	now, err := v.account.api.get(ctx, "/Calls.json", url.Values{"To": {to}, "From": {v.from}, "PageSize": {lookedAt}}, &list)
	if err != nil {
		return paging.Handed{}, false, explain(ctx, err)
	}
	recent := slices.DeleteFunc(list.Calls, func(c record) bool {
		// Both times are Twilio's: our clock may be wrong.
		at, ok := c.madeAt()
		return !ok || now.IsZero() || now.Sub(at) > recently || c.Direction != "outbound-api" || slices.Contains(lost, c.Status)
	})
	if len(recent) == 0 {
		return paging.Handed{}, false, nil
	}
	var refs []string
	for _, c := range recent {
		refs = append(refs, c.SID)
	}
	whose, err := v.whose(ctx, NameVoice, refs)
	if err != nil {
		return paging.Handed{}, false, err
	}
	for _, c := range recent {
		if whose[c.SID] == m.Key {
			return had(c), true, nil
		}
	}
	return paging.Handed{}, false, nil
}

func had(c record) paging.Handed {
	return paging.Handed{Note: "Twilio has it as a call, " + stateName(c.Status), Ref: c.SID}
}

// End hangs up what still rings. Somebody who listens right now is told who was quicker,
// and is not cut off; somebody who answered it themselves is left alone: they may be
// talking to the lead.
func (v *Voice) End(ctx context.Context, e paging.Ended) error {
	if !isSID(e.Ref, "CA") {
		return nil // Twilio never had it
	}
	path := "/Calls/" + e.Ref + ".json"
	var call record
	if _, err := v.account.api.get(ctx, path, nil, &call); err != nil {
		return unlessGone(ctx, err)
	}
	switch call.Status {
	case "queued", "initiated", "ringing":
		_, err := v.account.api.post(ctx, path, url.Values{"Status": {"completed"}})
		return unlessGone(ctx, err)
	case "in-progress":
		if e.How == paging.PageAcked || e.How == paging.PageDeclined {
			return nil
		}
		_, err := v.account.api.post(ctx, path, url.Values{"Twiml": {v.speaker().over(e.By)}})
		return unlessGone(ctx, err)
	}
	return nil
}

// over says that nobody needs to answer any more.
func (s speaker) over(by string) string {
	text := "This page is over. You are not needed any more. Goodbye."
	if by = spoken(oncall.Clip(by, 40), 40); by != "" {
		text = by + " has answered this page. You are not needed any more. Goodbye."
	}
	return document(s.say(text), hangup{})
}

// unlessGone forgives that a call is over, or is not known any more: 21220 is a call that
// is not in progress.
func unlessGone(ctx context.Context, err error) error {
	if r, ok := err.(*refusal); ok && (r.status == http.StatusNotFound || r.code == 21220) { //nolint:errorlint // the client's own, never wrapped
		return nil
	}
	if err != nil {
		return explain(ctx, err)
	}
	return nil
}
