// Package doortest owns the theatres that are real networks: the real door of the
// bot against a real server, with people whose clients say and show everything.
//
// It only brings people's words to the network and what they saw back; whether that
// is right is for the story that is played. It is a package of its own because
// everybody who tells stories in tests may want to tell them here.
package doortest

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"batsignal/bot"
	"batsignal/bot/console"
	"batsignal/bot/irc"
	"batsignal/bot/irc/irctest"
	"batsignal/bot/play"
	"batsignal/oncall/secret"
)

const (
	botNick  = "batsignal"
	observer = "observer" // sits in every room of the bot, and says nothing
)

// IRC is InspIRCd with services and the door to it, as a network of that name. The
// people are handles; each is connected, logged in to an account of the same name,
// and in [play.Home]. "~maria" is a client without account, and if maria is there
// too, with another nick.
func IRC(t testing.TB, name string, people []string) play.Theatre {
	t.Helper()
	o := irctest.Options{Accounts: map[string]string{botNick: botNick + "-pass"}}
	nicks := []string{observer}
	for _, who := range people {
		nick, borrowed := strings.CutPrefix(who, "~")
		if !borrowed {
			o.Accounts[who] = who + "-pass"
		} else if slices.Contains(people, nick) {
			nick += "_"
		}
		nicks = append(nicks, nick)
	}
	n := irctest.Run(t, o)
	door, err := irc.New(irc.Config{
		Name: name, Server: n.Addr(), TLS: true, RootCAs: n.RootCAs(),
		Nick: botNick, Account: botNick, Password: secret.New(o.Accounts[botNick]),
		Rooms: []string{play.Home}, Pace: irc.Pace{Burst: 1000, PerSecond: 1000},
		Log: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})),
	})
	if err != nil {
		t.Fatal(err)
	}
	th := &ircTheatre{net: n, people: map[string]*ircPerson{}, rooms: map[string]bool{}}
	th.door = &watchedDoor{Door: door, opened: th.enter}
	clients := n.People(t, nicks...)
	th.observer, clients = clients[0], clients[1:]
	th.observer.Raw("CAP REQ :invite-notify")
	for i, who := range people {
		p := &ircPerson{Person: clients[i], handle: strings.TrimPrefix(who, "~"), in: map[string]bool{}}
		th.people[who] = p
		p.goTo(play.Home)
	}
	th.observer.Join(play.Home)
	th.rooms[play.Home] = true
	th.limit = limitOf(th.observer.Shown())
	for _, p := range th.people {
		p.Forget()
	}
	return th
}

// ircTheatre is one IRC network.
type ircTheatre struct {
	net      *irctest.Network
	door     *watchedDoor
	observer *irctest.Person
	people   map[string]*ircPerson // by "maria" or "~maria"
	limit    func(target string) int

	mu    sync.Mutex
	rooms map[string]bool // where the bot is, and so the observer
}

// ircPerson is somebody's client.
type ircPerson struct {
	*irctest.Person
	handle string
	in     map[string]bool
}

func (p *ircPerson) goTo(room string) {
	if !p.in[room] {
		p.Join(room)
		p.in[room] = true
	}
}

// watchedDoor is the door itself, except that the observer follows it into each
// room that it opened, before it can say anything there.
type watchedDoor struct {
	*irc.Door
	opened func(room string) error
}

// OpenRoom implements [bot.Network].
func (d *watchedDoor) OpenRoom(ctx context.Context, room, topic string) (bot.Opened, error) {
	o, err := d.Door.OpenRoom(ctx, room, topic)
	if err != nil {
		return o, err
	}
	return o, d.opened(o.Room)
}

// enter brings the observer into a room, with the rights to see who is invited.
func (th *ircTheatre) enter(room string) error {
	th.mu.Lock()
	defer th.mu.Unlock()
	if th.rooms[room] {
		return nil
	}
	th.observer.Join(room)
	th.rooms[room] = true
	return th.net.Oper("SAMODE %s +o %s", room, observer)
}

// Network implements [play.Theatre].
func (th *ircTheatre) Network() bot.Network { return th.door }

// Account implements [play.Theatre]: accounts are called like the people.
func (th *ircTheatre) Account(handle string) string { return handle }

// Speak implements [play.Theatre].
func (th *ircTheatre) Speak(_ context.Context, s play.Spoken) (audible bool, err error) {
	who := s.Who
	if s.Borrowed {
		who = "~" + who
	}
	p := th.people[who]
	if p == nil {
		return false, fmt.Errorf("nobody is connected as %s", who)
	}
	say := p.Say
	if s.Did {
		say = p.Do
	}
	if s.Room == "" {
		say(botNick, s.Text)
		return true, nil
	}
	p.goTo(s.Room)
	say(s.Room, s.Text)
	th.mu.Lock()
	defer th.mu.Unlock()
	return th.rooms[s.Room], nil
}

// Heard implements [play.Theatre]. The door returns when the server has taken a
// line, and the server answers a client in order: who asks it now has seen all.
func (th *ircTheatre) Heard(context.Context) ([]console.Line, error) {
	seen := sight{invited: map[console.Line]int{}, limit: th.limit}
	for _, who := range slices.Sorted(maps.Keys(th.people)) {
		p := th.people[who]
		for _, l := range p.Shown() {
			seen.person(p, l)
		}
	}
	for _, l := range th.observer.Shown() {
		if err := seen.room(l); err != nil {
			return seen.lines, err
		}
	}
	for invitation, n := range seen.invited {
		if n > 0 {
			return seen.lines, fmt.Errorf("%q, which the room was not shown", invitation)
		}
	}
	return seen.lines, nil
}
