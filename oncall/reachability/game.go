package reachability

import (
	"context"
	"slices"
	"time"

	"batsignal/oncall"
	"batsignal/oncall/duty"
	"batsignal/oncall/fault"
	"batsignal/oncall/policy"
)

// Game is what is played.
type Game struct {
	// Facts are the people and the rules. They are those of the whole time that is played;
	// see [Ready].
	Facts duty.Facts
	// ModelCrowd plays with made-up people in place of Facts, others in each incident.
	ModelCrowd bool

	Model    Model
	Seed     uint64
	From     time.Time     // of the first incident; to the hour
	Hours    int           // how many hours are played
	Runs     int           // how many incidents there are in each hour, evenly apart
	Within   time.Duration // what is not filled by then is not filled
	Severity int
	Roles    []string                  // which are hunted for, by name; none is all
	Policies map[string]*policy.Policy // tries these, by role, in place of the ones that they follow

	roles []oncall.Role // by Checked
}

// The limits of a game.
const (
	MostHours = 5 * 366 * 24
	MostRuns  = 60 // one a minute
	// DefaultWithin is long enough to ring a usual roster four times.
	DefaultWithin = 2 * time.Hour
)

// Checked returns the game ready to be played, or says what makes no sense. The error is
// fault.Invalid or fault.NotFound.
func (g Game) Checked() (Game, error) {
	if err := g.Model.Check(); err != nil {
		return g, err
	}
	switch {
	case g.Hours < 1 || g.Hours > MostHours:
		return g, fault.New(fault.Invalid, "1 hour to 5 years can be played.")
	case g.Runs < 1 || g.Runs > MostRuns:
		return g, fault.New(fault.Invalid, "1 to %d incidents an hour can be played.", MostRuns)
	case g.Within < time.Minute || g.Within > longest:
		return g, fault.New(fault.Invalid, "An incident is played for a minute to a day, as 2h.")
	case g.Severity < 1 || g.Severity > 4:
		return g, fault.New(fault.Invalid, "A severity is 1 (the internet is on fire) to 4 (minor).")
	}
	g.From = g.From.UTC().Truncate(time.Hour)
	world := g.Facts
	if g.ModelCrowd {
		world = everybodyOf(&dice{}, g.From)
	}
	all := world.Roles
	g.roles = all
	if len(g.Roles) > 0 {
		g.roles = nil
		for _, word := range g.Roles {
			r, ok := oncall.MatchRole(all, word)
			if !ok {
				return g, fault.New(fault.NotFound, "There is no role like %q. The roles are %s.", word, oncall.RoleNames(all))
			}
			if !slices.Contains(g.roles, r) {
				g.roles = append(g.roles, r)
			}
		}
	}
	if len(g.roles) == 0 {
		return g, fault.New(fault.NotFound, "There is no role to play.")
	}
	for _, r := range g.roles {
		if p := g.Policies[r.Name]; p != nil {
			if err := known(world, *p); err != nil {
				return g, err
			}
		}
	}
	return g, nil
}

// facts are those that a role is ranked by in an incident.
func (g *Game) facts(d *dice, at time.Time, role oncall.Role) duty.Facts {
	switch {
	case !g.ModelCrowd:
		return g.Facts
	case staysWithin(g.Policies[role.Name], role.Name):
		return crowd(d, at, role)
	}
	return everybodyOf(d, at)
}

// follows names the policy by which a role is played.
func (g *Game) follows(role oncall.Role) string {
	if p := g.Policies[role.Name]; p != nil {
		return p.Name
	}
	p, _ := g.Facts.Policies.For(role.Name, g.Severity)
	return p.Name
}

// Until is when the last hour that is played is over, and how far the facts must reach:
// an incident of the last hour is played to its end.
func (g Game) Until() time.Time { return g.From.Add(time.Duration(g.Hours)*time.Hour + g.Within) }

// Incidents plays them one after the other, each as if it were the only one.
func (g Game) Incidents(ctx context.Context, each func(Incident)) error {
	d := &dice{seed: g.Seed}
	for hour := range g.Hours {
		if err := ctx.Err(); err != nil {
			return err
		}
		for run := range g.Runs {
			at := g.From.Add(time.Duration(hour)*time.Hour + time.Duration(run*60/g.Runs)*time.Minute)
			each(g.incident(d, at))
		}
	}
	return nil
}

// Play plays all of it and counts.
func (g Game) Play(ctx context.Context) (Report, error) {
	c := newCount(g)
	if err := g.Incidents(ctx, c.add); err != nil {
		return Report{}, err
	}
	return c.report(), nil
}

// Ready makes facts fit to be played: what is true only now is left out, that is who was
// heard a moment ago and how many calls were had in this quarter, so that an hour of next
// spring is as good as this one. It changes the people of the facts.
func Ready(f duty.Facts) duty.Facts {
	f.Calls = nil
	for i := range f.Members {
		f.Members[i].Person.HeardAt = nil
	}
	for i := range f.Strangers {
		f.Strangers[i].HeardAt = nil
	}
	return f.Indexed()
}

// AwakeAt has everybody be awake at the same hours of their own clocks, in minutes after
// midnight. It changes the people of the facts.
func AwakeAt(f duty.Facts, wakes, sleeps int) duty.Facts {
	for i := range f.Members {
		f.Members[i].Person.Wakes, f.Members[i].Person.Sleeps = wakes, sleeps
	}
	for i := range f.Strangers {
		f.Strangers[i].Wakes, f.Strangers[i].Sleeps = wakes, sleeps
	}
	return f
}
