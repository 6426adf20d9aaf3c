package main

import (
	"context"
	"fmt"
	"time"
)

// prober is somebody who gives a command while the bot is busy.
type prober struct {
	answers, acks durations
	late          int // commands that were not acknowledged in time
}

// ask gives one command and waits for its answer. Slack tells people that the app did
// not respond when the acknowledgement is late; the answer comes all the same.
func (p *prober) ask(ctx context.Context, w *workspace) error {
	who := memberName(fewPeople - 1)
	im := w.fake.IM(who)
	before := len(w.fake.Messages(im))
	began := time.Now()
	asked := w.fake.Slash(who, im, "/whoami", "")
	if err := until(ctx, "the command was answered", func() bool { return len(w.fake.Messages(im)) > before }); err != nil {
		return err
	}
	p.answers = append(p.answers, w.fake.Messages(im)[before].Arrived.Sub(began))
	if asked.Wait(ctx) == nil {
		p.acks = append(p.acks, asked.AckedIn())
	} else if p.late++; ctx.Err() != nil {
		return ctx.Err()
	}
	return nil
}

// how says how it was for whoever asked.
func (p *prober) how() string {
	acked := "acknowledged in " + p.acks.list(0.5, 1)
	if p.late > 0 {
		acked = fmt.Sprintf("acknowledged in time %d×", len(p.acks))
	}
	return fmt.Sprintf("`/whoami` in private, right behind the lines, asked %d×: %s, answered in %s", len(p.answers), acked, p.answers.list(0.5, 1))
}
