package minutes_test

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"testing"

	"batsignal/incidents/minutes"
	"batsignal/incidents/minutes/minutestest"
)

// hold has a meeting held: all of it at once, or so that at every event a new process
// reads on from what was kept, which is the events in JSON.
func hold(t *testing.T, s minutes.Setting, events []minutes.Event) (*minutes.Meeting, minutes.Log, []minutes.Effect) {
	t.Helper()
	var log minutes.Log
	m, effects := minutes.Start(s, events[0])
	log.Hear(m, events[0])
	for _, e := range events[1:] {
		log.Hear(m, e)
		effects = append(effects, m.Hear(e)...)
	}
	return m, log, effects
}

// TestSameEventsSameMinutes: 10,000 random meetings come to the same minutes when they
// are read again from what was kept of them, in every dialect.
func TestSameEventsSameMinutes(t *testing.T) {
	dialects := minutes.Dialects()
	for seed := range uint64(10_000) {
		r := rand.New(rand.NewPCG(seed, 1))
		s := minutes.Setting{Dialect: dialects[seed%4], Room: "#ops", RoomTopic: "before", Names: []string{"anna", "bert"},
			Roster: []minutes.Owner{{Name: "cleo", Handle: "cleo"}}, Carried: []string{"A1: left over"}}
		events := minutestest.Events(r, r.IntN(40), false)
		kept, err := json.Marshal(events)
		if err != nil {
			t.Fatal(err)
		}
		var read []minutes.Event
		if err := json.Unmarshal(kept, &read); err != nil {
			t.Fatal(err)
		}
		a, aLog, aEffects := hold(t, s, events)
		b, bLog, bEffects := hold(t, s, read)
		if !reflect.DeepEqual(a.Items, b.Items) || !reflect.DeepEqual(a.People(), b.People()) || !reflect.DeepEqual(aEffects, bEffects) || !reflect.DeepEqual(aLog, bLog) {
			t.Fatalf("seed %d: the second reading comes to something else", seed)
		}
		rules(t, seed, a, aLog)
	}
}

// rules are what holds of every meeting.
func rules(t *testing.T, seed uint64, m *minutes.Meeting, log minutes.Log) {
	t.Helper()
	lines, said := 0, 0
	for _, l := range log.Lines {
		if !l.Note {
			lines++
		}
		if l.N > lines {
			t.Fatalf("seed %d: line %d stands at place %d", seed, l.N, lines)
		}
	}
	for _, p := range m.People() {
		said += p.Lines
	}
	if lines != m.Lines || said != m.Lines {
		t.Fatalf("seed %d: %d lines in the log, %d by people, %d counted", seed, lines, said, m.Lines)
	}
	people, unassigned := m.ByPerson()
	listed := map[*minutes.Item]bool{}
	for _, p := range people {
		for _, a := range p.Actions {
			listed[a] = true
		}
	}
	for _, a := range unassigned {
		listed[a] = true
	}
	for _, a := range m.Actions() {
		if !listed[a] {
			t.Fatalf("seed %d: action %d is under nobody and not under unassigned", seed, a.ID)
		}
	}
	for _, item := range m.Items {
		if item.Line < 1 || item.Line > m.Lines {
			t.Fatalf("seed %d: item %d points at line %d of %d", seed, item.ID, item.Line, m.Lines)
		}
	}
}
