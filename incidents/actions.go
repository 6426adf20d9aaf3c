package incidents

import (
	"fmt"

	"batsignal/oncall"
	"batsignal/oncall/notice"
)

// This file names what may be clicked under what we say. Each is a command with its
// arguments filled in, so a click is judged and recorded like what is typed.

// PageActions answer a page.
func PageActions(page int64) []notice.Action {
	return []notice.Action{
		{Label: "I take it", Command: fmt.Sprintf("ack P%d", page)},
		{Label: "I cannot", Command: fmt.Sprintf("decline P%d", page)},
	}
}

// ConfirmActions confirm a request for the bat-signal.
func ConfirmActions(a Asked) []notice.Action {
	return []notice.Action{{
		Label: "Confirm: ring them", Command: "confirm " + a.Code, Grave: true,
		Says: fmt.Sprintf("This rings %s at once, severity %d: %s", oncall.Plural(a.Rings(), "person", "people"), a.Signal.Severity, a.Signal.What),
	}}
}

// TakeRoleAction takes a role of an incident.
func TakeRoleAction(incident int64, r oncall.Role) notice.Action {
	return notice.Action{Label: "Take " + r.Title, Command: fmt.Sprintf("role take --inc %d %s", incident, r.Name)}
}

// TakeBatonAction takes the baton of an incident, or asks its holder for it.
func TakeBatonAction(incident int64) notice.Action {
	return notice.Action{Label: "Take the baton", Command: fmt.Sprintf("baton take --inc %d", incident)}
}

func acceptBaton(incident int64) notice.Action {
	return notice.Action{Label: "Accept the baton", Command: fmt.Sprintf("baton accept --inc %d", incident)}
}

func passBaton(incident int64, to string) notice.Action {
	return notice.Action{Label: "Give it to " + to, Command: fmt.Sprintf("baton pass --inc %d %s", incident, to)}
}
