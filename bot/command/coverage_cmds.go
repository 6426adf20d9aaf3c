package command

import (
	"context"
	"strconv"
	"strings"
	"time"

	"batsignal/oncall"
	"batsignal/oncall/coverage"
	"batsignal/oncall/fault"
)

func (s Services) coverageCommands() []*Command {
	return []*Command{{
		Name: "coverage", Group: "Who is on", Summary: "Tells when too few people will be on or awake.", Example: "coverage --days 7 package fixing",
		Params: []Param{
			{Name: "days", Kind: Option, Help: "how many days ahead, up to 14; 14 if not said"},
			{Name: "role", Kind: Rest, Optional: true, Help: "which role; all of them if not said"},
		},
		Run: s.coverage,
	}}
}

func (s Services) coverage(ctx context.Context, c *Call) (Reply, error) {
	ahead, err := daysAhead(c)
	if err != nil {
		return Reply{}, err
	}
	name := ""
	if c.Given("role") {
		role, err := oncall.FindRole(ctx, s.DB, c.Text("role"))
		if err != nil {
			return Reply{}, err
		}
		name = role.Name
	}
	reports, err := coverage.Forecast(ctx, s.DB, c.Now, ahead)
	if err != nil {
		return Reply{}, err
	}
	var r Reply
	for _, report := range reports {
		if name == "" || report.Role.Name == name {
			r.Blocks = append(r.Blocks, Line(report.Role.Title+": "+s.coverageWords(c, report, ahead)))
		}
	}
	return r, nil
}

// daysAhead reads how far ahead is asked for.
func daysAhead(c *Call) (time.Duration, error) {
	const most = int(coverage.Ahead / (24 * time.Hour))
	if !c.Given("days") {
		return coverage.Ahead, nil
	}
	n, err := strconv.Atoi(c.Text("days"))
	if err != nil || n < 1 || n > most {
		return 0, fault.New(fault.Invalid, "Coverage is known for 1 to %d days ahead: %s", most, c.Typed("coverage --days 7"))
	}
	return time.Duration(n) * 24 * time.Hour, nil
}

// coverageWords names the gaps of a role, or tells that there are none.
func (s Services) coverageWords(c *Call, r coverage.Report, ahead time.Duration) string {
	days := "day"
	if n := int(ahead / (24 * time.Hour)); n > 1 {
		days = strconv.Itoa(n) + " days"
	}
	if r.Role.Minimum == 0 {
		return "nobody has to be there."
	}
	var gaps []string
	for _, g := range r.Groups() {
		gaps = append(gaps, g.Words(c.Zone))
	}
	if len(gaps) == 0 {
		if r.Scheduled {
			return "covered for the next " + days + ", with somebody on all the time."
		}
		return "covered for the next " + days + "."
	}
	more := c.Typed("coverage --days 1 " + r.Role.Name)
	if s.PublicURL != "" {
		more = strings.TrimSuffix(s.PublicURL, "/") + "/coverage"
	}
	return coverage.Join(gaps, more) + "."
}
