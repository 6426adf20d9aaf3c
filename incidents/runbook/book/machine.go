package book

import (
	"errors"
	"slices"
	"time"
)

// What is something that happened to a run of a book.
type What string

// What happens.
const (
	Started   What = "started"
	Looked    What = "looked"    // one of two people found the guard to be true
	Confirmed What = "confirmed" // the first of two people
	Done      What = "done"      // the step is over
	Chosen    What = "chosen"
	Asked     What = "asked" // its job was asked for
	Succeeded What = "succeeded"
	Failed    What = "failed"
	Skipped   What = "skipped"
	Aborted   What = "aborted"
)

// Event is one thing that happened, by whom.
type Event struct {
	N      int // its place among all, from 1
	What   What
	At     time.Time
	Step   int    // which one, from 0
	Person int64  // 0 is nobody we know, or the bot
	Who    string // a handle; "" is the bot
	Choice string
	Note   string
	Run    int64 // of its job
}

// Phase is what a step waits for.
type Phase string

// The phases.
const (
	Guarding Phase = "guarding" // for two people who look
	Waiting  Phase = "waiting"  // for people
	Running  Phase = "running"  // for its job
	Stopped  Phase = "stopped"  // its job did not succeed: for retry, skip or abort
)

// How a run ended.
const (
	OverDone    = "done"
	OverAborted = "aborted"
)

// State is where a run of a book is.
type State struct {
	At    int    // the step, from 0
	Turn  int    // how many steps were come to so far, this one included
	Phase Phase  // of the step
	First int64  // who was the first of the two people that the phase asks for; 0 is nobody
	Run   int64  // of the job that is waited for, or that did not succeed
	Over  string // how it ended; "" goes on
}

// Why an event does not fit. None of them is for people: who knows the names says it.
var (
	ErrOver     = errors.New("the run has ended")
	ErrStep     = errors.New("another step is at hand")
	ErrMisfit   = errors.New("that does not happen at this step now")
	ErrSame     = errors.New("the second person is the first")
	ErrNoPerson = errors.New("one of two people must be known")
	ErrChoice   = errors.New("there is no such choice")
)

// Apply says where a run is after one more event. A state that was not started is zero.
func (b Book) Apply(s State, e Event) (State, error) {
	switch {
	case e.What == Started:
		if s.Turn != 0 {
			return s, ErrMisfit
		}
		return b.enter(s, 0), nil
	case s.Turn == 0:
		return s, ErrMisfit
	case s.Over != "":
		return s, ErrOver
	case e.Step != s.At:
		return s, ErrStep
	case e.What == Aborted:
		s.Over = OverAborted
		return s, nil
	}
	after, err := b.happen(s, b.Steps[s.At], e)
	if err != nil {
		return s, err
	}
	return after, nil
}

func (b Book) happen(s State, step Step, e Event) (State, error) {
	switch {
	case e.What == Looked && s.Phase == Guarding:
		second, err := s.pair(e.Person)
		if err == nil && second {
			s.Phase, s.First = Waiting, 0
		} else if err == nil {
			s.First = e.Person
		}
		return s, err
	case e.What == Confirmed && s.Phase == Waiting && step.Kind == Confirmation && step.Two && s.First == 0:
		_, err := s.pair(e.Person)
		s.First = e.Person
		return s, err
	case e.What == Done && s.Phase == Waiting && (step.Kind == Sentence || step.Kind == Confirmation):
		if step.Two {
			if second, err := s.pair(e.Person); err != nil {
				return s, err
			} else if !second {
				return s, ErrMisfit
			}
		}
		return b.enter(s, step.Next), nil
	case e.What == Chosen && s.Phase == Waiting && step.Kind == Decision:
		i := slices.IndexFunc(step.Choices, func(c Choice) bool { return c.Name == e.Choice })
		if i < 0 {
			return s, ErrChoice
		}
		return b.enter(s, step.Choices[i].To), nil
	case e.What == Asked && step.Kind == Job && (s.Phase == Waiting || s.Phase == Stopped):
		s.Phase, s.Run = Running, e.Run
		return s, nil
	case e.What == Succeeded && s.Phase == Running && e.Run == s.Run:
		return b.enter(s, step.Next), nil
	case e.What == Failed && s.Phase == Running && e.Run == s.Run:
		s.Phase = Stopped
		return s, nil
	case e.What == Skipped && step.Kind != Decision:
		return b.enter(s, step.Next), nil
	}
	return s, ErrMisfit
}

// pair tells whether somebody is the second of two people.
func (s State) pair(person int64) (second bool, err error) {
	switch {
	case person == 0:
		return false, ErrNoPerson
	case person == s.First:
		return false, ErrSame
	}
	return s.First != 0, nil
}

// enter comes to a step, or to the end.
func (b Book) enter(s State, to int) State {
	if to >= len(b.Steps) {
		return State{At: s.At, Turn: s.Turn, Over: OverDone}
	}
	s = State{At: to, Turn: s.Turn + 1, Phase: Waiting}
	if b.Steps[to].Guard != "" {
		s.Phase = Guarding
	}
	return s
}

// Replay says where a run is after all that happened.
func (b Book) Replay(events []Event) (State, error) {
	var s State
	for _, e := range events {
		var err error
		if s, err = b.Apply(s, e); err != nil {
			return s, err
		}
	}
	return s, nil
}

// Answer is what it means that somebody says of the step at hand that it is done. It is ""
// where that means nothing: a job is started, waited for, or retried.
func (b Book) Answer(s State) What {
	step := b.Steps[s.At]
	switch {
	case s.Phase == Guarding:
		return Looked
	case s.Phase != Waiting || step.Kind == Job:
		return ""
	case step.Kind == Decision:
		return Chosen
	case step.Two && s.First == 0:
		return Confirmed
	}
	return Done
}

// Ends tells whether an event is the end of a step.
func (w What) Ends() bool {
	return w == Done || w == Chosen || w == Succeeded || w == Skipped
}

// Undoing is what is to be taken back after an abort.
type Undoing struct {
	Step  int // from 0
	Undo  string
	Maybe bool // the step was at hand, and may have been begun
}

// Undo says what is to be taken back of what happened, the last step first. What a later
// step settled is not.
func (b Book) Undo(events []Event) []Undoing {
	var list []Undoing
	forget := func(at int) {
		list = slices.DeleteFunc(list, func(u Undoing) bool { return u.Step == at })
	}
	keep := func(at int, maybe bool) {
		if undo := b.Steps[at].Undo; undo != "" {
			forget(at)
			list = append(list, Undoing{at, undo, maybe})
		}
	}
	var s State
	for _, e := range events {
		before := s
		var err error
		if s, err = b.Apply(s, e); err != nil {
			break
		}
		switch {
		case e.What == Done || e.What == Succeeded:
			keep(e.Step, false)
			for _, name := range b.Steps[e.Step].Settles {
				if at, found := b.Find(name); found {
					forget(at)
				}
			}
		case e.What == Asked || e.What == Failed:
			keep(e.Step, true)
		case e.What == Aborted && before.Phase == Waiting && b.Steps[e.Step].Kind == Confirmation:
			keep(e.Step, true)
		}
	}
	slices.Reverse(list)
	return list
}
