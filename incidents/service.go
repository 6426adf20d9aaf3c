package incidents

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/incidents/alert"
	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/contact"
	"batsignal/oncall/duty"
	"batsignal/oncall/notice"
	"batsignal/oncall/paging"
	"batsignal/oncall/unseal"
)

// ChannelIncident is where a committing transaction tells which incident changed:
// the payload is its number, as in INC-7.
const ChannelIncident = "batsignal_incident"

// Service is every change that can be made to the work, from whichever door.
type Service struct {
	DB       pg.DB
	Queue    notice.Queue
	Now      func() time.Time
	Log      *slog.Logger
	Networks []Network
	Routes   []paging.Traits // every route that is configured, here or in another process
	Admins   []string        // accounts as network/name, in small letters
	Paging   PagingPolicy
	Guard    Guard
	Baton    BatonPolicy
	NewCode  func() string  // makes confirmation codes; nil is oncall.NewCode
	Alerts   *alert.Service // takes alerts in; nil takes none
	Minutes  Minutes        // nil keeps none

	Helplines []paging.Helpline // other paging services that are called for roles

	// Switchboard opens sealed addresses; nil: there is none, and no address is sealed.
	Switchboard unseal.Switchboard
	// Seals opens the bot's half of the keys of sealed addresses; nil opens none.
	Seals *contact.Halves
	// Heads says a line in the home rooms at once; nil where this process is on no network.
	Heads func(ctx context.Context, line string) error
	// Custodians names, by handle, who keeps a share of the key of sealed addresses; nil is
	// nobody.
	Custodians func(ctx context.Context, db pg.DB) ([]string, error)
}

// Minutes keeps the minutes of what is said in the rooms of incidents. Each call is in
// the transaction of the change that it tells of.
type Minutes interface {
	Opened(ctx context.Context, tx pgx.Tx, now time.Time, inc Incident, rooms []Room) error
	// Led tells whose the baton is now; "" is nobody's.
	Led(ctx context.Context, tx pgx.Tx, now time.Time, incident int64, handle string) error
	// Resolved ends them, and tells in a sentence what they hold; "" is nothing.
	Resolved(ctx context.Context, tx pgx.Tx, now time.Time, inc Incident) (string, error)
}

// change is one transaction: the rows it writes, and what must be said and whom it
// must wake when it commits.
type change struct {
	*Service
	ctx     context.Context
	tx      pgx.Tx
	now     time.Time
	notices []notice.Notice
	touched []int64
	rings   bool
	over    []int64        // escalations of which a page was answered or closed
	done    []string       // causes that have ended
	stopped []int64        // hunts that somebody stopped
	helped  bool           // a helpline is called
	board   map[int64]bool // incidents whose board has changed
	admins  []string       // handles, once they were asked for: a signal takes a step for each role
	hushed  bool           // first rings are told in one line, not one by one
	facts   *duty.Facts    // of every role, where a hunt for each begins; else each reads its own
}

const (
	sqlNotify  = `select pg_notify(@channel, @payload)`
	sqlAddLine = `
		insert into timeline_entry (incident_id, at, kind, person_id, network, room, account, text, meeting_id, item)
		values (@incident, @now, @kind, @person, @network, @room, @account, @text, @meeting, @item)`
)

// change runs fn in one transaction and, as its last act, writes what fn said and
// wakes whom it concerns. fn may run again when the database asks for a repeat.
func (s *Service) change(ctx context.Context, fn func(c *change) error) error {
	return pg.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		c := &change{Service: s, ctx: ctx, tx: tx, now: s.Now()}
		if err := fn(c); err != nil {
			return err
		}
		return c.flush()
	})
}

