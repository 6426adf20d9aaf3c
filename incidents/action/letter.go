package action

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"batsignal/oncall"
	"batsignal/oncall/notice"
)

const (
	// mostTold is how many actions one message goes into.
	mostTold = 8
	// mostLetters is how much of what an action says is repeated there.
	mostLetters = 160
	// mostButtons is how many things may be clicked under it.
	mostButtons = 4
)

// letter is one message to one person or room, about everything that it is time to
// tell them of.
type letter struct {
	network, room string // of a room's
	points        []point
	ids           []int64
}

// point is one action in a letter: "A12, due tomorrow (2026-03-02)", and what it says.
type point struct{ what, text string }

func (l *letter) add(it Item, when, whose string) {
	l.ids = append(l.ids, it.ID)
	l.points = append(l.points, point{Ref(it.ID) + ", " + when + whose, shorten(it.Text, mostLetters)})
}

// letterTo tells a person of actions, in their own days.
func letterTo(p oncall.Person, ids []int64, items map[int64]Item, now time.Time) *letter {
	l := &letter{}
	for _, id := range ids {
		l.add(items[id], dueWords(items[id].Due, local(now, p.Zone)), "")
	}
	return l
}

// roomLetters tell rooms of actions that nobody has whom we could tell.
func roomLetters(ids []int64, items map[int64]Item, now time.Time) (letters []*letter) {
	for _, id := range ids {
		it := items[id]
		i := slices.IndexFunc(letters, func(l *letter) bool { return l.network == it.Network && strings.EqualFold(l.room, it.Room) })
		if i < 0 {
			i = len(letters)
			letters = append(letters, &letter{network: it.Network, room: it.Room})
		}
		whose := ", nobody's yet"
		if len(it.Owners) > 0 {
			whose = ", " + it.Whose()
		}
		letters[i].add(it, dueWords(it.Due, local(now, "")), whose)
	}
	return letters
}

// line is the letter as one line of chat.
func (l *letter) line() string {
	var parts []string
	for _, p := range l.points[:min(len(l.points), mostTold)] {
		parts = append(parts, p.what+": "+ended(p.text))
	}
	return l.opening() + " " + strings.Join(parts, " ") + l.more(" ") + " " + l.closing()
}

func (l *letter) opening() string {
	if l.room != "" {
		return fmt.Sprintf("To do from this room, %s:", oncall.Plural(len(l.points), "action", "actions"))
	}
	return fmt.Sprintf("You have %s to do:", oncall.Plural(len(l.points), "action", "actions"))
}

func (l *letter) more(before string) string {
	if left := len(l.points) - mostTold; left > 0 {
		list := "!actions mine"
		if l.room != "" {
			list = "!actions room"
		}
		return fmt.Sprintf("%sAnd %d more: %s lists them.", before, left, list)
	}
	return ""
}

func (l *letter) closing() string {
	ref := Ref(l.ids[0])
	if l.room != "" {
		return fmt.Sprintf("Say !action owner %s NAME if it is yours, !action done %s when it is done.", ref, ref)
	}
	return fmt.Sprintf("Say !action done %s when it is done, or !action due %s DATE to move it.", ref, ref)
}

func (l *letter) buttons() []notice.Action {
	var buttons []notice.Action
	for _, id := range l.ids[:min(len(l.ids), mostButtons)] {
		buttons = append(buttons, DoneAction(id))
	}
	return buttons
}

// DoneAction marks an action as done by a click.
func DoneAction(id int64) notice.Action {
	return notice.Action{Label: "Done: " + Ref(id), Command: "action done " + Ref(id)}
}

// subject and body are the letter as mail.
func (l *letter) subject() string {
	return "To do: " + oncall.Plural(len(l.points), "action", "actions") + " of yours"
}

func (l *letter) body(base string) string {
	var b strings.Builder
	b.WriteString(l.opening() + "\n")
	for _, p := range l.points[:min(len(l.points), mostTold)] {
		b.WriteString("\n- " + p.what + ":\n  " + p.text + "\n")
	}
	b.WriteString(l.more("\n"))
	b.WriteString("\nIn chat: " + l.closing() + "\n")
	if base != "" {
		b.WriteString("\nAll actions: " + pageOf(base) + "\n")
	}
	return b.String()
}
