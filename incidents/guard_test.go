package incidents_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/incidents"
	"batsignal/migrations/pg"
	"batsignal/migrations/pgtest"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

func TestGuardJudges(t *testing.T) {
	t.Parallel()
	g := incidents.DefaultGuard()
	for _, c := range []struct {
		story string
		uses  incidents.Uses
		says  string
	}{
		{"the first time", incidents.Uses{}, ""},
		{"one below both limits", incidents.Uses{ByPerson: 2, ByAll: 5}, ""},
		{"the limit of one person", incidents.Uses{ByPerson: 3, ByAll: 3}, "You have used the bat-signal 3 times in the last 24 hours"},
		{"the limit of everybody", incidents.Uses{ByPerson: 0, ByAll: 6}, "The bat-signal was used 6 times"},
		{"both: the nearer one is told", incidents.Uses{ByPerson: 3, ByAll: 6}, "You have used"},
	} {
		f := g.Judge(c.uses)
		switch {
		case f == nil && c.says != "", f != nil && (c.says == "" || !strings.HasPrefix(f.Say, c.says)):
			t.Errorf("%s: %v", c.story, f)
		case f != nil && f.Kind != fault.Limited:
			t.Errorf("%s: %v", c.story, f.Kind)
		}
	}
	if f := (incidents.Guard{PerPerson: 1, PerOrganisation: 2, Period: time.Hour}).Judge(incidents.Uses{ByPerson: 1}); !strings.Contains(f.Say, "once in the last 1 hour") {
		t.Error(f)
	}
}

func TestLimitsHoldAndPass(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:lead cem:lead")
	s.svc.Guard = incidents.DefaultGuard()
	ask := func(who string) error {
		_, err := s.svc.Ask(ctx, s.as(who), fire())
		return err
	}
	for range 3 {
		s.must(ask("ada"))
	}
	s.refused(ask("ada"), fault.Limited)
	for range 3 {
		s.must(ask("bea"))
	}
	s.refused(ask("cem"), fault.Limited)
	uses := s.uses()
	if countOf(uses, "asked ") != 6 || countOf(uses, "refused ") != 2 || !strings.HasPrefix(uses[3], "refused ada: openssl is on fire: You have used") {
		t.Error(text(uses))
	}
	s.setNow(start.Add(24*time.Hour - time.Second))
	s.refused(ask("ada"), fault.Limited)
	s.setNow(start.Add(24 * time.Hour))
	s.must(ask("ada"))
}

func TestACodeThatWaitsAlreadyIsNotGivenTwice(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:lead")
	codes := []string{"KQX2", "KQX2", "KQX2", "KQX3"}
	s.svc.NewCode = func() string {
		code := codes[0]
		codes = codes[1:]
		return code
	}
	for i, who := range []string{"ada", "bea"} {
		asked, err := s.svc.Ask(ctx, s.as(who), fire())
		if s.must(err); asked.Code != []string{"KQX2", "KQX3"}[i] {
			t.Errorf("%s: %q", who, asked.Code)
		}
	}
}

// Two people see the same fire at the same moment. One request comes of it, and
// both are on the record.
func TestTwoPeopleDeclareAtOnce(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:lead cem:lead")
	sig := fire()
	sig.Separate = false
	for round := range 15 {
		before := len(s.uses())
		ask := func(who string) func() error {
			return func() error { _, err := s.svc.Ask(ctx, s.as(who), sig); return err }
		}
		errs := together(ask("ada"), ask("bea"))
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Fatalf("round %d: %v", round, errs)
		}
		for _, err := range errs {
			if err != nil {
				s.refused(err, fault.Conflict)
				if !strings.Contains(fault.Say(err), "asked for the bat-signal already") {
					t.Error(err)
				}
			}
		}
		uses := s.uses()[before:]
		got := strings.Join(uses, "\n")
		if len(uses) != 2 || !strings.HasPrefix(got, "asked ada: ") && !strings.HasPrefix(got, "asked bea: ") ||
			!strings.Contains(got, "\nrefused ada: ") && !strings.Contains(got, "\nrefused bea: ") || !one(uses, "ed ada: ") || !one(uses, "ed bea: ") {
			t.Fatal(text(uses))
		}
		if n := get[int](t, s.db, `select count(*) from signal_request where state = 'waiting'`); n != 1 {
			t.Fatalf("%d requests wait", n)
		}
		s.advance(16 * time.Minute) // it expires, and the next round begins
	}
}

