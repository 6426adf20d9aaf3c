package incidents

import (
	"slices"
	"time"

	"github.com/riverqueue/river"

	"batsignal/oncall/contact"
	"batsignal/oncall/paging"
)

// Errand is the job of telling a route something that is no page: a code that goes to an
// address, that a page is over, or that a helpline is called.
type Errand struct {
	What     string `json:"what"`
	Route    string `json:"route"`
	Proof    int64  `json:"proof,omitempty"`
	Delivery int64  `json:"delivery,omitempty"`
	Hunt     int64  `json:"hunt,omitempty"`  // an escalation
	Place    string `json:"place,omitempty"` // of a helpline
	Again    bool   `json:"again,omitempty"` // an errand before this one may have been cut off
}

// The errands.
const (
	ErrandProof    = "proof"     // send a code to an address
	ErrandProofEnd = "proof-end" // tell the provider that a code is not waited for any more
	ErrandEnd      = "end"       // tell the provider that a page is over: hang up, resolve
	ErrandHelp     = "help"      // call a helpline
	ErrandHelpEnd  = "help-end"  // tell a helpline that nobody is needed any more
)

// Kind names the job for River.
func (Errand) Kind() string { return "route_errand" }

// RouteQueue is the queue of one route's errands: each process works only the queues of
// the routes that it has.
func RouteQueue(route string) string { return "route_" + route }

// errand leaves an errand to whichever process has its route, when this change commits.
func (c *change) errand(e Errand) error {
	if err := c.errandAt(time.Time{}, e); err != nil || e.What != ErrandProof || !c.stays(e.Route) {
		return err
	}
	p, found, err := contact.GetProof(c.ctx, c.tx, e.Proof)
	if err != nil || !found {
		return err
	}
	// Else a code that nobody says back would stand there as an open incident for ever.
	return c.errandAt(p.ExpiresAt, Errand{What: ErrandProofEnd, Route: e.Route, Proof: e.Proof})
}

func (c *change) errandAt(at time.Time, e Errand) error {
	tries := errandTries
	if e.What != ErrandProof && c.stays(e.Route) {
		tries = stayingTries
	}
	_, err := c.Queue.InsertTx(c.ctx, c.tx, e, &river.InsertOpts{Queue: RouteQueue(e.Route), MaxAttempts: tries, ScheduledAt: at})
	return err
}

// stays tells whether what a route began goes on at its provider until it is ended.
func (c *change) stays(route string) bool {
	return slices.Contains(c.that(func(t paging.Traits) bool { return t.Stays }), route)
}

const (
	// errandTries is how often an errand is tried: each time it rests longer, so this is
	// some minutes.
	errandTries = 6
	// stayingTries is how often one is tried on which a phone depends that rings, or goes on
	// ringing, for as long as that: it is a day.
	stayingTries = 24 * 60
)
