package command

import (
	"context"
	"fmt"
	"strings"

	"batsignal/oncall/choice"
	"batsignal/oncall/notice"
)

func (s Services) yesCommand() *Command {
	return &Command{
		Name: "yes", Needs: Known, Summary: "Does what I told you about and wait to do until you say so.", Example: "yes K7QX",
		Params: []Param{{Name: "code", Help: "the code that I gave you"}}, Run: s.yes,
	}
}

// yes runs what waits. It is noted as done afterwards and not before: what is run twice
// has the effect of once, and what a dying process only noted would have none.
func (s Services) yes(ctx context.Context, c *Call) (Reply, error) {
	w, err := s.Choices.Find(ctx, c.Actor(), c.Text("code"))
	if err != nil {
		return Reply{}, err
	}
	r, err := c.set.again(ctx, c, w.Line)
	if err != nil {
		return Reply{}, err
	}
	return r, s.Choices.Done(ctx, w)
}

// again runs a command that waited, as the call of whoever says yes to it: what they may
// is asked now. The line that says yes is the one that is recorded.
func (s *Set) again(ctx context.Context, c *Call, line string) (Reply, error) {
	e, args, err := s.resolve(line, maxForm)
	if err != nil {
		return Reply{}, err
	}
	values, err := s.parse(e, args)
	if err != nil {
		return Reply{}, err
	}
	if err := s.permit(e, c.Caller); err != nil {
		return Reply{}, err
	}
	return e.Run(ctx, &Call{Caller: c.Caller, Now: c.Now, Path: e.path, values: values, set: s})
}

// confirmFirst says what a command would do, and has it wait for a yes. line is the
// command with every time as an instant: it means the same in ten minutes, and is run
// with the option --yes. It must not matter whether it is run once or twice.
func (s Services) confirmFirst(ctx context.Context, c *Call, line, says string) (Reply, error) {
	w, err := s.Choices.Keep(ctx, c.Actor(), line+" --yes")
	if err != nil {
		return Reply{}, err
	}
	return Reply{Blocks: []Block{
		Line(fmt.Sprintf("%s To do it, type %s within %d minutes.", says, c.Typed("yes "+w.Code), int(choice.Life.Minutes()))),
		Actions{{Label: "Do it", Command: "yes " + w.Code, Says: says}},
	}}, nil
}

// yesFlag is what every verb has that asks first.
var yesFlag = Param{Name: "yes", Kind: Flag, Help: "do it at once, without asking back"}

// typedOption writes an option of a command that waits; a value that is not there writes
// nothing. The parser knows no quote within quotes.
func typedOption(name, value string) string {
	if value == "" {
		return ""
	}
	plain := strings.Map(func(r rune) rune {
		if isQuote(r) {
			return '\''
		}
		return r
	}, value)
	return " --" + name + ` "` + plain + `"`
}

// askButton is a command to click.
func askButton(label, command string) notice.Action {
	return notice.Action{Label: label, Command: command}
}
