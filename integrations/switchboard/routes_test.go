package switchboard_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"batsignal/integrations/switchboard"
	"batsignal/integrations/switchboard/switchboardfake"
	"batsignal/oncall/fault"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
	"batsignal/oncall/unseal"
)

func TestARouteIsWhatItsTraitsSay(t *testing.T) {
	t.Parallel()
	board := &switchboardfake.Board{}
	known := []paging.Traits{
		{Name: "webhook", Timeout: 10 * time.Second, Parallel: 3},
		{Name: "mail", Asks: true, Cost: 2},
		{Name: "pagerduty", Ends: true, Stays: true},
		{Name: "voice", Asks: true, Ends: true, Loud: true, Delay: time.Minute},
	}
	for i, r := range switchboard.Routes(board, known) {
		want := known[i]
		_, asks := r.(paging.Asker)
		_, ends := r.(paging.Ender)
		_, checks := r.(paging.Checker)
		if r.Name() != want.Name || asks != want.Asks || ends != want.Ends || !checks {
			t.Errorf("%s: asks %v, ends %v, checks %v", r.Name(), asks, ends, checks)
		}
		got := paging.TraitsOf(r)
		if want.Timeout > 0 && got.Timeout <= want.Timeout+10*time.Second {
			t.Errorf("%s has %s, in which the ledger is not even waited for", r.Name(), got.Timeout)
		}
		if got.Timeout = want.Timeout; got != want {
			t.Errorf("%s has the traits %+v, want %+v", r.Name(), got, want)
		}
	}
}

// voice is a route that asks and ends, of a switchboard that answers so.
func voice(t *testing.T, board unseal.Switchboard) interface {
	paging.Route
	paging.Asker
	paging.Ender
	paging.Checker
} {
	t.Helper()
	r, ok := switchboard.Routes(switchboardfake.Run(t, board), []paging.Traits{{Name: "voice", Asks: true, Ends: true}})[0].(interface {
		paging.Route
		paging.Asker
		paging.Ender
		paging.Checker
	})
	if !ok {
		t.Fatal("a route that asks and ends does not")
	}
	return r
}

func TestOutcomesAreErrorsOfPaging(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		d                        unseal.Dialled
		err                      error
		taken, permanent, broken bool
		bad, says                string
	}{
		"taken":      {d: unseal.Dialled{Handed: paging.Handed{Note: "rings", Ref: "CA1"}}, taken: true},
		"refused":    {d: unseal.Dialled{Outcome: unseal.OutcomeRefused, Detail: "the grant is over"}, permanent: true, says: "the grant is over"},
		"temporary":  {d: unseal.Dialled{Outcome: unseal.OutcomeTemporary, Detail: "busy"}, says: "busy"},
		"permanent":  {d: unseal.Dialled{Outcome: unseal.OutcomePermanent, Detail: "no"}, permanent: true, says: "no"},
		"provider":   {d: unseal.Dialled{Outcome: unseal.OutcomeProvider, Detail: "login refused"}, broken: true, says: "login refused"},
		"bad":        {d: unseal.Dialled{Outcome: unseal.OutcomePermanent, Detail: "no", Bad: "this number does not exist"}, permanent: true, bad: "this number does not exist", says: "does not exist"},
		"of later":   {d: unseal.Dialled{Outcome: "eaten", Detail: "by a dog"}, says: "by a dog"},
		"no detail":  {d: unseal.Dialled{Outcome: unseal.OutcomeTemporary}, says: "without a reason"},
		"forbidden":  {err: fault.New(fault.Forbidden, "Not you."), permanent: true, says: "Not you"},
		"not found":  {err: fault.New(fault.NotFound, "It was deleted."), permanent: true, says: "It was deleted"},
		"limited":    {err: fault.New(fault.Limited, "Four people a role in five minutes."), says: "Four people"},
		"unready":    {err: fault.New(fault.Unready, "The database is away."), broken: true, says: "The database is away"},
		"broke":      {err: errors.New("dial tcp 10.0.0.7"), broken: true, says: "our side"},
		"other kind": {err: fault.New(fault.Conflict, "It is being rotated."), says: "rotated"},
	} {
		board := &switchboardfake.Board{OnDial: func(context.Context, switchboardfake.Dial) (unseal.Dialled, error) { return c.d, c.err }}
		r := voice(t, board)
		check := func(how string, h paging.Handed, err error) {
			t.Helper()
			if (err == nil) != c.taken || c.taken && h != c.d.Handed {
				t.Errorf("%s, %s: %+v %v", name, how, h, err)
				return
			}
			if c.taken {
				return
			}
			var bad paging.BadAddress
			errors.As(err, &bad)
			if errors.Is(err, paging.ErrPermanent) != c.permanent || errors.Is(err, paging.ErrProvider) != c.broken || bad.Say != c.bad ||
				!strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "10.0.0.7") {
				t.Errorf("%s, %s: %v", name, how, err)
			}
		}
		h, err := r.Send(t.Context(), sealedPage("page-57", 1))
		check("sent", h, err)
		h, found, err := r.Ask(t.Context(), sealedPage("page-57", 2))
		check("asked", h, err)
		if found != c.taken {
			t.Errorf("%s: found %v", name, found)
		}
		if d := board.Dials(); len(d) != 2 || d[0].Ask || !d[1].Ask || d[1].Route != "voice" {
			t.Errorf("%s: the switchboard was asked %+v", name, d)
		}
	}
}

// To find out what a page is called at the provider, when it is over, the pager asks with
// a first try, or without an address. That must not ring anybody.
func TestAskingForAPageThatIsOverRingsNobody(t *testing.T) {
	t.Parallel()
	board := &switchboardfake.Board{}
	r := voice(t, board)
	open := paging.Message{Key: "page-57", Attempt: 1, Address: secret.New("+4915112345678")}
	bare := paging.Message{Key: "page-57", Attempt: 3}
	for _, m := range []paging.Message{open, bare, sealedPage("page-57", 1)} {
		if _, found, err := r.Ask(t.Context(), m); found || err != nil {
			t.Errorf("found %v: %v", found, err)
		}
	}
	if err := r.End(t.Context(), paging.Ended{Key: "page-57", How: paging.PageClosed, By: "omar"}); err != nil {
		t.Error(err)
	}
	if len(board.Dials()) != 0 || len(board.Ends()) != 1 || board.Ends()[0].Ended.Key != "page-57" {
		t.Errorf("dialled %+v, ended %+v", board.Dials(), board.Ends())
	}
}

func TestTroubleWithEndsAndChecksIsTold(t *testing.T) {
	t.Parallel()
	board := &switchboardfake.Board{
		OnEnd:   func(context.Context, switchboardfake.End) error { return switchboardfake.ErrDown },
		OnCheck: func(string) error { return fault.New(fault.Unready, "Twilio refuses our login.") },
	}
	r := voice(t, board)
	if err := r.End(t.Context(), paging.Ended{Key: "page-57"}); !errors.Is(err, paging.ErrProvider) {
		t.Errorf("end: %v", err)
	}
	if err := r.Check(t.Context()); fault.Say(err) != "Twilio refuses our login." {
		t.Errorf("check: %v", err)
	}
}
