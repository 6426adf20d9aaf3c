package bot

import (
	"context"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/bot/command"
	"batsignal/incidents"
	"batsignal/migrations/pg"
	"batsignal/oncall/notice"
)

// Relay carries talk between the rooms of an incident that is on several networks.
//
// It can go round in no circle: doors do not hear what the bot itself says, and a
// line that looks carried is never carried again, whoever says it. Commands are not
// carried, and a carried line begins with our own words, so it can be none.
type Relay struct {
	DB        pg.DB
	Incidents *incidents.Service
	Queue     notice.Queue
	Now       func() time.Time
	Log       *slog.Logger

	mu     sync.Mutex
	at     time.Time                           // when rooms were last looked up
	bridge map[incidents.Room][]incidents.Room // to the other rooms of the same incident
}

const (
	// bridgesEvery is how often the bridged rooms are looked up: every line of talk
	// comes through here, and none may cost a query.
	bridgesEvery = time.Second
	// carryBudget bounds how long carrying one line may hold up the next.
	carryBudget = 5 * time.Second
)

// carried is what our lines look like on the other side.
var carried = regexp.MustCompile(`^\[[a-z0-9_-]+\] (<[^>]*>|\* \S+) `)

// Carry has a line of talk said in the other rooms of its incident, if there are
// any. It is written to rows, once for each line: the outbox says it.
func (r *Relay) Carry(ctx context.Context, h Heard) {
	ctx, cancel := context.WithTimeout(ctx, carryBudget)
	defer cancel()
	others, err := r.others(ctx, incidents.Room{Network: h.Network, Room: h.Room})
	if err == nil && len(others) > 0 && !carried.MatchString(h.Text) {
		err = pg.InTx(ctx, r.DB, func(tx pgx.Tx) error {
			return notice.Post(ctx, tx, r.Queue, r.Now(), notices(h, others)...)
		})
	}
	if err != nil && ctx.Err() == nil {
		r.Log.Error("a line could not be carried over", "network", h.Network, "room", h.Room, "error", err)
	}
}

func notices(h Heard, others []incidents.Room) (list []notice.Notice) {
	for _, to := range others {
		n := notice.Notice{Network: to.Network, Kind: notice.Say, Room: to.Room, Text: carriedText(h)}
		if h.MessageID != "" {
			n.Origin = h.Network + " " + h.MessageID + " " + to.Room
		}
		list = append(list, n)
	}
	return list
}

// carriedText says who said or did what where. A name that nothing proves has "~"
// before it.
func carriedText(h Heard) string {
	name := strings.NewReplacer(">", "", "<", "", " ", "_").Replace(command.Clean(h.Nick))
	if h.Account == "" {
		name = "~" + name
	}
	var lines []string
	for line := range strings.Lines(h.Text) {
		if line = command.Clean(line); line != "" {
			lines = append(lines, line)
		}
	}
	text := strings.Join(lines, " / ")
	if h.Thread != "" {
		text = "(in a thread) " + text
	}
	const most = 1800 // letters, of the 2000 that a notice holds
	if letters := []rune(text); len(letters) > most {
		text = string(letters[:most]) + "…"
	}
	if h.Did {
		return "[" + h.Network + "] * " + name + " " + text
	}
	return "[" + h.Network + "] <" + name + "> " + text
}

// others are the rooms on other networks of the incident whose room this is.
func (r *Relay) others(ctx context.Context, room incidents.Room) ([]incidents.Room, error) {
	now := r.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	if since := now.Sub(r.at); r.bridge == nil || since >= bridgesEvery || since < 0 {
		bridges, err := r.Incidents.Bridges(ctx)
		if err != nil {
			return nil, err
		}
		r.bridge, r.at = bridges, now
	}
	return r.bridge[room], nil
}
