package backup

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/integrations/job"
	"batsignal/integrations/place"
	"batsignal/integrations/seal"
	"batsignal/integrations/snapshot"
	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

// Take is the kind of job that takes a backup: of a source, sealed once, to all places at the
// same time. Its snapshots are known by the name of its job.
type Take struct {
	DB     pg.DB
	Now    func() time.Time
	Source Source
	Sealer seal.Sealer // for all places but those that seal by themselves
	Places []place.Named
	// Stall is how long a place may take nothing before it is given up; 0 is five minutes.
	Stall time.Duration
}

var (
	_ job.Kind   = (*Take)(nil)
	_ job.Undoer = (*Take)(nil)
)

const (
	// copies is how many there must be.
	copies = 2
	// sweepAge is after how long what a place did not finish is litter: no try of a job lasts
	// so long.
	sweepAge = 48 * time.Hour
)

// Plan says what a run would do.
func (t *Take) Plan(context.Context, job.Params) ([]string, error) {
	lines := []string{fmt.Sprintf("A backup is taken (%s), and stored at %s.", t.Source.Suffix(), oncall.JoinNames(names(t.Places)))}
	if t.Sealer != nil {
		lines = append(lines, fmt.Sprintf("It is sealed; %s open it, each alone.", oncall.Plural(len(t.Sealer.Recipients()), "key does", "keys can")))
	}
	if t.offSite() == 0 {
		lines = append(lines, "None of the places is off-site.")
	}
	return lines, nil
}

// Do takes the backup.
func (t *Take) Do(ctx context.Context, r *job.Run) (job.Result, error) {
	if err := t.ready(); err != nil {
		return job.Result{}, err
	}
	sweep(ctx, r, t.Places, t.Now().Add(-sweepAge))
	memo := storedMemo{Run: r.ID, Name: nameOf(r.Job, r.AskedAt, r.ID, t.Source.Suffix(), t.Sealer)}
	var id int64
	var failed map[string]error
	if err := r.Step(ctx, "backup", undoStored, memo, func(ctx context.Context) (err error) {
		at, known := t.Now(), false
		if id, known, err = snapshot.Begin(ctx, t.DB, at, r.Job, r.ID, 1); err != nil {
			return err
		}
		if known { // whoever took it died, or too few places had taken it
			failed, err = t.complete(ctx, r, id, memo.Name)
			return err
		}
		failed, err = t.take(ctx, r, id, at, memo.Name)
		return err
	}); err != nil {
		return job.Result{}, err
	}
	s, err := snapshot.Get(ctx, t.DB, id)
	if err != nil {
		return job.Result{}, err
	}
	return result(s, failed), t.judge(s, failed)
}

func (t *Take) ready() error {
	if t.Sealer != nil && len(t.Sealer.Recipients()) > 0 {
		return nil
	}
	for _, p := range t.Places {
		if selfSealing(p) == nil {
			return fault.New(fault.Unready, "The place %s stores what we seal, and nobody is named to seal it for. Name the recipients in the file of jobs.", p.Name)
		}
	}
	return nil
}

// take has the source written to all places, and notes what is stored.
func (t *Take) take(ctx context.Context, r *job.Run, id int64, at time.Time, name naming) (map[string]error, error) {
	expect, err := t.lastSize(ctx, r.Job)
	if err != nil {
		return nil, err
	}
	r.Doing(ctx, "taking the backup")
	taken, stored, failed, err := t.store(ctx, r, name, expect)
	if err != nil {
		return nil, err
	}
	for place, err := range failed {
		r.Logf(ctx, "The place %s did not take it: %s", place, errorWords(err))
	}
	if d := taken.At.Sub(at); !taken.At.IsZero() && (d < -time.Hour || d > time.Hour) {
		r.Logf(ctx, "Its source says that it is of %s. Our clock counts.", taken.At.UTC().Format(time.RFC3339))
	}
	r.Doing(ctx, "writing how to restore it beside it")
	for i := range stored {
		t.document(ctx, r, &stored[i], at, taken)
	}
	if len(stored) == 0 {
		return nil, t.nowhere(failed)
	}
	return failed, pg.InTx(ctx, t.DB, func(tx pgx.Tx) error {
		for _, s := range stored {
			if err := snapshot.AddCopy(ctx, tx, id, s.copy); err != nil {
				return err
			}
		}
		return snapshot.Complete(ctx, tx, id, taken.Sentinel, taken.Facts)
	})
}

// kept is a copy, and where it is.
type kept struct {
	place place.Named
	copy  snapshot.Copy
}

// copyAt is a copy in a place, as it is noted.
func (t *Take) copyAt(p place.Named, name naming, k place.Kept) kept {
	c := snapshot.Copy{Member: snapshot.Whole, Place: p.Name, OffSite: p.OffSite, Key: name.at(p.Place), Size: k.Size, SHA256: k.SHA256, StoredAt: t.Now()}
	if self := selfSealing(p); self != nil {
		c.Recipients = []string{self.SealedBy()} // how many keys open it, document asks
	} else {
		c.Recipients = t.Sealer.Recipients()
	}
	return kept{p, c}
}

