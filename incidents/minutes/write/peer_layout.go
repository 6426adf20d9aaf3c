package write

import "batsignal/incidents/minutes"

// peerLayout is what one dialect's files have of their own. What it shares with how the
// bot speaks is in [minutes.Dialect].
type peerLayout struct {
	text peerShape // of .txt
	// firstWord is whether the address of a link is its first word, whatever that is. The
	// others look for an address, and take the first word only where there is none.
	firstWord bool
	// present puts the people present in order.
	present func([]*minutes.Person) []*minutes.Person
	// timeIsLink is whether the time of a line in the log is a link to the line itself.
	timeIsLink bool
}

// layoutOf is the layout of a dialect; any that is no peer's gets the original's.
func layoutOf(d *minutes.Dialect) *peerLayout {
	switch d.Name {
	case "fedora":
		return &peerLayout{text: tightText(), firstWord: true, present: byLinesSeen}
	case "openstack":
		return &peerLayout{text: plainText(), present: byLinesHashed, timeIsLink: true}
	}
	return &peerLayout{text: plainText(), present: byLinesHashed}
}
