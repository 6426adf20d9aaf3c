package command

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"batsignal/oncall"
	"batsignal/oncall/duty"
	"batsignal/oncall/fault"
	"batsignal/oncall/when"
)

func (s Services) oncallCommands() []*Command {
	return []*Command{{
		Name: "oncall", Group: "Who is on", Summary: "Tells who is on now, until when, and who is awake.", Example: "oncall package fixing at sunday 03:00",
		Params: []Param{{Name: "what", Kind: Rest, Optional: true, Help: "a role, all of them if not said; and at which time, as in at tomorrow 18:00 Berlin"}},
		Run:    s.oncall,
	}}
}

func (s Services) oncall(ctx context.Context, c *Call) (Reply, error) {
	what, at, err := splitAt(c, c.Text("what"))
	if err != nil {
		return Reply{}, err
	}
	facts, err := duty.Glance(ctx, s.DB, at.At, at.At.Add(duty.Ahead))
	if err != nil {
		return Reply{}, err
	}
	var roles []string
	if what != "" {
		role, ok := oncall.MatchRole(facts.Roles, what)
		if !ok {
			return Reply{}, fault.New(fault.NotFound, "There is no role like %q. The roles are %s. A time comes after the word at: %s",
				what, oncall.RoleNames(facts.Roles), c.Typed("oncall at tomorrow 18:00 Berlin"))
		}
		roles = []string{role.Name}
	}
	var r Reply
	if !at.At.Equal(c.Now) {
		r.Blocks = append(r.Blocks, Line("At "+at.String()+":"))
	}
	for _, now := range facts.Now(at.At, roles...) {
		r.Blocks = append(r.Blocks, Line(now.Role.Title+": "+onWords(now, at.At, c.Zone)))
	}
	if s.Elsewhere != nil && at.At.Equal(c.Now) { // it is known there of now only
		if line := s.Elsewhere(ctx, cmp.Or(roles...), c.Zone); line != "" {
			r.Blocks = append(r.Blocks, Line(line))
		}
	}
	return r, nil
}

// splitAt splits what was typed at the word "at": what comes before it, and the instant
// that comes after it. Without the word it is now.
func splitAt(c *Call, text string) (what string, at when.Moment, err error) {
	words := strings.Fields(text)
	for i, word := range words {
		if strings.EqualFold(word, "at") {
			at, err = instant(c, strings.Join(words[i+1:], " "))
			return strings.Join(words[:i], " "), at, err
		}
	}
	return strings.Join(words, " "), when.Moment{At: c.Now}, nil
}

// instant reads a time as the caller means it.
func instant(c *Call, text string) (when.Moment, error) {
	return when.Reader{Now: c.Now, Zone: c.Zone}.Instant(text)
}

// namesShown is how many people of a roster are named.
const namesShown = 8

// onWords tells who is there for a role, in sentences.
func onWords(now duty.Now, at time.Time, zone string) string {
	var sentences, behind, shadows []string
	first := true
	for _, on := range now.On {
		switch {
		case on.Shadow:
			shadows = append(shadows, on.Person.Handle)
		case on.Away:
			sentences = append(sentences, fmt.Sprintf("%s would be on by %s and is away.", on.Person.Handle, on.Schedule))
		case first:
			first = false
			sentences = append(sentences, firstOn(on, zone))
		default:
			behind = append(behind, marked(on))
		}
	}
	if len(behind) > 0 {
		sentences = append(sentences, "Behind them: "+oncall.JoinNames(behind)+".")
	}
	if len(shadows) > 0 {
		sentences = append(sentences, "Along with them: "+oncall.JoinNames(shadows)+".")
	}
	if rest := rosterWords(now, at); rest != "" {
		sentences = append(sentences, rest)
	}
	return strings.Join(sentences, " ")
}

// firstOn tells who is asked first, and until when.
func firstOn(on duty.On, zone string) string {
	text := fmt.Sprintf("%s is on by %s", marked(on), on.Schedule)
	if on.Until.IsZero() {
		return text + "."
	}
	text += " until " + when.Echo(on.Until, zone)
	if on.Next != "" {
		text += ", then " + on.Next
	}
	return text + "."
}

// marked is a handle with what keeps somebody from being rung first.
func marked(on duty.On) string {
	switch {
	case on.NoYes:
		return on.Person.Handle + " (has not said yes to the role)"
	case on.Asleep:
		return on.Person.Handle + " (asleep)"
	}
	return on.Person.Handle
}

// rosterWords tells who else is on the roster: who is awake, with their clock.
func rosterWords(now duty.Now, at time.Time) string {
	if len(now.Awake)+len(now.Asleep)+len(now.Away) == 0 {
		if len(now.On) == 0 {
			return "nobody is on the roster."
		}
		return "Nobody else is on the roster."
	}
	var names []string
	for _, p := range now.Awake[:min(len(now.Awake), namesShown)] {
		names = append(names, p.Handle+" "+at.In(oncall.Location(p.Zone)).Format("15:04"))
	}
	if more := len(now.Awake) - namesShown; more > 0 {
		names = append(names, oncall.Plural(more, "other", "others"))
	}
	text := "Awake"
	if len(now.On) > 0 {
		text = "Else awake"
	}
	text += ": " + oncall.JoinNames(names) + "."
	if n := len(now.Asleep); n > 0 {
		text += " Asleep: " + fmt.Sprint(n) + "."
	}
	if n := len(now.Away); n > 0 {
		text += " Away: " + fmt.Sprint(n) + "."
	}
	return text
}
