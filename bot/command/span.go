package command

import (
	"context"
	"strings"
	"time"

	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/rota"
	"batsignal/oncall/schedule"
	"batsignal/oncall/when"
)

// said is a stretch of time as somebody typed it.
type said struct {
	when.Stretch
	exact bool // two instants were typed: nothing is to be read into them
}

// span reads a stretch of time as the caller means it.
func span(c *Call, text string) (said, error) {
	text = unquoted(strings.TrimSpace(text))
	st, err := when.Reader{Now: c.Now, Zone: c.Zone}.Span(text)
	words := strings.Fields(text)
	exact := len(words) == 3 && strings.EqualFold(words[1], "to") && isInstant(words[0]) && isInstant(words[2])
	return said{st, exact}, err
}

const shortISO = "2006-01-02T15:04Z07:00"

func isInstant(word string) bool {
	_, short := time.Parse(shortISO, word)
	_, long := time.Parse(time.RFC3339, word)
	return short == nil || long == nil
}

// exactly writes a stretch so that it means the same to everybody at any time.
func exactly(from, until time.Time) string { return iso(from) + " to " + iso(until) }

func iso(t time.Time) string {
	if t.Second() != 0 {
		return t.UTC().Format(time.RFC3339)
	}
	return t.UTC().Format(shortISO)
}

// days tells whether whole days were meant, and not times of day.
func (s said) days() bool {
	if s.exact {
		return false
	}
	z := oncall.Location(s.Zone)
	midnight := func(t time.Time) bool {
		t = t.In(z)
		return t.Equal(time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, z))
	}
	return midnight(s.From) && midnight(s.Until)
}

const (
	// aShift is the longest that somebody means who says "my shift on saturday"; a day of
	// 25 hours is one. Of a longer one they mean the part on that day.
	aShift = 25 * time.Hour
	// aroundShift is how far beyond a stretch is looked for the ends of shifts.
	aroundShift = 35 * 24 * time.Hour
	// nextShifts is how far ahead one's next shift is looked for.
	nextShifts = 90 * 24 * time.Hour
)

// ownTime reads a stretch of time in which somebody is on: two instants as they stand, and
// otherwise the shifts that are meant. part says of which shift it is only a part.
func (s Services) ownTime(ctx context.Context, c *Call, sched schedule.Schedule, p oncall.Person, text string) (st said, part string, err error) {
	if st, err = span(c, text); err != nil || st.exact {
		return st, "", err
	}
	from, until, touched, err := s.ownShifts(ctx, c, sched, p, st)
	if err != nil {
		return st, "", err
	}
	st.From, st.Until = from, until
	return st, partOf(c, touched, from, until), nil
}

// ownShifts are the shifts of a person that a stretch touches, whole, and the range of
// them that is meant: of days the whole shifts that begin on them, or else reach into
// them, where these are not longer than a day; of times of day those times.
func (s Services) ownShifts(ctx context.Context, c *Call, sched schedule.Schedule, p oncall.Person, st said) (from, until time.Time, touched []schedule.Shift, err error) {
	far := st.Until
	if soon := c.Now.Add(nextShifts); soon.After(far) {
		far = soon
	}
	near := st.From
	if c.Now.Before(near) {
		near = c.Now
	}
	near, far = near.Add(-aroundShift), far.Add(aroundShift)
	b, err := rota.Load(ctx, s.DB, near, far)
	if err != nil {
		return from, until, nil, err
	}
	var next *schedule.Shift
	for _, sh := range b.Shifts(sched, near, far) {
		if sh.Person != p.ID || sh.Shadow || !sh.Until.After(c.Now) {
			continue
		}
		if sh.From.Before(st.Until) && st.From.Before(sh.Until) {
			touched = append(touched, sh)
		} else if next == nil {
			next = &sh
		}
	}
	if len(touched) > 0 {
		from, until = meant(touched, st)
		return from, until, touched, nil
	}
	never := "no shift of theirs is in sight"
	if p.ID == c.PersonID {
		never = "no shift of yours is in sight"
	}
	if next != nil {
		never = "the next shift is " + when.EchoSpan(next.From, next.Until, c.Zone)
	}
	return from, until, nil, fault.New(fault.Conflict, "%s not on by %s then, %s; %s. Who is on: %s",
		sentenceStart(isOrAre(c, p)), sched.Name, st.Echo(st.From, st.Until), never, c.Typed("schedule "+sched.Name))
}

// meant is the range of somebody's shifts that they mean by a stretch.
func meant(touched []schedule.Shift, st said) (from, until time.Time) {
	if !st.days() {
		return st.From, st.Until
	}
	begins := func(sh schedule.Shift) bool { return !sh.From.Before(st.From) }
	short := func(sh schedule.Shift) bool { return sh.Until.Sub(sh.From) <= aShift }
	var begun bool
	for _, sh := range touched {
		begun = begun || short(sh) && begins(sh)
	}
	for _, sh := range touched {
		first, last := sh.From, sh.Until
		if !short(sh) {
			if first.Before(st.From) {
				first = st.From
			}
			if last.After(st.Until) {
				last = st.Until
			}
		} else if begun && !begins(sh) {
			continue
		}
		if from.IsZero() || first.Before(from) {
			from = first
		}
		if last.After(until) {
			until = last
		}
	}
	return from, until
}

// partOf tells of which shift a range is only a part, in a sentence; "" if it is whole.
func partOf(c *Call, touched []schedule.Shift, from, until time.Time) string {
	for _, sh := range touched {
		if sh.From.Before(until) && from.Before(sh.Until) && (sh.From.Before(from) || sh.Until.After(until)) {
			return " That is a part of the shift " + when.EchoSpan(sh.From, sh.Until, c.Zone) + "."
		}
	}
	return ""
}

// isOrAre begins a sentence about the caller or somebody else.
func isOrAre(c *Call, p oncall.Person) string {
	if p.ID == c.PersonID {
		return "you are"
	}
	return p.Handle + " is"
}

// you names the caller or somebody else within a sentence.
func you(c *Call, p oncall.Person) string {
	if p.ID == c.PersonID {
		return "you"
	}
	return p.Handle
}

// sentenceStart writes our own word at the beginning of a sentence large; a handle stays
// as it is.
func sentenceStart(text string) string {
	if rest, ok := strings.CutPrefix(text, "you"); ok && (rest == "" || rest[0] == ' ') {
		return "You" + rest
	}
	return text
}

// personNamed is whom a word names; "me" is the caller.
func (s Services) personNamed(ctx context.Context, c *Call, word string) (oncall.Person, error) {
	if strings.EqualFold(word, "me") {
		return oncall.PersonByID(ctx, s.DB, c.PersonID)
	}
	return oncall.PersonByHandle(ctx, s.DB, strings.TrimPrefix(word, "@"))
}

// handles are what everybody is called.
func (s Services) handles(ctx context.Context) (map[int64]oncall.Person, error) {
	people, err := oncall.People(ctx, s.DB)
	of := make(map[int64]oncall.Person, len(people))
	for _, p := range people {
		of[p.ID] = p
	}
	return of, err
}
