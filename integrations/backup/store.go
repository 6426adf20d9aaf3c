package backup

import (
	"context"
	"errors"
	"io"
	"maps"
	"slices"
	"time"

	"batsignal/integrations/job"
	"batsignal/integrations/place"
	"batsignal/oncall/fault"
)

// store writes the stream of the source to all places at once. failed are the places that did
// not take it; err is a failure of the source or the sealing, by which no place keeps anything.
func (t *Take) store(ctx context.Context, r *job.Run, name naming, expect int64) (taken Taken, stored []kept, failed map[string]error, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	open, sealed := newFan(ctx, t.Stall), newFan(ctx, t.Stall)
	puts := make([]*put, len(t.Places))
	for i, p := range t.Places {
		f := sealed
		if selfSealing(p) != nil {
			f = open
		}
		puts[i] = startPut(p, name.at(p.Place), f)
	}
	if taken, err = t.write(ctx, r, open, sealed, expect); err != nil {
		open.abort(err)
		sealed.abort(err)
	}
	failed = map[string]error{}
	for i, p := range t.Places {
		k, fell := puts[i].result()
		if fell == nil {
			stored = append(stored, t.copyAt(p, name, k))
		} else {
			failed[p.Name] = fell
		}
	}
	if err != nil {
		return taken, nil, nil, err
	}
	return taken, alike(stored, failed), failed, nil
}

// write has the source written, sealed on the way, and ends both streams if all went well.
func (t *Take) write(ctx context.Context, r *job.Run, open, sealed *fan, expect int64) (taken Taken, err error) {
	to := &spread{open: open, sealed: sealed, told: func(n int64) { progress(r, n, expect) }}
	if len(sealed.lanes) > 0 {
		if to.seal, err = t.Sealer.Seal(ctx, sealed); err != nil {
			return taken, err
		}
	}
	taken, err = t.Source.Write(ctx, r, to)
	if to.seal != nil {
		// Also if nothing is kept of it: it may have something running.
		if closed := to.seal.Close(); err == nil {
			err = closed
		}
	}
	switch {
	case ctx.Err() != nil:
		return taken, context.Cause(ctx)
	case errors.Is(err, errNobody):
		err = nil // the places say why
	case err != nil:
		return taken, err
	}
	if err := open.end(); err != nil {
		return taken, err
	}
	return taken, sealed.end()
}

// spread writes to the places that seal by themselves, and to the sealing.
type spread struct {
	open, sealed *fan
	seal         io.WriteCloser // into sealed; nil if no place takes that
	told         func(int64)
	n            int64
}

// Write hands on what the source writes, as long as anybody takes it.
func (s *spread) Write(p []byte) (int, error) {
	if _, err := s.open.Write(p); err != nil {
		return 0, err
	}
	if s.seal != nil && !s.sealed.deserted() {
		if _, err := s.seal.Write(p); err != nil {
			return 0, err
		}
	}
	if s.open.deserted() && s.sealed.deserted() {
		return 0, errNobody
	}
	s.n += int64(len(p))
	s.told(s.n)
	return len(p), nil
}

// put is a place that takes a stream.
type put struct {
	lane *lane
	done chan struct{}
	kept place.Kept
	err  error
}

func startPut(p place.Place, key string, f *fan) *put {
	u := &put{lane: f.lane(), done: make(chan struct{})}
	go func() {
		defer close(u.done)
		defer u.lane.leave()
		u.kept, u.err = p.Put(u.lane.ctx, key, u.lane, -1)
		if u.err == nil && !u.lane.whole.Load() {
			u.err = fault.New(fault.Internal, "It says that it took everything, before there was everything.")
		}
	}()
	return u
}

// giveUp is how long a place that stalled may take to notice that it was given up.
const giveUp = 30 * time.Second

// result waits for what a place says in the end.
func (u *put) result() (place.Kept, error) {
	defer u.lane.cancel(nil)
	select {
	case <-u.done:
	case <-u.lane.ctx.Done():
		patience := time.NewTimer(giveUp)
		defer patience.Stop()
		select {
		case <-u.done:
		case <-patience.C:
			return place.Kept{}, context.Cause(u.lane.ctx) // it gets no more of the stream, so it keeps nothing
		}
	}
	return u.kept, u.err
}

// alike takes out copies that are not the same, though they were given the same stream: none
// of them can be believed.
func alike(stored []kept, failed map[string]error) []kept {
	of := map[string]string{} // by key, which is the same where the stream is
	for _, k := range stored {
		if sum, other := of[k.copy.Key]; other && sum != k.copy.SHA256 {
			of[k.copy.Key] = ""
		} else if !other {
			of[k.copy.Key] = k.copy.SHA256
		}
	}
	return slices.DeleteFunc(stored, func(k kept) bool {
		bad := of[k.copy.Key] == ""
		if bad {
			failed[k.place.Name] = fault.New(fault.Internal, "It does not have the same as another place, though both were given the same.")
		}
		return bad
	})
}

// progress tells how far it is: of as much as the last time, as long as that can be.
func progress(r *job.Run, done, expect int64) {
	if done > expect {
		expect = 0
	}
	r.Progress(done, expect, job.UnitBytes)
}

func names(places []place.Named) []string {
	list := make([]string, len(places))
	for i, p := range places {
		list[i] = p.Name
	}
	return list
}

func sortedKeys[V any](of map[string]V) []string { return slices.Sorted(maps.Keys(of)) }
