// Package fault owns the one kind of error that is meant for people.
//
// It does not log, translate or retry: a door (IRC, web, command line) maps a
// [Kind] once to its own way of saying no, prints Say, and logs Cause.
package fault

import (
	"errors"
	"fmt"
)

// Kind says what sort of refusal an error is, so that each door can map it once.
type Kind int

// The kinds, few on purpose.
const (
	Internal  Kind = iota // our own failure: Say is an apology, Cause tells the log why
	Invalid               // the words could not be understood
	Forbidden             // understood, but this caller may not
	NotFound              // the thing named does not exist
	Conflict              // the state of the world says no; somebody else won, or too early or late
	Limited               // a limit was reached
	Unready               // a part that is needed (database, network) is not there right now
)

var kindNames = [...]string{"internal", "invalid", "forbidden", "not found", "conflict", "limited", "unready"}

func (k Kind) String() string {
	if k < 0 || int(k) >= len(kindNames) {
		return "unknown"
	}
	return kindNames[k]
}

// Error is an error with a sentence for people.
type Error struct {
	Kind  Kind
	Say   string // a plain sentence with a way forward; safe to show anywhere
	Cause error  // for the log only; may be nil
}

func (e *Error) Error() string {
	if e.Cause == nil {
		return e.Say
	}
	return fmt.Sprintf("%s (%v)", e.Say, e.Cause)
}

func (e *Error) Unwrap() error { return e.Cause }

// New makes an error of a kind whose sentence is built like fmt.Sprintf.
func New(k Kind, format string, args ...any) *Error {
	return &Error{Kind: k, Say: fmt.Sprintf(format, args...)}
}

// Wrap gives a cause a kind and a sentence.
func Wrap(k Kind, cause error, format string, args ...any) *Error {
	return &Error{Kind: k, Say: fmt.Sprintf(format, args...), Cause: cause}
}

// KindOf returns the kind of the first [Error] in err's chain, else Internal.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}

// Say returns the sentence for people of the first [Error] in err's chain. An
// error that carries none gets an apology, since its text may hold anything.
func Say(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Say
	}
	return "Something broke on our side. It is in the log; please try again."
}
