package web

import (
	"net/http"
	"time"

	"batsignal/oncall/fault"
)

// meetingLook is how often a stream looks whether something was said. Lines are not
// told by the database one by one: there are far more of them than of readers.
const meetingLook = 2 * time.Second

// meetingEvents tells of each change of one meeting until it is over. Like every
// stream of ours it says only that something changed.
func (s *site) meetingEvents(w http.ResponseWriter, r *http.Request) error {
	id, err := meetingID(r)
	if err != nil {
		return err
	}
	by, err := s.reader(r)
	if err != nil {
		return err
	}
	known, err := s.Meetings.Progress(r.Context(), by, id)
	if err != nil {
		return err
	}
	if !known.GoesOn {
		w.WriteHeader(http.StatusNoContent) // a browser asks no more
		return nil
	}
	changes, leave, err := s.subscribe(r, s.Watch)
	if err != nil {
		return err
	}
	defer leave()
	out, err := openStream(w)
	if err != nil {
		return nil // the reader left already
	}
	look := time.NewTicker(meetingLook)
	defer look.Stop()
	beat := time.NewTicker(streamBeat)
	defer beat.Stop()
	for {
		select {
		case _, open := <-changes:
			if !open {
				return nil // the reader left, or we shut down
			}
		case <-look.C:
		case <-beat.C:
			if out.write(stillHere) != nil {
				return nil
			}
			continue
		}
		now, err := s.Meetings.Progress(r.Context(), by, id)
		hidden := fault.KindOf(err) == fault.NotFound // it is restricted now
		if err == nil && now.Events == known.Events || err != nil && !hidden {
			continue
		}
		if now.Restricted && !s.stillReads(w, r) {
			return nil // a browser asks again, and hears what anybody hears
		}
		known = now
		if out.write(changeEvent(id)) != nil || hidden || !now.GoesOn {
			return nil
		}
	}
}
