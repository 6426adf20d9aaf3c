package backup

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"batsignal/integrations/job"
	"batsignal/integrations/place"
	"batsignal/integrations/seal"
	"batsignal/integrations/snapshot"
	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

// Verify is the kind of job that proves that a backup can be restored: the copy that is
// farthest away is read back whole, opened with one of the keys, each in turn, and restored by
// its source. The other copies are read back as well.
type Verify struct {
	DB     pg.DB
	Now    func() time.Time
	Of     string // the job whose backups are verified
	Source Source
	// Openers are the keys of those that it is sealed for, as many as are at hand here.
	Openers []seal.Opener
	// Places are all of the configuration: also those that no new backup goes to.
	Places []place.Named
}

var (
	_ job.Kind   = (*Verify)(nil)
	_ job.Undoer = (*Verify)(nil)
)

// Parameters of the kinds of this package.
const (
	ParamSnapshot = "snapshot" // a number; "" or "0" chooses
	ParamApproved = "approved" // "yes": two people agreed to what the breaker stops
	// ParamSnapshots are the snapshots that they agreed to: "3-8,12".
	ParamSnapshots = "snapshots"
)

// Params are the parameters of a job of this kind.
func (v *Verify) Params() []job.Param {
	return []job.Param{{Name: ParamSnapshot, Type: job.ParamNumber, Default: "0", Help: "The number of the snapshot; 0 is the newest that is not verified."}}
}

// Plan says what a run would do.
func (v *Verify) Plan(ctx context.Context, p job.Params) ([]string, error) {
	s, err := v.choose(ctx, p)
	if err != nil {
		return nil, err
	}
	c, err := v.farthest(s)
	if err != nil {
		return nil, err
	}
	return []string{fmt.Sprintf("Snapshot %d of %s, taken at %s, is read back from %s, opened and restored where it does no harm.",
		s.ID, s.Job, s.TakenAt.UTC().Format(time.RFC3339), c.Place)}, nil
}

// Do proves one snapshot.
func (v *Verify) Do(ctx context.Context, r *job.Run) (job.Result, error) {
	if err := snapshot.GiveUp(ctx, v.DB, v.Now(), r.ID); err != nil { // tests of an attempt that died
		return job.Result{}, err
	}
	s, err := v.choose(ctx, r.Params)
	if err != nil {
		return job.Result{}, err
	}
	c, err := v.farthest(s)
	if err != nil {
		return job.Result{}, err
	}
	p, err := placeOf(v.Places, c.Place)
	if err != nil {
		return job.Result{}, err
	}
	keys, err := v.keys(ctx, p)
	if err != nil {
		return job.Result{}, err
	}
	begun := v.Now()
	var lost []string // keys that do not open it
	var f found
	for i, key := range keys {
		if err := r.Step(ctx, "restore test", "", nil, func(ctx context.Context) (err error) {
			f, err = v.test(ctx, r, s, c, p, key, i == len(keys)-1)
			return err
		}); err != nil {
			return job.Result{}, err
		}
		if !f.onlyKey {
			break
		}
		lost = append(lost, key.name)
		r.Logf(ctx, "Another key is tried. %s", f.Detail)
	}
	res := job.Result{Said: fmt.Sprintf("Snapshot %d: %s", s.ID, f.Detail), Evidence: f.evidence(s, c, v.Now().Sub(begun))}
	switch f.Outcome {
	case snapshot.Failed:
		return res, fault.New(fault.Conflict, "%s Nothing is deleted until a newer backup is verified.", res.Said)
	case snapshot.TimedOut:
		n, err := snapshot.Unproven(ctx, v.DB, v.Of)
		if err != nil {
			return res, err
		}
		if n > snapshot.MostUnproven { // waiting does not help, and a bad backup may look so
			return res, fault.New(fault.Conflict, "%s So ended the last %d tests. Take it for a restore that failed, and look at why.", res.Said, n)
		}
		return res, fault.New(fault.Unready, "%s", res.Said)
	}
	flaws, err := v.others(ctx, r, s, c)
	if err != nil {
		return res, err
	}
	for _, name := range lost {
		flaws = append(flaws, fmt.Sprintf("The key of %s does not open it: replace it, and take a new backup.", oncall.Clip(name, briefly)))
	}
	switch {
	case len(flaws) > 0:
		return res, fault.New(fault.Conflict, "%s But: %s", res.Said, strings.Join(flaws, " "))
	case f.Level < snapshot.VerifiedLevel: // it would be taken for good news
		return res, fault.New(fault.Conflict, "%s", res.Said)
	}
	return res, nil
}

