package main

import (
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"batsignal/oncall"
	"batsignal/oncall/duty"
	"batsignal/oncall/fault"
	"batsignal/oncall/policy"
	"batsignal/oncall/reachability"
)

// span reads which hours are played.
func (s *simulation) span(cmd *cobra.Command, now time.Time) error {
	from, days := now.UTC().Truncate(24*time.Hour), s.days
	var err error
	switch {
	case cmd.Flags().Changed("year") && (s.from != "" || cmd.Flags().Changed("days")):
		return fault.New(fault.Invalid, "Say which year, or from which day and for how many.")
	case cmd.Flags().Changed("year"):
		if s.year < 1970 || s.year > 9998 {
			return fault.New(fault.Invalid, "Write the year like 2027.")
		}
		from = time.Date(s.year, 1, 1, 0, 0, 0, 0, time.UTC)
		days = int(from.AddDate(1, 0, 0).Sub(from).Hours()) / 24
	case s.from != "":
		if from, err = time.Parse(time.DateOnly, s.from); err != nil {
			return fault.New(fault.Invalid, "Write the first day like 2026-11-01.")
		}
	}
	if days < 1 || days > reachability.MostHours/24 {
		return fault.New(fault.Invalid, "1 day to 5 years can be played.")
	}
	s.game.From, s.game.Hours = from, days*24
	return nil
}

// prepare makes the game of the people and of what is asked for.
func (s *simulation) prepare(facts duty.Facts) error {
	s.game.Facts = reachability.Ready(facts)
	if s.waking != "" {
		wakes, sleeps, err := oncall.ParseHours(s.waking)
		if err != nil {
			return err
		}
		if s.game.ModelCrowd {
			return fault.New(fault.Invalid, "The made-up people are awake from 08:00 to 23:00. Leave out --waking, or play with your own people.")
		}
		reachability.AwakeAt(s.game.Facts, wakes, sleeps)
	}
	return s.tries()
}

// builtin is the name of the policy of whoever follows none of their own.
const builtin = "builtin"

// tries finds the policies that are tried.
func (s *simulation) tries() error {
	stored := s.game.Facts.Policies.Policies
	if s.policies != "" {
		f, err := s.readTree(s.policies)
		if err != nil {
			return err
		}
		written, err := reachability.PoliciesOf(f)
		if err != nil {
			return err
		}
		if len(s.policy) == 0 {
			if len(written) != 1 {
				return fault.New(fault.Invalid, "The file %s has %s. Say with --policy which one is tried.", s.policies, oncall.Plural(len(written), "policy", "policies"))
			}
			s.policy = []string{written[0].Name}
		}
		stored = append(written, stored...) // what is written is what is meant
	}
	roles := s.game.Facts.Roles
	if s.game.ModelCrowd {
		roles = oncall.DefaultRoles()
	}
	s.game.Policies = map[string]*policy.Policy{}
	for _, word := range s.policy {
		to := roles
		role, name, one := strings.Cut(word, "=")
		if one {
			r, ok := oncall.MatchRole(roles, role)
			if !ok {
				return fault.New(fault.NotFound, "There is no role like %q. The roles are %s.", role, oncall.RoleNames(roles))
			}
			to = []oncall.Role{r}
		} else {
			name = word
		}
		for _, r := range to {
			p, err := s.named(stored, name, r.Name)
			if err != nil {
				return err
			}
			s.game.Policies[r.Name] = &p
		}
	}
	return nil
}

// named finds a policy by its name, or makes the one that a role has without any.
func (s *simulation) named(policies []policy.Policy, name, role string) (policy.Policy, error) {
	if i := slices.IndexFunc(policies, func(p policy.Policy) bool { return p.Name == name }); i >= 0 {
		return policies[i], nil
	}
	if name == builtin {
		var schedules []string
		if plan := s.game.Facts.Plan; plan != nil {
			for _, x := range plan.OfRole(role) {
				schedules = append(schedules, x.Name)
			}
		}
		return policy.Builtin(role, schedules...), nil
	}
	names := []string{builtin}
	for _, p := range policies {
		names = append(names, p.Name)
	}
	return policy.Policy{}, fault.New(fault.NotFound, "There is no policy called %q. There are %s; --policies reads others from a file.", name, oncall.JoinNames(names))
}