func TestTwoPeopleConfirmAtOnce(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:lead cem:lead")
	for round := range 10 {
		asked, err := s.svc.Ask(ctx, s.as("ada"), fire())
		s.must(err)
		confirm := func(who string) func() error {
			return func() error { _, err := s.svc.Confirm(ctx, s.as(who), asked.Code); return err }
		}
		errs := together(confirm("bea"), confirm("cem"), confirm("bea"))
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
			} else {
				s.refused(err, fault.Conflict)
			}
		}
		if n := get[int](t, s.db, `select count(*) from incident`); won != 1 || n != round+1 {
			t.Fatalf("%d won, %d incidents after %d rounds", won, n, round+1)
		}
	}
	if countOf(s.uses(), "confirmed bea: openssl")+countOf(s.uses(), "confirmed cem: openssl") != 10 || countOf(s.uses(), "refused ") != 20 {
		t.Error(text(s.uses()))
	}
}

// A second account is not a second person.
func TestTheDeclarersOtherAccountCannotConfirm(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:lead")
	code, _, err := s.desk.LinkCode(ctx, s.ids["ada"])
	s.must(err)
	other := oncall.Actor{Network: "elsewhere", Account: "ada_away"}
	_, err = s.desk.Link(ctx, other, code)
	s.must(err)
	asked, err := s.svc.Ask(ctx, s.as("ada"), fire())
	s.must(err)
	other.PersonID, other.Handle = s.ids["ada"], "ada"
	for _, code := range []string{asked.Code, strings.ToLower(asked.Code), ""} {
		_, err = s.svc.Confirm(ctx, other, code)
		s.refused(err, fault.Forbidden)
	}
	if n := get[int](t, s.db, `select count(*) from incident`); n != 0 {
		t.Error("it was lit")
	}
	if uses := s.uses(); countOf(uses, "refused ada: confirmation: You asked for it yourself") != 3 {
		t.Error(text(uses))
	}
	if n := get[int](t, s.db, `select count(*) from signal_use where act = 'refused' and network = 'elsewhere' and request_id is not null`); n != 3 {
		t.Errorf("%d refusals name the request and the network", n)
	}
	if _, err := s.svc.Confirm(ctx, s.as("bea"), asked.Code); err != nil {
		t.Error(err)
	}
}

func TestConfirmWantsARequestThatWaits(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:lead")
	confirm := func(code string) error { _, err := s.svc.Confirm(ctx, s.as("bea"), code); return err }
	s.refused(confirm(""), fault.NotFound)
	first, err := s.svc.Ask(ctx, s.as("ada"), fire())
	s.must(err)
	second, err := s.svc.Ask(ctx, s.as("ada"), incidents.Signal{What: "another", Severity: 2, Separate: true})
	s.must(err)
	s.refused(confirm(""), fault.Invalid) // which?
	s.refused(confirm("ZZZZ"), fault.NotFound)
	s.must(confirm(second.Code))
	s.refused(confirm(second.Code), fault.Conflict) // an old line, pasted again
	s.must(confirm(""))
	s.refused(confirm(first.Code), fault.Conflict)
	if countOf(s.uses(), "refused bea: confirmation: ") != 5 {
		t.Error(text(s.uses()))
	}
}

func TestARequestExpiresAloud(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:lead")
	asked, err := s.svc.Ask(ctx, s.as("ada"), fire())
	s.must(err)
	s.said()
	s.advance(15*time.Minute - time.Second)
	if said := s.said(); len(said) != 0 {
		t.Error(text(said))
	}
	s.advance(time.Second)
	if said := s.said(); len(said) != 1 || !strings.HasPrefix(said[0], "#ops The bat-signal that ada asked for (openssl is on fire) was not confirmed in 15 minutes") {
		t.Error(text(said))
	}
	_, err = s.svc.Confirm(ctx, s.as("bea"), asked.Code)
	s.refused(err, fault.NotFound)
	if uses := s.uses(); !one(uses, "expired ada: openssl is on fire") {
		t.Error(text(uses))
	}
	s.advance(time.Hour)
	if countOf(s.uses(), "expired") != 1 {
		t.Error("it expired more than once")
	}
}

// The last moment: a confirmation and the end of the window cross each other. The
// request is either confirmed or expired, never both.
func TestConfirmCrossesExpiry(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:lead")
	for range 15 {
		asked, err := s.svc.Ask(ctx, s.as("ada"), fire())
		s.must(err)
		before := len(s.uses())
		// The confirmation began an instant before the end, the pager an instant after.
		early := *s.svc
		last := asked.Expires.Add(-time.Millisecond)
		early.Now = func() time.Time { return last }
		s.setNow(asked.Expires)
		errs := together(
			func() error { _, err := early.Confirm(ctx, s.as("bea"), asked.Code); return err },
			func() error { _, err := s.pager.Step(ctx); return err },
		)
		s.must(errs[1])
		s.settle()
		uses := s.uses()[before:]
		lit, expired := countOf(uses, "confirmed "), countOf(uses, "expired ")
		if lit+expired != 1 || (errs[0] == nil) != (lit == 1) {
			t.Fatalf("%v%s", errs, text(uses))
		}
	}
}

