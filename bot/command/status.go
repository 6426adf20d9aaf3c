package command

import (
	"context"
	"fmt"
	"strings"
	"time"

	"batsignal/oncall"
	"batsignal/oncall/selfwatch"
)

// status tells what goes on, and of the bot itself what does not work.
func (s Services) status(ctx context.Context, c *Call) (Reply, error) {
	open, err := s.Incidents.OpenIncidents(ctx)
	if err != nil {
		return Reply{}, err
	}
	var r Reply
	if len(open) == 0 {
		r = sentence("No incident is open.")
	}
	for _, inc := range open {
		states, err := s.Incidents.RoleStates(ctx, inc.ID)
		if err != nil {
			return Reply{}, err
		}
		lead, err := s.leadWords(ctx, inc, c)
		if err != nil {
			return Reply{}, err
		}
		var empty []string
		for _, st := range states {
			if len(st.Filled) == 0 {
				empty = append(empty, st.Role.Title)
			}
		}
		roles := "Every role is filled"
		if len(empty) > 0 {
			roles = "Empty: " + oncall.JoinNames(empty)
		}
		r.Blocks = append(r.Blocks, Line(fmt.Sprintf("%s severity %d: %s. Baton: %s. %s.", inc.Ref(), inc.Severity, inc.Title, lead, roles)))
	}
	var facts Facts
	if s.Health != nil {
		facts = s.Health(ctx)
	}
	own, err := selfwatch.Results(ctx, s.DB)
	if err != nil {
		return Reply{}, err
	}
	if facts = append(facts, ownFacts(own, c)...); len(facts) > 0 {
		r.Blocks = append(r.Blocks, facts)
	}
	if s.PublicURL != "" {
		r.Blocks = append(r.Blocks, Link{Text: "Page", URL: strings.TrimRight(s.PublicURL, "/") + "/"})
	}
	return r, nil
}

// ownFacts tells what the bot found of itself: in one line, and what fails in one more
// each.
func ownFacts(results []selfwatch.Result, c *Call) Facts {
	if len(results) == 0 {
		return nil
	}
	var bad Facts
	stale, beat := 0, ""
	last := results[0].At
	for _, r := range results {
		if r.At.After(last) {
			last = r.At
		}
		switch {
		case r.Stale(c.Now):
			stale++
			bad = append(bad, [2]string{r.Name, "not checked any more, since " + stamp(r.At, c)})
		case !r.OK:
			bad = append(bad, [2]string{r.Name, fmt.Sprintf("%s since %s: %s", r.Word(c.Now), stamp(r.Since, c), strings.TrimPrefix(r.Detail, "held back: "))})
		case r.Name == selfwatch.Heartbeat:
			beat = "; the last heartbeat was sent " + lately(c.Now.Sub(r.At))
		}
	}
	switch {
	case len(bad) == 0:
		return Facts{{"the bot itself", "every check succeeds" + beat}}
	case stale == len(results):
		return Facts{{"the bot itself", "not checked any more, since " + stamp(last, c) + ": no process does it"}}
	}
	verb := "need"
	if len(bad) == 1 {
		verb = "needs"
	}
	return append(Facts{{"the bot itself", fmt.Sprintf("%d of %s %s a look%s", len(bad), oncall.Plural(len(results), "check", "checks"), verb, beat)}}, bad...)
}

// lately says how long ago something was that is done each minute.
func lately(d time.Duration) string {
	if d < time.Second {
		return "just now"
	}
	if d >= time.Minute {
		d = d.Truncate(time.Minute)
	}
	return oncall.Lasting(d.Truncate(time.Second)) + " ago"
}
