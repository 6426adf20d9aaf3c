package job

import (
	"encoding/json"
	"fmt"
	"time"
)

// State is how a run stands.
type State string

// The states. From Succeeded on they are ends.
const (
	Asked     State = "asked"   // people have to agree first
	Queued    State = "queued"  // it begins as soon as it may
	Running   State = "running" // somebody does it
	Undoing   State = "undoing" // it is over, and what it left is taken back
	Succeeded State = "succeeded"
	Failed    State = "failed"
	TimedOut  State = "timed_out"
	Cancelled State = "cancelled"
	Denied    State = "denied"
	Expired   State = "expired" // nobody agreed within a day
	Lost      State = "lost"    // whoever did it died, too often
)

// Ended tells whether nothing more becomes of it.
func (s State) Ended() bool {
	switch s {
	case Asked, Queued, Running, Undoing:
		return false
	}
	return true
}

// Words are a state for people: "timed out".
func (s State) Words() string {
	switch s {
	case Asked:
		return "waits for people to agree"
	case Undoing:
		return "cleaning up"
	case TimedOut:
		return "timed out"
	case Expired:
		return "expired, since too few agreed"
	}
	return string(s)
}

// Row is a run as it is kept.
type Row struct {
	ID           int64
	Job          string
	Kind         string // the name of its kind: [Definition.Type]
	Params       Params
	State        State
	Dry          bool // it was asked what it would do; it did nothing
	Reason       string
	Override     bool // asked for in spite of a freeze
	Key          *string
	Incident     *int64 `db:"incident_id"`
	AskedAt      time.Time
	AskedBy      *int64 // nil is a schedule, or nobody we know
	AskedWords   string // who asked, for people
	Network      string // where it was asked
	Room         string
	Approvals    int // how many people have to agree
	Agreed       int // how many did
	ScheduledFor *time.Time
	Exclusive    string
	Attempt      int // how often it was begun
	Tries        int // how many tries it has
	NotBefore    *time.Time
	StartedAt    *time.Time // of the last try
	EndedAt      *time.Time
	LeasedBy     string
	LeasedUntil  *time.Time
	Outcome      State // while it is undoing: what it will be then; Queued is tried again
	CancelAt     *time.Time
	CancelWords  string
	Done         int64
	Total        int64 // 0 is not known
	Unit         string
	Doing        string
	ProgressFrom *time.Time // since when Done counts
	ProgressAt   *time.Time // when it was last told
	Said         string
	Evidence     [][2]string
	Failures     int        // tries that failed
	Crashes      int        // tries whose worker died
	UndoTries    int        // how often taking back failed
	StuckAt      *time.Time // since when it is told that something cannot be taken back

	Fence int // goes up with each worker; older ones write nothing

	// SilentSince is when whoever does it was heard of last, if its lease is over and nobody
	// took the run over yet. Only what [Service.Get], [Service.Recent] and [Service.Last]
	// return has it.
	SilentSince *time.Time `db:"-"`
	// Plan is what a dry run said; only what Ask returns has it. Its log has it for good.
	Plan []string `db:"-"`
	// Again tells that Ask found the run that was asked for before by the same key.
	Again bool `db:"-"`
}

// Ref names a run for people: "Run 12 (consul-nightly)". What is said of it begins so.
func (r Row) Ref() string { return fmt.Sprintf("Run %d (%s)", r.ID, r.Job) }

// Words are how it stands, for people: "running, not heard of since 12:03".
func (r Row) Words() string {
	if r.SilentSince == nil {
		return r.State.Words()
	}
	return r.State.Words() + ", not heard of since " + r.SilentSince.UTC().Format("15:04 MST")
}

// Scheduled tells whether a schedule asked for it.
func (r Row) Scheduled() bool { return r.ScheduledFor != nil }

// Line is a line of a log.
type Line struct {
	N       int
	Attempt int
	At      time.Time
	Text    string
}

// StepRow is a step as it is kept.
type StepRow struct {
	N       int
	Attempt int
	Name    string
	Undo    string
	Memo    json.RawMessage
	State   StepState
	BegunAt time.Time
	EndedAt *time.Time
	Tries   int // how often taking it back failed
	Detail  string
}

// StepState is how a step stands.
type StepState string

// The states of a step.
const (
	StepBegun  StepState = "begun"
	StepDone   StepState = "done"
	StepFailed StepState = "failed"
	StepUndone StepState = "undone" // what it left is taken back
)

// Verdict is what somebody said to a run that takes agreement.
type Verdict struct {
	PersonID int64
	Handle   string
	Yes      bool
	Reason   string
	At       time.Time
}
