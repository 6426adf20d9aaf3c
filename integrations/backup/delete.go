package backup

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"batsignal/integrations/job"
	"batsignal/integrations/place"
	"batsignal/integrations/snapshot"
	"batsignal/integrations/snapshot/retention"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

// work is what was done.
type work struct {
	deleted, waiting []string // numbers
	locked           int      // copies that their place does not let go yet
	away             []string // places with copies that cannot be reached
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
		if err != nil { // it may come back; that it will not, somebody has to say
			if !slices.Contains(w.away, c.Place) {
				w.away = append(w.away, c.Place)
			}
			r.Logf(ctx, "The copy of snapshot %d at %s is out of reach and stays noted: %s", s.ID, c.Place, errorWords(err))
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
	if len(w.away) > 0 {
		slices.Sort(w.away)
		said = append(said, fmt.Sprintf("What is noted at %s stays noted, since no place of the configuration is called so. If it will not come back: batsignal backup forget-place %s.", oncall.JoinNames(w.away), w.away[0]))
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
