// Package reachability owns the answer to "how long would it take?": it plays incidents,
// one for every hour of a year, against a model of who answers when rung, and counts how
// long each role stays empty, who is woken, and at which hours that is worst.
//
// Whom to ring, when, and whom not, is never worked out here. Each step is a
// [duty.Facts.Rank] and a [paging.Next], as in a real hunt, so schedules, absences, quiet
// hours, tiers and repeats are the real ones. What is made up is the answers, and only
// those; [duty.Facts.Simulate] is for the case that nobody answers at all.
//
//	facts = reachability.Ready(facts)              // of the database, or of FactsOf(file)
//	game, err := reachability.Game{…}.Checked()    // says what makes no sense
//	report, err := game.Play(ctx)
//	fmt.Print(report.Text())
//
// Nothing depends on the order in which things are played: each answer is drawn from the
// seed, the instant, the role, the person and how often they were rung for it. So the same
// person gives the same answer to the same ring under another policy, and two policies
// differ by what they do, not by luck.
package reachability

import (
	"encoding/binary"
	"encoding/json"
	"hash/fnv"
	"math/rand/v2"
	"time"

	"batsignal/oncall/fault"
)

// Model is how people answer when they are rung.
type Model struct {
	Awake  Chance `json:"awake"`
	Asleep Chance `json:"asleep"`
}

// Chance is how somebody answers one ring: perhaps not at all, or after the least delay
// and a time that is distributed exponentially.
type Chance struct {
	Answers float64       // from 0 to 1
	Least   time.Duration // nobody answers faster
	Mean    time.Duration // of what comes after the least
}

// Default is the model that our promises are measured by. The one who is asleep hears the
// phone two times in five, and needs longer to find it.
func Default() Model {
	return Model{
		Awake:  Chance{Answers: 0.65, Least: 18 * time.Second, Mean: 90 * time.Second},
		Asleep: Chance{Answers: 0.40, Least: time.Minute, Mean: 4 * time.Minute},
	}
}

// MarshalJSON writes delays in seconds.
func (c Chance) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Answers float64 `json:"answers"`
		Least   float64 `json:"least_seconds"`
		Mean    float64 `json:"mean_further_seconds"`
	}{c.Answers, c.Least.Seconds(), c.Mean.Seconds()})
}

// Check refuses a model that makes no sense. The error is fault.Invalid.
func (m Model) Check() error {
	for _, c := range []struct {
		who string
		Chance
	}{{"awake", m.Awake}, {"asleep", m.Asleep}} {
		switch {
		case !(c.Answers >= 0 && c.Answers <= 1): // which no NaN is
			return fault.New(fault.Invalid, "Whoever is %s answers with a probability from 0 to 1, as 0.65.", c.who)
		case c.Least < 0 || c.Mean < 0 || c.Least > longest || c.Mean > longest:
			return fault.New(fault.Invalid, "Whoever is %s takes from no time to %s to answer, as 90s.", c.who, longest)
		}
	}
	return nil
}

// longest is how long a delay, or a play, may be.
const longest = 24 * time.Hour

// of is how somebody answers who is asleep, or not.
func (m Model) of(asleep bool) Chance {
	if asleep {
		return m.Asleep
	}
	return m.Awake
}

// dice draws what does not depend on what was drawn before.
type dice struct {
	seed   uint64
	source rand.ChaCha8
}

// about is what something is drawn for.
type about struct {
	at   time.Time // of the incident; to the minute
	role uint64    // by nameKey
	who  uint64    // by nameKey
	ring int       // how often they were rung for this role, this one included
}

// throw begins the numbers for something: the same ones each time. They are those of a
// cipher, so that keys that are alike have nothing else in common.
func (d *dice) throw(a about) *rand.Rand {
	var key [32]byte
	binary.LittleEndian.PutUint64(key[0:], d.seed)
	binary.LittleEndian.PutUint64(key[8:], uint64(a.at.Unix()/60)<<16|uint64(uint16(a.ring)))
	binary.LittleEndian.PutUint64(key[16:], a.role)
	binary.LittleEndian.PutUint64(key[24:], a.who)
	d.source.Seed(key)
	return rand.New(&d.source)
}

// answer draws whether, and after how long, somebody answers.
func (d *dice) answer(c Chance, a about) (after time.Duration, answers bool) {
	r := d.throw(a)
	if r.Float64() >= c.Answers {
		return 0, false
	}
	return c.Least + time.Duration(r.ExpFloat64()*float64(c.Mean)), true
}

// nameKey makes a number of a name: people and roles are drawn for by name, so that it
// is the same crowd in a database and in a file.
func nameKey(name string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name)) // never fails
	return h.Sum64()
}
