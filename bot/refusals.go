package bot

import (
	"context"
	"log/slog"

	"batsignal/bot/command"
	"batsignal/incidents"
	"batsignal/oncall/fault"
)

// Refusals puts it on the bat-signal's public record when somebody without the
// right tries to light or confirm it.
func Refusals(s *incidents.Service, log *slog.Logger) func(context.Context, command.Caller, string, error) {
	return func(ctx context.Context, c command.Caller, verb string, err error) {
		if verb != "batsignal" && verb != "confirm" {
			return
		}
		a := c.Actor()
		if a.Account == "" {
			a.Account = c.Nick + " (unproven)"
		}
		if err := s.Refuse(ctx, a, verb, fault.Say(err)); err != nil && ctx.Err() == nil {
			log.Error("a refusal could not be recorded", "error", err)
		}
	}
}
