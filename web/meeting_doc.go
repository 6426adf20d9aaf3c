package web

import (
	"context"
	"sync"

	"batsignal/incidents/meeting"
	"batsignal/incidents/minutes/write"
)

// liveDocs keeps the minutes of meetings that go on, since many read those at the same
// moment: whenever something was said. They are read anew when there is more in the
// rows.
type liveDocs struct {
	mu   sync.Mutex
	docs map[int64]*liveDoc
}

// liveDoc is one of them. Its lock is held while it is read, so that it is read once.
type liveDoc struct {
	mu     sync.Mutex
	events int // of the rows that it was made of, at least
	doc    write.Doc
}

// liveMost bounds how many are kept.
const liveMost = 8

func (l *liveDocs) of(id int64) *liveDoc {
	l.mu.Lock()
	defer l.mu.Unlock()
	d := l.docs[id]
	if d == nil {
		if l.docs == nil || len(l.docs) >= liveMost {
			l.docs = map[int64]*liveDoc{}
		}
		d = &liveDoc{}
		l.docs[id] = d
	}
	return d
}

// doc is a meeting with its log. Whoever gets it changes nothing of it. One that was
// restricted meanwhile, by its rows or by what another reader had us read, is not for the
// world, whatever its summary says.
func (s *site) doc(ctx context.Context, by meeting.Reader, m meeting.Summary) (write.Doc, error) {
	d, err := s.readDoc(ctx, m)
	if err == nil && d.Restricted && !by.Restricted {
		return write.Doc{}, noMeeting(m.ID)
	}
	return d, err
}

func (s *site) readDoc(ctx context.Context, m meeting.Summary) (write.Doc, error) {
	if !m.GoesOn() {
		return s.Meetings.Doc(ctx, m.ID)
	}
	l := s.live.of(m.ID)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.doc.Meeting != nil && l.events >= m.Events {
		return l.doc, nil
	}
	d, err := s.Meetings.Doc(ctx, m.ID)
	if err == nil {
		l.doc, l.events = d, m.Events
	}
	return d, err
}
