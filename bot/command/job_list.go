package command

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"batsignal/integrations/job"
	"batsignal/integrations/snapshot"
	"batsignal/oncall/fault"
)

// jobGroups are what jobs are listed under in chat, by their types. A prefix that all names of
// a group share is left out: its verb is the shorter way.
var jobGroups = []struct {
	title, prefix string
	types         []string
}{
	{"Backups", "backup-", []string{"backup"}},
	{"Tests of backups", "verify-", []string{"verify"}},
	{"Old backups", "", []string{"retire", "sweep"}},
	{"Vaults", "", []string{"unseal", "rekey", "root"}},
	{"Other jobs", "", nil}, // every other type
}

func (s Services) jobList(ctx context.Context, c *Call) (Reply, error) {
	if len(s.Jobs.Definitions) == 0 {
		return sentence("No job is set up here. docs/jobs.md says how: jobs.backups, jobs.vaults and jobs.procedures in the configuration."), nil
	}
	last, err := s.Jobs.Last(ctx)
	if err != nil {
		return Reply{}, err
	}
	if which := strings.ToLower(c.Text("which")); which != "" {
		return s.jobTable(c, which, last)
	}
	var r Reply
	for _, g := range jobGroups {
		var names []string
		for _, d := range s.Jobs.Definitions {
			if !slices.Contains(g.types, d.Type) && (g.types != nil || grouped(d.Type)) {
				continue
			}
			state, err := s.jobState(ctx, c.Now, d, last)
			if err != nil {
				return Reply{}, err
			}
			names = append(names, strings.TrimPrefix(d.Name, g.prefix)+state)
		}
		if len(names) > 0 {
			r.Blocks = append(r.Blocks, Line(g.title+": "+strings.Join(names, ", ")+"."))
		}
	}
	r.Blocks = append(r.Blocks, Line(fmt.Sprintf("%s says what each does, %s only those with that word in their names.", c.Typed("job list all"), c.Typed("job list WORD"))))
	return s.withPath(r, "Jobs", "/jobs"), nil
}

func grouped(kind string) bool {
	for _, g := range jobGroups {
		if slices.Contains(g.types, kind) {
			return true
		}
	}
	return false
}

// jobState says in brackets how the last run of a job went; "" never ran.
func (s Services) jobState(ctx context.Context, now time.Time, d job.Definition, last map[string]job.Row) (string, error) {
	var words []string
	if r, ok := last[d.Name]; ok {
		words = append(words, lastWords(r, now))
	}
	if e, ok := s.Backups[d.Name]; ok {
		st, err := snapshot.StatusOf(ctx, s.DB, now, d.Name, e)
		if err != nil {
			return "", err
		}
		if st.Newest.ID != 0 && st.Verified.True {
			words = append(words, "verified")
		} else if st.Newest.ID != 0 {
			words = append(words, "not verified")
		}
	}
	if len(words) == 0 {
		return "", nil
	}
	return " (" + strings.Join(words, ", ") + ")", nil
}

// lastWords tells of a run in as few words as will do: "ok 2 h ago". Of one that did not go
// well, its number leads to more.
func lastWords(r job.Row, now time.Time) string {
	state := r.Words()
	switch {
	case r.State == job.Succeeded && r.EndedAt != nil:
		return "ok " + ago(now.Sub(*r.EndedAt))
	case r.State == job.Asked:
		state = "asked for"
	case r.State == job.Expired:
		state = "expired " + ago(now.Sub(*r.EndedAt))
	case r.EndedAt != nil:
		state += " " + ago(now.Sub(*r.EndedAt))
	}
	return fmt.Sprintf("%s, run %d", state, r.ID)
}

// ago is a time in one unit.
func ago(d time.Duration) string {
	switch {
	case d < time.Minute:
		return "just now"
	case d < time.Hour:
		d = d.Truncate(time.Minute)
	case d < 48*time.Hour:
		d = d.Truncate(time.Hour)
	}
	return job.Spell(d) + " ago"
}

// jobTable tells of each job with a word in its name; "all" is every job.
func (s Services) jobTable(c *Call, which string, last map[string]job.Row) (Reply, error) {
	t := Table{Head: []string{"Job", "What it does", "Last run"}}
	for _, d := range s.Jobs.Definitions {
		if which != "all" && !strings.Contains(d.Name, which) {
			continue
		}
		went := "never"
		if r, ok := last[d.Name]; ok {
			went = fmt.Sprintf("%d %s, %s", r.ID, r.Words(), stamp(r.AskedAt, c))
		}
		t.Rows = append(t.Rows, []string{d.Name, d.Summary, went})
	}
	if len(t.Rows) == 0 {
		return Reply{}, fault.New(fault.NotFound, "No job has %s in its name. %s names them all.", quote(which), c.Typed("job list"))
	}
	return s.withPath(Reply{Blocks: []Block{t}}, "Jobs", "/jobs"), nil
}
