package play

import (
	"context"
	"fmt"
	"slices"
	"time"

	"batsignal/incidents"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

// Heartbleed is a complete incident without a human: lit, confirmed, rung, filled,
// led by three people in turn, resolved.
type Heartbleed struct {
	Stage *Stage
	Crowd *Crowd
	// Said is called for each line that a person says, before the bot answers.
	Said func(at time.Time, who, room, text string)
}

const (
	heartbleedWhat = "TLS servers leak their memory, CVE-2014-0160, heartbleed"
	fillPatience   = time.Hour // how long the play waits for every role
)

// HeartbleedStart is when the play begins: the evening of the seventh of April 2014
// in Europe, midday in America, night in Asia.
func HeartbleedStart() time.Time { return time.Date(2014, 4, 7, 17, 30, 0, 0, time.UTC) }

// Play plays it and returns the roles that stayed empty, with what was done about
// each; none is success.
func (h *Heartbleed) Play(ctx context.Context) (empty []incidents.RoleState, err error) {
	asker, confirmer, err := h.cast(ctx)
	if err != nil {
		return nil, err
	}
	if err := h.say(ctx, asker, Home, "!batsignal "+heartbleedWhat); err != nil {
		return nil, err
	}
	if err := h.wait(ctx, 25*time.Second); err != nil {
		return nil, err
	}
	if err := h.say(ctx, confirmer, Home, "!confirm"); err != nil {
		return nil, err
	}
	open, err := h.Stage.Incidents.OpenIncidents(ctx)
	if err != nil {
		return nil, err
	}
	if len(open) == 0 {
		return nil, fault.New(fault.Conflict, "The signal was not lit; the transcript says why.")
	}
	inc := open[0]
	room := fmt.Sprintf("#inc-%d-%s", inc.ID, inc.Slug)

	until := h.Stage.Now().Add(fillPatience)
	if err := h.Crowd.WaitUntil(ctx, h.Stage, until, h.sayer(ctx), func() (bool, error) {
		empty, err = h.empty(ctx, inc.ID)
		return len(empty) == 0, err
	}); err != nil {
		return nil, err
	}
	if len(empty) > 0 {
		return empty, nil
	}
	return nil, h.work(ctx, inc, room)
}

// work is what happens once everybody is there.
func (h *Heartbleed) work(ctx context.Context, inc incidents.Incident, room string) error {
	states, err := h.Stage.Incidents.RoleStates(ctx, inc.ID)
	if err != nil {
		return err
	}
	lead, held, err := h.Stage.Incidents.Lead(ctx, inc.ID)
	if err != nil {
		return err
	}
	if !held {
		lead.Handle = states[0].Filled[0].Handle
		if err := h.say(ctx, lead.Handle, room, "!baton take"); err != nil {
			return err
		}
	}
	others := otherResponders(states, lead.Handle)
	if err := h.say(ctx, lead.Handle, room, "!incident note upstream has a fix, builds are running"); err != nil {
		return err
	}
	holder := lead.Handle
	for _, next := range others[:min(2, len(others))] {
		if err := h.pass(ctx, room, holder, next); err != nil {
			return err
		}
		holder = next
	}
	if err := h.wait(ctx, 40*time.Minute); err != nil {
		return err
	}
	if err := h.say(ctx, holder, room, "!incident note tested by eleven people, signed, pushed to the mirrors"); err != nil {
		return err
	}
	return h.say(ctx, holder, room, "!incident resolve fixed packages are on the mirrors")
}

func (h *Heartbleed) pass(ctx context.Context, room, from, to string) error {
	if err := h.wait(ctx, 12*time.Minute); err != nil {
		return err
	}
	if err := h.say(ctx, from, room, "!baton pass "+to); err != nil {
		return err
	}
	if err := h.wait(ctx, 20*time.Second); err != nil {
		return err
	}
	return h.say(ctx, to, room, "!baton accept")
}

// cast chooses who sees the fire and who confirms: two people who are awake and
// can be rung themselves.
func (h *Heartbleed) cast(ctx context.Context) (asker, confirmer string, err error) {
	members, err := oncall.Members(ctx, h.Stage.DB)
	if err != nil {
		return "", "", err
	}
	// Whoever sees the fire cannot be the one who sleeps through the ringing.
	sleepy := map[string]bool{}
	for _, m := range members {
		if role, ok := oncall.MatchRole([]oncall.Role{{Name: m.Role, Title: m.Role}}, h.Crowd.deafTo); ok && role.Name == m.Role {
			sleepy[m.Person.Handle] = true
		}
	}
	var names, spare []string
	for _, m := range oncall.Order(members, h.Stage.Now()) {
		switch handle := m.Person.Handle; {
		case h.Crowd.Asleep[handle] || slices.Contains(names, handle) || slices.Contains(spare, handle):
		case sleepy[handle]:
			spare = append(spare, handle)
		default:
			names = append(names, handle)
		}
	}
	names = append(names, spare...)
	if len(names) < 2 {
		return "", "", fault.New(fault.Invalid, "The play needs two people who are not asleep.")
	}
	return names[0], names[1], nil
}

func (h *Heartbleed) empty(ctx context.Context, incident int64) ([]incidents.RoleState, error) {
	states, err := h.Stage.Incidents.RoleStates(ctx, incident)
	return slices.DeleteFunc(states, func(st incidents.RoleState) bool { return len(st.Filled) > 0 }), err
}

func (h *Heartbleed) say(ctx context.Context, who, room, text string) error {
	h.Said(h.Stage.Now(), who, room, text)
	return h.Stage.Say(ctx, who, room, text, true)
}

func (h *Heartbleed) sayer(ctx context.Context) func(who, room, text string) error {
	return func(who, room, text string) error { return h.say(ctx, who, room, text) }
}

func (h *Heartbleed) wait(ctx context.Context, d time.Duration) error {
	return h.Crowd.WaitUntil(ctx, h.Stage, h.Stage.Now().Add(d), h.sayer(ctx), func() (bool, error) { return false, nil })
}

func otherResponders(states []incidents.RoleState, but string) []string {
	var names []string
	for _, st := range states {
		for _, r := range st.Filled {
			if r.Handle != but && !slices.Contains(names, r.Handle) {
				names = append(names, r.Handle)
			}
		}
	}
	return names
}
