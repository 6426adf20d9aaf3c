package bot

import (
	"context"
	"log/slog"
	"time"

	"batsignal/bot/command"
	"batsignal/oncall/unseal"
)

// Discreet is a network on which the codes of the switchboard's challenges are never said in
// other words than its own, where the challenge was asked for: a code beside any other words
// counts no more, and whoever may have us repeat a text could take every challenge back.
type Discreet struct {
	Network
	// Challenges lists those of a room that may still be confirmed.
	Challenges func(ctx context.Context, network, room string) ([]unseal.Challenge, error)
	Log        *slog.Logger
}

const (
	// insteadOfCode stands where a code would.
	insteadOfCode = "CODE"
	// challengeBudget is how long a line may wait for the database, which may be away: then
	// it is said as it is.
	challengeBudget = 500 * time.Millisecond
)

// Say implements [Network].
func (d *Discreet) Say(ctx context.Context, room string, m Message) error {
	m.Text = d.discreetly(ctx, room)(m.Text)
	return d.Network.Say(ctx, room, m)
}

// Reply implements [Network].
func (d *Discreet) Reply(ctx context.Context, to Heard, r command.Reply) error {
	if to.Room != "" && !r.Private {
		r = r.Texts(d.discreetly(ctx, to.Room))
	}
	return d.Network.Reply(ctx, to, r)
}

// discreetly is what is done to each text that is said in a room.
func (d *Discreet) discreetly(ctx context.Context, room string) func(string) string {
	asking, cancel := context.WithTimeout(ctx, challengeBudget)
	defer cancel()
	challenges, err := d.Challenges(asking, d.Name(), room)
	if err != nil && ctx.Err() == nil {
		d.Log.Warn("it is not known which codes wait in a room", "network", d.Name(), "room", room, "error", err)
	}
	return func(text string) string {
		for _, c := range challenges {
			if text == c.Line {
				return text
			}
		}
		if len(challenges) > 0 {
			text = command.CleanLines(text) // what is looked at is what the door writes
		}
		for _, c := range challenges {
			text = unseal.WithoutCode(text, c.Code, insteadOfCode)
		}
		return text
	}
}
