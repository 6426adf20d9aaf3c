package incidents

import (
	"github.com/riverqueue/river"
)

// Errand is the job of telling a route something that is no page: a code that goes to an
// address, or that a page is over.
type Errand struct {
	What     string `json:"what"` // [ErrandProof] or [ErrandEnd]
	Route    string `json:"route"`
	Proof    int64  `json:"proof,omitempty"`
	Delivery int64  `json:"delivery,omitempty"`
}

// The errands.
const (
	ErrandProof = "proof" // send a code to an address
	ErrandEnd   = "end"   // tell the provider that a page is over: hang up, resolve
)

// Kind names the job for River.
func (Errand) Kind() string { return "route_errand" }

// RouteQueue is the queue of one route's errands: each process works only the queues of
// the routes that it has.
func RouteQueue(route string) string { return "route_" + route }

// errand leaves an errand to whichever process has its route, when this change commits.
func (c *change) errand(e Errand) error {
	_, err := c.Queue.InsertTx(c.ctx, c.tx, e, &river.InsertOpts{Queue: RouteQueue(e.Route), MaxAttempts: errandTries})
	return err
}

// errandTries is how often an errand is tried: River rests longer each time, so this is
// some minutes.
const errandTries = 6
