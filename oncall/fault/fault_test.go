package fault_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"batsignal/oncall/fault"
)

func TestWhatPeopleAreTold(t *testing.T) {
	cause := errors.New("password authentication failed for user bat")
	for _, c := range []struct {
		err  error
		kind fault.Kind
		say  string
	}{
		{nil, fault.Internal, "Something broke on our side."},
		{cause, fault.Internal, "Something broke on our side."},
		{fault.New(fault.NotFound, "There is no %s.", "INC-9"), fault.NotFound, "There is no INC-9."},
		{fault.Wrap(fault.Unready, cause, "Not now."), fault.Unready, "Not now."},
		{fmt.Errorf("opening: %w", fault.New(fault.Conflict, "Too late.")), fault.Conflict, "Too late."},
	} {
		if got := fault.KindOf(c.err); got != c.kind {
			t.Errorf("%v: %v", c.err, got)
		}
		if got := fault.Say(c.err); !strings.HasPrefix(got, c.say) || strings.Contains(got, "password") {
			t.Errorf("%v: %q", c.err, got)
		}
	}
	wrapped := fault.Wrap(fault.Unready, cause, "Not now.")
	if !errors.Is(wrapped, cause) || !strings.Contains(wrapped.Error(), "password") {
		t.Error("the log does not learn the cause")
	}
}

func TestKindsHaveNames(t *testing.T) {
	seen := map[string]bool{}
	for k := fault.Internal; k <= fault.Unready; k++ {
		if name := k.String(); name == "" || name == "unknown" || seen[name] {
			t.Errorf("%d is called %q", k, name)
		} else {
			seen[name] = true
		}
	}
	if fault.Kind(-1).String() != "unknown" || fault.Kind(99).String() != "unknown" {
		t.Error("a number that is no kind has a name")
	}
}
