package play

import (
	"context"
	"math/rand/v2"
	"regexp"
	"slices"
	"time"

	"batsignal/bot/console"
)

// Crowd are people who answer their pages after a while, as a seed decides, or
// sleep on.
type Crowd struct {
	Asleep map[string]bool // handles that hear nothing

	rng    *rand.Rand
	plan   []answer
	deaf   string // who sleeps through their first ring for deafTo
	deafTo string
}

// answer is what somebody is going to say.
type answer struct {
	at   time.Time
	who  string
	text string
}

// NewCrowd makes people whose habits follow from the seed.
func NewCrowd(seed uint64) *Crowd {
	return &Crowd{Asleep: map[string]bool{}, rng: rand.New(rand.NewPCG(seed, seed))}
}

// Code makes a confirmation code that the seed decides.
func (c *Crowd) Code() string {
	const letters = "ABCDEFGHJKLMNPQRSTUVWXYZ"
	b := make([]byte, 4)
	for i := range b {
		b[i] = letters[c.rng.IntN(len(letters))]
	}
	return string(b)
}

// SleepsThrough makes the first person who is rung for a role hear nothing at all.
func (c *Crowd) SleepsThrough(role string) { c.deafTo = role }

var pageNumber = regexp.MustCompile(`Page (P[0-9]+), .* You are needed for ([a-z ]+)\.`)

// Hear shows the crowd what the bot said; whoever was paged by it plans an answer.
func (c *Crowd) Hear(at time.Time, l console.Line) {
	m := pageNumber.FindStringSubmatch(l.Text)
	if l.Room != "" || m == nil {
		return
	}
	if c.deaf == "" && m[2] == c.deafTo {
		c.deaf = l.Account
	}
	if c.Asleep[l.Account] || c.deaf == l.Account {
		return
	}
	// People fumble for their phone for ten seconds to a minute.
	delay := 10*time.Second + time.Duration(c.rng.Int64N(int64(50*time.Second)))
	c.plan = append(c.plan, answer{at.Add(delay.Truncate(time.Second)), l.Account, "!ack " + m[1]})
	slices.SortStableFunc(c.plan, func(a, b answer) int { return a.at.Compare(b.at) })
}

// WaitUntil lets time pass on a stage while the crowd answers. It ends early when
// done says so.
func (c *Crowd) WaitUntil(ctx context.Context, s *Stage, until time.Time, say func(who, room, text string) error, done func() (bool, error)) error {
	for {
		stop, err := done()
		if err != nil || stop {
			return err
		}
		next, err := s.Next(ctx)
		if err != nil {
			return err
		}
		mine := len(c.plan) > 0 && (next.IsZero() || !next.Before(c.plan[0].at))
		switch {
		case mine && !c.plan[0].at.After(until):
			a := c.plan[0]
			c.plan = c.plan[1:]
			if err := s.WaitUntil(ctx, a.at); err != nil {
				return err
			}
			if err := say(a.who, "", a.text); err != nil {
				return err
			}
		case !next.IsZero() && !next.After(until):
			if err := s.WaitUntil(ctx, next); err != nil {
				return err
			}
		default:
			return s.WaitUntil(ctx, until)
		}
	}
}
