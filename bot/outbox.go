package bot

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"strconv"
	"time"

	"github.com/riverqueue/river"

	"batsignal/incidents"
	"batsignal/migrations/pg"
	"batsignal/oncall/fault"
	"batsignal/oncall/notice"
)

// Outbox drains announcements to the networks that this process is on. It is the
// worker of the jobs that notice.Post leaves behind; the rows say what to send, so
// a job that runs twice, or after another has done its work, does no harm.
type Outbox struct {
	river.WorkerDefaults[notice.DrainArgs]
	DB       pg.DB
	Now      func() time.Time
	Log      *slog.Logger
	Networks map[string]Network
	Localize func(string) string
	// Incidents knows how an incident stands, and which rooms it has.
	Incidents *incidents.Service
	PublicURL string // where the web pages are seen from; "" has none
	Scribe    *Scribe
}

const (
	noticeTries = 5
	// offlinePause is how often a drain looks whether its network is back.
	offlinePause = 250 * time.Millisecond
	// refusedPause is how long a drain rests after the network refused something:
	// it may have been too much at once.
	refusedPause = 2 * time.Second
	// noticeBudget is how long one announcement may take to be confirmed; a network
	// that paces us counts in.
	noticeBudget = time.Minute
	// asideBudget is how long an invitation or a summary may hold up what there is to
	// say; what the network puts off longer is tried again after it.
	asideBudget = 5 * time.Second
	// mostAsides is how many private lines are tried without a look whether there is
	// something to say, when some people cannot be reached.
	mostAsides = 20
)

// Timeout tells River that a drain may take long: IRC lets few lines a second pass.
func (*Outbox) Timeout(*river.Job[notice.DrainArgs]) time.Duration { return 10 * time.Minute }

// Work implements [river.Worker]. While its network is away it stays: a job that
// is put aside is looked at every few seconds only, and what waits should be said
// as soon as somebody can hear it.
func (o *Outbox) Work(ctx context.Context, job *river.Job[notice.DrainArgs]) error {
	for {
		rest, err := o.Drain(ctx, job.Args.Network)
		switch {
		case ctx.Err() != nil:
			return river.JobSnooze(0) // the next process goes on with it
		case err != nil || rest == 0:
			return err
		}
		select {
		case <-time.After(rest):
		case <-ctx.Done():
		}
	}
}

// Drain sends what waits for a network, oldest first within each room: one room
// that the network keeps refusing must not silence the others. Invitations come
// when there is nothing to say: networks let few of them pass, and a page names the
// room anyway. rest is 0 when nothing waits any more, else how long to wait before
// the next try.
func (o *Outbox) Drain(ctx context.Context, network string) (rest time.Duration, err error) {
	n, ok := o.Networks[network]
	if !ok {
		return 0, nil
	}
	for rest == 0 {
		waiting, err := notice.Next(ctx, o.DB, o.Now(), network)
		if err != nil || len(waiting) == 0 {
			return 0, err
		}
		refused := map[string]bool{}
		said := false
		asides := 0
		for _, one := range waiting {
			aside := isAside(one)
			if (aside || one.Aside()) && said && rest == 0 {
				break // there may be more to say
			}
			to := cmp.Or(one.Room, one.Account)
			if refused[to] {
				continue
			}
			pause, err := o.deliver(ctx, n, one)
			if err != nil || pause == offlinePause {
				return pause, err
			}
			if pause > 0 {
				rest, refused[to] = pause, true
			}
			if aside || one.Kind == notice.Open {
				break // there may be something to say by now, or the room is another one
			}
			if one.Aside() {
				// A hundred of these take minutes; an incident does not wait for them.
				if asides++; rest == 0 || asides == mostAsides {
					break
				}
				continue
			}
			said = true
		}
	}
	return rest, nil
}

// isAside tells whether a notice comes only when there is nothing to say.
func isAside(one notice.Notice) bool {
	return one.Kind == notice.Invite || one.Kind == notice.Summary
}

// deliver sends one notice and marks its row. rest is not 0 if it must wait. That
// the network is away is no fault of the notice, so it costs none of its tries.
func (o *Outbox) deliver(ctx context.Context, n Network, one notice.Notice) (rest time.Duration, err error) {
	budget := noticeBudget
	if isAside(one) {
		budget = asideBudget
	}
	sendCtx, cancel := context.WithTimeout(ctx, budget)
	defer cancel()
	sendErr := o.send(sendCtx, n, one)
	switch {
	case sendErr == nil:
		return 0, notice.Sent(ctx, o.DB, o.Now(), one.ID)
	case ctx.Err() != nil:
		return 0, ctx.Err()
	case errors.Is(sendErr, ErrOffline):
		return offlinePause, nil
	case errors.Is(sendErr, ErrBusy):
		return refusedPause, nil
	case errors.Is(sendErr, ErrAbsent), one.Tries+1 >= noticeTries, one.Kind != notice.Say && fault.KindOf(sendErr) == fault.Forbidden:
		// What is said is worth a few tries; a topic that we may not set would only
		// hold up what is said behind it.
		o.Log.Warn("an announcement was given up", "network", one.Network, "kind", one.Kind, "room", one.Room, "incident", one.Incident, "error", sendErr)
		return 0, notice.Failed(ctx, o.DB, o.Now(), one.ID, sendErr.Error())
	}
	return refusedPause, notice.Tried(ctx, o.DB, one.ID, sendErr.Error())
}

func (o *Outbox) send(ctx context.Context, n Network, one notice.Notice) error {
	text := o.Localize(one.Text)
	switch one.Kind {
	case notice.Open:
		return o.open(ctx, n, one.Room, text)
	case notice.Topic:
		return n.SetTopic(ctx, one.Room, text)
	case notice.Invite:
		return n.Invite(ctx, one.Room, one.Account)
	case notice.Close:
		return n.CloseRoom(ctx, one.Room)
	case notice.Summary:
		return o.summarize(ctx, n, one)
	}
	m := Message{Text: text, Actions: one.Actions}
	if one.Account != "" {
		return n.Direct(ctx, one.Account, m)
	}
	if err := n.Say(ctx, one.Room, m); err != nil {
		return err
	}
	if carried.MatchString(text) {
		return nil // it is on record where it was said
	}
	o.Scribe.Said(ctx, o.Now(), n, one.Room, "notice-"+strconv.FormatInt(one.ID, 10), text)
	return nil
}

// open opens a room. Where the network gave another one, the incident moves there
// before anything more is said.
func (o *Outbox) open(ctx context.Context, n Network, room, topic string) error {
	opened, err := n.OpenRoom(ctx, room, topic)
	if err != nil || opened.Room == room {
		return err
	}
	return o.Incidents.MoveRoom(ctx, n.Name(), room, opened.Room, opened.Why)
}

// summarize shows how an incident stands. One showing does for every summary that
// was asked for before the state was read.
func (o *Outbox) summarize(ctx context.Context, n Network, one notice.Notice) error {
	board, ok := n.(Summarizer)
	if !ok || one.Incident == nil {
		return nil
	}
	last, err := notice.LastSummary(ctx, o.DB, one.Network, one.Room)
	if err != nil {
		return err
	}
	s, err := o.summaryOf(ctx, *one.Incident)
	if err != nil {
		return err
	}
	if err := board.Summarize(ctx, one.Room, s); err != nil {
		return err
	}
	return notice.SummariesDone(ctx, o.DB, o.Now(), one.Network, one.Room, last)
}