func (c *change) flush() error {
	if err := c.endCauses(c.done...); err != nil { // first: what ends now is told so once
		return err
	}
	if err := c.endWays(c.over...); err != nil {
		return err
	}
	if err := c.dueBoards(); err != nil {
		return err
	}
	if err := c.endHelp(); err != nil {
		return err
	}
	slices.Sort(c.touched)
	c.touched = slices.Compact(c.touched)
	for _, id := range c.touched {
		if err := c.resummarize(id); err != nil {
			return err
		}
	}
	if err := notice.Post(c.ctx, c.tx, c.Queue, c.now, c.notices...); err != nil {
		return err
	}
	if c.rings {
		if err := paging.NotifyDue(c.ctx, c.tx); err != nil {
			return err
		}
	}
	for _, id := range c.touched {
		if _, err := c.tx.Exec(c.ctx, sqlNotify, pgx.NamedArgs{"channel": ChannelIncident, "payload": Ref(id)}); err != nil {
			return err
		}
	}
	return nil
}

// longestText is how much a line of a timeline or an announcement can hold, in
// letters.
const longestText = 2000

// clipped shortens a text to what its column holds: a long list of names must not
// keep anybody from being rung.
func clipped(text string) string { return oncall.Clip(text, longestText) }

// record adds a line to an incident's timeline. The bot's own acts have no actor.
func (c *change) record(incident int64, kind string, a oncall.Actor, text string) error {
	return c.add(incident, Noted{Kind: kind, Text: text}, a)
}

// add is record for what may be from the minutes.
func (c *change) add(incident int64, n Noted, a oncall.Actor) error {
	c.touched = append(c.touched, incident)
	_, err := c.tx.Exec(c.ctx, sqlAddLine, pgx.NamedArgs{
		"incident": incident, "now": c.now, "kind": n.Kind, "person": pg.NullID(a.PersonID),
		"network": a.Network, "room": a.Room, "account": a.Account, "text": clipped(n.Text),
		"meeting": pg.NullID(n.Meeting), "item": pg.NullID(int64(n.Item)),
	})
	return err
}

// sayHome announces in the home room of every network.
func (c *change) sayHome(incident int64, text string, actions ...notice.Action) {
	for _, n := range c.Networks {
		if n.Home != "" {
			c.say(n.Name, n.Home, incident, text, actions...)
		}
	}
}

// sayRooms announces in the rooms of an incident.
func (c *change) sayRooms(incident int64, text string, actions ...notice.Action) error {
	rooms, err := roomsOf(c.ctx, c.tx, incident)
	for _, r := range rooms {
		c.say(r.Network, r.Room, incident, text, actions...)
	}
	return err
}

// sayAll announces in the rooms of an incident and in every home room.
func (c *change) sayAll(incident int64, text string, actions ...notice.Action) error {
	c.sayHome(incident, text, actions...)
	return c.sayRooms(incident, text, actions...)
}

// say announces in one room. Every line starts with our own words: somebody
// else's text at the front could be a command to another bot.
func (c *change) say(network, room string, incident int64, text string, actions ...notice.Action) {
	n := notice.Notice{Network: network, Kind: notice.Say, Room: room, Text: text, Actions: actions}
	if incident != 0 {
		n.Text = "[" + Ref(incident) + "] " + text
		n.Incident = &incident
	}
	n.Text = clipped(n.Text)
	c.notices = append(c.notices, n)
}

// tell sends a private line to a person on each network where they have an account.
func (c *change) tell(person, incident int64, text string, actions ...notice.Action) error {
	accounts, err := oncall.AccountsOf(c.ctx, c.tx, person)
	if err != nil {
		return err
	}
	c.tellAt(accounts, incident, text, actions...)
	return nil
}

// tellAt is tell for whoever looked up the accounts already.
func (c *change) tellAt(accounts []oncall.Account, incident int64, text string, actions ...notice.Action) {
	for _, a := range accounts {
		if !c.knows(a.Network) {
			continue
		}
		n := notice.Notice{Network: a.Network, Kind: notice.Say, Account: a.Name, Text: text, Actions: actions}
		if incident != 0 {
			n.Text = "[" + Ref(incident) + "] " + text
			n.Incident = &incident
		}
		n.Text = clipped(n.Text)
		c.notices = append(c.notices, n)
	}
}

func (c *change) knows(network string) bool {
	return slices.ContainsFunc(c.Networks, func(n Network) bool { return n.Name == network })
}
