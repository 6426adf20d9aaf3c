package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"batsignal/oncall/duty"
	"batsignal/oncall/fault"
	"batsignal/oncall/reachability"
)

func newSimulateCommand(a *app) *cobra.Command {
	s := &simulation{app: a}
	cmd := &cobra.Command{
		Use:   "simulate",
		Short: "Play an incident in every hour of a year, and say when nobody would come",
		Long: `Simulate plays an incident in every hour of a year against a model of who answers when
rung, and prints how long each role stays empty, how many people are woken, and the weak
hours of the week with those they hang with. It rings nobody and changes nothing.

Who is rung when is decided by the code that rings people at night, from schedules,
absences, waking hours, quiet hours, policies and rosters. Only the answers are made up.
A ring is answered by 65 % of those who are awake, 18 s later and 90 s more on average,
and by 40 % of those who are asleep, 1 m later and 4 m more; all of that can be changed.
The same seed gives the same figures, and the same person the same answer to the same
ring under another policy.

The people are those of the database; with --file those of a file that batsignal export
wrote, or with --model-roster made-up ones: 8 for each of 5 roles, in 6 time zones, others
in each incident. Those two need neither a database nor a configuration.

docs/simulate.md says what is simulated and what is not.`,
		Example: `  batsignal simulate
  batsignal simulate --year 2027 --severity 2 --json
  batsignal simulate --role package-fixing --policy night
  batsignal simulate --policies draft.yaml --policy coordination=draft --policy qa=builtin
  batsignal simulate --answer-asleep 0.2 --waking 08:00-22:00
  batsignal export | batsignal simulate --file - --compare
  batsignal simulate --model-roster --compare`,
		GroupID: groupCare,
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return s.run(cmd) },
	}
	s.flags(cmd)
	return cmd
}

// simulation is one call of the command.
type simulation struct {
	*app
	game reachability.Game

	file, policies, waking, from string
	policy                       []string
	year, days                   int
	compare, asJSON              bool
}

func (s *simulation) flags(cmd *cobra.Command) {
	g, m := &s.game, reachability.Default()
	f := cmd.Flags()
	f.StringVar(&s.file, "file", "", "play with the people of this file, as export writes it; - is standard input")
	f.BoolVar(&g.ModelCrowd, "model-roster", false, "play with made-up people")
	f.StringSliceVar(&g.Roles, "role", nil, "hunt for these roles only; without it, all")
	f.IntVar(&g.Severity, "severity", 1, "of the incidents, 1 to 4")
	f.StringSliceVar(&s.policy, "policy", nil, "try this policy, for all roles or as ROLE=POLICY for one; builtin is none of their own")
	f.StringVar(&s.policies, "policies", "", "a file with policies to try, as export --section policies writes it; if there is one only, it is tried")

	f.StringVar(&s.from, "from", "", "the first day, in UTC, as 2026-11-01; without it, today")
	f.IntVar(&s.days, "days", 365, "how many days")
	f.IntVar(&s.year, "year", 0, "the days of this year, in place of both")
	f.IntVar(&g.Runs, "runs", 4, "how many incidents in each hour")
	f.DurationVar(&g.Within, "within", reachability.DefaultWithin, "what is not filled by then is not filled")
	f.Uint64Var(&g.Seed, "seed", 1, "decides who answers which ring")

	f.Float64Var(&g.Model.Awake.Answers, "answer-awake", m.Awake.Answers, "how likely somebody awake answers a ring, 0 to 1")
	f.DurationVar(&g.Model.Awake.Least, "least-awake", m.Awake.Least, "nobody awake answers sooner")
	f.DurationVar(&g.Model.Awake.Mean, "delay-awake", m.Awake.Mean, "how much later they do, on average")
	f.Float64Var(&g.Model.Asleep.Answers, "answer-asleep", m.Asleep.Answers, "how likely somebody asleep answers a ring, 0 to 1")
	f.DurationVar(&g.Model.Asleep.Least, "least-asleep", m.Asleep.Least, "nobody asleep answers sooner")
	f.DurationVar(&g.Model.Asleep.Mean, "delay-asleep", m.Asleep.Mean, "how much later they do, on average")
	f.StringVar(&s.waking, "waking", "", "have everybody be awake at these hours of their own clock, as 08:00-23:00, in place of what they said")

	f.BoolVar(&s.compare, "compare", false, "play it twice more: all of a role rung at once, and one by one down the list, 5 minutes each")
	f.BoolVar(&s.asJSON, "json", false, "print the figures as JSON")
}

func (s *simulation) run(cmd *cobra.Command) error {
	if err := s.span(cmd, time.Now()); err != nil {
		return err
	}
	ctx := cmd.Context()
	switch {
	case s.game.ModelCrowd && s.file != "":
		return fault.New(fault.Invalid, "Made-up people or those of a file: --model-roster and --file do not go together.")
	case s.game.ModelCrowd:
		return s.play(ctx, duty.Facts{})
	case s.file != "":
		f, err := s.readTree(s.file)
		if err != nil {
			return err
		}
		facts, err := reachability.FactsOf(f)
		if err != nil {
			return err
		}
		return s.play(ctx, facts)
	}
	var facts duty.Facts
	err := s.withParts(cmd, func(ctx context.Context, p *parts) (err error) {
		facts, err = duty.LoadAll(ctx, p.db.Pool, "", s.game.From, s.game.Until())
		return err
	})
	if err != nil {
		return err
	}
	return s.play(ctx, facts)
}

// play plays with these people, and prints what came of it.
func (s *simulation) play(ctx context.Context, facts duty.Facts) error {
	if err := s.prepare(facts); err != nil {
		return err
	}
	game, err := s.game.Checked()
	if err != nil {
		return err
	}
	report, err := game.Play(ctx)
	if err == nil && s.compare {
		report.Compared, err = game.Compare(ctx)
	}
	switch {
	case err != nil:
		return err
	case !s.asJSON:
		_, err = fmt.Fprint(s.stdout, report.Text())
		return err
	}
	out := json.NewEncoder(s.stdout)
	out.SetIndent("", "  ")
	return out.Encode(report)
}
