package snapshot

import (
	"fmt"
	"strings"
	"time"

	"batsignal/oncall"
)

// Expect is what the backups of a job should be.
type Expect struct {
	Age  time.Duration // the newest is at most so old; 0 expects nothing
	Read time.Duration // each copy of the newest was read back within so long; 0 is 35 days
	// Verified is how long ago the last proven restore may be; 0 is 35 days.
	Verified time.Duration
	// Places are those of the configuration, by name: a copy anywhere else is out of reach, and
	// counts for nothing. nil is any place.
	Places []string
}

// month is a test once a month, and some days to notice that it did not come.
const month = 35 * 24 * time.Hour

// Word is one word of praise, and whether it is earned.
type Word struct {
	Word string
	True bool
	Why  string // why it is not true, as a clause: "the copy at attic was never read back"
}

// Status is whether the backups of a job are what they should be.
type Status struct {
	Job         string
	Newest      Snapshot // the newest that is kept; its ID is 0 if there is none
	RaptorProof Word     // copies in two places, one off-site, each read back lately and opened by either of two keys
	Documented  Word     // how to restore it by hand stands beside each copy
	Duplicated  Word     // two intact copies
	Verified    Word     // a restore was proven lately, and none failed since
	Fresh       Word     // the newest is as young as expected
	VerifiedAt  time.Time
	Verifies    int64 // the newest snapshot that is verified; 0 is none
	Age         time.Duration
	// Ahead are snapshots that are dated in the future: a clock was wrong.
	Ahead []int64
	// Incomplete are snapshots with members that are missing, newer than the last complete one.
	Incomplete []int64
	// OutOfReach are places with copies that the configuration does not name.
	OutOfReach []Unreached
	// Found are snapshots that were found in places and are not proven: they count for nothing.
	Found []int64
}

// Words are all words, in the order in which they are told.
func (s Status) Words() []Word {
	return []Word{s.RaptorProof, s.Documented, s.Duplicated, s.Verified, s.Fresh}
}

// Good says whether every word is true, and no clock was wrong.
func (s Status) Good() bool {
	for _, w := range s.Words() {
		if !w.True {
			return false
		}
	}
	return len(s.Ahead) == 0 && len(s.Incomplete) == 0
}

// Says is the status in one line: the words that are true, then those that fail and why.
func (s Status) Says() string {
	var yes, no []string
	for _, w := range s.Words() {
		if w.True {
			yes = append(yes, w.Word)
		} else {
			no = append(no, "not "+w.Word+": "+w.Why)
		}
	}
	switch {
	case s.Newest.ID == 0:
		no = []string{"there is no backup"}
	case len(yes) > 0:
		no = append([]string{strings.Join(yes, ", ")}, no...)
	}
	if len(s.Ahead) > 0 {
		no = append(no, fmt.Sprintf("dated in the future and set aside: %s", numbers(s.Ahead)))
	}
	if len(s.Incomplete) > 0 {
		no = append(no, fmt.Sprintf("with members missing: %s", numbers(s.Incomplete)))
	}
	if len(s.Found) > 0 {
		no = append(no, "found and not proven: "+numbers(s.Found))
	}
	for _, u := range s.OutOfReach {
		no = append(no, "out of reach, since no place of the configuration: "+u.Says())
	}
	return s.Job + ": " + strings.Join(no, "; ") + "."
}

func numbers(ids []int64) string {
	words := make([]string, len(ids))
	for i, id := range ids {
		words[i] = fmt.Sprintf("snapshot %d", id)
	}
	return oncall.JoinNames(words)
}

// ahead is how far clocks may differ, as in package retention.
const ahead = 10 * time.Minute

