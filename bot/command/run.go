package command

import (
	"context"
	"fmt"
	"runtime/debug"
	"strings"
	"unicode"
	"unicode/utf8"

	"batsignal/oncall/fault"
)

// Run is the one door: every line of every network, the command line and the
// web comes through here. It finds, reads, permits, records and runs. In a
// private message, and where the bot is addressed, the prefix may be missing.
//
// A line that is no command gives an empty Reply: in a room that includes
// unknown commands which are not near to any. Errors are [fault.Error] with one
// plain line for the person; [Refusal] draws them.
func (s *Set) Run(ctx context.Context, caller Caller, line string) (Reply, error) {
	overheard := caller.Room != "" && !caller.Addressed
	rest, ok := s.Judge(line)
	if !ok {
		rest = strings.TrimSpace(line)
		if overheard || rest == "" {
			return Reply{}, nil
		}
	}
	if overheard && s.isProse(line, rest) {
		return Reply{}, nil
	}
	longest := maxLine
	if caller.Unseen {
		longest = maxForm // it came from a form or a button, not by a line of chat
	}
	e, args, err := s.resolve(rest, longest)
	if e != nil && e.private && caller.Room != "" && !caller.Unseen {
		return Reply{}, s.elsewhere(e)
	}
	if err != nil {
		return Reply{}, err
	}
	values, err := s.parse(e, args)
	if err != nil {
		return Reply{}, err
	}
	if err := s.permit(e, caller); err != nil {
		if s.opts.Refused != nil {
			s.opts.Refused(ctx, caller, e.path, err)
		}
		return Reply{}, err
	}
	call := &Call{Caller: caller, Now: s.opts.Now(), Path: e.path, values: values, set: s}
	if s.opts.Recorder != nil {
		fresh, err := s.opts.Recorder.Record(ctx, caller, e.path, call.Now)
		if err != nil {
			return Reply{}, fault.Wrap(fault.Unready, err, "I could not write this command down, so I did not run it. Please try again.")
		}
		if !fresh {
			return Reply{}, nil
		}
	}
	r, err := protect(ctx, e, call)
	if s.opts.Recorder != nil {
		s.opts.Recorder.Finish(ctx, caller, s.opts.Now())
	}
	return s.localized(r), err
}

// isProse tells whether a line in a room only looks like a command: its first
// word is none, nor near to one. After "! " only an exact name counts.
func (s *Set) isProse(line, rest string) bool {
	word := token(rest)
	if s.find(word) != nil {
		return false
	}
	spaced := strings.HasPrefix(strings.TrimLeft(line, " "), s.prefix+" ")
	return spaced || len(s.nearest(word)) == 0
}

// protect runs a verb. A mistake in one verb must not take the bot down while
// people are being paged.
func protect(ctx context.Context, e *entry, call *Call) (r Reply, err error) {
	defer func() {
		if p := recover(); p != nil {
			r = Reply{}
			err = fault.Wrap(fault.Internal, fmt.Errorf("panic in %s: %v\n%s", e.path, p, debug.Stack()),
				"Something broke on our side while doing that. It is in the log; please try again.")
		}
	}()
	return e.Run(ctx, call)
}

// Refusal draws an error as one line. A sentence that begins with a sign gets a
// word before it, so that no other bot takes our line for a command.
func Refusal(err error) Reply {
	say := Clean(fault.Say(err))
	if first, _ := utf8.DecodeRuneInString(say); !unicode.IsLetter(first) {
		say = "Refused: " + say
	}
	return Reply{Blocks: []Block{Line(say)}, Refused: true}
}
