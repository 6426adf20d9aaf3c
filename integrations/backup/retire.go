package backup

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"batsignal/integrations/job"
	"batsignal/integrations/place"
	"batsignal/integrations/snapshot"
	"batsignal/integrations/snapshot/retention"
	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

// Retire is the kind of job that deletes old backups, by the rule of package retention.
type Retire struct {
	DB     pg.DB
	Now    func() time.Time
	Of     string // the job whose backups are retired
	Policy retention.Policy
	Zone   *time.Location
	// Places are all of the configuration, as who may delete there: also those that no new backup
	// goes to.
	Places []place.Named
	// Approved tells how many people other than the asker agreed to a run; nil is nobody.
	Approved func(ctx context.Context, run int64) (int, error)
}

var _ job.Kind = (*Retire)(nil)

// agreed is how many people must agree to what the breaker stops.
const agreed = 2

// Params are the parameters of a job of this kind.
func (t *Retire) Params() []job.Param {
	return []job.Param{{Name: ParamApproved, Type: job.ParamChoice, Choices: []string{"no", "yes"}, Default: "no",
		Help: "Yes deletes more than is deleted without asking. Two other people must agree to the run."},
		{Name: ParamSnapshots, Type: job.ParamText,
			Help: "Which snapshots people agree to, as the dry run of retire says them: 3-8,12. Of these, what still may go then goes, and nothing else."}}
}

// agreedTo are the snapshots that people agree to: nothing else goes, whatever else may go when
// the run begins. ok is false where nobody was asked.
func agreedTo(p job.Params) (list spans, ok bool, err error) {
	if p[ParamApproved] != "yes" {
		return nil, false, nil
	}
	list, err = readSpans(p[ParamSnapshots])
	return list, true, err
}

// Plan says what a run would delete, and why the others stay.
func (t *Retire) Plan(ctx context.Context, p job.Params) ([]string, error) {
	list, asked, err := agreedTo(p)
	if err != nil {
		return nil, err
	}
	now, err := t.look(ctx)
	if err != nil {
		return nil, err
	}
	var lines []string
	for _, s := range now.away {
		lines = append(lines, fmt.Sprintf("Snapshot %d stays: it lies only in places that the configuration does not name.", s.ID))
	}
	for _, k := range now.Keep {
		lines = append(lines, fmt.Sprintf("%s stays: %s.", now.name(k.ID), now.why(k)))
	}
	for _, id := range now.Delete {
		if asked && !list.has(now.all[id].ID) {
			lines = append(lines, now.name(id)+" stays: it may go, and is not on the list.")
			continue
		}
		lines = append(lines, now.name(id)+" goes: it is not needed for the numbers of the policy.")
	}
	for _, s := range now.left {
		lines = append(lines, fmt.Sprintf("Snapshot %d is %s: what is left of it goes.", s.ID, s.State))
	}
	people := 0
	if asked {
		people = agreed // as it will be
	}
	if why := now.refusal(people, asked); why != nil {
		lines = append(lines, "But it would be refused. "+fault.Say(why))
	}
	if len(lines) == 0 {
		lines = []string{"There is no backup of " + t.Of + "."}
	}
	return lines, nil
}

// scene is how things are.
type scene struct {
	retention.Decision
	of     string
	all    map[string]snapshot.Snapshot // by the IDs of the decision
	left   []snapshot.Snapshot          // what an earlier run did not finish
	away   []snapshot.Snapshot          // of which nothing can be reached: they neither count nor go
	failed int64                        // the newest that was tested, if that failed
}

func (n scene) name(id string) string {
	return fmt.Sprintf("Snapshot %s of %s", id, n.all[id].TakenAt.UTC().Format("2006-01-02 15:04 UTC"))
}

// why are the reasons to keep a snapshot, for people.
func (n scene) why(k retention.Kept) string {
	s := n.all[k.ID]
	switch k.Reason {
	case retention.Held:
		return fmt.Sprintf("%s holds it (%s)", s.HoldBy, s.Hold)
	case retention.Quarantined:
		return "it is dated in the future, and set aside"
	case retention.Incomplete:
		return fmt.Sprintf("it has %d of %s, and may be completed", s.Have, oncall.Plural(s.Want, "member", "members"))
	case retention.Unverified:
		return "it is not verified yet"
	}
	return k.Reason
}

