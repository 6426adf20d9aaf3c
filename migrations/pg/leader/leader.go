// Package leader owns which of several processes that share the database leads: it is on
// the chat networks, rings people and does what nobody asks for, while the others serve
// the web and wait.
//
// An [Election] finds out, by an advisory lock on a connection of its own. Each time that
// another process leads a term begins, which has a number. What the leading parts write
// goes by a [DB], which tells Postgres on each connection for which term; a trigger on
// every table (migrations/0012_leadership.sql) refuses what is written for a term that is
// over. So it does not matter how long a process that was stopped, cut off or slow
// believes that it leads.
//
// It does not know what leading is: that is a function of its caller. It owns the table
// leadership and no other. Decision 27 says what is guaranteed.
package leader

import (
	"context"
	"errors"
	"fmt"
	"strconv"
)

// ErrDeposed means that another process leads, so this one may do nothing more as the
// leader that it was.
var ErrDeposed = errors.New("another process leads now")

// ErrNotLeading means that something was written by the leader's connections in a process
// that does not lead. It is a mistake in how the program is joined.
var ErrNotLeading = errors.New("this process does not lead")

// CodeFenced is the SQLSTATE of a write that was refused because its term is over.
const CodeFenced = "BS001"

// Term is the time in which one process leads.
type Term struct {
	Epoch  int64  // its number; later terms have higher ones
	Holder string // the process that leads

	alive context.Context // ends with errReleased or, when somebody else leads, with ErrDeposed
	end   context.CancelCauseFunc
}

// errReleased ends a term that its own process gave up.
var errReleased = errors.New("this process leads no longer")

func newTerm(ctx context.Context, epoch int64, holder string) *Term {
	t := &Term{Epoch: epoch, Holder: holder}
	t.alive, t.end = context.WithCancelCause(context.WithoutCancel(ctx))
	return t
}

// mark is how a connection names the term to the database.
func (t *Term) mark() string { return strconv.FormatInt(t.Epoch, 10) + " " + t.Holder }

// depose notes that somebody else leads.
func (t *Term) depose() { t.end(fmt.Errorf("%w: term %d is over", ErrDeposed, t.Epoch)) }

func (t *Term) deposed() bool { return errors.Is(context.Cause(t.alive), ErrDeposed) }

type termKey struct{}

// with returns a context under which everything is written for a term.
func with(ctx context.Context, t *Term) context.Context {
	return context.WithValue(ctx, termKey{}, t)
}

// termOf is the term that a context writes for; nil is none, as when a web page is asked for.
func termOf(ctx context.Context) *Term {
	t, _ := ctx.Value(termKey{}).(*Term)
	return t
}
