package duty

import (
	"slices"
	"time"

	"batsignal/oncall"
	"batsignal/oncall/when"
)

// LeftOut is somebody who would be asked, and is not.
type LeftOut struct {
	Person int64
	Handle string
	Reason Reason
	Until  time.Time // when that ends; zero if it is not known
}

// Reason is why somebody is not asked. It is shown to everybody: it holds nothing that
// only they and admins may know.
type Reason string

// The reasons.
const (
	Away   Reason = "away"
	Quiet  Reason = "quiet hours"
	Enough Reason = "has had as many calls as agreed"
	Lapsed Reason = "has not said yes again"
	NoYes  Reason = "has not said yes"
)

// Why says why, for a reader in a zone, with its end where it has one.
func (l LeftOut) Why(zone string) string {
	if l.Until.IsZero() {
		return string(l.Reason)
	}
	return string(l.Reason) + " until " + when.Echo(l.Until, zone)
}

// leaveOut notes that somebody is not asked, once.
func (r *ranker) leaveOut(p oncall.Person, why Reason, until time.Time) {
	if !slices.ContainsFunc(r.out.LeftOut, func(l LeftOut) bool { return l.Person == p.ID }) {
		r.out.LeftOut = append(r.out.LeftOut, LeftOut{Person: p.ID, Handle: p.Handle, Reason: why, Until: until})
	}
}

// may tells whether somebody may be rung at all now. A promise is a promise: who may
// not be is left out even where nobody else is there, and it is said.
func (r *ranker) may(p oncall.Person) bool {
	if until, away := r.Plan.Away(p.ID, r.at); away {
		r.leaveOut(p, Away, until)
		return false
	}
	agreed := r.Consents[p.ID] // the zero one limits nothing
	if ok, _ := agreed.Allows(r.at, p.Zone, r.ask.Severity, "", 0); !ok {
		r.leaveOut(p, Quiet, time.Time{})
		return false
	}
	if r.ask.Rung[p.ID] {
		return true
	}
	if ok, _ := agreed.Allows(r.at, p.Zone, r.ask.Severity, "", r.Calls[p.ID]); !ok {
		r.leaveOut(p, Enough, time.Time{})
		return false
	}
	return true
}
