// Package oncall owns the people: who they are, where they are, what they said
// yes to, and in which order they are asked.
//
// It does not ring anybody (oncall/paging decides, incidents works the rows) and
// knows no incident. Addresses are kept by oncall/contact alone.
package oncall

import (
	"fmt"
	"strings"
	"time"

	"batsignal/oncall/audit"
	"batsignal/oncall/civil"
	"batsignal/oncall/fault"
)

// Person is somebody we may know by several accounts.
type Person struct {
	ID      int64
	Handle  string
	Name    string
	Zone    string     // IANA name
	Wakes   int        // minutes after local midnight
	Sleeps  int        // minutes after local midnight; before Wakes means after midnight, Wakes itself never
	HeardAt *time.Time // last sign of life on any network, to the second; nil is never

	WorksFrom  *int   // minutes after local midnight; nil: said nothing about work
	WorksUntil *int   // minutes after local midnight; before WorksFrom means after midnight
	WorksDays  int    // Monday is 1, Tuesday 2, Sunday 64
	Region     string // whose public holidays are theirs, as in "de" or "de-by"; "" is none
	Languages  string // "de en": codes, in the order they like to speak them
	Version    int    // whoever changes the person must have seen this one
}

// Actor is the person, or the proven stranger, behind an action, and the place
// they acted from. It is what ends up in timelines and public records.
type Actor struct {
	PersonID int64 // 0 is a proven stranger
	Handle   string
	Zone     string
	Network  string
	Room     string // "" in private
	Account  string
	Shown    string // how people know the account; "" is the account itself
}

// Where people act who proved themselves otherwise than by an account of a chat network:
// by a session in a browser, or by a token.
const (
	Web = "web"
	API = "api"
)

// proven tells whether it is known that the actor is who they are said to be. At the
// shell an operator says so, who may say it of anybody.
func (a Actor) proven() bool {
	return a.Account != "" || a.PersonID != 0 && (a.Network == Web || a.Network == API)
}

// errNotOneself is what whoever gets who says yes, or for how much, in somebody's name.
var errNotOneself = fault.New(fault.Forbidden, "Nobody can say yes for somebody else: log in to a network's services and say it there yourself.")

// Who names the actor for a record: the handle, or the account for a stranger.
func (a Actor) Who() string {
	switch {
	case a.Handle != "":
		return a.Handle
	case a.Account != "":
		return a.Account + " on " + a.Network
	}
	return "somebody on " + a.Network
}

// By is the actor as the record of changes knows them.
func (a Actor) By() audit.By {
	return audit.By{PersonID: a.PersonID, Handle: a.Handle, Network: a.Network, Account: a.Account}
}

// heardMeansAwake is how long a sign of life proves that somebody is up, whatever
// their usual hours say.
const heardMeansAwake = 15 * time.Minute

// Awake tells whether somebody was heard just now, or else whether their own clock
// is inside their waking hours.
func (p Person) Awake(now time.Time) bool {
	if p.HeardAt != nil && now.Sub(*p.HeardAt) < heardMeansAwake {
		return true
	}
	local := now.In(Location(p.Zone))
	return within(local.Hour()*60+local.Minute(), p.Wakes, p.Sleeps)
}

// Location loads a zone; an unknown name reads as UTC, since a page must never
// fail on a bad zone (names are checked when they are stored).
func Location(zone string) *time.Location {
	l, err := civil.Zone(zone)
	if err != nil {
		return time.UTC
	}
	return l
}

// checkZone refuses what is no zone of the world.
func checkZone(zone string) error {
	if _, err := civil.Zone(zone); err != nil {
		return fault.New(fault.Invalid, "%q is not a time zone I know. Write it like Europe/Berlin.", zone)
	}
	return nil
}

// Clock writes an instant for people: UTC, and beside it the reader's own time
// when that differs.
func Clock(t time.Time, zone string) string {
	utc := t.UTC().Format("15:04")
	if local := t.In(Location(zone)).Format("15:04"); zone != "" && local != utc {
		return fmt.Sprintf("%s UTC (%s your time)", utc, local)
	}
	return utc + " UTC"
}

// Minutes writes minutes after midnight as a clock shows them.
func Minutes(m int) string { return fmt.Sprintf("%02d:%02d", m/60, m%60) }

// ParseHours reads waking hours like "07:00-23:00" as minutes after midnight.
func ParseHours(text string) (wakes, sleeps int, err error) {
	from, to, ok := strings.Cut(text, "-")
	w, err1 := time.Parse("15:04", strings.TrimSpace(from))
	s, err2 := time.Parse("15:04", strings.TrimSpace(to))
	if !ok || err1 != nil || err2 != nil {
		return 0, 0, fault.New(fault.Invalid, "Write waking hours like 07:00-23:00, in your own time.")
	}
	return w.Hour()*60 + w.Minute(), s.Hour()*60 + s.Minute(), nil
}