// look decides, as things are now.
func (t *Retire) look(ctx context.Context) (scene, error) {
	list, err := snapshot.List(ctx, t.DB, snapshot.Query{Job: t.Of, States: []snapshot.State{snapshot.Kept, snapshot.Deleting, snapshot.Broken}})
	if err != nil {
		return scene{}, err
	}
	now := t.Now()
	n := scene{of: t.Of, all: map[string]snapshot.Snapshot{}}
	tested := false
	where := names(t.Places)
	list = slices.DeleteFunc(list, func(s snapshot.Snapshot) bool {
		away := s.State == snapshot.Kept && s.Away(where)
		if away {
			n.away = append(n.away, s)
		}
		return away
	})
	for _, s := range list {
		n.all[strconv.FormatInt(s.ID, 10)] = s
		switch {
		case s.State == snapshot.Kept:
			if settled := s.Verified() || s.Checked == snapshot.Failed; settled && !tested && !s.TakenAt.After(now.Add(ahead)) {
				if tested = true; s.Checked == snapshot.Failed {
					n.failed = s.ID
				}
			}
		// One that broke lately may be taken again by the same run.
		case s.State == snapshot.Deleting || now.Sub(s.TakenAt) > sweepAge && slices.ContainsFunc(s.Copies, func(c snapshot.Copy) bool { return c.GoneAt.IsZero() }):
			n.left = append(n.left, s)
		}
	}
	n.Decision = retention.Decide(now, t.Zone, t.Policy, snapshot.Items(list))
	return n, nil
}

// refusal tells why nothing may be deleted: people is how many agreed, asked whether that was
// asked for. nil goes ahead.
func (n scene) refusal(people int, asked bool) error {
	switch {
	case len(n.Delete) == 0:
		return nil
	case n.failed != 0:
		return fault.New(fault.Conflict, "The restore of snapshot %d of %s failed, so nothing is deleted until a newer one is verified.", n.failed, n.of)
	case n.Stop == retention.NoneLeft:
		return fault.New(fault.Conflict, "%s", n.Why)
	case n.Stop == retention.Breaker && (!asked || people < agreed):
		list, whole := n.list()
		more := "."
		if !whole {
			more = ", and then this again for the others."
		}
		return fault.New(fault.Conflict, "%s Look at what would go with a dry run. If it is right, have just that done by a job that two others must agree to: !job run purge-%s snapshots=%s%s",
			n.Why, strings.TrimPrefix(n.of, "backup-"), list, more)
	}
	return nil
}

// list are the numbers of what goes, as people agree to them.
func (n scene) list() (spans, bool) {
	var some, all []int64
	for _, s := range n.all {
		all = append(all, s.ID)
	}
	for _, id := range n.Delete {
		some = append(some, n.all[id].ID)
	}
	slices.Sort(some)
	slices.Sort(all)
	return spansOf(some, all)
}

// Do deletes what goes, one snapshot after the other, each whole.
func (t *Retire) Do(ctx context.Context, r *job.Run) (job.Result, error) {
	list, asked, err := agreedTo(r.Params)
	if err != nil {
		return job.Result{}, err
	}
	now, err := t.look(ctx)
	if err != nil {
		return job.Result{}, err
	}
	var w work
	for _, s := range now.left { // also if nothing else may go: it was decided before
		if err := t.step(ctx, r, s, &w); err != nil {
			return job.Result{}, err
		}
	}
	people := 0
	if asked && t.Approved != nil {
		if people, err = t.Approved(ctx, r.ID); err != nil {
			return job.Result{}, err
		}
	}
	if err := now.refusal(people, asked); err != nil {
		return job.Result{}, err
	}
	if asked {
		now.Delete = slices.DeleteFunc(now.Delete, func(id string) bool {
			also := !list.has(now.all[id].ID)
			if also {
				r.Logf(ctx, "%s may go as well, but nobody agreed to that.", now.name(id))
			}
			return also
		})
	}
	for i, id := range now.Delete {
		r.Progress(int64(i), int64(len(now.Delete)), "snapshots")
		// Meanwhile somebody may hold one, or the restore of another one failed.
		if still, err := t.look(ctx); err != nil {
			return job.Result{}, err
		} else if !slices.Contains(still.Delete, id) || still.failed != 0 || still.Stop == retention.NoneLeft {
			r.Logf(ctx, "%s does not go any more, since things changed.", now.name(id))
			continue
		}
		if err := t.step(ctx, r, now.all[id], &w); err != nil {
			return job.Result{}, err
		}
	}
	r.Progress(int64(len(now.Delete)), int64(len(now.Delete)), "snapshots")
	return w.result(now, t.Of)
}
