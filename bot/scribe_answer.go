package bot

import (
	"context"
	"slices"
	"strings"

	"batsignal/bot/command"
	"batsignal/incidents/meeting"
	"batsignal/incidents/minutes"
)

// answer has somebody told what is for them alone. A network may be slow about it, and
// nothing that is said anywhere waits for that.
func (s *Scribe) answer(ctx context.Context, t *taken, a meeting.Answer) {
	switch {
	case t.from == nil:
	case s.Patient:
		s.send(ctx, t, a)
	default:
		select {
		case s.answers <- answered{t, a}:
		default:
			s.Log.Warn("an answer to a line of a meeting is dropped: too many wait", "network", t.Room.Network)
		}
	}
}

// answered is an answer on its way to whoever said a line.
type answered struct {
	*taken
	answer meeting.Answer
}

// tell sends answers until ctx ends.
func (s *Scribe) tell(ctx context.Context) {
	for {
		select {
		case a := <-s.answers:
			s.send(ctx, a.taken, a.answer)
		case <-ctx.Done():
			return
		}
	}
}

// send tells somebody what is for them alone, or calls everybody in the room.
func (s *Scribe) send(ctx context.Context, t *taken, a meeting.Answer) {
	ctx, cancel := context.WithTimeout(ctx, answerBudget)
	defer cancel()
	var err error
	if a.Kind == minutes.CallNames {
		err = s.callNames(ctx, t, a.Text)
	} else {
		err = t.from.Reply(ctx, t.line, command.Reply{Private: true, Blocks: []command.Block{command.Line(a.Text)}})
	}
	if err != nil && ctx.Err() == nil {
		s.Log.Warn("an answer to a line of a meeting could not be sent", "network", t.Room.Network, "error", err)
	}
}

// callNames says a text with the name of everybody in the room, a few lines at most.
func (s *Scribe) callNames(ctx context.Context, t *taken, text string) error {
	const perLine, most = 30, 150
	room := s.Look(ctx, t.from, t.Room.Room)
	names := slices.DeleteFunc(slices.Clone(room.Names), func(name string) bool { return name == t.line.Nick || name == room.Self })
	if len(names) > most {
		names = names[:most]
	}
	for list := range slices.Chunk(names, perLine) {
		if err := t.from.Say(ctx, t.Room.Room, Message{Text: "Calling " + strings.Join(list, " ")}); err != nil {
			return err
		}
	}
	return t.from.Say(ctx, t.Room.Room, Message{Text: "Called by " + t.line.Nick + ": " + text})
}
