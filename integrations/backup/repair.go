package backup

import (
	"context"
	"fmt"

	"batsignal/integrations/job"
	"batsignal/integrations/place"
	"batsignal/integrations/snapshot"
	"batsignal/oncall/fault"
)

// complete adds the copies that a kept snapshot lacks, from a place that has it: the run was
// begun again after too few places had taken it.
func (t *Take) complete(ctx context.Context, r *job.Run, id int64, name naming) (failed map[string]error, err error) {
	s, err := snapshot.Get(ctx, t.DB, id)
	if err != nil {
		return nil, err
	}
	has := map[string]snapshot.Copy{}
	for _, c := range s.Copies {
		if c.Intact() {
			has[c.Place] = c
		}
	}
	failed = map[string]error{}
	for _, p := range t.Places {
		if _, there := has[p.Name]; there || s.State != snapshot.Kept {
			continue
		}
		r.Doing(ctx, fmt.Sprintf("copying it to %s", p.Name))
		k, err := t.copyTo(ctx, p, name, has)
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if err != nil {
			failed[p.Name] = err
			r.Logf(ctx, "The place %s did not take it: %s", p.Name, errorWords(err))
			continue
		}
		t.document(ctx, r, &k, s.TakenAt, Taken{At: s.TakenAt, Sentinel: s.Sentinel, Facts: s.Facts})
		if err := snapshot.AddCopy(ctx, t.DB, id, k.copy); err != nil {
			return nil, err
		}
		has[p.Name] = k.copy
	}
	return failed, nil
}

// copyTo copies a file to a place from any other that has the same.
func (t *Take) copyTo(ctx context.Context, to place.Named, name naming, has map[string]snapshot.Copy) (kept, error) {
	key := name.at(to.Place)
	for _, from := range t.Places {
		c, there := has[from.Name]
		if !there || c.Key != key || (selfSealing(from) != nil) != (selfSealing(to) != nil) {
			continue
		}
		r, err := from.Get(ctx, key)
		if err != nil {
			return kept{}, err
		}
		stored, err := to.Put(ctx, key, r, c.Size)
		_ = r.Close() // it was only read
		if err != nil {
			return kept{}, err
		}
		if stored.SHA256 != c.SHA256 {
			if err := to.Delete(ctx, key); err != nil {
				return kept{}, err
			}
			return kept{}, fault.New(fault.Conflict, "What came from %s is not what was stored there. It must be verified.", from.Name)
		}
		return t.copyAt(to, name, stored), nil
	}
	return kept{}, fault.New(fault.Unready, "No other place has what it takes, so that must wait for the next backup.")
}
