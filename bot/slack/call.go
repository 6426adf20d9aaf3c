package slack

import (
	"context"
	"errors"
	"fmt"
	"log"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"batsignal/bot"
	"batsignal/oncall/fault"
)

// newClient makes the library's client. The tokens go nowhere else.
func newClient(cfg Config) *slack.Client {
	options := []slack.Option{
		slack.OptionHTTPClient(cfg.HTTP),
		slack.OptionLog(log.New(nowhere{}, "", 0)), // it may print what people say
	}
	if cfg.APIURL != "" {
		options = append(options, slack.OptionAPIURL(strings.TrimRight(cfg.APIURL, "/")+"/"))
	}
	if !cfg.AppToken.Empty() {
		options = append(options, slack.OptionAppLevelToken(cfg.AppToken.Reveal()))
	}
	return slack.New(cfg.BotToken.Reveal(), options...)
}

type nowhere struct{}

func (nowhere) Write(p []byte) (int, error) { return len(p), nil }

// paced tells which lanes we hold up by ourselves: Slack lets about one message a
// second into a channel, and whoever sends more is refused in the middle of it.
func paced(lane string) bool { return strings.HasPrefix(lane, "chat.postMessage ") }

// restPatience is how long an announcement waits for a channel that Slack lets rest.
const restPatience = 2 * time.Second

// call makes one call of a method in its lane. The error is bot.ErrOffline if Slack
// cannot be reached or does not work, and a sentence for people if it refuses.
func (d *Door) call(ctx context.Context, c class, lane string, do func(context.Context) error) error {
	if c != page && d.now().Before(d.awayUntil()) {
		return offline(nil, "Slack did not work a moment ago.")
	}
	// An announcement does not stand in the way of others while its channel rests.
	if c == chatter && d.lanes.resting(lane) > restPatience {
		return fmt.Errorf("%w: Slack has put it off", bot.ErrBusy)
	}
	err := d.lanes.do(ctx, c, lane, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, callBudget)
		defer cancel()
		return do(ctx)
	})
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("%w: Slack's limits, or an answer that does not come", bot.ErrBusy)
	case ctx.Err() != nil:
		return ctx.Err()
	}
	err = explain(err)
	d.noteHealth(err)
	return err
}

func (d *Door) awayUntil() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.away
}

// noteHealth makes what is not urgent wait while Slack does not work.
func (d *Door) noteHealth(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !errors.Is(err, bot.ErrOffline) {
		d.away, d.fails, d.failure = time.Time{}, 0, nil
		return
	}
	d.away = d.now().Add(min(firstPause<<min(d.fails, 7)/4, mostAway))
	d.fails++
	d.failure = err
}

// offline says in a sentence why Slack counts as away.
func offline(err error, say string, args ...any) error {
	return fmt.Errorf("%w: %w", bot.ErrOffline, fault.Wrap(fault.Unready, err, say, args...))
}

// code is the word by which Slack refuses; "" if it did not.
func code(err error) string {
	var refused slack.SlackErrorResponse
	if errors.As(err, &refused) {
		return refused.Err
	}
	return ""
}

// refusals are what Slack's words mean for us.
var refusals = map[string]struct {
	kind fault.Kind
	say  string
}{
	"not_in_channel":                        {fault.NotFound, "I am not in that channel. Invite me to it."},
	"channel_not_found":                     {fault.NotFound, "There is no such channel, or I am not in it."},
	"is_archived":                           {fault.Conflict, "That channel is archived."},
	"restricted_action":                     {fault.Forbidden, "The workspace does not let apps do that."},
	"user_is_restricted":                    {fault.Forbidden, "A guest cannot be invited there."},
	"user_not_found":                        {fault.NotFound, "There is no such person in the workspace."},
	"users_not_found":                       {fault.NotFound, "There is no such person in the workspace."},
	"method_not_supported_for_channel_type": {fault.Forbidden, "Slack does not do that in this kind of channel."},
}

// explain says what an error of a call means. What is not known by name is kept.
func explain(err error) error {
	var refused slack.SlackErrorResponse
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &refused):
		// No answer, a broken one, or one that says that Slack does not work.
		return offline(err, "Slack cannot be reached, or does not work just now.")
	}
	if known, ok := refusals[refused.Err]; ok {
		return fault.Wrap(known.kind, err, "%s", known.say)
	}
	switch refused.Err {
	case "invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired":
		return offline(err, "Slack does not accept our token (%s): install the app again.", refused.Err)
	case "internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org":
		return offline(err, "Slack does not work just now.")
	case "missing_scope":
		return fault.Wrap(fault.Forbidden, err, "The app lacks the right %s: batsignal slack manifest prints what it needs.", refused.Needed)
	}
	return fault.Wrap(fault.Invalid, err, "Slack refuses: %s.", refused.Err)
}
