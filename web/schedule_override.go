package web

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/rota"
	"batsignal/oncall/schedule"
	"batsignal/oncall/when"
)

// overrideForm decides for a while who comes. It is looked at before it takes effect.
type overrideForm struct {
	Person, Instead, Layer, From, Until, Note string
	Problem                                   problem
	Look                                      *overrideLook
}

// overrideLook is a decision that has no effect yet, as it was understood.
type overrideLook struct {
	Says         string
	Echo         string
	Notes        []string // of how the times were understood
	From, Until  string   // the instants, as the form sends them again
	Before, Then []shiftLine
}

// overrideLine is a decision that stands.
type overrideLine struct {
	schedule.Override
	Says, Echo string
	Mine       bool // the visitor may take it back
	Over       bool
}

// fill makes the form of somebody who has not typed anything yet.
func (f *overrideForm) fill(v visitor) {
	if f.Problem.Say == "" && f.Look == nil && f.Person == "" && f.Instead == "" && !v.Admin() {
		f.Person = v.Handle
	}
}

// overrideSays puts a decision into words.
func overrideSays(o schedule.Override, people cast) string {
	text := people.Handle(o.Person) + " comes in addition"
	switch {
	case o.Person == 0:
		text = "nobody comes instead of " + people.Handle(o.Instead)
	case o.Instead != 0:
		text = people.Handle(o.Person) + " comes instead of " + people.Handle(o.Instead)
	}
	if o.Layer != "" {
		text += " in layer " + o.Layer
	}
	return text
}

// overrideLines are the decisions that reach into a range, by time.
func overrideLines(all []schedule.Override, from, until, now time.Time, v visitor, people cast, z zoned) []overrideLine {
	var out []overrideLine
	for _, o := range all {
		if !o.From.Before(until) || !o.Until.After(from) {
			continue
		}
		mine := func(person int64) bool { return person == 0 || person == v.PersonID }
		out = append(out, overrideLine{
			Override: o, Says: overrideSays(o, people), Echo: when.EchoSpan(o.From, o.Until, z.Name),
			Over: !o.Until.After(now), Mine: v.Admin() || v.SignedIn() && mine(o.Person) && mine(o.Instead),
		})
	}
	slices.SortStableFunc(out, func(a, b overrideLine) int { return a.From.Compare(b.From) })
	return out
}

// sendOverride looks at a decision, or makes it.
func (s *site) sendOverride(w http.ResponseWriter, r *http.Request) error {
	sched, err := s.scheduleNamed(r)
	if err != nil {
		return err
	}
	f := overrideForm{
		Person: field(r, "person"), Instead: field(r, "instead"), Layer: field(r, "layer"),
		From: field(r, "start"), Until: field(r, "end"), Note: field(r, "note"),
	}
	do := r.PostForm.Get("do")
	if do == "change" {
		return s.renderSchedule(w, r, http.StatusOK, sched, scheduleBody{Override: f})
	}
	v := s.visitor(r)
	o, notes, wrong := s.readOverride(r, sched, f)
	if wrong.Say == "" {
		refusal := s.tryOverride(r.Context(), v, o, do == "save")
		if refusal == nil && do == "save" {
			http.Redirect(w, r, schedulePath(sched.Name)+"?did=override#decided", http.StatusSeeOther)
			return nil
		}
		if refusal != nil && statusOf(refusal) >= http.StatusInternalServerError {
			return refusal
		}
		if refusal != nil {
			wrong = problem{Say: fault.Say(refusal)}
			f.Problem = wrong
			return s.renderSchedule(w, r, statusOf(refusal), sched, scheduleBody{Override: f})
		}
	}
	if f.Problem = wrong; wrong.Say != "" {
		return s.renderSchedule(w, r, http.StatusBadRequest, sched, scheduleBody{Override: f})
	}
	if f.Look, err = s.lookAhead(r, sched, o, notes); err != nil {
		return err
	}
	return s.renderSchedule(w, r, http.StatusOK, sched, scheduleBody{Override: f})
}

// field is what was typed, without blanks around it.
func field(r *http.Request, name string) string { return strings.TrimSpace(r.PostForm.Get(name)) }

