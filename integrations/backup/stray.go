package backup

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"batsignal/integrations/job"
	"batsignal/integrations/place"
	"batsignal/integrations/snapshot"
	"batsignal/oncall/fault"
)

// fate is what becomes of a file that no row of the catalogue names.
type fate int

const (
	tell  fate = iota // nobody here knows what it is, so nobody here deletes it
	adopt             // a backup with its note
	clear             // what a run of this database left that did not keep it
)

// stray is a file of a place that no row names, with what stands beside it.
type stray struct {
	place.File
	job        string
	note       Note
	documented bool
	fate       fate
	why        error // why it is not adopted, though something stands beside it
}

// ourName is how files of runs are called: when the run was asked for, its number, what it is.
var ourName = regexp.MustCompile(`^(\d{8}T\d{6}Z)-(\d{1,18})\.[a-z0-9.]+$`)

// named is a key of ours, read.
type named struct {
	job   string
	asked time.Time
	run   int64
}

func readKey(key string, jobs []string) (n named, ours bool) {
	job, name, _ := strings.Cut(key, "/")
	m := ourName.FindStringSubmatch(name)
	if m == nil || !slices.Contains(jobs, job) {
		return named{}, false
	}
	asked, err := time.Parse("20060102T150405Z", m[1])
	run, nerr := strconv.ParseInt(m[2], 10, 64)
	return named{job, asked, run}, err == nil && nerr == nil
}

// strays finds the files of a place that no row names. The place is asked first, then which runs
// go on, then which copies are noted: so what a run stores just now is not taken for a stray.
func (s *Sweep) strays(ctx context.Context, p place.Named) ([]stray, error) {
	var files []place.File
	for _, name := range s.Jobs {
		of, err := p.List(ctx, name+"/")
		if err != nil {
			return nil, err
		}
		files = append(files, of...)
	}
	there := map[string]bool{}
	for _, f := range files {
		there[f.Key] = true
	}
	var ids []int64
	var main []place.File // without what stands beside one
	for _, f := range files {
		if base := besideWhat(f.Key); base != f.Key {
			if there[base] {
				continue
			}
			f.Key, f.Size = base, -1 // what it stood beside is gone
			if slices.ContainsFunc(main, func(m place.File) bool { return m.Key == base }) {
				continue
			}
		}
		main = append(main, f)
		if n, ours := readKey(f.Key, s.Jobs); ours {
			ids = append(ids, n.run)
		}
	}
	runs, err := snapshot.RunsOf(ctx, s.DB, ids)
	if err != nil {
		return nil, err
	}
	noted, err := snapshot.Named(ctx, s.DB, p.Name)
	if err != nil {
		return nil, err
	}
	var out []stray
	for _, f := range main {
		was, known := noted[f.Key]
		if was.There {
			continue
		}
		one := stray{File: f, documented: there[f.Key+textSuffix]}
		is := was.GivenUp // somebody did, and may not have meant the files
		if !is {
			if is, err = s.read(ctx, p, &one, runs, known); err != nil {
				return nil, err
			}
		}
		if is {
			out = append(out, one)
		}
	}
	return out, nil
}

// besideWhat is the key of the file that another one stands beside; its own if none.
func besideWhat(key string) string {
	for _, suffix := range []string{noteSuffix, textSuffix} {
		if base, is := strings.CutSuffix(key, suffix); is {
			return base
		}
	}
	return key
}

// read finds what becomes of a file; false leaves it alone. deleted says that it was noted here
// once, and is not any more.
//
// Only what this database knows to be left over is removed: it was noted and deleted, or its own
// run is over for long and does not count on it. A database that was restored from an older backup
// does not know the runs that came after, nor what became of those that it calls lost; and a place
// may be shared with another installation. Nothing of that is touched.
func (s *Sweep) read(ctx context.Context, p place.Named, one *stray, runs map[int64]snapshot.Run, deleted bool) (bool, error) {
	n, ours := readKey(one.Key, s.Jobs)
	if !ours {
		return true, nil
	}
	one.job = n.job
	old := s.Now().Add(-sweepAge)
	run, known := runs[n.run]
	known = known && run.Job == n.job && run.AskedAt.UTC().Truncate(time.Second).Equal(n.asked)
	if known && run.EndedAt == nil {
		return false, nil // it is about to be noted, or taken back
	}
	over := one.StoredAt.Before(old) && (!known || run.EndedAt.Before(old))
	if deleted {
		one.fate = clear
		return over, nil
	}
	one.why = place.ErrNone
	if one.Size >= 0 {
		one.note, one.why = ReadNote(ctx, p, one.Key)
		if one.why == nil {
			one.why = one.sound(p)
		}
		if kind := fault.KindOf(one.why); one.why != nil && kind != fault.NotFound && kind != fault.Conflict {
			return false, one.why // the place could not say, so nobody knows yet
		}
	}
	counts := run.Became == snapshot.Kept || run.Became == snapshot.Taking
	switch {
	case known && !run.Lost && !(counts && one.why == nil):
		if one.why != nil && !errors.Is(one.why, place.ErrNone) {
			return true, nil // what stands beside it is no note, so nobody knows
		}
		one.fate = clear
		return over, nil
	case one.why == nil:
		one.fate = adopt
	}
	return true, nil
}

