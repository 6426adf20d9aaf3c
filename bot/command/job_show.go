package command

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"batsignal/integrations/job"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

// Most that is shown of a run in chat; the web has all.
const (
	shownLines    = 10
	mostLines     = 50
	shownEvidence = 6
)

func (s Services) jobShow(ctx context.Context, c *Call) (Reply, error) {
	r, err := s.Jobs.Get(ctx, c.Number("run"))
	if err != nil {
		return Reply{}, err
	}
	facts := Facts{{"Asked", r.AskedWords + ", " + stamp(r.AskedAt, c)}}
	if r.Reason != "" {
		facts = append(facts, [2]string{"Because", r.Reason})
	}
	if r.State == job.Asked {
		facts = append(facts, [2]string{"Agreed", fmt.Sprintf("%d of %d", r.Agreed, r.Approvals)})
	}
	if !r.State.Ended() && r.Doing != "" {
		facts = append(facts, [2]string{"Now", r.Doing})
	}
	if how := r.Progress(); how != "" && !r.State.Ended() {
		facts = append(facts, [2]string{"Done", how})
	}
	facts = append(facts, telling(r.Evidence)...)
	head := fmt.Sprintf("%s: %s.", r.Ref(), r.Words()+tookWords(r))
	if r.Said != "" {
		head += " " + r.Said
	}
	return s.withPath(Reply{Blocks: []Block{Line(head), facts}}, "Run", runPath(r.ID)), nil
}

// tookWords tell how long the last try of a run that is over took.
func tookWords(r job.Row) string {
	switch {
	case r.StartedAt == nil || r.EndedAt == nil || r.Dry:
		return ""
	case r.State == job.Succeeded:
		return " in " + job.Spell(r.EndedAt.Sub(*r.StartedAt))
	}
	return " after " + job.Spell(r.EndedAt.Sub(*r.StartedAt))
}

var checksum = regexp.MustCompile(`(, )?(SHA-256 )?\b[0-9a-f]{40,}\b`)

// telling is the evidence that people want to read in a room: the first of it, without
// checksums, which nobody compares by eye.
func telling(all [][2]string) Facts {
	var facts Facts
	for _, e := range all {
		if text := checksum.ReplaceAllString(e[1], ""); text != "" {
			facts = append(facts, [2]string{e[0], text})
		}
	}
	if more := len(facts) - shownEvidence; more > 1 {
		facts = append(facts[:shownEvidence:shownEvidence], [2]string{"And", fmt.Sprintf("%d more", more)})
	}
	return facts
}

func (s Services) jobLogs(ctx context.Context, c *Call) (Reply, error) {
	want := shownLines
	if given := c.Text("last"); given != "" {
		n, err := strconv.Atoi(given)
		if err != nil || n < 1 || n > mostLines {
			return Reply{}, fault.New(fault.Invalid, "The value of --last should be 1 to %d.", mostLines)
		}
		want = n
	}
	r, err := s.Jobs.Get(ctx, c.Number("run"))
	if err != nil {
		return Reply{}, err
	}
	lines, err := s.Jobs.LastLines(ctx, r.ID, want)
	if err != nil {
		return Reply{}, err
	}
	if len(lines) == 0 {
		return sentence(fmt.Sprintf("%s has no log yet (%s).", r.Ref(), r.Words())), nil
	}
	l := List{Title: fmt.Sprintf("%s, %s", r.Ref(), oncall.Plural(lines[len(lines)-1].N, "line", "lines"))}
	for _, one := range lines {
		l.Items = append(l.Items, one.At.UTC().Format("15:04:05 ")+strings.TrimSpace(one.Text))
	}
	return s.withPath(Reply{Blocks: []Block{l}}, "All of it", runPath(r.ID)), nil
}
