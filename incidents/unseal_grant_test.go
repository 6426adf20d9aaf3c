package incidents_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"batsignal/incidents"
	"batsignal/oncall/fault"
	"batsignal/oncall/paging"
	"batsignal/oncall/unseal"
)

// desk is a switchboard that makes challenges, and dials nobody.
type desk struct {
	unseal.Switchboard
	code  string
	away  error
	asked []unseal.Ask
}

func (d *desk) Challenge(_ context.Context, a unseal.Ask) (unseal.Challenge, error) {
	d.asked = append(d.asked, a)
	if d.away != nil {
		return unseal.Challenge{}, d.away
	}
	return unseal.Challenge{Code: d.code, Line: d.code + " opens sealed contacts", Expires: start.Add(15 * time.Minute), People: 2}, nil
}

// sealedScene is a scene with a switchboard, and a phone that only it can dial.
func sealedScene(t *testing.T, people string) (*scene, *desk) {
	s, d := newScene(t, people), &desk{code: "K7QX"}
	s.svc.Switchboard = d
	s.svc.Routes = append(s.svc.Routes, paging.Traits{Name: "voice", Loud: true, Delay: 2 * time.Minute})
	return s, d
}

// phone gives somebody a sealed number that is proven, as far as paging can see.
func (s *scene) sealedPhone(handle string) {
	s.Helper()
	_, err := s.db.Exec(ctx, `insert into contact (person_id, kind, sealed, created_at, proven_at) values ($1, 'voice', true, $2, $2)`, s.ids[handle], start)
	s.must(err)
}

func (s *scene) sealedRings() int {
	s.Helper()
	var n int
	s.must(s.db.QueryRow(ctx, `select count(*) from delivery d join contact c on c.id = d.contact_id where c.sealed`).Scan(&n))
	return n
}

func (s *scene) litSealed(d *desk, digits bool) incidents.Incident {
	s.Helper()
	asked, err := s.svc.Ask(ctx, s.as("ada"), incidents.Signal{What: "mirrors burn", Severity: 1})
	s.must(err)
	if asked.Challenge == nil || asked.Code != d.code {
		s.Fatalf("%+v", asked)
	}
	confirm := s.svc.Confirm
	if digits {
		confirm = s.svc.ConfirmWithDigits
	}
	opened, err := confirm(ctx, s.as("bea"), d.code)
	s.must(err)
	return opened.Incident
}

func grant(code string, incident int64) unseal.Grant {
	return unseal.Grant{Code: code, Incident: incident, Declared: "ada", Confirmed: "bea", Since: start, Until: start.Add(time.Hour)}
}

func TestSealedWaysRingWhenTwoPeopleSaidSo(t *testing.T) {
	t.Parallel()
	s, d := sealedScene(t, "ada:lead bea:fix")
	s.sealedPhone("ada")
	if err := s.svc.Granted(ctx, grant(d.code, 0)); fault.KindOf(err) != fault.Forbidden {
		t.Errorf("nobody has asked yet: %v", err)
	}
	asked, err := s.svc.Ask(ctx, s.as("ada"), incidents.Signal{What: "mirrors burn", Severity: 1})
	s.must(err)
	if err := s.svc.Granted(ctx, grant(asked.Code, 0)); !errors.Is(err, incidents.ErrNotYet) {
		t.Errorf("the switchboard was faster: %v", err)
	}
	_, err = s.svc.ConfirmWithDigits(ctx, s.as("bea"), asked.Code)
	s.must(err)
	if n := s.sealedRings(); n != 0 {
		t.Errorf("%d sealed ways are used without a grant", n)
	}
	// It is told until it is taken, and once more when the switchboard has started anew, which
	// has bound it to the incident by then.
	s.must(s.svc.Granted(ctx, grant(asked.Code, 0)))
	s.must(s.svc.Granted(ctx, grant(asked.Code, 1)))
	if n := s.sealedRings(); n != 1 {
		t.Errorf("%d sealed ways are used", n)
	}
	if n := count(s, `select count(*) from delivery d join contact c on c.id = d.contact_id where c.sealed and d.due_at = $1`, start); n != 1 {
		t.Error("the phone does not ring at once")
	}
	s.must(s.svc.Resolve(ctx, s.as("ada"), 1, "", false, true))
	if n := count(s, `select count(*) from incident where unsealed_until <= $1`, s.Now()); n != 1 {
		t.Error("what was allowed goes on after the end")
	}
}

