package slack_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"batsignal/bot/play"
	"batsignal/bot/play/doortest"
	"batsignal/bot/slack/slackfake"
	"batsignal/integrations/job"
)

// until is a kind whose work goes on for so long.
type until struct {
	sleep play.Sleep
	d     time.Duration
}

func (u until) Plan(context.Context, job.Params) ([]string, error) { return nil, nil }

func (u until) Do(ctx context.Context, r *job.Run) (job.Result, error) {
	if err := r.Step(ctx, "work", "", nil, func(ctx context.Context) error { return u.sleep(ctx, u.d) }); err != nil {
		return job.Result{}, err
	}
	return job.Result{Said: "It is done."}, nil
}

// What is asked for is agreed to, denied and cancelled by clicking, as by typing.
func TestJobsByClicking(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, slackfake.Run(t, doortest.Patient(t)), &play.Jobs{Definitions: func(sleep play.Sleep) []job.Definition {
		return []job.Definition{
			{Name: "rotate-keys", Type: "run", Summary: "Makes keys anew.", Kind: until{sleep, time.Minute}, Policy: job.Policy{Approvals: 1}},
			{Name: "soak-test", Type: "run", Summary: "Builds again and again.", Kind: until{sleep, 1000 * time.Hour}},
		}
	}})
	state := func(run int64, want job.State) {
		t.Helper()
		r, err := w.Stage.Jobs.Get(t.Context(), run)
		w.must(err)
		if r.State != want {
			t.Errorf("%s is %s, want %s", r.Ref(), r.State, want)
		}
	}

	w.says("maria", play.Home, "!job run rotate-keys")
	asked := w.last("ops", "It begins when 1 other person has agreed")
	w.acked(w.Fake.Click("maria", "ops", asked.TS, "Agree"))
	if m := w.last("ops", "somebody else has to agree"); m.EphemeralTo != w.Fake.User("maria").ID {
		t.Errorf("%+v", m)
	}
	w.acked(w.Fake.Click("zed", "ops", asked.TS, "Agree")) // nobody we know
	state(1, job.Asked)
	w.acked(w.Fake.Click("kevin", "ops", asked.TS, "Agree"))
	w.last("ops", "Run 1 (rotate-keys): kevin agreed (1/1).")
	w.last("ops", "Run 1 (rotate-keys): it begins, for maria.")
	state(1, job.Running)
	// Who clicks late hears how it is.
	w.acked(w.Fake.Click("li", "ops", asked.TS, "Deny"))
	if m := w.last("ops", "does not wait for anybody to agree (running)"); m.EphemeralTo != w.Fake.User("li").ID {
		t.Errorf("%+v", m)
	}
	w.must(w.WaitUntil(t.Context(), w.Now().Add(time.Minute)))
	w.last("ops", "Run 1 (rotate-keys): done in 1 min: It is done.")

	w.says("maria", play.Home, "!job run rotate-keys")
	asked = w.last("ops", "Run 2 (rotate-keys): maria asked for it")
	w.acked(w.Fake.Click("li", "ops", asked.TS, "Deny"))
	w.last("ops", "Run 2 (rotate-keys): li denied it.")
	state(2, job.Denied)

	w.says("kevin", play.Home, "!job run soak-test")
	next := w.last("ops", "Run 3 (soak-test) is next.")
	if strings.Count(string(next.Blocks), `"value":"job cancel 3"`) != 1 {
		t.Errorf("%s", next.Blocks)
	}
	state(3, job.Running)
	w.acked(w.Fake.Click("maria", "ops", next.TS, "End it"))
	w.last("ops", "maria cancelled it.")
	state(3, job.Cancelled)
	w.acked(w.Fake.Click("kevin", "ops", next.TS, "End it"))
	w.last("ops", "Run 3 (soak-test) is over: cancelled.")
}
