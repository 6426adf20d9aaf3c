package web

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"batsignal/incidents"
	"batsignal/oncall/fault"
)

const (
	streamBeat   = 20 * time.Second       // silence is broken this often, so that nothing between takes us for dead
	streamPause  = 200 * time.Millisecond // at most five changes a second are told
	streamBudget = 10 * time.Second       // for one write
)

// eventsAt is where a page's script listens, "" if nobody would tell it anything.
func (s *site) eventsAt(address string) string {
	if s.Watch == nil {
		return ""
	}
	return address
}

// allEvents tells of every incident that changes.
func (s *site) allEvents(w http.ResponseWriter, r *http.Request) error {
	return s.stream(w, r, s.Watch, incidents.Several)
}

// incidentEvents tells of one incident's changes.
func (s *site) incidentEvents(w http.ResponseWriter, r *http.Request) error {
	id, err := incidentID(r)
	if err != nil {
		return err
	}
	if err := s.Incidents.Exists(r.Context(), id); err != nil {
		return err
	}
	return s.stream(w, r, s.Watch, id)
}

// stream sends an event for each change of one incident (or run), or of any. An event says
// only that something changed; the page asks for itself again, so there is one way
// to draw it.
func (s *site) stream(w http.ResponseWriter, r *http.Request, watch *incidents.Watch, id int64) error {
	changes, leave, err := s.subscribe(r, watch)
	if err != nil {
		return err
	}
	defer leave()

	out, err := openStream(w)
	if err != nil {
		return nil // the reader left already
	}
	beat := time.NewTicker(streamBeat)
	defer beat.Stop()
	for {
		var err error
		select {
		case changed, open := <-changes:
			if !open {
				return nil // the reader left, or we shut down
			}
			if id != incidents.Several && changed != incidents.Several && changed != id {
				continue
			}
			err = out.write(changeEvent(changed))
			rest(r.Context(), streamPause)
		case <-beat.C:
			err = out.write(stillHere)
		}
		if err != nil {
			return nil // the reader left without a word
		}
	}
}

// subscribe makes room for one more reader who follows along, who must leave.
func (s *site) subscribe(r *http.Request, watch *incidents.Watch) (changes <-chan int64, leave func(), err error) {
	if watch == nil {
		return nil, nil, fault.New(fault.Unready, "Nothing is told here; reload the page instead.")
	}
	select {
	case s.streams <- struct{}{}:
	default:
		return nil, nil, fault.New(fault.Unready, "Too many are listening. The page refreshes by itself.")
	}
	ctx, cancel := context.WithCancel(r.Context())
	return watch.Subscribe(ctx), func() { cancel(); <-s.streams }, nil
}

// openStream begins an answer that goes on.
func openStream(w http.ResponseWriter) (*eventWriter, error) {
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // nginx in between would hold events back
	out := newEventWriter(w)
	return out, out.write("retry: 2000\n\n")
}

// changeEvent says that something changed.
func changeEvent(id int64) string { return fmt.Sprintf("event: change\ndata: %d\n\n", id) }

// stillHere says nothing, so that nothing between takes us for dead.
const stillHere = ": still here\n\n"

// rest waits, unless ctx ends first. What happens meanwhile is merged.
func rest(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// eventWriter writes to a stream that may last longer than the server's time-outs:
// they are lifted, and each write has its own.
type eventWriter struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

func newEventWriter(w http.ResponseWriter) *eventWriter {
	c := http.NewResponseController(w)
	_ = c.SetReadDeadline(time.Time{}) // a server without deadlines needs none lifted
	return &eventWriter{w, c}
}

func (e *eventWriter) write(text string) error {
	_ = e.control.SetWriteDeadline(time.Now().Add(streamBudget))
	if _, err := e.w.Write([]byte(text)); err != nil {
		return err
	}
	return e.control.Flush()
}
