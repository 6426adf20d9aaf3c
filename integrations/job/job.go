// Package job owns the engine of operator jobs: what can be asked for, who may, who has to
// agree, when it is refused, and what becomes of a run, whatever dies meanwhile.
//
// It does not know what a job does: that is a [Kind], one package each beside this one
// (vault, consul, backup, …). It decides no retention (snapshot/retention does), speaks to no
// network (announcements are rows of oncall/notice), and rings nobody.
//
// A run is a row. Whoever works it holds a lease and renews it; one whose lease lapsed is
// begun again, from its first step, after what it left is taken back. So a kind is written
// such that the same run done twice comes to the same end.
package job

import (
	"context"
	"encoding/json"
	"time"
)

// Definition is a job of the installation: something that people ask for by name.
type Definition struct {
	Name    string // "consul-nightly": small letters, digits, dashes
	Summary string // one plain sentence
	Params  []Param
	Policy  Policy
	Type    string // the name of its kind in the file of jobs: "consul"
	Kind    Kind
	// Schedule has it run by itself; nil never does.
	Schedule *Schedule
}

// Kind is one sort of work.
type Kind interface {
	// Plan says in plain sentences what a run would do, as things are now. It changes nothing.
	Plan(ctx context.Context, p Params) ([]string, error)
	// Do does it, until ctx ends: by its time-out, or because somebody cancelled it
	// ([context.Cause] tells). An error that is a [fault.Error] tells people what it says; of
	// any other they hear that the log has it. What is [fault.Invalid] or [fault.Forbidden] is
	// not tried again. Whoever comes to the end after all returns no error, and has succeeded.
	Do(ctx context.Context, r *Run) (Result, error)
}

// Undoer is a kind whose steps leave things that must be taken back at the end of a run,
// however it ends: also after a crash, by another process. Taking back twice does no harm,
// and what is not there (any more) is no error.
type Undoer interface {
	Undo(ctx context.Context, s Step) error
}

// Step is one step of a run, as it is kept: its row is there before the step begins.
type Step struct {
	Name string          // "scratch server", for people
	Undo string          // how it is taken back; "" leaves nothing
	Memo json.RawMessage // what taking back needs to know; never a secret
}

// UndoScratch is the way in which the engine itself takes back a directory that
// [Run.Scratch] made.
const UndoScratch = "scratch"

// Params are the values of a run, by the names of its [Param]s, checked.
type Params map[string]string

// ParamType says what a value must look like.
type ParamType string

// The types of parameters.
const (
	ParamID       ParamType = "id"       // [a-z0-9-]{1,64}, not beginning with a dash
	ParamHost     ParamType = "host"     // a host name of RFC 1123, or an address
	ParamNumber   ParamType = "number"   // 0 to 10^15
	ParamDuration ParamType = "duration" // "90s", "2h30m"
	ParamChoice   ParamType = "choice"   // one of Choices
	ParamText     ParamType = "text"     // up to 200 letters of one line, not beginning with a dash
)

// Param is one thing that a job takes.
type Param struct {
	Name    string
	Type    ParamType
	Choices []string
	Default string // "" has none: the parameter is needed
	Help    string
}

// Policy is how runs of a job are treated. The zero Policy is one try of an hour, by
// anybody who was let in, alone of its name.
type Policy struct {
	Timeout   time.Duration // of one try; 0 is an hour
	Tries     int           // 0 is 1; a worker that dies uses one up only the third time
	Rest      time.Duration // before the next try after a failure; 0 is a minute
	Exclusive string        // runs with the same word never run at once; "" is the job's name
	Approvals int           // how many people other than the asker must agree first
	Risky     bool          // refused in a freeze, unless two people override it with a reason
	Disrupts  bool          // people notice it: whoever asks is asked whether an announcement is due
	Admin     bool          // only admins may ask for it and agree to it
	// Expect alarms when no run has succeeded for so long; 0 expects nothing.
	Expect time.Duration
	// Quiet says nothing in rooms of a run that a schedule began and that succeeded.
	Quiet bool
}

// Schedule is when a job runs by itself.
type Schedule struct {
	Rule   string // five fields as in crontab, or @daily and the like
	Zone   string // an IANA name
	Missed Missed
}

// Missed says what becomes of times that passed while nobody was there.
type Missed string

// What becomes of missed times.
const (
	MissedOnce Missed = "once" // one run makes up for all of them
	MissedSkip Missed = "skip" // the next time will do
)

// Result is what came of a run.
type Result struct {
	// Said is one sentence for the room. It holds no secret.
	Said string
	// Evidence is what proves it, as names and values in order.
	Evidence  [][2]string
	Artifacts []Artifact
}

// Artifact is a file that a run made.
type Artifact struct {
	Name   string
	Place  string // where it is kept, by the name of the place
	Key    string // what it is called there
	Size   int64  // bytes
	SHA256 string // of what is kept, in hex
}
