package job_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"batsignal/integrations/job"
)

// kind is work that keeps a world: what its steps leave is there until it is taken back.
type kind struct {
	mu     sync.Mutex
	world  map[string]int // what is there, by name, and how often it was made
	undone []string
	now    int // how many are doing something
	most   int
	begun  int

	do   func(ctx context.Context, r *job.Run) (job.Result, error) // nil: three steps
	fail map[string]error                                          // taking these back fails
	plan func() ([]string, error)

	undoing func() // is called as something is taken back
}

func newKind() *kind { return &kind{world: map[string]int{}, fail: map[string]error{}} }

var errBroken = errors.New("it is broken")

func (k *kind) Plan(context.Context, job.Params) ([]string, error) {
	if k.plan != nil {
		return k.plan()
	}
	return []string{"It would make a disk.", "It would make a server."}, nil
}

func (k *kind) Do(ctx context.Context, r *job.Run) (job.Result, error) {
	k.mu.Lock()
	k.begun++
	k.now++
	k.most = max(k.most, k.now)
	k.mu.Unlock()
	defer func() {
		k.mu.Lock()
		k.now--
		k.mu.Unlock()
	}()
	if k.do != nil {
		return k.do(ctx, r)
	}
	return k.three(ctx, r)
}

// three makes three things.
func (k *kind) three(ctx context.Context, r *job.Run) (job.Result, error) {
	r.Doing(ctx, "making things")
	for i, name := range []string{"disk", "server", "mount"} {
		if err := k.step(ctx, r, name, nil); err != nil {
			return job.Result{}, err
		}
		r.Progress(int64(i+1), 3, "things")
		r.Logf(ctx, "made %s", name)
	}
	if err := r.Say(ctx, "3/3"); err != nil {
		return job.Result{}, err
	}
	return job.Result{
		Said: "Three things were made.", Evidence: [][2]string{{"things", "3"}},
		Artifacts: []job.Artifact{{Name: "a.tar", Place: "here", Key: "k", Size: 7, SHA256: strings.Repeat("ab", 32)}},
	}, nil
}

// step makes a thing that must be taken back, and then does more.
func (k *kind) step(ctx context.Context, r *job.Run, name string, more func(context.Context) error) error {
	return r.Step(ctx, name, "drop", map[string]string{"thing": fmt.Sprintf("%d/%s", r.ID, name)}, func(ctx context.Context) error {
		k.mu.Lock()
		k.world[fmt.Sprintf("%d/%s", r.ID, name)]++
		k.mu.Unlock()
		if more != nil {
			return more(ctx)
		}
		return nil
	})
}

func (k *kind) Undo(_ context.Context, s job.Step) error {
	var memo struct{ Thing string }
	if err := json.Unmarshal(s.Memo, &memo); err != nil {
		return err
	}
	if k.undoing != nil {
		k.undoing()
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.fail[s.Name]; err != nil {
		return err
	}
	delete(k.world, memo.Thing)
	k.undone = append(k.undone, s.Name)
	return nil
}

// left is what is there.
func (k *kind) left() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	var names []string
	for name := range k.world {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

func (k *kind) take() (undone string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	undone = strings.Join(k.undone, " ")
	k.undone = nil
	return undone
}

func (k *kind) setFail(step string, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.fail[step] = err
}

// waiting is work that tells that it began, and goes on until it is told to stop or may end.
func waiting() (do func(context.Context, *job.Run) (job.Result, error), began chan int64, end chan struct{}) {
	began, end = make(chan int64, 100), make(chan struct{})
	return func(ctx context.Context, r *job.Run) (job.Result, error) {
		began <- r.ID
		select {
		case <-ctx.Done():
			return job.Result{}, context.Cause(ctx)
		case <-end:
			return job.Result{}, nil
		}
	}, began, end
}
