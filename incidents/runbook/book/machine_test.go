package book

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// aBook makes a book of any shape that Parse could have let through: links go on, or back by
// a choice.
func aBook() *rapid.Generator[Book] {
	return rapid.Custom(func(t *rapid.T) Book {
		n := rapid.IntRange(1, 8).Draw(t, "steps")
		b := Book{Name: "any", Title: "Any"}
		for i := range n {
			s := Step{Name: fmt.Sprintf("s%d", i), Say: "Do it.", Next: rapid.IntRange(i+1, n).Draw(t, "next")}
			s.Kind = rapid.SampledFrom([]Kind{Sentence, Confirmation, Decision, Job}).Draw(t, "kind")
			switch s.Kind {
			case Confirmation:
				s.Two = rapid.Bool().Draw(t, "two")
			case Decision:
				for j := range rapid.IntRange(2, 3).Draw(t, "choices") {
					to := rapid.IntRange(0, n).Draw(t, "to")
					s.Choices = append(s.Choices, Choice{Name: fmt.Sprintf("c%d", j), To: to, Loop: to <= i})
				}
			case Job:
				s.Job = "work"
			}
			if s.Kind == Confirmation || s.Kind == Job {
				if rapid.Bool().Draw(t, "guard") {
					s.Guard = "It is safe."
				}
				if rapid.Bool().Draw(t, "undo") {
					s.Undo = fmt.Sprintf("Undo %d.", i)
				}
			}
			b.Steps = append(b.Steps, s)
		}
		return b
	})
}

var whats = []What{Started, Looked, Confirmed, Done, Chosen, Asked, Succeeded, Failed, Skipped, Aborted}

// anEvent is mostly one that fits.
func anEvent(t *rapid.T, b Book, s State) Event {
	e := Event{Step: s.At, Person: rapid.Int64Range(0, 3).Draw(t, "person"), Run: s.Run, What: rapid.SampledFrom(whats).Draw(t, "what")}
	if s.Turn > 0 && rapid.IntRange(0, 3).Draw(t, "fits") > 0 {
		if e.What = b.Answer(s); e.What == "" {
			e.What = rapid.SampledFrom([]What{Asked, Succeeded, Failed}).Draw(t, "job")
		}
	}
	if e.What == Asked {
		e.Run = rapid.Int64Range(1, 1000).Draw(t, "run")
	}
	if s.Turn > 0 && len(b.Steps[s.At].Choices) > 0 {
		e.Choice = rapid.SampledFrom(b.Steps[s.At].Choices).Draw(t, "choice").Name
	}
	if rapid.IntRange(0, 9).Draw(t, "elsewhere") == 0 {
		e.Step = rapid.IntRange(0, len(b.Steps)).Draw(t, "step")
	}
	return e
}

// TestTheMachine holds what is promised against any book and anything that people and jobs
// do.
func TestTheMachine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := aBook().Draw(t, "book")
		var s State
		var events []Event
		looked, confirmed := map[int64]bool{}, map[int64]bool{} // in this turn
		asked := map[int64]bool{}                               // in this turn
		for range rapid.IntRange(1, 60).Draw(t, "events") {
			e := anEvent(t, b, s)
			after, err := b.Apply(s, e)
			if err != nil {
				if after != s {
					t.Fatalf("%v changed %+v to %+v", err, s, after)
				}
				continue
			}
			events = append(events, e)
			if s.Over != "" {
				t.Fatalf("something happened after the end: %+v", e)
			}
			if s.Turn > 0 {
				step := b.Steps[s.At]
				switch e.What {
				case Looked:
					looked[e.Person] = true
				case Confirmed, Done:
					confirmed[e.Person] = true
				case Asked:
					asked[e.Run] = true
				}
				if (e.What == Done || e.What == Asked) && step.Guard != "" && len(looked) != 2 {
					t.Fatalf("the guard of step %d was passed by %v", s.At, looked)
				}
				if e.What == Done && step.Two && len(confirmed) != 2 {
					t.Fatalf("step %d was confirmed by %v", s.At, confirmed)
				}
				if e.What == Done && step.Kind != Sentence && step.Kind != Confirmation || e.What == Succeeded && !asked[e.Run] || e.What == Skipped && step.Kind == Decision {
					t.Fatalf("%+v at %+v", e, step)
				}
				if e.What.Ends() != (after.Turn != s.Turn || after.Over == OverDone) {
					t.Fatalf("%+v: %+v then %+v", e, s, after)
				}
				if back := after.Turn != s.Turn && after.At <= s.At; back && e.What != Chosen {
					t.Fatalf("%s leads back from %d to %d", e.What, s.At, after.At)
				}
			}
			if after.Turn != s.Turn {
				looked, confirmed, asked = map[int64]bool{}, map[int64]bool{}, map[int64]bool{}
			}
			if after.At < 0 || after.At >= len(b.Steps) || after.Turn < s.Turn || after.Over == "" && after.Phase == "" || after.Over != "" && after.Over != OverAborted && after.Phase != "" {
				t.Fatalf("%+v", after)
			}
			s = after
			if again, err := b.Replay(events); err != nil || again != s {
				t.Fatalf("told again: %+v, %v; want %+v", again, err, s)
			}
		}
		// Each thing to be taken back is named once, and was begun.
		seen := map[int]bool{}
		for _, u := range b.Undo(events) {
			begun := false
			for _, e := range events {
				begun = begun || e.Step == u.Step && e.What != Skipped
			}
			if seen[u.Step] || !begun || u.Undo != b.Steps[u.Step].Undo {
				t.Fatalf("%+v of %+v", u, events)
			}
			seen[u.Step] = true
		}
	})
}

func TestWhatIsTakenBack(t *testing.T) {
	b, problems := Parse([]byte(good))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	begun := []Event{{What: Started}, {What: Done, Person: 1}, {What: Looked, Step: 1, Person: 1}, {What: Looked, Step: 1, Person: 2}}
	off := append(append([]Event{}, begun...), Event{What: Confirmed, Step: 1, Person: 1}, Event{What: Done, Step: 1, Person: 2})
	on := append(append([]Event{}, off...), Event{What: Chosen, Step: 2, Choice: "yes"}, Event{What: Skipped, Step: 3}, Event{What: Done, Step: 4})
	for name, x := range map[string]struct {
		events []Event
		want   string
	}{
		"not begun":     {begun[:3], "[]"},
		"perhaps begun": {append(append([]Event{}, begun...), Event{What: Aborted, Step: 1}), "[{1 Turn it on. true}]"},
		"done":          {append(append([]Event{}, off...), Event{What: Aborted, Step: 2}), "[{1 Turn it on. false}]"},
		"settled":       {on, "[]"},
	} {
		if got := fmt.Sprint(b.Undo(x.events)); got != x.want {
			t.Errorf("%s: %s, want %s", name, got, x.want)
		}
	}
}
