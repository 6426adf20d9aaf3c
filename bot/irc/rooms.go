package irc

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/lrstanley/girc"

	"batsignal/bot"
	"batsignal/oncall/fault"
)

// place is a room that we are in or want to be in.
type place struct {
	name   string
	joined bool
	topic  string
	reason string // why we are not in it
	stale  bool   // somebody's account is unknown: ask who is there
	tries  int    // to get back in since we were last in it for long
	due    time.Time
	since  time.Time
}

func (s *session) place(name string) *place {
	key := s.fold(name)
	p := s.rooms[key]
	if p == nil {
		p = &place{name: name}
		s.rooms[key] = p
	}
	return p
}

// entered notes that we are in a room now.
func (s *session) entered(name string) {
	p := s.place(name)
	p.joined, p.reason, p.stale, p.topic = true, "", true, ""
	p.since = time.Now()
	s.poke()
}

// putOut notes that we are not in a room any more, and when to try again.
func (s *session) putOut(room, why string) {
	p := s.rooms[s.fold(room)]
	if p == nil {
		return
	}
	if p.joined && time.Since(p.since) > healthy {
		p.tries = 0
	}
	p.joined, p.reason = false, why
	p.later()
	s.people.emptied(room)
	s.log.Warn("not in the room", "room", p.name, "reason", why)
	s.poke()
}

// later puts the next try off, longer each time.
func (p *place) later() {
	p.due = time.Now().Add(min(firstPause<<min(p.tries, 6), mostPause))
	p.tries++
}

// noteTopic keeps the topics of our rooms.
func (s *session) noteTopic(ev *girc.Event) {
	room, topic := param(ev, 0), param(ev, 1)
	switch ev.Command {
	case numTopic:
		room, topic = param(ev, 1), param(ev, 2)
	case numNoTopic:
		room, topic = param(ev, 1), ""
	}
	if p := s.rooms[s.fold(room)]; p != nil {
		p.topic = topic
	}
}

// joining is a JOIN on its way.
type joining struct {
	o       *outgoing
	refused error
	in      bool
}

// startJoin queues a JOIN; what is said in the room is queued behind it.
func (s *session) startJoin(name string) (*joining, error) {
	s.mu.Lock()
	s.place(name) // by our spelling, not by the server's
	s.mu.Unlock()
	j := &joining{}
	j.o = &outgoing{class: room, line: line("JOIN", name), done: make(chan error, 1)}
	j.o.see = func(ev *girc.Event) {
		switch {
		case ev.Command == girc.JOIN && ev.Source != nil && s.same(ev.Source.Name, s.nick) && s.same(param(ev, 0), name):
			j.in = true
		case refusal(ev.Command) && s.same(param(ev, 1), name):
			j.refused = refused(ev)
		}
	}
	return j, s.queue.push(j.o)
}

// wait returns when we are in the room, or with the reason why not.
func (s *session) wait(ctx context.Context, name string, j *joining) error {
	select {
	case err := <-j.o.done:
		if err != nil {
			return err
		}
	case <-ctx.Done():
		s.queue.giveUp(j.o)
		return ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.place(name)
	if j.in || p.joined {
		return nil
	}
	err := j.refused
	if err == nil {
		err = fault.New(fault.Forbidden, "The network did not let us in.")
	}
	p.reason = sayOf(err)
	p.later()
	return err
}

func (s *session) join(ctx context.Context, name string) error {
	s.mu.Lock()
	in := s.place(name).joined
	s.mu.Unlock()
	if in {
		return nil
	}
	j, err := s.startJoin(name)
	if err != nil {
		return err
	}
	return s.wait(ctx, name, j)
}

// OpenRoom makes sure that we are in the room, that it exists, and that it has
// this topic; "" leaves the topic as it is. From then on the room is joined again
// after a reconnect or a kick.
func (d *Door) OpenRoom(ctx context.Context, name, topic string) error {
	if !validRoom(name) {
		return fault.New(fault.Invalid, "%q cannot be a room on IRC. Rooms look like #ops.", clean(name))
	}
	s := d.online()
	if s == nil {
		return bot.ErrOffline
	}
	if err := s.join(ctx, name); err != nil {
		return err
	}
	d.want(name)
	return s.setTopic(ctx, name, topic)
}

// SetTopic changes the topic of a room that we are in.
func (d *Door) SetTopic(ctx context.Context, name, topic string) error {
	s := d.online()
	if s == nil {
		return bot.ErrOffline
	}
	return s.setTopic(ctx, name, topic)
}

func (s *session) setTopic(ctx context.Context, name, topic string) error {
	topic = clean(strings.Join(strings.FieldsFunc(topic, func(r rune) bool { return r == '\n' || r == '\r' }), " "))
	s.mu.Lock()
	topic = cutTo(topic, s.topicRoom(name))
	p := s.rooms[s.fold(name)]
	done := topic == "" || p != nil && p.joined && p.topic == topic
	s.mu.Unlock()
	if done {
		return nil
	}
	for try := 1; ; try++ {
		var against error
		busy := false
		err := s.ask(ctx, room, line("TOPIC", name, topic), func(ev *girc.Event) {
			if refusal(ev.Command) && s.same(param(ev, 1), name) {
				against, busy = refused(ev), ev.Command == girc.ERR_UNAVAILRESOURCE
			}
		})
		if !busy || err != nil || try == topicTries {
			return errors.Join(err, against)
		}
		// InspIRCd takes one topic a second, as its servers tell the newer by the second.
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

const topicTries = 5

// topicRoom is how many bytes a topic may have.
func (s *session) topicRoom(name string) int {
	most := s.space("TOPIC", name)
	if n, err := strconv.Atoi(s.support["TOPICLEN"]); err == nil && n > 0 {
		most = min(most, n)
	}
	return most
}

// cutTo cuts a text to so many bytes, before a letter that does not fit.
func cutTo(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most]
}

// Invite asks whoever is logged in as account into the room.
func (d *Door) Invite(ctx context.Context, name, account string) error {
	s := d.online()
	if s == nil {
		return bot.ErrOffline
	}
	nicks, err := s.find(ctx, account)
	if err != nil {
		return err
	}
	var failed []error
	for _, nick := range nicks {
		if err := s.invite(ctx, name, nick); err != nil {
			failed = append(failed, err)
		}
	}
	if len(failed) == len(nicks) {
		return errors.Join(failed...)
	}
	return nil
}

func (s *session) invite(ctx context.Context, name, nick string) error {
	s.mu.Lock()
	there := s.people.inRoom(name, nick)
	s.mu.Unlock()
	if there {
		return nil
	}
	var against error
	err := s.ask(ctx, room, line("INVITE", nick, name), func(ev *girc.Event) {
		if ev.Command == numOnChannel || !refusal(ev.Command) {
			return
		}
		if s.same(param(ev, 1), nick) || s.same(param(ev, 1), name) {
			against = refused(ev)
		}
	})
	return errors.Join(err, against)
}
