package backup

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"batsignal/integrations/job"
	"batsignal/integrations/place"
	"batsignal/integrations/snapshot"
	"batsignal/oncall/fault"
)

// undoStored is how what a run stored is taken back, unless it is kept.
const undoStored = "stored"

// storedMemo is what a run is about to store.
type storedMemo struct {
	Run  int64  `json:"run"`
	Name naming `json:"name"`
}

// Undo deletes what was stored of a snapshot that will not be finished. What a place does not
// let go of is noted as a bad copy, and deleted when old backups are: it must not hold up the
// next backup.
func (t *Take) Undo(ctx context.Context, s job.Step) error {
	var memo storedMemo
	if s.Undo != undoStored {
		return undoSource(ctx, t.Source, s)
	}
	if err := json.Unmarshal(s.Memo, &memo); err != nil {
		return err
	}
	id, known, err := snapshot.OfRun(ctx, t.DB, memo.Run)
	if err != nil || !known {
		return err // nothing is stored before it is known
	}
	// First the row: from now on nobody takes it for one that will be kept.
	if broken, err := snapshot.MarkBroken(ctx, t.DB, id); err != nil || !broken {
		return err
	}
	for _, p := range t.Places {
		c := snapshot.Copy{Member: snapshot.Whole, Place: p.Name, OffSite: p.OffSite, Key: memo.Name.at(p.Place), SHA256: noSum, StoredAt: t.Now()}
		err := remove(ctx, p, c.Key)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			c.Bad = "It is left of a backup that was not finished, and could not be deleted. " + errorWords(err)
			err = snapshot.AddCopy(ctx, t.DB, id, c)
		} else {
			err = snapshot.CopyGone(ctx, t.DB, t.Now(), id, c)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Undo takes back what the source left of a restore: a scratch server, for one.
func (v *Verify) Undo(ctx context.Context, s job.Step) error { return undoSource(ctx, v.Source, s) }

func undoSource(ctx context.Context, source Source, s job.Step) error {
	if u, ok := source.(job.Undoer); ok {
		return u.Undo(ctx, s)
	}
	return fault.New(fault.Internal, "Nobody knows how a step %q of a backup is taken back.", s.Undo)
}

// noSum stands where nothing was ever read.
var noSum = strings.Repeat("0", 64)

// remove deletes a file and what stands beside it: that last, since it tells what the file is.
func remove(ctx context.Context, p place.Place, key string) error {
	for _, k := range append([]string{key}, beside(key)...) {
		if err := p.Delete(ctx, k); err != nil {
			return err
		}
	}
	return nil
}

// sweep removes what puts of long ago left in places. It only helps: that it fails is told.
func sweep(ctx context.Context, r *job.Run, places []place.Named, before time.Time) (removed int, failed map[string]error) {
	failed = map[string]error{}
	for _, p := range places {
		s, can := p.Place.(place.Sweeper)
		if !can {
			continue
		}
		n, err := s.Sweep(ctx, before)
		if removed += n; n > 0 {
			r.Logf(ctx, "At %s, %d unfinished files of long ago were removed.", p.Name, n)
		}
		if err != nil {
			failed[p.Name] = err
			r.Logf(ctx, "What is unfinished at %s could not be looked for: %s", p.Name, errorWords(err))
		}
	}
	return removed, failed
}