// Judge tells whether the backups of a job are what they should be. kept are those that are
// kept, the newest first.
func Judge(now time.Time, job string, e Expect, kept []Snapshot) Status {
	if e.Read == 0 {
		e.Read = month
	}
	if e.Verified == 0 {
		e.Verified = month
	}
	s := Status{Job: job}
	var lastFailed int64 // newer than all that were tested well
	for _, one := range kept {
		switch {
		case one.Found():
			s.Found = append(s.Found, one.ID)
			continue
		case one.Away(e.Places):
			continue // OutOfReach tells of it
		}
		one = one.Within(e.Places)
		if one.TakenAt.After(now.Add(ahead)) {
			s.Ahead = append(s.Ahead, one.ID)
			continue
		}
		if s.Newest.ID == 0 {
			if !one.Complete() {
				s.Incomplete = append(s.Incomplete, one.ID)
				continue
			}
			s.Newest = one
		}
		if one.Checked == Failed && s.Verifies == 0 && lastFailed == 0 {
			lastFailed = one.ID
		}
		if one.Verified() && one.Complete() && s.Verifies == 0 {
			s.Verifies, s.VerifiedAt = one.ID, one.VerifiedAt
		}
	}
	says := func(word, why string) Word { return Word{Word: word, True: why == "", Why: why} }
	if s.Newest.ID == 0 {
		const none = "there is no backup"
		s.RaptorProof, s.Documented, s.Duplicated = says("raptor proof", none), says("documented", none), says("duplicated", none)
		s.Verified, s.Fresh = says("verified", none), says("fresh", none)
		return s
	}
	s.Age = now.Sub(s.Newest.TakenAt)
	s.RaptorProof = says("raptor proof", raptors(now, e.Read, s.Newest))
	s.Documented = says("documented", undocumented(s.Newest))
	s.Duplicated = says("duplicated", single(s.Newest))
	why := ""
	switch {
	case lastFailed != 0:
		why = fmt.Sprintf("the restore of snapshot %d failed", lastFailed)
	case s.Verifies == 0:
		why = "no restore was ever proven"
	case now.Sub(s.VerifiedAt) > e.Verified:
		why = fmt.Sprintf("the last proven restore was %s ago", roughly(now.Sub(s.VerifiedAt)))
	}
	s.Verified, why = says("verified", why), ""
	if e.Age > 0 && s.Age > e.Age {
		why = fmt.Sprintf("the newest is %s old, and %s are expected", roughly(s.Age), roughly(e.Age))
	}
	s.Fresh = says("fresh", why)
	return s
}

// members are the intact copies of a snapshot, by member.
func members(s Snapshot) map[string][]Copy {
	of := map[string][]Copy{}
	for _, c := range s.Copies {
		if c.Intact() {
			of[c.Member] = append(of[c.Member], c)
		}
	}
	return of
}

// raptors tells why a snapshot does not survive everything; "" is nothing. Copies beyond two
// that do are welcome, whatever they are.
func raptors(now time.Time, within time.Duration, s Snapshot) string {
	if why := single(s); why != "" {
		return why
	}
	for _, copies := range members(s) {
		sound, soundAway, away, why := 0, false, false, ""
		for _, c := range copies {
			away = away || c.OffSite
			if flaw := c.flaw(now, within); flaw != "" {
				why = flaw
				continue
			}
			sound++
			soundAway = soundAway || c.OffSite
		}
		switch {
		case !away:
			return "no intact copy is off-site"
		case sound < 2 || !soundAway:
			return why
		}
	}
	return ""
}

// flaw tells why an intact copy cannot be relied on; "" is nothing.
func (c Copy) flaw(now time.Time, within time.Duration) string {
	switch {
	case len(c.Recipients) < 2:
		return fmt.Sprintf("only one key opens the copy at %s", c.Place)
	case c.ReadAt.IsZero():
		return fmt.Sprintf("the copy at %s was not read back yet", c.Place)
	case now.Sub(c.ReadAt) > within:
		return fmt.Sprintf("the copy at %s was last read back %s ago", c.Place, roughly(now.Sub(c.ReadAt)))
	}
	return ""
}

func undocumented(s Snapshot) string {
	some := false
	for _, c := range s.Copies {
		if c.Intact() && !c.Documented {
			return fmt.Sprintf("how to restore it does not stand beside the copy at %s", c.Place)
		}
		some = some || c.Intact()
	}
	if !some {
		return "there is no intact copy"
	}
	return ""
}

func single(s Snapshot) string {
	of := members(s)
	if len(of) < s.Want {
		return "there is no intact copy"
	}
	for _, copies := range of {
		if len(copies) < 2 {
			return fmt.Sprintf("the only intact copy is at %s", copies[0].Place)
		}
	}
	return ""
}

// roughly writes how long something is ago: "40 minutes", "5 hours", "3 days".
func roughly(d time.Duration) string {
	switch {
	case d < 2*time.Hour:
		return oncall.Plural(int(d/time.Minute), "minute", "minutes")
	case d < 48*time.Hour:
		return oncall.Plural(int(d/time.Hour), "hour", "hours")
	}
	return oncall.Plural(int(d/(24*time.Hour)), "day", "days")
}
