package reachability

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// hoursOfWeek are counted from Monday 00:00 UTC.
const hoursOfWeek = 7 * 24

// count is what is counted while a game is played.
type count struct {
	game  Game
	roles []roleCount
	all   [hoursOfWeek][]time.Duration
	woken [hoursOfWeek]int

	incidents, people, sleepers, rings int
}

// roleCount is what is counted of one role.
type roleCount struct {
	after  [hoursOfWeek][]time.Duration
	by     [hoursOfWeek]map[string]int // who filled it how often
	awake  [hoursOfWeek]int            // how many were awake, summed up
	able   [hoursOfWeek]int
	people int
	woken  int
	empty  []time.Time // when it was not filled: the first ones
}

// mostEmpty is how many incidents are named in which a role was not filled.
const mostEmpty = 5

func newCount(g Game) *count {
	return &count{game: g, roles: make([]roleCount, len(g.roles))}
}

func (c *count) add(i Incident) {
	h := HourOfWeek(i.At)
	c.incidents++
	c.rings += len(i.Rings)
	people, woken := i.Rung()
	c.people += people
	c.sleepers += woken
	c.woken[h] += woken
	c.all[h] = append(c.all[h], i.After())
	for n, o := range i.Roles {
		r := &c.roles[n]
		r.after[h] = append(r.after[h], o.After)
		r.awake[h] += o.Awake
		r.able[h] += o.Able
		r.people += o.People
		r.woken += o.Woken
		if o.After == Never {
			if len(r.empty) < mostEmpty {
				r.empty = append(r.empty, i.At)
			}
			continue
		}
		if r.by[h] == nil {
			r.by[h] = map[string]int{}
		}
		r.by[h][o.By]++
	}
}

// figuresOf sums up how long it took.
func figuresOf(hours ...[]time.Duration) Figures {
	all := slices.Concat(hours...)
	if len(all) == 0 {
		return Figures{}
	}
	slices.Sort(all)
	f := Figures{Median: Took(all[len(all)/2]), P95: Took(all[len(all)*95/100])}
	sum, happened := time.Duration(0), 0
	for ; happened < len(all) && all[happened] != Never; happened++ {
		sum += all[happened]
	}
	f.Mean = Took(Never)
	if happened > 0 {
		f.Mean = Took(sum / time.Duration(happened))
	}
	f.Never = len(all) - happened
	f.Share = float64(f.Never) / float64(len(all))
	return f
}

// worse orders by how often it fails, and how long it takes else. The mean tells two hours
// apart with fewer incidents than the slowest few do.
func worse(a, b Figures) int {
	return cmp.Or(cmp.Compare(b.Share, a.Share), cmp.Compare(b.Mean, a.Mean), cmp.Compare(b.P95, a.P95))
}

// weakest are the hours of the week at which it takes longest, the worst first. Hours
// without an incident are none.
func weakest(hours *[hoursOfWeek][]time.Duration, most int) []Hour {
	var out []Hour
	for h, after := range hours {
		if len(after) > 0 {
			out = append(out, Hour{At: WeekHour(h), Figures: figuresOf(after)})
		}
	}
	slices.SortFunc(out, func(a, b Hour) int {
		return cmp.Or(worse(a.Figures, b.Figures), cmp.Compare(a.At, b.At))
	})
	return out[:min(most, len(out))]
}

// The parts of a report.
const (
	worstOfRole = 3
	mostWeak    = 24
	mostHelping = 3
)

func (c *count) report() Report {
	per := func(n, of int) float64 { return float64(n) / float64(max(of, 1)) }
	r := Report{
		Model: c.game.Model, Seed: c.game.Seed, From: c.game.From, Hours: c.game.Hours, Runs: c.game.Runs,
		Within: Took(c.game.Within), Severity: c.game.Severity, ModelCrowd: c.game.ModelCrowd, Incidents: c.incidents,
		All: figuresOf(c.all[:]...), Rings: per(c.rings, c.incidents), People: per(c.people, c.incidents), Sleepers: per(c.sleepers, c.incidents),
	}
	for n := range c.roles {
		role := &c.roles[n]
		r.Roles = append(r.Roles, RoleReport{
			Role: c.game.roles[n].Name, Policy: c.game.follows(c.game.roles[n]), Figures: figuresOf(role.after[:]...), Worst: weakest(&role.after, worstOfRole),
			People: per(role.people, c.incidents), Sleepers: per(role.woken, c.incidents), Empty: role.empty,
		})
	}
	for _, hour := range weakest(&c.all, mostWeak) {
		r.Weak = append(r.Weak, c.weak(hour))
	}
	return r
}

// weak says with whom an hour of the week hangs: the role that is slowest then, how many
// of its people are awake, and who saves the day.
func (c *count) weak(hour Hour) Weak {
	h, slowest := hour.At, 0
	w := Weak{Hour: hour, Sleepers: float64(c.woken[h]) / float64(len(c.all[h]))}
	for n := range c.roles {
		f := figuresOf(c.roles[n].after[h])
		if n == 0 || worse(f, w.OfRole) < 0 {
			slowest, w.OfRole = n, f
		}
	}
	role := &c.roles[slowest]
	plays := float64(len(role.after[h]))
	w.Role = c.game.roles[slowest].Name
	w.Able, w.Awake = float64(role.able[h])/plays, float64(role.awake[h])/plays
	if c.game.ModelCrowd {
		return w // they were others each time
	}
	by := role.by[h]
	names := slices.SortedFunc(maps.Keys(by), func(a, b string) int { return cmp.Or(cmp.Compare(by[b], by[a]), cmp.Compare(a, b)) })
	for _, name := range names[:min(mostHelping, len(names))] {
		w.By = append(w.By, Share{Handle: name, Share: float64(by[name]) / plays})
	}
	return w
}