// readOverride reads the form. What is wrong is said of one field.
func (s *site) readOverride(r *http.Request, sched schedule.Schedule, f overrideForm) (o schedule.Override, notes []string, wrong problem) {
	o = schedule.Override{Schedule: sched.ID, Layer: f.Layer, Note: f.Note}
	for name, who := range map[string]struct {
		handle string
		id     *int64
	}{"person": {f.Person, &o.Person}, "instead": {f.Instead, &o.Instead}} {
		if who.handle == "" {
			continue
		}
		p, err := oncall.PersonByHandle(r.Context(), s.DB, strings.ToLower(who.handle))
		if err != nil {
			return o, nil, problem{name, fault.Say(err)}
		}
		*who.id = p.ID
	}
	if o.Person == 0 && o.Instead == 0 {
		return o, nil, problem{"person", "Say who comes, or below who does not."}
	}
	span, wrong := s.readSpan(r, f.From, f.Until)
	o.From, o.Until = span.From, span.Until
	return o, span.Notes, wrong
}

// readSpan reads a beginning and an end as the visitor means them.
func (s *site) readSpan(r *http.Request, from, until string) (when.Stretch, problem) {
	reader := when.Reader{Now: s.Now(), Zone: s.visitor(r).Zone}
	if from == "" {
		from = "now"
	}
	if _, err := reader.Instant(from); err != nil { // so that it is said beside the right field
		return when.Stretch{}, problem{"start", fault.Say(err)}
	}
	if until == "" {
		return when.Stretch{}, problem{"end", "Say when it ends, like tomorrow 06:00, or for 4h."}
	}
	text := from + " to " + until
	for _, word := range []string{"for ", "until ", "to ", "till "} {
		if strings.HasPrefix(strings.ToLower(until), word) {
			text = from + " " + until
		}
	}
	span, err := reader.Span(text)
	if err != nil {
		return when.Stretch{}, problem{"end", fault.Say(err)}
	}
	return span, problem{}
}

// tryOverride decides, and unless it is meant takes that back at once: then only what
// would refuse it is seen.
func (s *site) tryOverride(ctx context.Context, v visitor, o schedule.Override, meant bool) error {
	if meant {
		_, err := s.Rota.AddOverride(ctx, v.Actor(), v.Admin(), o)
		return err
	}
	return s.onlyTry(ctx, func(tried *rota.Service) error {
		_, err := tried.AddOverride(ctx, v.Actor(), v.Admin(), o)
		return err
	})
}

// onlyTry does something and undoes it.
func (s *site) onlyTry(ctx context.Context, fn func(tried *rota.Service) error) error {
	tx, err := s.DB.Begin(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(ctx) }() // that is its end in any case
	tried := s.Rota.In(tx)
	tried.Queue = nil
	return fn(tried)
}

// lookAhead tells who would be on.
func (s *site) lookAhead(r *http.Request, sched schedule.Schedule, o schedule.Override, notes []string) (*overrideLook, error) {
	book, err := rota.Load(r.Context(), s.DB, o.From, o.Until)
	if err != nil {
		return nil, err
	}
	people, err := s.castOf(r, append(peopleOf(book, sched), o.Person, o.Instead))
	if err != nil {
		return nil, err
	}
	z := s.zoneOf(r, sched.Zone)
	told := func(shifts []schedule.Shift) []shiftLine {
		lines := drawing{Shifts: shifts, From: o.From, Until: o.Until, Zone: z, Handle: people.Handle}.lines()
		return lines[:min(len(lines), 20)]
	}
	overrides := slices.Clone(book.Overrides(sched.ID))
	o.ID = 1 << 62 // it comes after all that were decided before
	return &overrideLook{
		Says: overrideSays(o, people), Echo: when.EchoSpan(o.From, o.Until, z.Name, sched.Zone), Notes: notes,
		From: o.From.UTC().Format(time.RFC3339), Until: o.Until.UTC().Format(time.RFC3339),
		Before: told(book.Shifts(sched, o.From, o.Until)),
		Then:   told(sched.Shifts(append(overrides, o), absencesOf(book, sched, o.Person), o.From, o.Until)),
	}, nil
}

// absencesOf are the absences of whoever can be on by a schedule, and of others.
func absencesOf(b rota.Book, sched schedule.Schedule, more ...int64) (out []schedule.Absence) {
	people := append(peopleOf(b, sched), more...)
	slices.Sort(people)
	for _, p := range slices.Compact(people) {
		out = append(out, b.Absences(p)...)
	}
	return out
}

func (s *site) removeOverride(w http.ResponseWriter, r *http.Request) error {
	sched, err := s.scheduleNamed(r)
	if err != nil {
		return err
	}
	v := s.visitor(r)
	_, err = s.Rota.RemoveOverride(r.Context(), v.Actor(), v.Admin(), numberOf(r))
	if err != nil && fault.KindOf(err) != fault.NotFound { // what is gone already is as good
		return err
	}
	http.Redirect(w, r, schedulePath(sched.Name)+"?did=nooverride#decided", http.StatusSeeOther)
	return nil
}
