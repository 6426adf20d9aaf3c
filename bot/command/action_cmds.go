package command

import (
	"context"
	"fmt"
	"strings"

	"batsignal/incidents/action"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

func (s Services) actionCommands() []*Command {
	number := Param{Name: "action", Kind: Number, Prefix: "A", Help: "which action"}
	return []*Command{{
		Name: "actions", Aliases: []string{"todo"}, Group: "Actions",
		Summary: "Lists what is to be done: by you, in this room, of an incident, or everywhere.",
		Example: "actions mine",
		Params: []Param{
			{Name: "which", Kind: Word, Optional: true, Choices: []string{"mine", "open", "room", "incident"}, Help: "yours if you have any, else this room's"},
			{Name: "incident", Kind: Number, Prefix: "INC", Optional: true, Help: "which incident, if not this room's"},
		},
		Run: s.actions,
	}, {
		Name: "action", Default: "show",
		Summary: "Shows what is to be done, and says how it goes with it.",
		Example: "action show A12",
		Subs: []*Command{
			{Name: "show", Summary: "Shows an action and what was done about it.", Example: "action show A12", Params: []Param{number}, Run: s.actionShow},
			{
				Name: "add", Needs: Known, Summary: "Notes an action; whose it is and by when, the text says.", Example: "action add maria rotates the signing key by friday",
				Params: []Param{{Name: "text", Kind: Rest, Help: "who does what by when"}}, Run: s.actionAdd,
			},
			{
				Name: "done", Needs: Known, Summary: "Says that actions are done.", Example: "action done A12",
				Params: []Param{{Name: "actions", Kind: Rest, Help: "which, as in A12 A13"}}, Run: s.actionDone,
			},
			{
				Name: "due", Needs: Known, Summary: "Says by which day an action is to be done.", Example: "action due A12 friday",
				Params: []Param{number, {Name: "day", Kind: Rest, Help: "as in friday, 24 december, 2026-12-24 or none"}}, Run: s.actionDue,
			},
			{
				Name: "owner", Needs: Known, Summary: "Says whose an action is.", Example: "action owner A12 maria, bert",
				Params: []Param{number, {Name: "people", Kind: Rest, Help: "people, a name, me or nobody"}}, Run: s.actionOwner,
			},
			{
				Name: "drop", Needs: Known, Summary: "Says that nobody will do an action.", Example: "action drop A12 the server is gone",
				Params: []Param{number, {Name: "why", Kind: Rest, Optional: true, Help: "why not"}}, Run: s.actionDrop,
			},
			{Name: "reopen", Needs: Known, Summary: "Has an action done that was done or dropped.", Example: "action reopen A12", Params: []Param{number}, Run: s.actionReopen},
			{Name: "issue", Needs: Known, Summary: "Opens an issue for an action in the tracker.", Example: "action issue A12", Params: []Param{number}, Run: s.actionIssue},
		},
	}}
}

func (s Services) actionShow(ctx context.Context, c *Call) (Reply, error) {
	it, err := s.Actions.Get(ctx, c.Number("action"))
	if err != nil {
		return Reply{}, err
	}
	r := sentence(s.words(c, it))
	if maySee(c, it) {
		changes, err := s.Actions.History(ctx, it.ID)
		if err != nil {
			return Reply{}, err
		}
		r.Blocks = append(r.Blocks, aboutAction(it), whatWasDone(changes))
	}
	if it.State == action.Open {
		r.Blocks = append(r.Blocks, Actions{action.DoneAction(it.ID)})
	}
	return r, nil
}

func aboutAction(it action.Item) Facts {
	facts := Facts{{"Owner", it.Whose()}}
	if where := it.Where(); where != "" {
		facts = append(facts, [2]string{"Noted", where})
	}
	if it.IssueURL != "" {
		facts = append(facts, [2]string{"Tracked", it.IssueURL})
	}
	return facts
}

func whatWasDone(changes []action.Change) List {
	const last = 5
	l := List{Title: "What was done"}
	for _, one := range changes[max(0, len(changes)-last):] {
		l.Items = append(l.Items, strings.TrimSpace(one.At.UTC().Format("2006-01-02 15:04 ")+one.Who)+": "+one.What)
	}
	return l
}

func (s Services) actionAdd(ctx context.Context, c *Call) (Reply, error) {
	it, err := s.Actions.Add(ctx, c.Actor(), c.Text("text"))
	return sentence("Noted as " + noted(it)), err
}

// noted tells what was understood of an action, in the rest of a sentence.
func noted(it action.Item) string {
	text := action.Ref(it.ID)
	if !it.Due.IsZero() {
		text += ", due " + dayOf(it)
	}
	if len(it.Owners) == 0 {
		return text + fmt.Sprintf(", nobody's yet. !action owner %s NAME says whose.", action.Ref(it.ID))
	}
	return text + ", for " + it.Whose() + "."
}

func dayOf(it action.Item) string { return it.Due.Format("2006-01-02 (Monday)") }

// actionDone marks one action after the other: that one of them is done already keeps
// none of the others from being marked.
func (s Services) actionDone(ctx context.Context, c *Call) (Reply, error) {
	ids, err := actionsIn(c.Text("actions"))
	if err != nil {
		return Reply{}, err
	}
	var r Reply
	refused := 0
	for _, id := range ids {
		it, err := s.Actions.Done(ctx, c.Actor(), id)
		switch {
		case err == nil:
			r.Blocks = append(r.Blocks, Line(action.Ref(id)+" is done"+s.saying(c, it)))
		case fault.KindOf(err) == fault.Internal || len(ids) == 1:
			return r, err
		default:
			refused++
			r.Blocks = append(r.Blocks, Line(fault.Say(err)))
		}
	}
	r.Refused = refused == len(ids)
	return r, nil
}

// actionsIn reads "A12 A13", "A12, 13 and A14".
func actionsIn(text string) ([]int64, error) {
	const most = 20
	var ids []int64
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ' ' || r == ',' }) {
		if strings.EqualFold(word, "and") {
			continue
		}
		digits, _, ok := readNumber(word, "A")
		if !ok {
			return nil, fault.New(fault.Invalid, "I read numbers of actions here, not %s. Write them like A12 A13; !actions lists them.", quote(word))
		}
		var id int64
		_, _ = fmt.Sscan(digits, &id) // only digits
		ids = append(ids, id)
	}
	if len(ids) == 0 || len(ids) > most {
		return nil, fault.New(fault.Invalid, "Name 1 to %d actions, like A12 A13.", most)
	}
	return ids, nil
}

