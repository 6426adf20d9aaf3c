package throwaway

import (
	"context"
	"errors"
	"strings"

	"batsignal/integrations/argv"
	"batsignal/oncall/fault"
)

// Mode is whether servers are walled in.
type Mode string

// The modes; no word is [Off].
const (
	Auto     Mode = "auto"     // where the machine has some, and it is told where not
	Required Mode = "required" // or nothing is started
	Off      Mode = "off"
)

// Walls give servers a network of their own, in which there is nobody but the server itself:
// what was restored knows its peers of before, and what it had to do for them.
type Walls struct {
	Mode Mode
	Ours []string // as [argv.OurWalls] gives them; none: this program has none
}

// Built is what stands around the servers of one proof. The zero Built is nothing.
type Built struct {
	words []string
	why   string // there are none
}

// Build looks whether there can be walls here, which takes some milliseconds. The error is that
// there must be, and cannot, or that it could not be found out: with a way forward. Only a
// machine that says that it has none is done without them: a full one may have some in a minute.
func (w Walls) Build(ctx context.Context) (Built, error) {
	if w.Mode != Auto && w.Mode != Required {
		return Built{why: "the configuration has it so (jobs.walls)"}, nil
	}
	err := error(fault.Wrap(fault.Unready, argv.ErrNoWalls, "this program has no walls"))
	if len(w.Ours) > 0 {
		if err = argv.TryWalls(ctx, w.Ours); err == nil {
			return Built{words: w.Ours}, nil
		}
	}
	switch {
	case ctx.Err() != nil:
		return Built{}, context.Cause(ctx)
	case !errors.Is(err, argv.ErrNoWalls) && !errors.Is(err, argv.ErrMissing):
		return Built{}, fault.Wrap(fault.Unready, err, "It is not started now: %s. Try again when this machine has less to do.", strings.TrimSuffix(fault.Say(err), "."))
	case w.Mode == Required:
		return Built{}, fault.Wrap(fault.Unready, err, "Nothing that was restored is started without walls (jobs.walls), and there are none here: %s. Let it have namespaces of users and networks (docs/backups.md), or set jobs.walls: off, and it has the network of this machine.", strings.TrimSuffix(fault.Say(err), "."))
	}
	return Built{why: strings.TrimSuffix(fault.Say(err), ".")}, nil
}

// In has a program run within.
func (b Built) In(c argv.Command) argv.Command {
	c.Walls = b.words
	return c
}

// Fact is what evidence says of it.
func (b Built) Fact() [2]string {
	if len(b.words) > 0 {
		return [2]string{"network", "its own, with nobody else"}
	}
	return [2]string{"network", "that of this machine"}
}

// Note is what is said where there are no walls: a sentence after a space, or nothing.
func (b Built) Note() string {
	if len(b.words) > 0 {
		return ""
	}
	if b.why == "" {
		return " It was not walled in."
	}
	return " It was not walled in: " + b.why + "."
}
