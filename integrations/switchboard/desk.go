package switchboard

import (
	"context"
	"log/slog"
	"net/http"

	"batsignal/oncall/unseal"
)

// Switchboard answers the bot's calls with a switchboard. Log may be nil.
func Switchboard(board unseal.Switchboard, log *slog.Logger) http.Handler {
	d := newDesk(log)
	on(d, "challenge", func(ctx context.Context, in ask) (challenge, error) {
		out, err := board.Challenge(ctx, unseal.Ask(in))
		return challenge(out), err
	})
	on(d, "dial", func(ctx context.Context, in dialling) (dialled, error) {
		m, err := in.Message.paging()
		if err != nil {
			return dialled{}, err
		}
		if m.Sealed != nil {
			defer m.Sealed.Half.Wipe()
		}
		out, err := board.Dial(ctx, in.Route, m, in.Ask)
		return dialledOf(out), err
	})
	on(d, "end", func(ctx context.Context, in ending) (nothing, error) {
		return nothing{}, board.End(ctx, in.Route, in.Ended.paging())
	})
	on(d, "check", func(ctx context.Context, in checking) (nothing, error) {
		return nothing{}, board.Check(ctx, in.Route)
	})
	on(d, "status", func(ctx context.Context, _ nothing) (status, error) {
		out, err := board.Status(ctx)
		return statusOf(out), err
	})
	return d
}

// Bot answers the switchboard's calls with a bot. The halves that it gives are wiped once
// they were written. Log may be nil.
func Bot(bot unseal.Bot, log *slog.Logger) http.Handler {
	d := newDesk(log)
	on(d, "reply", func(ctx context.Context, in reply) (response, error) {
		out, err := bot.Reply(ctx, in.paging())
		return response(out), err
	})
	on(d, "receipt", func(ctx context.Context, in receipt) (nothing, error) {
		return nothing{}, bot.Receipt(ctx, in.paging())
	})
	on(d, "granted", func(ctx context.Context, in grant) (nothing, error) {
		g := in.words()
		if g.Refused != "" { // said in rooms
			g.Refused = tame(g.Refused)
		}
		return nothing{}, bot.Granted(ctx, g)
	})
	on(d, "say", func(ctx context.Context, in saying) (nothing, error) {
		return nothing{}, bot.Say(ctx, in.Line)
	})
	on(d, "alarm", func(ctx context.Context, in alarm) (nothing, error) {
		return nothing{}, bot.Alarm(ctx, tame(in.Sentence))
	})
	on(d, "enrol", func(ctx context.Context, in enrolment) (nothing, error) {
		return nothing{}, bot.Enrol(ctx, in.token(), in.Sealed)
	})
	on(d, "release", func(ctx context.Context, in release) (sealed, error) {
		out, err := bot.Release(ctx, unseal.Release(in))
		return sealedOf(out), err
	})
	on(d, "lead", func(ctx context.Context, in leading) (sealed, error) {
		out, err := bot.Lead(ctx, in.Contact, in.Key)
		return sealedOf(out), err
	})
	return d
}