func (s Services) actionDue(ctx context.Context, c *Call) (Reply, error) {
	due, err := action.Day(c.Text("day"), c.Now, c.Zone)
	if err != nil {
		return Reply{}, err
	}
	it, err := s.Actions.SetDue(ctx, c.Actor(), c.Number("action"), due)
	if err != nil {
		return Reply{}, err
	}
	if due.IsZero() {
		return sentence(action.Ref(it.ID) + " has no date any more" + s.saying(c, it)), nil
	}
	return sentence(action.Ref(it.ID) + " is due " + dayOf(it) + s.saying(c, it)), nil
}

func (s Services) actionOwner(ctx context.Context, c *Call) (Reply, error) {
	it, err := s.Actions.SetOwner(ctx, c.Actor(), c.Number("action"), c.Text("people"))
	if err != nil {
		return Reply{}, err
	}
	text := fmt.Sprintf("%s belongs to %s now.", action.Ref(it.ID), it.Whose())
	var strangers []string
	for _, o := range it.Owners {
		if o.Handle == "" {
			strangers = append(strangers, o.Name)
		}
	}
	if len(strangers) > 0 {
		text += " I know no person called " + oncall.JoinNames(strangers) + ", so I cannot remind them."
	}
	return sentence(text), nil
}

func (s Services) actionDrop(ctx context.Context, c *Call) (Reply, error) {
	it, err := s.Actions.Drop(ctx, c.Actor(), c.Number("action"), c.Text("why"))
	return sentence(action.Ref(it.ID) + " is dropped" + s.saying(c, it)), err
}

func (s Services) actionReopen(ctx context.Context, c *Call) (Reply, error) {
	it, err := s.Actions.Reopen(ctx, c.Actor(), c.Number("action"))
	return sentence(action.Ref(it.ID) + " is open again" + s.saying(c, it)), err
}

func (s Services) actionIssue(ctx context.Context, c *Call) (Reply, error) {
	it, err := s.Actions.Export(ctx, c.Actor(), c.Number("action"))
	return sentence(action.Ref(it.ID) + " is tracked at " + it.IssueURL), err
}
