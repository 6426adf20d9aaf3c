package incidents_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"batsignal/oncall/fault"
)

// batonModel is the baton as the words of the house tell it, without a database.
type batonModel struct {
	s      *scene
	inc    int64
	holder string
	since  time.Time
	move   *modelMove
	heard  map[string]time.Time
}

type modelMove struct {
	claim    bool
	from, to string
	asked    time.Time
	due      time.Time
}

func (m *batonModel) give(to string) { m.holder, m.since, m.move = to, m.s.Now(), nil }

func (m *batonModel) absent() bool {
	seen := m.since
	if at := m.heard[m.holder]; at.After(seen) {
		seen = at
	}
	return m.s.Now().Sub(seen) >= 10*time.Minute
}

func (m *batonModel) ask(claim bool, from, to string) {
	m.move = &modelMove{claim, from, to, m.s.Now(), m.s.Now().Add(3 * time.Minute)}
}

// take tells whether it is allowed.
func (m *batonModel) take(who string) bool {
	switch {
	case m.holder == who:
		return false
	case m.holder == "" || m.absent():
		m.give(who)
	case m.move != nil && !m.move.claim && m.move.to == who:
		m.give(who)
	case m.move != nil:
		return false
	default:
		m.ask(true, m.holder, who)
	}
	return true
}

func (m *batonModel) pass(who, to string) bool {
	switch {
	case m.holder != who || to == who:
		return false
	case m.move != nil && m.move.claim && m.move.to == to:
		m.give(to)
	default:
		m.ask(false, who, to)
	}
	return true
}

func (m *batonModel) accept(who string) bool {
	if m.move == nil || m.move.claim || m.move.to != who {
		return false
	}
	m.give(who)
	return true
}

// advance lets time pass and tells whether the move was decided on the way.
func (m *batonModel) advance(d time.Duration) bool {
	now := m.s.Now().Add(d)
	if m.move == nil || m.move.due.After(now) {
		return false
	}
	at, ever := m.heard[m.move.from]
	due := m.move.due
	if m.move.claim && (!ever || at.Before(m.move.asked)) {
		m.give(m.move.to)
		m.since = due
	}
	m.move = nil
	return true
}

// Whatever people do in whatever order: there is at most one holder, it is the one
// that the rules say, and each move leaves a line on the timeline.
func TestBatonProperties(t *testing.T) {
	t.Parallel()
	people := []string{"ada", "bea", "cem"}
	s := newScene(t, "ada bea cem") // with nobody on the roster, time brings only the baton
	rapid.Check(t, func(rt *rapid.T) {
		inc := s.light("ada", "bea", fire())
		defer func() { s.must(s.svc.Resolve(ctx, s.as("ada"), inc.ID, "", false, true)) }()
		m := &batonModel{s: s, inc: inc.ID, heard: map[string]time.Time{}}
		for _, who := range people { // heard in an earlier incident
			if p := get[*time.Time](t, s.db, `select heard_at from person where id = $1`, s.ids[who]); p != nil {
				m.heard[who] = *p
			}
		}
		lines := len(s.batonLines(inc.ID))
		anybody := rapid.SampledFrom(people)
		tried := func(rt *rapid.T, allowed bool, err error) {
			switch kind := fault.KindOf(err); {
			case allowed != (err == nil):
				rt.Fatalf("allowed is %v, and: %v", allowed, err)
			case err != nil && kind == fault.Internal:
				rt.Fatal(err)
			case err == nil:
				lines++
			}
		}
		rt.Repeat(map[string]func(*rapid.T){
			"take": func(rt *rapid.T) {
				who := anybody.Draw(rt, "who")
				_, err := s.svc.Take(ctx, s.as(who), inc.ID)
				tried(rt, m.take(who), err)
			},
			"pass": func(rt *rapid.T) {
				who, to := anybody.Draw(rt, "who"), anybody.Draw(rt, "to")
				_, err := s.svc.Pass(ctx, s.as(who), inc.ID, to)
				tried(rt, m.pass(who, to), err)
			},
			"accept": func(rt *rapid.T) {
				who := anybody.Draw(rt, "who")
				_, err := s.svc.Accept(ctx, s.as(who), inc.ID)
				tried(rt, m.accept(who), err)
			},
			"drop": func(rt *rapid.T) {
				who := anybody.Draw(rt, "who")
				_, err := s.svc.Drop(ctx, s.as(who), inc.ID)
				allowed := m.holder == who
				if allowed {
					m.give("")
				}
				tried(rt, allowed, err)
			},
			"speak": func(rt *rapid.T) {
				who := anybody.Draw(rt, "who")
				s.hears(who)
				m.heard[who] = s.Now()
			},
			"wait": func(rt *rapid.T) {
				d := time.Duration(rapid.IntRange(1, 240).Draw(rt, "seconds")) * time.Second
				if m.advance(d) {
					lines++
				}
				s.advance(d)
			},
			"": func(rt *rapid.T) {
				open := get[int](t, s.db, `select count(*) from baton where incident_id = $1 and ended_at is null`, inc.ID)
				if open > 1 {
					rt.Fatalf("%d people hold the baton", open)
				}
				if got := s.holder(inc.ID); got != m.holder {
					rt.Fatalf("%q holds the baton, and should %q", got, m.holder)
				}
				if got := s.batonLines(inc.ID); len(got) != lines {
					rt.Fatalf("want %d lines%s", lines, text(got))
				}
			},
		})
	})
}

func (s *scene) batonLines(incident int64) (lines []string) {
	for _, l := range s.timeline(incident) {
		if len(l) > 6 && l[:6] == "baton:" {
			lines = append(lines, l)
		}
	}
	return lines
}
