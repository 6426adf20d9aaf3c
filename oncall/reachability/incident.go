package reachability

import (
	"time"

	"batsignal/oncall"
	"batsignal/oncall/duty"
	"batsignal/oncall/paging"
	"batsignal/oncall/policy"
)

// Incident is one incident as it was played.
type Incident struct {
	At    time.Time
	Roles []Outcome // in the order in which their hunts began
	Rings []Ring    // by time
}

// Outcome is how the hunt for one role went.
type Outcome struct {
	Role   string
	After  time.Duration // until it was filled; [Never] if it was not
	By     string        // the handle of whoever filled it
	Able   int           // how many could be rung when it began
	Awake  int           // how many of those were awake
	People int           // who were rung
	Woken  int           // how many of those were asleep
}

// Ring is one person who was rung.
type Ring struct {
	After  time.Duration // since the incident began
	Role   string
	Person int64
	Asleep bool
}

// Never is the time until a role is filled that nobody filled while it was played.
const Never = time.Duration(1<<63 - 1)

// After is how long it took until every role was filled; [Never] if one was not.
func (i Incident) After() time.Duration {
	last := time.Duration(0)
	for _, o := range i.Roles {
		last = max(last, o.After)
	}
	return last
}

// Rung tells how many people were rung, and how many of them were asleep. Whoever was
// rung for two roles counts once.
func (i Incident) Rung() (people, woken int) {
	asleep := map[int64]bool{}
	for _, r := range i.Rings {
		asleep[r.Person] = asleep[r.Person] || r.Asleep
	}
	for _, was := range asleep {
		if was {
			woken++
		}
	}
	return len(asleep), woken
}

// hunt is the hunt for one role, as the stores would keep it.
type hunt struct {
	role     oncall.Role
	facts    duty.Facts
	key      uint64
	try      *policy.Policy
	e        paging.Escalation
	memory   map[int64]paging.Memory
	rings    map[int64]int
	sleepers map[int64]bool
	acks     int
	done     bool // filled: there is nothing more to wait for
	next     time.Duration
	rests    bool // no step is to come: filled, or the policy is at its end
	out      Outcome
}

// reply is an answer that is on its way.
type reply struct {
	after  time.Duration
	hunt   int
	person int64
	handle string
}

// stage is one incident while it is played.
type stage struct {
	game    *Game
	dice    *dice
	at      time.Time
	hunts   []*hunt
	replies []reply
	rings   []Ring
}

// incident plays one incident. Roles are hunted for at once, as by a bat-signal; each is
// filled by the first who answers, or by as many as its policy wants.
func (g *Game) incident(d *dice, at time.Time) Incident {
	s := &stage{game: g, dice: d, at: at}
	for _, r := range g.roles {
		s.hunts = append(s.hunts, &hunt{
			role: r, facts: g.facts(d, at, r), key: nameKey(r.Name), try: g.Policies[r.Name],
			e: paging.Escalation{
				Slot: paging.RoleSlot(r.Name), Severity: g.Severity, Patience: r.PatienceAt(g.Severity), Round: 1,
			},
			memory: map[int64]paging.Memory{}, rings: map[int64]int{}, sleepers: map[int64]bool{},
			out: Outcome{Role: r.Name, After: Never},
		})
	}
	for s.turn() {
	}
	out := Incident{At: at, Rings: s.rings, Roles: make([]Outcome, 0, len(s.hunts))}
	for _, h := range s.hunts {
		h.out.People, h.out.Woken = len(h.rings), len(h.sleepers)
		out.Roles = append(out.Roles, h.out)
	}
	return out
}

// turn does what comes next: an answer, or the step of a hunt. An answer that comes at
// the instant of a step is heard before it; else what is first in order is done first.
func (s *stage) turn() bool {
	reply, step := -1, -1
	for i, r := range s.replies {
		if !s.hunts[r.hunt].done && (reply < 0 || r.before(s.replies[reply])) {
			reply = i
		}
	}
	for i, h := range s.hunts {
		if !h.rests && (step < 0 || h.next < s.hunts[step].next) {
			step = i
		}
	}
	switch {
	case reply >= 0 && (step < 0 || s.replies[reply].after <= s.hunts[step].next):
		if s.replies[reply].after > s.game.Within {
			return false
		}
		s.hear(reply)
		return true
	case step >= 0 && s.hunts[step].next <= s.game.Within:
		s.step(step)
		return true
	}
	return false
}

func (r reply) before(o reply) bool {
	switch {
	case r.after != o.after:
		return r.after < o.after
	case r.hunt != o.hunt:
		return r.hunt < o.hunt
	}
	return r.handle < o.handle // which is the same in every database
}

// hear has an answer count, if its page is open still.
func (s *stage) hear(i int) {
	r := s.replies[i]
	s.replies[i] = s.replies[len(s.replies)-1]
	s.replies = s.replies[:len(s.replies)-1]
	h := s.hunts[r.hunt]
	was := h.memory[r.person]
	if was.State != paging.PageOpen {
		return // they answered an earlier ring already
	}
	was.State = paging.PageAcked
	h.memory[r.person] = was
	if h.acks++; h.acks < h.e.Needs {
		return
	}
	h.out.After, h.out.By = r.after, r.handle
	h.done, h.rests = true, true
	for person, m := range h.memory {
		if m.State == paging.PageOpen {
			m.State = paging.PageClosed
			h.memory[person] = m
		}
	}
}

// step takes the step of a hunt that is due.
func (s *stage) step(i int) {
	h := s.hunts[i]
	at := h.next
	ranking := h.facts.Rank(duty.Ask{Role: h.role.Name, Severity: s.game.Severity, Policy: h.try}, s.at.Add(at))
	h.e.Repeats, h.e.Needs = ranking.Policy.Repeats, max(ranking.Policy.Needs, 1)
	if at == 0 {
		for _, p := range ranking.People {
			h.out.Able++
			if !p.Asleep {
				h.out.Awake++
			}
		}
	}
	_, next := ranking.Begins(h.e, paging.Next(h.e, ranking.Candidates(h.memory, s.busy(i))))
	for _, c := range next.Ring {
		s.ring(i, c, next.Round)
	}
	h.e.Round, h.e.Tier = next.Round, next.Tier
	h.next, h.rests = at+next.Wait, next.Stop
}

// busy are those who are rung for, or have, another role of the incident.
func (s *stage) busy(hunt int) map[int64]bool {
	busy := map[int64]bool{}
	for i, h := range s.hunts {
		for person, m := range h.memory {
			if i != hunt && (m.State == paging.PageOpen || m.State == paging.PageAcked) {
				busy[person] = true
			}
		}
	}
	return busy
}

// ring rings somebody, and draws what comes of it.
func (s *stage) ring(i int, c paging.Candidate, round int) {
	h := s.hunts[i]
	h.memory[c.PersonID] = paging.Memory{Round: round, State: paging.PageOpen}
	h.rings[c.PersonID]++
	if c.Asleep {
		h.sleepers[c.PersonID] = true
	}
	s.rings = append(s.rings, Ring{After: h.next, Role: h.role.Name, Person: c.PersonID, Asleep: c.Asleep})
	about := about{at: s.at, role: h.key, who: nameKey(c.Handle), ring: h.rings[c.PersonID]}
	if after, answers := s.dice.answer(s.game.Model.of(c.Asleep), about); answers {
		s.replies = append(s.replies, reply{after: h.next + after, hunt: i, person: c.PersonID, handle: c.Handle})
	}
}