var sumShape = regexp.MustCompile(`^[0-9a-f]{64}$`)

// sound tells why what stands beside a file cannot be true.
func (o *stray) sound(p place.Named) error {
	n := o.note
	switch {
	case n.Job != o.job, !sumShape.MatchString(n.SHA256), n.TakenAt.IsZero(), len(n.Sentinel) > 200:
		return fault.New(fault.Conflict, "What stands beside %s is not what was written there.", o.Key)
	case n.Size != o.Size:
		return fault.New(fault.Conflict, "%s has %d bytes, and what stands beside it says %d.", o.Key, o.Size, n.Size)
	case (selfSealing(p) != nil) != (n.SealedBy != ""):
		return fault.New(fault.Conflict, "%s is sealed in another way than the place %s does.", o.Key, p.Name)
	}
	return nil
}

// look deals with the strays of a place, one after the other, each in one transaction or with
// deletes that can be done again: whoever begins anew finds what is left to do.
func (s *Sweep) look(ctx context.Context, r *job.Run, p place.Named, w *swept) error {
	strays, err := s.strays(ctx, p)
	if err != nil {
		return err
	}
	var keys []string
	for _, one := range strays {
		switch one.fate {
		case clear:
			err = s.clear(ctx, r, p, one, w)
		case adopt:
			if keys == nil {
				if keys, err = sealedBy(ctx, p); err != nil {
					return err
				}
			}
			err = s.adopt(ctx, r, p, one, keys, w)
		default:
			w.strange = append(w.strange, one.Key+" at "+p.Name)
			if one.why != nil && !errors.Is(one.why, place.ErrNone) {
				r.Logf(ctx, "At %s: %s", p.Name, errorWords(one.why))
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Sweep) clear(ctx context.Context, r *job.Run, p place.Named, one stray, w *swept) error {
	err := remove(ctx, p, one.Key)
	switch {
	case errors.Is(err, place.ErrLocked):
		r.Logf(ctx, "%s at %s was left by a run that did not keep it, and stays for now: %s", one.Key, p.Name, place.ErrLocked)
		return nil
	case err != nil:
		return err
	}
	w.cleared++
	r.Logf(ctx, "%s at %s was left by a run that did not keep it. It was removed.", one.Key, p.Name)
	return nil
}

// adopt notes a backup that was found. Its note is no proof: whoever can write to the place can
// write one. So it is held by the finder, and counts for nothing until a restore is proven.
func (s *Sweep) adopt(ctx context.Context, r *job.Run, p place.Named, one stray, keys []string, w *swept) error {
	n := one.note
	c := snapshot.Copy{Member: snapshot.Whole, Place: p.Name, OffSite: p.OffSite, Key: one.Key, Size: n.Size, SHA256: n.SHA256,
		Recipients: n.Recipients, Documented: one.documented, StoredAt: one.StoredAt}
	if selfSealing(p) != nil {
		c.Recipients = keys
	}
	id, isNew, err := snapshot.AddFound(ctx, s.DB, snapshot.NewFound{Job: one.job, TakenAt: n.TakenAt, Sentinel: n.Sentinel, Facts: n.Facts, Copy: c,
		Why: fmt.Sprintf("found at %s and not proven yet", p.Name)})
	if fault.KindOf(err) == fault.Conflict {
		w.strange = append(w.strange, one.Key+" at "+p.Name)
		r.Logf(ctx, "It was not noted. %s", errorWords(err))
		return nil
	}
	if err != nil {
		return err
	}
	w.copies++
	if isNew {
		w.found = append(w.found, id)
	}
	r.Logf(ctx, "%s at %s was found. It is noted as a copy of snapshot %d.", one.Key, p.Name, id)
	return nil
}
