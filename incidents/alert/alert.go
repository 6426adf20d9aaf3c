// Package alert owns what monitoring tools tell us: alerts, the keys by which they come,
// and the groups in which they are paged.
//
// It takes them in (many requests in one commit, and no answer before it), knows which is
// a repetition of which, and begins a hunt for whoever the policy of the key finds. It
// rings nobody by itself and does not send: the engine in incidents takes the steps of
// the hunt, and asks here what to say. It reads no wire format either; web and
// integrations/pagerduty do. An alert never lights the bat-signal and opens no contact
// that is sealed: people do, if they want to.
//
// Whoever changes a group or an alert locks the row of its key first, see [Lock].
package alert

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// State is where an alert stands.
type State string

// The states of an alert.
const (
	Triggered    State = "triggered"
	Acknowledged State = "acknowledged"
	Resolved     State = "resolved"
)

// GroupState is where a group of alerts stands.
type GroupState string

// The states of a group. New alerts join the open group of their key only: once somebody
// has acknowledged it, what comes is a new group and rings again.
const (
	GroupOpen     GroupState = "open"     // nobody answered yet
	GroupAcked    GroupState = "acked"    // somebody did, or the source says that somebody looks at it
	GroupResolved GroupState = "resolved" // all of it is over
)

// Quiet is the severity of alerts that are announced and ring nobody.
const Quiet = 4

// Alert is one thing that a source says is wrong. All its texts are the sender's.
type Alert struct {
	ID         int64
	GroupID    int64
	Key        string // name of the key by which it came
	DedupKey   string // by which the source names it
	State      State
	Severity   int // 1 is worst
	Summary    string
	Source     string
	Count      int64 // how often it was triggered
	FirstAt    time.Time
	LastAt     time.Time
	ToldAt     *time.Time // when people were told of it; nil: not yet
	AckedAt    *time.Time
	AckedBy    string // handle; "" is the source, or nobody
	ResolvedAt *time.Time
	ResolvedBy string // handle; "" is the source, or nobody
	Component  string
	Class      string
	Part       string // what PagerDuty calls the group: the part of a system
	Details    string // JSON, perhaps cut; "" is none
	Links      []Link
}

// Link is an address that the sender wants to be shown.
type Link struct {
	Href string `json:"href"`
	Text string `json:"text,omitempty"`
}

// Group is the alerts that one page is about.
type Group struct {
	ID           int64
	Key          string // name
	Policy       string // who is rung; "" if the key was revoked and its policy deleted
	State        GroupState
	Severity     int // the worst of its alerts so far
	Title        string
	OpenedAt     time.Time
	ToldAt       *time.Time // when people were last told of its alerts
	Untold       bool       // some of them were in no message yet
	Total        int
	Triggered    int
	Acknowledged int
	AckedAt      *time.Time
	AckedBy      string // handle; "" is the source, or nobody
	ResolvedAt   *time.Time
}

// Ref is the alert as people write it: "A12".
func (a Alert) Ref() string { return Ref(a.ID) }

// Ref names an alert as people write it.
func Ref(id int64) string { return "A" + strconv.FormatInt(id, 10) }

// Cause names a group for paging, to which it is opaque.
func Cause(group int64) string { return "alert:" + strconv.FormatInt(group, 10) }

// GroupOf reads a cause back; false is a cause of another kind.
func GroupOf(cause string) (int64, bool) {
	digits, ok := strings.CutPrefix(cause, "alert:")
	if !ok {
		return 0, false
	}
	id, err := strconv.ParseInt(digits, 10, 64)
	return id, err == nil && id > 0
}

// Cause is the function Cause.
func (g Group) Cause() string { return Cause(g.ID) }

// Rings tells whether anybody is rung for the group.
func (g Group) Rings() bool { return g.Severity < Quiet }

func linksJSON(links []Link) string {
	if len(links) == 0 {
		return "[]"
	}
	b, err := json.Marshal(links)
	if err != nil {
		return "[]" // texts always can be written
	}
	return string(b)
}
