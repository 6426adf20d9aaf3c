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
)

// SetTopic changes the topic of a room, and joins it first if we are not in it.
func (d *Door) SetTopic(ctx context.Context, name, topic string) error {
	s := d.online()
	if s == nil {
		return bot.ErrOffline
	}
	if err := s.join(ctx, name); err != nil {
		return err
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
