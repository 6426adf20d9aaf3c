package job

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Run is a run that is being done: what a kind is told, and by what it tells how it goes.
type Run struct {
	About
	keep Keeper
}

// About is what a run is.
type About struct {
	ID          int64
	Job         string
	Params      Params
	Attempt     int       // 1 is the first
	AskedAt     time.Time // the same for each attempt: what a run makes is named by it
	Incident    int64     // 0 is none
	By          string    // who asked, in words
	ByPerson    int64     // 0 is a schedule, or nobody we know
	ScratchRoot string    // where [Run.Scratch] makes directories
}

// Keeper keeps what a run tells: the engine in rows, jobtest in memory.
type Keeper interface {
	Log(ctx context.Context, text string)
	Progress(done, total int64, unit string)
	Doing(ctx context.Context, what string)
	// Say says a line in the rooms of the run.
	Say(ctx context.Context, text string) error
	// Begin keeps that a step begins, and Ended what came of it.
	Begin(ctx context.Context, s Step) (n int, err error)
	Ended(ctx context.Context, n int, err error) error
}

// NewRun makes a run that tells a keeper.
func NewRun(a About, k Keeper) *Run { return &Run{About: a, keep: k} }

// Logf adds a line to the log, which everybody may read who may ask for the job. What looks
// like a secret is taken out, but what is one is best not put in.
func (r *Run) Logf(ctx context.Context, format string, args ...any) {
	r.keep.Log(ctx, fmt.Sprintf(format, args...))
}

// Progress tells how much is done of how much; total 0 is not known. It may be called as
// often as one likes.
func (r *Run) Progress(done, total int64, unit string) { r.keep.Progress(done, total, unit) }

// Doing says what goes on, in a few words: "restoring on a scratch server".
func (r *Run) Doing(ctx context.Context, what string) { r.keep.Doing(ctx, what) }

// Say says a line in the rooms of the run. It is for what people wait for: "2/3".
func (r *Run) Say(ctx context.Context, text string) error { return r.keep.Say(ctx, text) }

// Step does one step. memo, which must hold no secret, is kept before do begins, so that
// what it left can be taken back by undo ([Undoer]) after a crash at any moment.
func (r *Run) Step(ctx context.Context, name, undo string, memo any, do func(context.Context) error) error {
	text := json.RawMessage("{}")
	if memo != nil {
		var err error
		if text, err = json.Marshal(memo); err != nil {
			return err
		}
	}
	n, err := r.keep.Begin(ctx, Step{Name: name, Undo: undo, Memo: text})
	if err != nil {
		return err
	}
	err = do(ctx)
	// The end is kept also where ctx is over: it is what the next reader wants to know.
	if kept := r.keep.Ended(context.WithoutCancel(ctx), n, err); err == nil {
		err = kept
	}
	return err
}

// ScratchMemo is the memo of a directory that [Run.Scratch] made.
type ScratchMemo struct {
	Dir string `json:"dir"`
}

// Scratch makes an empty directory of one's own that is removed at the end of the run, by
// whoever ends it. Nothing in it may still be in use by then.
func (r *Run) Scratch(ctx context.Context, name string) (dir string, err error) {
	dir = filepath.Join(r.ScratchRoot, fmt.Sprintf("run-%d-%d-%s", r.ID, r.Attempt, name))
	err = r.Step(ctx, "scratch directory", UndoScratch, ScratchMemo{dir}, func(context.Context) error {
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
		return os.MkdirAll(dir, 0o700)
	})
	return dir, err
}
