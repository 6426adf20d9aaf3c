package slack

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"batsignal/bot"
	"batsignal/oncall/fault"
)

// Run hears until ctx ends, and then returns nil. What was heard before and not
// finished, by whichever process, is worked first.
func (d *Door) Run(ctx context.Context, ear func(context.Context, bot.Heard)) error {
	var parts sync.WaitGroup
	defer d.answers.close()
	defer parts.Wait()
	parts.Go(func() { d.inbox.store(ctx) })
	parts.Go(func() { d.inbox.keep(ctx) })

	if !d.greet(ctx) {
		return nil
	}
	// In a large workspace both take long, and neither must keep anybody waiting.
	parts.Go(func() { d.enterRooms(ctx) })
	// Asking for each speaker as they come would meet Slack's limit in a large room.
	parts.Go(func() {
		if err := d.people.list(ctx, chatter); err != nil && ctx.Err() == nil {
			d.log.Info("the people of the workspace are asked for one by one", "reason", err)
		}
	})
	parts.Go(func() {
		d.inbox.work(ctx, func(ctx context.Context, a arrival) { d.handle(ctx, a, ear) })
	})
	if d.cfg.AppToken.Empty() {
		d.setTrouble(nil)
		d.log.Info("connected", "way", "http")
		<-ctx.Done()
		return nil
	}
	d.listen(ctx)
	return nil
}

// greet says hello until Slack answers; false is the end of ctx.
func (d *Door) greet(ctx context.Context) bool {
	return insist(ctx, d.hello, func(err error, pause time.Duration) {
		d.setTrouble(err)
		d.log.Warn("Slack does not let us in; trying again", "error", err, "in", pause)
	})
}

// enterRooms enters the rooms that we should be in, as soon as Slack lets us.
func (d *Door) enterRooms(ctx context.Context) {
	insist(ctx, d.rooms.enter, func(err error, pause time.Duration) {
		d.log.Warn("the channels could not be entered yet", "error", err, "again_in", pause)
	})
}

// insist tries until it works, ever less often, and tells of each failure and how long
// it rests after it; false is the end of ctx.
func insist(ctx context.Context, try func(context.Context) error, failed func(err error, pause time.Duration)) bool {
	for pause := firstPause; ; pause = min(2*pause, mostPause) {
		err := try(ctx)
		if ctx.Err() != nil {
			return false
		}
		if err == nil {
			return true
		}
		failed(err, pause)
		if !rest(ctx, pause) {
			return false
		}
	}
}

// listen keeps a Socket Mode connection open until ctx ends. The library comes back
// by itself after most disconnections; for the rest this does.
func (d *Door) listen(ctx context.Context) {
	pause := firstPause
	for ctx.Err() == nil {
		began := d.now()
		err := d.socket(ctx)
		if ctx.Err() != nil {
			return
		}
		d.setTrouble(fault.Wrap(fault.Unready, err, "The connection to Slack is lost."))
		if d.now().Sub(began) >= healthyTime {
			pause = firstPause
		}
		wait := pause/2 + rand.N(pause/2)
		d.log.Warn("no connection; trying again", "reason", err, "in", wait.Round(time.Millisecond))
		if !rest(ctx, wait) {
			return
		}
		pause = min(2*pause, mostPause)
	}
}

// socket runs one managed connection until it fails for good.
func (d *Door) socket(ctx context.Context) error {
	client := socketmode.New(d.api)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- client.RunContext(ctx) }()
	for {
		select {
		case ev := <-client.Events:
			d.note(ctx, client, ev)
		case err := <-ended:
			if err == nil {
				err = errors.New("the connection ended")
			}
			return err
		}
	}
}

// note takes in one event of the connection. What Slack delivers is acknowledged once
// it is stored, which must happen within three seconds.
func (d *Door) note(ctx context.Context, client *socketmode.Client, ev socketmode.Event) {
	request := ev.Request
	switch ev.Type {
	case socketmode.EventTypeHello:
		d.setTrouble(nil)
		d.log.Info("connected", "way", "socket")
	case socketmode.EventTypeConnectionError, socketmode.EventTypeInvalidAuth:
		d.setTrouble(fault.New(fault.Unready, "Slack refuses the connection; the log says why."))
		d.log.Warn("Slack refuses the connection", "reason", refusalOf(ev.Data))
	case socketmode.EventTypeErrorBadMessage:
		// The library does not know this kind of event. We need not either.
		if bad, ok := ev.Data.(*socketmode.ErrorBadMessage); ok {
			request = &socketmode.Request{}
			_ = json.Unmarshal(bad.Message, request) // what cannot be read has no envelope
		}
	}
	if request == nil || request.EnvelopeID == "" {
		return
	}
	answer := func(payload any) bool {
		// Fails when the connection is gone: Slack delivers again, and it is known then.
		return client.AckCtx(ctx, request.EnvelopeID, payload) == nil
	}
	a, ok := arrivalOf(request.Type, request.Payload, d.now())
	if !ok {
		answer(nil) // nothing to us, and never to be sent again
		return
	}
	a.answer = answer
	d.inbox.put(a)
}

func refusalOf(data any) any {
	if failed, ok := data.(*slack.ConnectionErrorEvent); ok {
		return failed.ErrorObj
	}
	return data
}

// rest waits; false is the end of ctx.
func rest(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
