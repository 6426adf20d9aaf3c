package irc

import (
	"sync"

	"github.com/lrstanley/girc"

	"batsignal/oncall/fault"
)

// class says who goes first when there is more to send than may be sent.
type class uint8

const (
	urgent  class = iota // what keeps the connection alive; not counted by the pace
	page                 // somebody must wake up
	room                 // joins, topics, invitations, questions about rooms
	reply                // somebody waits for an answer
	chatter              // announcements
	classes
)

// mostChatter is how many announcements may wait. The newest are refused: the
// older ones say what happened first.
const mostChatter = 1000

// outgoing is one line on its way out.
type outgoing struct {
	class class
	line  string
	// target is whom a message is for, in case the server refuses it; "" if the
	// line is not a message.
	target string
	// see is shown what the server says until it has dealt with the line. Only a
	// question has it. It runs with the session locked.
	see func(*girc.Event)
	// quiet lines are not confirmed: nobody waits for them.
	quiet bool

	done chan error // gets the outcome once; buffered

	gone    bool  // nobody waits for it any more: not to be sent; guarded by the queue
	refused error // what the server said meanwhile; guarded by the session
	token   string
}

func (o *outgoing) finish(err error) {
	select {
	case o.done <- err:
	default: // only the first outcome counts
	}
}

// queue keeps what waits to be sent, in order within a class.
type queue struct {
	mu      sync.Mutex
	waiting [classes][]*outgoing
	closed  bool
	filled  chan struct{} // has a value when something may wait
}

func newQueue() *queue { return &queue{filled: make(chan struct{}, 1)} }

// push adds lines that belong together. Nothing is added after close.
func (q *queue) push(lines ...*outgoing) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return errEnded
	}
	if c := lines[0].class; c == chatter && len(q.waiting[c])+len(lines) > mostChatter {
		return fault.New(fault.Limited, "Too many announcements wait to be sent on this network.")
	}
	for _, o := range lines {
		q.waiting[o.class] = append(q.waiting[o.class], o)
	}
	select {
	case q.filled <- struct{}{}:
	default:
	}
	return nil
}

// peek shows the line that goes next; nil is none.
func (q *queue) peek() *outgoing {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.first()
}

// pop takes the line that goes next; nil is none.
func (q *queue) pop() *outgoing {
	q.mu.Lock()
	defer q.mu.Unlock()
	o := q.first()
	if o != nil {
		q.waiting[o.class][0] = nil
		q.waiting[o.class] = q.waiting[o.class][1:]
	}
	return o
}

// first finds the line that goes next, and drops those before it that nobody waits
// for any more. It runs with the queue locked.
func (q *queue) first() *outgoing {
	for c := range classes {
		for len(q.waiting[c]) > 0 {
			if o := q.waiting[c][0]; !o.gone {
				return o
			}
			q.waiting[c][0] = nil
			q.waiting[c] = q.waiting[c][1:]
		}
	}
	return nil
}

// giveUp takes back what was not sent yet.
func (q *queue) giveUp(lines ...*outgoing) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, o := range lines {
		o.gone = true
	}
}

// close refuses everything that waits and comes later.
func (q *queue) close(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	for c := range q.waiting {
		for _, o := range q.waiting[c] {
			o.finish(err)
		}
		q.waiting[c] = nil
	}
}