// TestAttack04AGrantThatNobodyAskedFor is a switchboard that makes grants up: it gets no
// half of a key by them.
func TestAttack04AGrantThatNobodyAskedFor(t *testing.T) {
	t.Parallel()
	s, d := sealedScene(t, "ada:lead bea:fix")
	s.sealedPhone("ada")
	inc := s.litSealed(d, true)
	for _, made := range []unseal.Grant{grant("AAAA", inc.ID), grant("AAAA", 0), grant(d.code, inc.ID+1)} {
		if err := s.svc.Granted(ctx, made); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("%+v: %v", made, err)
		}
	}
	if n := s.sealedRings(); n != 0 {
		t.Errorf("%d sealed ways are used", n)
	}
	// One that somebody asks for while another one holds changes nothing for that one.
	s.must(s.svc.Granted(ctx, grant(d.code, 0)))
	d.code = "M4PD"
	_, err := s.svc.Unseal(ctx, s.as("bea"), inc.ID)
	s.must(err)
	if n := count(s, `select count(*) from incident where unseal_code = 'K7QX' and unsealed_until > $1`, s.Now()); n != 1 {
		t.Error("the grant that holds is forgotten")
	}
	s.must(s.svc.Granted(ctx, grant("M4PD", inc.ID)))
}

// Whoever asks for the same fire is shown the challenge of the one who asked first, unless it
// was taken back.
func TestTheSameFireIsShownItsChallenge(t *testing.T) {
	t.Parallel()
	s, d := sealedScene(t, "ada:lead bea:fix")
	again := func() *unseal.Challenge {
		t.Helper()
		bea := s.as("bea")
		asked, err := s.svc.Ask(ctx, bea, incidents.Signal{What: "mirrors are hot", Severity: 1})
		if fault.KindOf(err) != fault.Conflict {
			t.Fatal(err)
		}
		return asked.Challenge
	}
	_, err := s.svc.Ask(ctx, s.as("ada"), incidents.Signal{What: "mirrors burn", Severity: 1})
	s.must(err)
	if c := again(); c == nil || c.Code != d.code || c.Line != d.code+" opens sealed contacts" {
		t.Errorf("%+v", c)
	}
	s.must(s.svc.Granted(ctx, unseal.Grant{Code: d.code, Refused: "The bot said its code with other words than mine.", Void: true}))
	if c := again(); c != nil {
		t.Errorf("%+v is shown, and counts no more", c)
	}
	if open, err := s.svc.Challenges(ctx, s.as("ada").Network, s.as("ada").Room); err != nil || len(open) != 0 {
		t.Errorf("%+v %v", open, err)
	}
}

// A challenge whose request could not be written down is shown to nobody.
func TestAChallengeWithoutItsRequestIsNotShown(t *testing.T) {
	t.Parallel()
	s, d := sealedScene(t, "ada:lead bea:fix")
	d.code = "longer than the column is"
	asked, err := s.svc.Ask(ctx, s.as("ada"), incidents.Signal{What: "mirrors burn", Severity: 1})
	if fault.KindOf(err) != fault.Internal || asked.Challenge != nil {
		t.Errorf("%+v %v", asked, err)
	}
}

func TestWithoutASwitchboardThatAnswersOpenWaysRing(t *testing.T) {
	t.Parallel()
	s, d := sealedScene(t, "ada:lead bea:fix")
	d.away = fault.New(fault.Unready, "Nothing answers.")
	asked, err := s.svc.Ask(ctx, s.as("ada"), incidents.Signal{What: "mirrors burn", Severity: 1})
	s.must(err)
	if asked.Challenge != nil || asked.Sealed == "" || asked.Code == "" {
		t.Errorf("%+v", asked)
	}
	_, err = s.svc.Confirm(ctx, s.as("bea"), asked.Code)
	s.must(err)
	s.settle()
	if who := s.wire.take(); who != "ada bea" {
		t.Errorf("rung: %s", who)
	}
	if _, err := s.svc.Ask(ctx, s.as("ada"), incidents.Signal{What: "a small one", Severity: 3, Separate: true}); err != nil || len(d.asked) != 1 {
		t.Errorf("%v, asked %d times: sealed addresses are for severity 1", err, len(d.asked))
	}
}

func count(s *scene, sql string, args ...any) (n int) {
	s.Helper()
	s.must(s.db.QueryRow(ctx, sql, args...).Scan(&n))
	return n
}
