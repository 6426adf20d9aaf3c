package reachability

import (
	"cmp"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"batsignal/oncall"
)

// mostWeakSaid is how many weak hours the text says; the JSON has more.
const mostWeakSaid = 10

// Text writes a report for people. Times to fill are minutes and seconds.
func (r Report) Text() string {
	var b strings.Builder
	b.WriteString(r.heading())
	r.table(&b)
	fmt.Fprintf(&b, "\nAn incident rings %.1f people, %.1f times, and wakes %.2f who are asleep.\n", r.People, r.Rings, r.Sleepers)
	for _, c := range r.Compared {
		fmt.Fprintf(&b, "Rung %s, all roles take %s, p95 %s, and %.1f are woken.\n", c.Way, c.All.Median, c.All.P95, c.Sleepers)
	}
	for _, role := range r.Roles {
		if len(role.Empty) > 0 {
			fmt.Fprintf(&b, "%s was not filled within %s in %s, first at %s UTC.\n", role.Role, oncall.Lasting(time.Duration(r.Within).Round(time.Second)),
				oncall.Plural(role.Never, "incident", "incidents"), oncall.JoinNames(instants(role.Empty)))
		}
	}
	r.weakHours(&b)
	return b.String()
}

func (r Report) heading() string {
	until := r.From.Add(time.Duration(r.Hours) * time.Hour)
	people := ""
	if r.ModelCrowd {
		people = "The people are made up, others in each incident. "
	}
	return fmt.Sprintf("%s of severity %d, %d in each hour from %s to %s UTC, seed %d.\n%sA ring is answered by %s,\nand by %s.\n\n",
		oncall.Plural(r.Incidents, "incident", "incidents"), r.Severity, r.Runs, r.From.Format("2006-01-02 15:04"), until.Format("2006-01-02 15:04"), r.Seed, people,
		r.Model.Awake.says("awake"), r.Model.Asleep.says("asleep"))
}

// says writes how those answer who are awake or asleep, to stand after "by".
func (c Chance) says(are string) string {
	if c.Answers == 0 {
		return "none of those who are " + are
	}
	text := percent(c.Answers) + " of those who are " + are
	if after := (c.Least + c.Mean).Round(time.Second); after > 0 {
		return text + ", after " + oncall.Lasting(after) + " on average"
	}
	return text + ", at once"
}

func (r Report) table(b *strings.Builder) {
	t := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "filled after\tfollows\tmedian\tp95\tnever\twoken\tworst hours of the week, UTC (mean)")
	for _, role := range r.Roles {
		var worst []string
		for _, h := range role.Worst {
			worst = append(worst, fmt.Sprintf("%s (%s)", h.At, h.Mean))
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%.2f\t%s\n", role.Role, cmp.Or(role.Policy, "no policy"), role.Median, role.P95, percent(role.Share), role.Sleepers, strings.Join(worst, ", "))
	}
	fmt.Fprintf(t, "all roles\t\t%s\t%s\t%s\t%.2f\t\n", r.All.Median, r.All.P95, percent(r.All.Share), r.Sleepers)
	_ = t.Flush() // a strings.Builder takes everything
}

func (r Report) weakHours(b *strings.Builder) {
	fmt.Fprint(b, "\nThe weakest hours of the week, UTC, all roles:\n")
	t := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	for _, w := range r.Weak[:min(mostWeakSaid, len(r.Weak))] {
		never := ""
		if w.Never > 0 {
			never = ", never " + percent(w.Share)
		}
		fmt.Fprintf(t, "%s\tmean %s, p95 %s%s\t%s\n", w.At, w.Mean, w.P95, never, w.hangs())
	}
	_ = t.Flush()
}

// hangs says with whom an hour hangs.
func (w Weak) hangs() string {
	text := fmt.Sprintf("%s: %s of %s awake", w.Role, oneDigit(w.Awake), oneDigit(w.Able))
	if len(w.By) == 0 {
		return text
	}
	var names []string
	for _, s := range w.By {
		names = append(names, s.Handle+" "+percent(s.Share))
	}
	return text + "; filled by " + strings.Join(names, ", ")
}

// oneDigit writes a mean with one digit, which a whole number does not need.
func oneDigit(x float64) string { return strings.TrimSuffix(fmt.Sprintf("%.1f", x), ".0") }

// percent writes a share; what is hardly any is not none, and hardly all is not all.
func percent(share float64) string {
	switch {
	case share > 0 && share < 0.01:
		return "<1 %"
	case share < 1 && share > 0.99:
		return ">99 %"
	}
	return fmt.Sprintf("%.0f %%", share*100)
}

func instants(times []time.Time) []string {
	out := make([]string, len(times))
	for i, t := range times {
		out[i] = t.UTC().Format("2006-01-02 15:04")
	}
	return out
}