// document writes what it is, and how to restore it by hand, beside a copy. A copy without is
// still a copy; its status says so.
func (t *Take) document(ctx context.Context, r *job.Run, k *kept, at time.Time, taken Taken) {
	n := Note{Job: r.Job, TakenAt: at.UTC(), Key: k.copy.Key, Size: k.copy.Size, SHA256: k.copy.SHA256, Recipients: k.copy.Recipients,
		Sentinel: taken.Sentinel, Facts: taken.Facts, Place: k.place.Name, OffSite: k.place.OffSite}
	var opening string
	if self := selfSealing(k.place); self != nil {
		if keys, err := sealedBy(ctx, k.place); err == nil {
			k.copy.Recipients = keys
		} else {
			r.Logf(ctx, "How many keys open it at %s could not be found out, so it counts as one: %s", k.place.Name, errorWords(err))
		}
		n.SealedBy, n.Recipients = self.SealedBy(), nil
		opening = strings.ReplaceAll(self.Opening(), "KEY", n.Key)
	} else {
		opening = strings.ReplaceAll(t.Sealer.Opening(), "FILE", n.name())
	}
	err := n.put(ctx, k.place, n.byHand(opening, "backup."+t.Source.Suffix(), t.Source.Restoring()))
	if k.copy.Documented = err == nil; err != nil {
		r.Logf(ctx, "How to restore it could not be written beside it at %s: %s", k.place.Name, errorWords(err))
	}
}

// lastSize is how large the last backup was, which is the best guess of what comes.
func (t *Take) lastSize(ctx context.Context, job string) (int64, error) {
	last, err := snapshot.List(ctx, t.DB, snapshot.Query{Job: job, States: []snapshot.State{snapshot.Kept}, Most: 1})
	if err != nil || len(last) == 0 {
		return 0, err
	}
	return last[0].Size(), nil
}

// judge tells whether what is stored is enough. It is kept all the same.
func (t *Take) judge(s snapshot.Snapshot, failed map[string]error) error {
	in, away := 0, 0
	for _, c := range s.Within(names(t.Places)).Copies {
		if c.Intact() {
			if in++; c.OffSite {
				away++
			}
		}
	}
	var said []string
	switch {
	case in == 0:
		return fault.New(fault.Unready, "Snapshot %d is nowhere any more.", s.ID)
	case in < copies && len(t.Places) < copies:
		said = append(said, "A backup must lie in two places, and the file of jobs names one.")
	case in < copies:
		said = append(said, "It lies in one place only.")
	}
	if away == 0 && t.offSite() > 0 {
		said = append(said, "No copy is off-site.")
	}
	if len(said) == 0 {
		return nil
	}
	return fault.New(fault.Unready, "%s It is kept as snapshot %d, and the next try adds what is missing.%s", strings.Join(said, " "), s.ID, failures(failed))
}

func (t *Take) offSite() (n int) {
	for _, p := range t.Places {
		if p.OffSite {
			n++
		}
	}
	return n
}

func (t *Take) nowhere(failed map[string]error) error {
	return fault.New(fault.Unready, "No place took the backup.%s", failures(failed))
}

// failures are what places said, in the order of their names.
func failures(failed map[string]error) string {
	var b strings.Builder
	for _, name := range sortedKeys(failed) {
		fmt.Fprintf(&b, " %s: %s", oncall.UpperFirst(name), errorWords(failed[name]))
	}
	return b.String()
}

// errorWords are an error for people, who read the log of a run, as a sentence.
func errorWords(err error) string {
	var f *fault.Error
	text := err.Error()
	switch {
	case errors.As(err, &f):
		text = f.Say
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		text = "It was stopped."
	}
	if text = oncall.UpperFirst(strings.TrimSpace(text)); !strings.HasSuffix(text, ".") {
		text += "."
	}
	return text
}

// result tells people what is stored.
func result(s snapshot.Snapshot, failed map[string]error) job.Result {
	var in []string
	res := job.Result{Evidence: [][2]string{{"snapshot", fmt.Sprint(s.ID)}, {"taken at", s.TakenAt.UTC().Format(time.RFC3339)}}}
	for _, c := range s.Copies {
		if !c.Intact() {
			continue
		}
		in = append(in, c.Place)
		res.Artifacts = append(res.Artifacts, job.Artifact{Name: c.Key[strings.LastIndex(c.Key, "/")+1:], Place: c.Place, Key: c.Key, Size: c.Size, SHA256: c.SHA256})
		res.Evidence = append(res.Evidence, [2]string{"copy at " + c.Place, job.Bytes(c.Size) + ", SHA-256 " + c.SHA256})
	}
	res.Evidence = append(res.Evidence, s.Facts...)
	res.Said = fmt.Sprintf("Snapshot %d has %s and lies at %s.", s.ID, job.Bytes(s.Size()), oncall.JoinNames(in))
	if len(failed) > 0 {
		res.Said += " It is missing at " + oncall.JoinNames(sortedKeys(failed)) + "."
	}
	return res
}