func TestTheSameFireIsNotLitTwice(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:lead")
	inc := s.light("ada", "bea", fire())
	again := incidents.Signal{What: "openssl again", Severity: 1}
	_, err := s.svc.Ask(ctx, s.as("bea"), again)
	s.refused(err, fault.Conflict)
	if say := fault.Say(err); !strings.Contains(say, inc.Ref()+" was lit 1 second ago") || !strings.Contains(say, "!role take") {
		t.Error(say)
	}
	s.setNow(start.Add(15 * time.Minute))
	_, err = s.svc.Ask(ctx, s.as("bea"), again)
	s.must(err)
}

func TestAskRefusesWhatCannotBe(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead")
	for _, sig := range []incidents.Signal{
		{What: "x", Severity: 0}, {What: "x", Severity: 5}, {What: "", Severity: 1}, {What: strings.Repeat("ü", 301), Severity: 1},
	} {
		_, err := s.svc.Ask(ctx, s.as("ada"), sig)
		s.refused(err, fault.Invalid)
	}
	if _, err := s.svc.Ask(ctx, s.as("ada"), incidents.Signal{What: strings.Repeat("ü", 300), Severity: 4}); err != nil {
		t.Error(err)
	}
}

func TestWherePolicyAsksForNoConfirmation(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix")
	s.svc.Guard.Confirmations = 0
	asked, err := s.svc.Ask(ctx, s.as("ada"), fire())
	s.must(err)
	if asked.Opened == nil || !slices.Equal(asked.Opened.Rung, []string{"ada", "bea"}) {
		t.Errorf("%+v", asked.Opened)
	}
	if uses := s.uses(); len(uses) != 2 || !one(uses, "asked ada") || !one(uses, "confirmed ada") {
		t.Error(text(uses))
	}
	if said := s.said(); !one(said, "#ops [INC-1] The bat-signal is lit. Severity 1: openssl is on fire. Lit by ada. Ringing ada and bea.") {
		t.Error(text(said))
	}
}

func TestRefusedStrangersAreRecordedOnceAnHour(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead")
	mallory := oncall.Actor{Network: network, Room: home, Account: "mallory"}
	refuse := func(a oncall.Actor) {
		t.Helper()
		s.must(s.svc.Refuse(ctx, a, "batsignal", "You may not."))
	}
	for range 5 {
		refuse(mallory)
	}
	refuse(oncall.Actor{Network: "elsewhere", Account: "mallory"}) // somebody else, for all we know
	s.setNow(start.Add(59 * time.Minute))
	refuse(mallory)
	if uses := s.uses(); len(uses) != 2 || uses[0] != "refused mallory on net: batsignal: You may not." {
		t.Error(text(uses))
	}
	s.setNow(start.Add(time.Hour))
	refuse(mallory)
	if uses := s.uses(); len(uses) != 3 {
		t.Error(text(uses))
	}
}

// Neither the public record nor a timeline can be changed or emptied: not by the
// bot, not by whoever owns the tables.
func TestTheRecordsAreAppendOnly(t *testing.T) {
	t.Parallel()
	db := pgtest.Fresh(t)
	s := sceneOn(t, db.Pool, "ada:lead bea:lead")
	inc := s.light("ada", "bea", fire())
	owner, err := pgx.Connect(ctx, db.OwnerDSN)
	s.must(err)
	defer owner.Close(ctx)
	uses, lines := s.uses(), s.timeline(inc.ID)
	for who, conn := range map[string]pg.DB{"the bot": s.db, "the owner": owner} {
		for _, sql := range []string{
			`update signal_use set text = 'nothing happened'`, `delete from signal_use`, `truncate signal_use`,
			`update timeline_entry set text = 'nothing happened'`, `delete from timeline_entry`, `truncate timeline_entry`,
			`truncate incident cascade`,
		} {
			if _, err := conn.Exec(ctx, sql); err == nil {
				t.Errorf("%s may %s", who, sql)
			}
		}
	}
	if !slices.Equal(uses, s.uses()) || !slices.Equal(lines, s.timeline(inc.ID)) {
		t.Error("a record has changed")
	}
}