// choose finds the snapshot to prove: the one that is asked for, else the newest that was
// never tested to the end, else the newest.
func (v *Verify) choose(ctx context.Context, p job.Params) (snapshot.Snapshot, error) {
	if id, _ := strconv.ParseInt(p[ParamSnapshot], 10, 64); id != 0 { // its form was checked
		s, err := snapshot.Get(ctx, v.DB, id)
		switch {
		case err != nil:
			return s, err
		case s.Job != v.Of:
			return s, fault.New(fault.Invalid, "Snapshot %d is one of %s, not of %s.", id, s.Job, v.Of)
		case s.State != snapshot.Kept || !s.Complete():
			return s, fault.New(fault.Conflict, "Snapshot %d cannot be verified: it is %s, with %d of %s.", id, s.State, s.Have, oncall.Plural(s.Want, "member", "members"))
		}
		return s, nil
	}
	list, err := snapshot.List(ctx, v.DB, snapshot.Query{Job: v.Of, States: []snapshot.State{snapshot.Kept}})
	if err != nil {
		return snapshot.Snapshot{}, err
	}
	now := v.Now()
	var found []string
	list = slices.DeleteFunc(list, func(s snapshot.Snapshot) bool {
		if s.Found() { // who restores something runs what is in it, and anybody may have made it
			found = append(found, strconv.FormatInt(s.ID, 10))
			return true
		}
		return !s.Complete() || s.TakenAt.After(now.Add(ahead)) || s.Away(names(v.Places))
	})
	switch {
	case len(list) == 0 && len(found) > 0:
		return snapshot.Snapshot{}, fault.New(fault.NotFound, "There is no backup of %s to verify, but one was found that nobody has proven. Look who could have written it, then name it: snapshot=%s.", v.Of, found[0])
	case len(list) == 0:
		return snapshot.Snapshot{}, fault.New(fault.NotFound, "There is no backup of %s to verify. Take one first.", v.Of)
	}
	for _, s := range list {
		if !s.Verified() && s.Checked != snapshot.Failed {
			return s, nil
		}
	}
	return list[0], nil
}

// ahead is how far clocks may differ.
const ahead = 10 * time.Minute

// farthest is the copy to be tested: one off-site, if there is one. One that was found bad is
// read only if there is no other.
func (v *Verify) farthest(s snapshot.Snapshot) (snapshot.Copy, error) {
	if s.Away(names(v.Places)) {
		return snapshot.Copy{}, fault.New(fault.Conflict, "Snapshot %d lies only in places that the configuration does not name any more.", s.ID)
	}
	there := slices.DeleteFunc(slices.Clone(s.Within(names(v.Places)).Copies), func(c snapshot.Copy) bool { return !c.GoneAt.IsZero() || c.SHA256 == noSum })
	if len(there) == 0 {
		return snapshot.Copy{}, fault.New(fault.Conflict, "No copy of snapshot %d is left. Take a new backup.", s.ID)
	}
	rank := func(c snapshot.Copy) int {
		n := 0
		if c.Bad != "" {
			n += 2
		}
		if !c.OffSite {
			n++
		}
		return n
	}
	return slices.MinFunc(there, func(a, b snapshot.Copy) int { return cmp.Compare(rank(a), rank(b)) }), nil
}

// briefly is how many letters of a key are told: some have thousands.
const briefly = 70

// key is what opens a copy.
type key struct {
	name   string
	opener seal.Opener // nil: the place opens it itself
}

// keys are those that may open a copy, the one first that was not tried for the longest time.
func (v *Verify) keys(ctx context.Context, p place.Named) ([]key, error) {
	if selfSealing(p) != nil {
		return []key{{name: p.Name}}, nil
	}
	if len(v.Openers) == 0 {
		return nil, fault.New(fault.Unready, "There is no key here that opens backups of %s. Name one in the file of jobs.", v.Of)
	}
	used, err := snapshot.LastUse(ctx, v.DB, v.Of)
	if err != nil {
		return nil, err
	}
	var keys []key
	for _, o := range v.Openers {
		keys = append(keys, key{o.Name(), o})
	}
	slices.SortStableFunc(keys, func(a, b key) int { return used[oncall.Clip(a.name, 100)].Compare(used[oncall.Clip(b.name, 100)]) })
	return keys, nil
}

// others reads the other copies back, and tells what is wrong with them.
func (v *Verify) others(ctx context.Context, r *job.Run, s snapshot.Snapshot, tested snapshot.Copy) (flaws []string, err error) {
	for _, c := range s.Within(names(v.Places)).Copies { // what is out of reach is told elsewhere
		if c.Place == tested.Place || !c.GoneAt.IsZero() || c.SHA256 == noSum {
			continue
		}
		r.Doing(ctx, "reading back the copy at "+c.Place)
		flaw, err := v.readBack(ctx, r, s, c)
		switch {
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		case err != nil:
			flaws = append(flaws, fmt.Sprintf("The copy at %s could not be read back: %s", c.Place, errorWords(err)))
		case flaw != "":
			flaws = append(flaws, fmt.Sprintf("The copy at %s is bad: %s", c.Place, flaw))
		}
	}
	return flaws, nil
}

func (v *Verify) readBack(ctx context.Context, r *job.Run, s snapshot.Snapshot, c snapshot.Copy) (flaw string, err error) {
	p, err := placeOf(v.Places, c.Place)
	if err != nil {
		return "", err
	}
	from, err := newReading(ctx, p, c, func(n int64) { progress(r, n, c.Size) })
	if err == nil {
		flaw, err = from.finish()
	} else if flaw = missing(err); flaw != "" {
		err = nil
	}
	if err != nil {
		return "", err
	}
	return flaw, v.mark(ctx, s, c, flaw)
}

// mark notes what is known of a copy now.
func (v *Verify) mark(ctx context.Context, s snapshot.Snapshot, c snapshot.Copy, flaw string) error {
	if flaw != "" {
		return snapshot.MarkBad(ctx, v.DB, s.ID, c, flaw)
	}
	return snapshot.MarkRead(ctx, v.DB, v.Now(), s.ID, c)
}
