package backup

import (
	"context"
	"errors"
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
	// Places are those of the backups, as who may delete there.
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
		Help: "Yes deletes more than is deleted without asking. Two other people must agree to the run."}}
}

// Plan says what a run would delete, and why the others stay.
func (t *Retire) Plan(ctx context.Context, _ job.Params) ([]string, error) {
	now, err := t.look(ctx)
	if err != nil {
		return nil, err
	}
	var lines []string
	for _, k := range now.Keep {
		lines = append(lines, fmt.Sprintf("%s stays: %s.", now.name(k.ID), now.why(k)))
	}
	for _, id := range now.Delete {
		lines = append(lines, now.name(id)+" goes: it is not needed for the numbers of the policy.")
	}
	for _, s := range now.left {
		lines = append(lines, fmt.Sprintf("Snapshot %d is %s: what is left of it goes.", s.ID, s.State))
	}
	if why := now.refusal(0, false); why != nil {
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
		return fault.New(fault.Conflict, "%s Look at what would go with a dry run. If it is right, have it done by a job that two others must agree to: !job run purge-%s.", n.Why, strings.TrimPrefix(n.of, "backup-"))
	}
	return nil
}

// Do deletes what goes, one snapshot after the other, each whole.
func (t *Retire) Do(ctx context.Context, r *job.Run) (job.Result, error) {
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
	asked, people := r.Params[ParamApproved] == "yes", 0
	if asked && t.Approved != nil {
		if people, err = t.Approved(ctx, r.ID); err != nil {
			return job.Result{}, err
		}
	}
	if err := now.refusal(people, asked); err != nil {
		return job.Result{}, err
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

// work is what was done.
type work struct {
	deleted, waiting []string // numbers
	locked           int      // copies that their place does not let go yet
	failed           map[string]error
}

func (t *Retire) step(ctx context.Context, r *job.Run, s snapshot.Snapshot, w *work) error {
	return r.Step(ctx, fmt.Sprintf("delete snapshot %d", s.ID), "", nil, func(ctx context.Context) error {
		return t.delete(ctx, r, s, w)
	})
}

// delete deletes one snapshot: first its row says that it goes, then each copy does, then its
// row says that it is gone. Whoever begins again goes on where it ended.
func (t *Retire) delete(ctx context.Context, r *job.Run, s snapshot.Snapshot, w *work) error {
	if err := snapshot.StartDeleting(ctx, t.DB, s.ID); fault.KindOf(err) == fault.Conflict {
		r.Logf(ctx, "%s", errorWords(err))
		return nil
	} else if err != nil {
		return err
	}
	for _, c := range s.Copies {
		if !c.GoneAt.IsZero() {
			continue
		}
		p, err := placeOf(t.Places, c.Place)
		if err != nil { // it was given up; whoever did knows what became of it
			r.Logf(ctx, "The copy of snapshot %d at %s stays noted: %s", s.ID, c.Place, errorWords(err))
			continue
		}
		err = remove(ctx, p, c.Key)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.Is(err, place.ErrLocked):
			w.locked++
			r.Logf(ctx, "The copy of snapshot %d stays at %s for now: %s", s.ID, p.Name, place.ErrLocked)
		case err != nil:
			if w.failed == nil {
				w.failed = map[string]error{}
			}
			w.failed[p.Name] = err
			r.Logf(ctx, "The copy of snapshot %d at %s could not be deleted: %s", s.ID, p.Name, errorWords(err))
		default:
			if err := snapshot.CopyGone(ctx, t.DB, t.Now(), s.ID, c); err != nil {
				return err
			}
		}
	}
	gone, err := snapshot.FinishDeleting(ctx, t.DB, t.Now(), s.ID)
	if err != nil {
		return err
	}
	id := strconv.FormatInt(s.ID, 10)
	if gone {
		w.deleted = append(w.deleted, id)
		r.Logf(ctx, "Snapshot %s is deleted.", id)
	} else {
		w.waiting = append(w.waiting, id)
	}
	return nil
}

func (w work) result(now scene, of string) (job.Result, error) {
	said := []string{fmt.Sprintf("%s of %s deleted, %d kept.", oncall.Plural(len(w.deleted), "snapshot", "snapshots"), of, len(now.Keep))}
	if w.locked > 0 {
		said = append(said, fmt.Sprintf("%s cannot be deleted yet, since the place keeps them locked.", oncall.Plural(w.locked, "copy", "copies")))
	}
	var ahead []string
	for _, k := range now.Keep {
		if k.Reason == retention.Quarantined {
			ahead = append(ahead, k.ID)
		}
	}
	if len(ahead) > 0 {
		said = append(said, fmt.Sprintf("Set aside, since dated in the future: snapshot %s. See whose clock was wrong.", oncall.JoinNames(ahead)))
	}
	res := job.Result{Said: strings.Join(said, " ")}
	for _, list := range []struct {
		name string
		ids  []string
	}{{"deleted", w.deleted}, {"not wholly deleted yet", w.waiting}} {
		if len(list.ids) > 0 {
			res.Evidence = append(res.Evidence, [2]string{list.name, strings.Join(list.ids, ", ")})
		}
	}
	for _, k := range now.Keep {
		res.Evidence = append(res.Evidence, [2]string{"kept " + k.ID, k.Reason})
	}
	if len(w.failed) > 0 {
		return res, fault.New(fault.Unready, "%s Some copies could not be deleted; the next run tries again.%s", res.Said, failures(w.failed))
	}
	return res, nil
}
