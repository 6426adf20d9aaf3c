package backup

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"batsignal/integrations/job"
	"batsignal/integrations/place"
	"batsignal/integrations/snapshot"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

// found is what one test with one key found.
type found struct {
	snapshot.Found
	onlyKey bool // another key may open it
	key     string
	tool    string
}

// evidence is what is shown of it.
func (f found) evidence(s snapshot.Snapshot, c snapshot.Copy, took time.Duration) [][2]string {
	list := [][2]string{
		{"snapshot", fmt.Sprint(s.ID)}, {"taken at", s.TakenAt.UTC().Format(time.RFC3339)}, {"read from", c.Place}, {"size", job.Bytes(c.Size)},
		{"SHA-256", c.SHA256}, {"opened with", oncall.Clip(f.key, briefly)}, {"level", fmt.Sprint(f.Level)}, {"took", job.Spell(took)},
	}
	if f.tool != "" {
		list = append(list, [2]string{"restored with", f.tool})
	}
	return append(list, f.Facts...)
}

// test proves a copy with one key, and notes what it found, whatever becomes of ctx.
func (v *Verify) test(ctx context.Context, r *job.Run, s snapshot.Snapshot, c snapshot.Copy, p place.Named, k key, last bool) (found, error) {
	check, err := snapshot.BeginCheck(ctx, v.DB, v.Now(), s.ID, r.ID, c.Place, k.name)
	if err != nil {
		return found{}, err
	}
	r.Doing(ctx, "reading it back from "+c.Place+" and restoring it")
	f, flaw, sound := v.prove(ctx, r, s, c, p, k)
	f.key = k.name
	f.onlyKey = f.onlyKey && !last
	f.OnlyKey = f.onlyKey
	if ctx.Err() != nil {
		f.Found = snapshot.Found{Outcome: snapshot.TimedOut, Detail: "It was stopped before it came to an end."}
	}
	keep := context.WithoutCancel(ctx)
	if ctx.Err() == nil && (sound || flaw != "") {
		if err := v.mark(keep, s, c, flaw); err != nil {
			return f, err
		}
	}
	if err := snapshot.EndCheck(keep, v.DB, v.Now(), s.ID, check, f.Found); err != nil {
		return f, err
	}
	return f, context.Cause(ctx)
}

// prove does it. flaw is what is wrong with the copy, sound that nothing is; neither is that
// it could not be found out.
func (v *Verify) prove(ctx context.Context, r *job.Run, s snapshot.Snapshot, c snapshot.Copy, p place.Named, k key) (f found, flaw string, sound bool) {
	unknown := func(err error) (found, string, bool) {
		f.Found = snapshot.Found{Outcome: snapshot.TimedOut, Detail: fmt.Sprintf("Whether the copy at %s can be restored could not be found out. %s", c.Place, errorWords(err))}
		return f, "", false
	}
	bad := func(flaw string) (found, string, bool) {
		f.Found = snapshot.Found{Outcome: snapshot.Failed, Detail: fmt.Sprintf("The copy at %s is bad. %s", c.Place, flaw)}
		return f, flaw, false
	}
	from, err := newReading(ctx, p, c, func(n int64) { progress(r, n, c.Size) })
	if err != nil {
		if flaw := missing(err); flaw != "" {
			return bad(flaw)
		}
		return unknown(err)
	}
	// Nothing of a copy is opened before all of it is known to be what was stored: anybody can
	// seal something to public keys, and who restores it runs what is in it.
	copied, err := spool(ctx, r, from)
	flaw, unread := from.finish()
	switch {
	case unread != nil:
		return unknown(unread)
	case flaw != "":
		return bad(flaw)
	case err != nil:
		return unknown(err)
	}
	defer copied.Close()
	proof, opened, err := v.restore(ctx, r, copied, k, Taken{At: s.TakenAt, Sentinel: s.Sentinel, Facts: s.Facts})
	if err = Prevented(ctx, err); !opened {
		err = keyStore(err)
	}
	var not NotProven
	switch {
	case err == nil:
		f.tool = proof.Tool
		f.Found = snapshot.Found{Outcome: snapshot.Successful, Level: max(1, proof.Level), Facts: proof.Facts, Detail: proof.Detail}
		if f.Level < snapshot.VerifiedLevel {
			f.Detail += fmt.Sprintf(" It is not verified: it was proven to level %d, and %d is needed.", f.Level, snapshot.VerifiedLevel)
		}
	case errors.As(err, &not):
		f, _, _ = unknown(not)
		f.Level = 1
	case !opened:
		f.onlyKey = true
		f.Found = snapshot.Found{Outcome: snapshot.Failed, Level: 1, Detail: "It is what was stored, but was not opened. " + errorWords(err)}
	default:
		f.Found = snapshot.Found{Outcome: snapshot.Failed, Level: max(1, proof.Level), Facts: proof.Facts,
			Detail: "It is what was stored, but it cannot be restored. " + errorWords(err)}
	}
	return f, "", true
}

// keyStore tells a key that opens nothing of this copy, which is a finding, from one that could
// not be used at all: a program that does not start, a store that cannot be read or is locked.
func keyStore(err error) error {
	if kind := fault.KindOf(err); kind == fault.Conflict || kind == fault.Invalid {
		return err
	}
	return NotProven{err}
}

// spool copies what is read, sealed as it is, into a file of the run's own.
func spool(ctx context.Context, r *job.Run, from io.Reader) (*os.File, error) {
	dir, err := r.Scratch(ctx, "copy")
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(dir, "copy"), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600) // #nosec G304 -- in the run's own directory
	if err != nil {
		return nil, err
	}
	if _, err = io.Copy(f, from); err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// restore opens a copy and has its source prove it, to its very end.
func (v *Verify) restore(ctx context.Context, r *job.Run, from io.Reader, k key, of Taken) (proof Proof, opened bool, err error) {
	opening := io.NopCloser(from)
	if k.opener != nil {
		if opening, err = k.opener.Open(ctx, from); err != nil {
			return proof, false, err
		}
	}
	plain := bufio.NewReader(opening)
	// Some programs say only now that the key is a wrong one.
	if _, err := plain.Peek(1); err != nil && err != io.EOF {
		return proof, k.opener == nil, errors.Join(err, opening.Close())
	}
	proof, err = v.Source.Prove(ctx, r, plain, of)
	if err == nil {
		// It is whole and genuine only once it ended well.
		_, err = io.Copy(io.Discard, plain)
	}
	if closed := opening.Close(); err == nil {
		err = closed
	}
	return proof, true, err
}
