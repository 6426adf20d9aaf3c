package twilio

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"batsignal/oncall/paging"
)

// SMS rings people by text. It is safe for many goroutines.
type SMS struct {
	account  *Account
	from     string
	discreet bool
	cost     int
}

var (
	_ paging.Route   = (*SMS)(nil)
	_ paging.Asker   = (*SMS)(nil)
	_ paging.Checker = (*SMS)(nil)
)

// Name is how delivery rows call this route.
func (s *SMS) Name() string { return NameSMS }

// Traits are what everybody may know of it. The limits are GoAlert's, known to be bearable.
func (s *SMS) Traits() paging.Traits {
	return paging.Traits{
		Name: NameSMS, Delay: time.Minute, Timeout: 2 * s.account.api.timeout, Parallel: 8,
		Asks: true, Receipts: true, PerQuarterHour: 5, PerHour: 11, Cost: s.cost,
	}
}

// Check tries our login without sending anything.
func (s *SMS) Check(ctx context.Context) error { return s.account.api.check(ctx) }

// Send hands a text to Twilio. What is wrong with the number is a [paging.BadAddress];
// what is wrong with Twilio or our account is [paging.ErrProvider]. A try after the first
// asks before it sends. Neither the receipt nor the error holds the number.
func (s *SMS) Send(ctx context.Context, m paging.Message) (paging.Handed, error) {
	to := strings.TrimSpace(m.Address.Reveal())
	if !isNumber(to) {
		return paging.Handed{}, errNoNumber()
	}
	if m.Attempt > 1 {
		if h, found, err := s.Ask(ctx, m); err != nil || found {
			return h, err
		}
	}
	form := url.Values{
		"To": {to}, "Body": {textOf(m, s.discreet)}, "StatusCallback": {s.account.hook.texted(m.Key)},
	}
	if isSID(s.from, "MG") {
		form.Set("MessagingServiceSid", s.from)
	} else {
		form.Set("From", s.from)
	}
	sent, err := s.account.api.post(ctx, "/Messages.json", form)
	if err != nil {
		return paging.Handed{}, explain(ctx, err)
	}
	return paging.Handed{Note: "accepted by Twilio as a text", Ref: sent.SID}, nil
}

// lookedAt is how many of the last messages to a number are looked at: more than the
// limits of a route allow in a day of bad luck.
const lookedAt = "50"

// lost are the states of what will not arrive, whatever it was.
var lost = []string{"failed", "undelivered", "canceled"}

// Ask looks whether Twilio has the text of a message. What failed there is not found: it
// is to be sent again.
func (s *SMS) Ask(ctx context.Context, m paging.Message) (paging.Handed, bool, error) {
	to := strings.TrimSpace(m.Address.Reveal())
	if !isNumber(to) {
		return paging.Handed{}, false, errNoNumber()
	}
	var list struct {
		Messages []record `json:"messages"`
	}
	// Lists can be had by the day they were sent as well, but what still waits has no such
	// day. The newest are first.
	if _, err := s.account.api.get(ctx, "/Messages.json", url.Values{"To": {to}, "PageSize": {lookedAt}}, &list); err != nil {
		return paging.Handed{}, false, explain(ctx, err)
	}
	for _, one := range list.Messages {
		if strings.HasPrefix(one.Direction, "outbound") && isTextOf(m, one.Body) && !slices.Contains(lost, one.Status) {
			return paging.Handed{Note: fmt.Sprintf("Twilio has it as a text, %s", stateName(one.Status)), Ref: one.SID}, true, nil
		}
	}
	return paging.Handed{}, false, nil
}

// stateName repeats a state of Twilio's only if it is one.
func stateName(status string) string {
	if _, known := textNews[status]; known {
		return status
	}
	if _, known := callNews[status]; known {
		return status
	}
	return "in a state that I do not know"
}
