package play

import (
	"context"
	"fmt"
	"regexp"

	"batsignal/incidents/alert"
	"batsignal/oncall"
)

// Key makes the routing key of a monitoring tool, as an admin would, and keeps it for
// [Stage.Send]. The policy says who is rung.
func (s *Stage) Key(ctx context.Context, tool, policy string) error {
	text, _, err := s.Alerts.AddKey(ctx, oncall.Actor{}, alert.Key{Name: tool, Policy: policy})
	if err != nil {
		return err
	}
	s.keys[tool] = text
	return nil
}

// Send has a tool that was given a key send alerts, and lets everything happen that is due
// by them.
func (s *Stage) Send(ctx context.Context, tool string, events ...alert.Event) error {
	key, ok := s.keys[tool]
	if !ok {
		return fmt.Errorf("%q has no key on this stage", tool)
	}
	s.work.Lock()
	_, err := s.Alerts.Take(ctx, key, events...)
	s.work.Unlock()
	if err != nil {
		return err
	}
	_, err = s.settle(ctx)
	return err
}

// What tools do in a story: be given a key, and send.
var (
	given = regexp.MustCompile(`^([a-z0-9-]+) rings by the policy ([a-z0-9-]+)$`)
	sent  = regexp.MustCompile(`^([a-z0-9-]+) (triggers|acknowledges|resolves) ([^ :]+)(?:: (.+))?$`)
)

// tool does what a monitoring tool does in a story; false is a line of another kind.
func (s *Stage) tool(ctx context.Context, line string) (bool, error) {
	if m := given.FindStringSubmatch(line); m != nil {
		return true, s.Key(ctx, m[1], m[2])
	}
	m := sent.FindStringSubmatch(line)
	if m == nil {
		return false, nil
	}
	action := map[string]alert.Action{"triggers": alert.Trigger, "acknowledges": alert.Acknowledge, "resolves": alert.Resolve}[m[2]]
	return true, s.Send(ctx, m[1], alert.Event{Action: action, DedupKey: m[3], Summary: m[4], Source: m[3], Severity: "critical"})
}
