package bot

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"

	"batsignal/bot/command"
	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

// Dispatcher takes every line that any network heard and sees to it that commands
// are obeyed and answered. It keeps nothing that a restart must not lose.
type Dispatcher struct {
	DB  pg.DB
	Set *command.Set
	Who *Identity
	Now func() time.Time
	Log *slog.Logger
	// Relay carries talk between the rooms of a bridged incident; nil carries none.
	Relay *Relay
	// Scribe takes down what is said in rooms; nil takes nothing down.
	Scribe *Scribe
	// Burnt finds secrets in what is said; nil looks for none.
	Burnt *Burnt

	mu      sync.Mutex
	marked  map[source]time.Time // when an account was last noted as heard
	refused map[source]time.Time // when a stranger was last told why not
}

// source is who spoke, as far as the network tells.
type source struct{ network, name string }

const (
	// markEvery bounds how often one account's chatter touches the database.
	markEvery = time.Second
	// markBudget bounds how long that may hold up what was said.
	markBudget = 2 * time.Second
	// refuseEvery is how often a stranger is told why their command is not obeyed:
	// often enough to learn, too seldom to make the bot flood.
	refuseEvery = time.Hour
	// rememberMost bounds the two maps; they are emptied when they reach it.
	rememberMost = 10_000
)

// Hear judges one line and, if it is a command, runs and answers it.
func (d *Dispatcher) Hear(ctx context.Context, n Network, h Heard) {
	secret := d.quench(ctx, &h)
	d.Scribe.Hear(ctx, n, h)
	if secret != nil {
		d.callBurnt(ctx, n, h, secret)
	}
	if h.Replayed || h.Change != Said {
		return
	}
	if h.Account != "" {
		d.mark(ctx, h)
	}
	if secret != nil && secret.alone {
		return
	}
	if !d.asks(h) {
		if d.Relay != nil && h.Room != "" {
			d.Relay.Carry(ctx, h)
		}
		return
	}
	d.Scribe.Settle(ctx) // what was said before a command is on record before its effect
	log := d.Log.With("network", h.Network, "room", h.Room)
	var reply command.Reply
	err := error(fault.New(fault.Unready, "%s does not tell me just now who you are, so I did nothing. Please try again in a moment.", h.Network))
	if !h.Unsure {
		reply, err = d.run(ctx, h)
	}
	if err != nil {
		if fault.KindOf(err) == fault.Internal || fault.KindOf(err) == fault.Unready {
			log.Error("a command failed", "error", err)
		}
		reply = d.Set.Refuse(err)
		if h.Account == "" && !h.Unsure && fault.KindOf(err) == fault.Forbidden {
			// What nobody else saw may be answered each time: a form wants its answer.
			if reply.Private = true; !h.Unseen && !d.mayRefuse(h) {
				return
			}
		}
	}
	if len(reply.Blocks) == 0 {
		return
	}
	if err := n.Reply(ctx, h, reply); err != nil {
		if ctx.Err() == nil {
			log.Warn("an answer could not be sent", "error", err)
		}
		return
	}
	if !reply.Private && !h.Unseen {
		d.Scribe.Said(ctx, d.Now(), n, h.Room, "", strings.Join(command.PlainText(reply), "\n"))
	}
}

// asks tells whether a line asks something of us, and is not talk.
func (d *Dispatcher) asks(h Heard) bool {
	if h.Did {
		return false
	}
	_, isCommand := d.Set.Judge(h.Text)
	return isCommand || h.Addressed || h.Room == ""
}

func (d *Dispatcher) run(ctx context.Context, h Heard) (command.Reply, error) {
	caller, err := d.Who.Caller(ctx, h)
	if err != nil {
		return command.Reply{}, fault.Wrap(fault.Unready, err, "I cannot reach my database right now, so I cannot tell who you are. Please try again in a moment.")
	}
	return d.Set.Run(ctx, caller, h.Text)
}

// mark notes a sign of life of whoever the account belongs to.
func (d *Dispatcher) mark(ctx context.Context, h Heard) {
	now := d.Now()
	if !d.due(&d.marked, source{h.Network, h.Account}, now, markEvery) {
		return
	}
	marking, cancel := context.WithTimeout(ctx, markBudget)
	defer cancel()
	p, known, err := oncall.PersonByAccount(marking, d.DB, h.Network, h.Account)
	if err == nil && known {
		err = oncall.MarkHeard(marking, d.DB, now, p.ID)
	}
	if err != nil && ctx.Err() == nil {
		d.Log.Warn("a sign of life could not be noted", "error", err)
	}
}

func (d *Dispatcher) mayRefuse(h Heard) bool {
	return d.due(&d.refused, source{h.Network, h.Nick}, d.Now(), refuseEvery)
}

// due tells whether something was last done for a source at least every ago, and
// if so notes that it is done now.
func (d *Dispatcher) due(last *map[source]time.Time, s source, now time.Time, every time.Duration) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if then, ok := (*last)[s]; ok && now.Sub(then) < every {
		return false
	}
	if *last == nil || len(*last) >= rememberMost {
		*last = map[source]time.Time{}
	}
	(*last)[s] = now
	return true
}
