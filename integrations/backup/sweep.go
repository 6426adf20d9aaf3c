package backup

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"batsignal/integrations/job"
	"batsignal/integrations/place"
	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

// Sweep is the kind of job that looks after places: it removes what puts that were cut off left,
// notes backups that are there and that the catalogue does not know, and tells of files that are
// of no backup.
type Sweep struct {
	DB     pg.DB
	Now    func() time.Time
	Places []place.Named
	Jobs   []string // whose backups are looked for
}

var _ job.Kind = (*Sweep)(nil)

// Plan says what a run would do.
func (s *Sweep) Plan(ctx context.Context, _ job.Params) ([]string, error) {
	var can []string
	for _, p := range s.Places {
		if _, ok := p.Place.(place.Sweeper); ok {
			can = append(can, p.Name)
		}
	}
	lines := []string{fmt.Sprintf("What was begun more than two days ago and never finished is removed from %s.", oncall.JoinNames(can))}
	for _, p := range s.Places {
		strays, err := s.strays(ctx, p)
		if err != nil {
			lines = append(lines, fmt.Sprintf("The place %s could not be looked at: %s", p.Name, errorWords(err)))
		}
		for _, f := range strays {
			what := "is of no backup that is known here, and stays"
			switch f.fate {
			case adopt:
				what = "is a backup that the catalogue does not know: it is noted, and held until it is proven"
			case clear:
				what = "was left by a run that did not keep it, and is removed"
			}
			lines = append(lines, fmt.Sprintf("%s at %s %s.", f.Key, p.Name, what))
		}
	}
	return lines, nil
}

// swept is what a run did.
type swept struct {
	unfinished, cleared int
	found               []int64 // snapshots that are new in the catalogue
	copies              int     // that were added to it
	strange             []string
	failed              map[string]error
}

// Do does it.
func (s *Sweep) Do(ctx context.Context, r *job.Run) (job.Result, error) {
	var w swept
	w.unfinished, w.failed = sweep(ctx, r, s.Places, s.Now().Add(-sweepAge))
	for _, p := range s.Places {
		if ctx.Err() != nil {
			break
		}
		r.Doing(ctx, "looking at what is at "+p.Name)
		if err := s.look(ctx, r, p, &w); err != nil && w.failed[p.Name] == nil {
			w.failed[p.Name] = err
			r.Logf(ctx, "The place %s could not be looked at: %s", p.Name, errorWords(err))
		}
	}
	if ctx.Err() != nil {
		return job.Result{}, context.Cause(ctx)
	}
	return s.tell(ctx, r, w)
}

// tell says what was done. A run that goes well says nothing in rooms by itself, and what was
// found is news.
func (s *Sweep) tell(ctx context.Context, r *job.Run, w swept) (job.Result, error) {
	said := []string{fmt.Sprintf("%s removed.", oncall.Plural(w.unfinished+w.cleared, "unfinished file was", "unfinished files were"))}
	var res job.Result
	var news []string
	if w.copies > 0 {
		news = append(news, fmt.Sprintf("%s that the catalogue did not know: %s. They count, and are deleted, only when they are proven: look who could have written them, then !verify NAME snapshot=NUMBER.",
			oncall.Plural(w.copies, "copy was found", "copies were found"), snapshots(w.found)))
		res.Evidence = append(res.Evidence, [2]string{"found", snapshots(w.found)})
	}
	if len(w.strange) > 0 {
		slices.Sort(w.strange)
		few := w.strange[:min(3, len(w.strange))]
		more := ""
		if len(w.strange) > len(few) {
			more = fmt.Sprintf(" and %d more", len(w.strange)-len(few))
		}
		news = append(news, fmt.Sprintf("%s of no backup that is known here, and nothing is done about it: %s%s.",
			oncall.Plural(len(w.strange), "file is", "files are"), strings.Join(few, ", "), more))
		for _, one := range w.strange {
			res.Evidence = append(res.Evidence, [2]string{"not known", one})
		}
	}
	if len(news) > 0 {
		if err := r.Say(ctx, strings.Join(news, " ")); err != nil {
			return res, err
		}
	}
	res.Said = strings.Join(append(said, news...), " ")
	if len(w.failed) > 0 {
		return res, fault.New(fault.Unready, "%s Some places could not be looked at.%s", res.Said, failures(w.failed))
	}
	return res, nil
}

func snapshots(ids []int64) string {
	if len(ids) == 0 {
		return "of snapshots that are known"
	}
	words := make([]string, len(ids))
	for i, id := range ids {
		words[i] = fmt.Sprintf("snapshot %d", id)
	}
	return oncall.JoinNames(words)
}
