package play_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"batsignal/bot/console"
	"batsignal/bot/play"
	"batsignal/incidents"
	"batsignal/migrations/pgtest"
	"batsignal/oncall"
	"batsignal/oncall/rosterfile"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var (
	ctx   = context.Background()
	start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// newStage is a stage with the example roster.
func newStage(t testing.TB, at time.Time, newCode func() string, show func(time.Time, console.Line)) *play.Stage {
	t.Helper()
	s, err := play.New(ctx, pgtest.Fresh(t).Pool, play.Options{
		Start: at, Roles: oncall.DefaultRoles(), Guard: incidents.DefaultGuard(), NewCode: newCode, Show: show,
		Log: slog.New(slog.DiscardHandler), Admins: []string{"maria"},
	})
	must(t, err)
	f, err := rosterfile.Parse(rosterfile.Example)
	must(t, err)
	_, err = rosterfile.Apply(ctx, s.DB, f, rosterfile.How{Now: s.Now(), Agreed: true, Network: "console"})
	must(t, err)
	return s
}

// Time stands still between two calls, and what is due happens at its instant.
func TestTimePassesOnlyWhenToldTo(t *testing.T) {
	var when []string
	s := newStage(t, start, func() string { return "ABCD" }, func(at time.Time, l console.Line) {
		if strings.Contains(l.Text, "for coordination.") && l.Room != "" && strings.Contains(l.Text, "Paging ") {
			when = append(when, at.Sub(start).String())
		}
	})
	must(t, s.Say(ctx, "maria", play.Home, "!batsignal fire", true))
	must(t, s.WaitUntil(ctx, start.Add(time.Minute)))
	must(t, s.Say(ctx, "kevin", play.Home, "!confirm ABCD", true))
	if next, err := s.Next(ctx); err != nil || !next.Equal(start.Add(2*time.Minute+30*time.Second)) {
		t.Errorf("next at %v, %v", next, err)
	}
	must(t, s.WaitUntil(ctx, start.Add(10*time.Minute)))
	if !s.Now().Equal(start.Add(10 * time.Minute)) {
		t.Errorf("it is %v", s.Now())
	}
	if got := strings.Join(when, " "); got != "2m30s 4m0s" {
		t.Errorf("rung at %s", got)
	}
	// A borrowed nick is not obeyed on a stage either.
	must(t, s.Say(ctx, "kevin", play.Home, "!incident resolve", false))
	if open, err := s.Incidents.OpenIncidents(ctx); err != nil || len(open) != 1 {
		t.Errorf("%v, %v", open, err)
	}
}

func TestTranscript(t *testing.T) {
	var script play.Transcript
	s := newStage(t, start, func() string { return "ABCD" }, func(_ time.Time, l console.Line) { script.Hear(l) })
	script.Stage = s
	got, err := script.Play(ctx, `# a remark
maria: !whoami
  what it said when this was written
wait 90s
~maria #ops: !ack

sam #elsewhere: good morning
`)
	must(t, err)
	want := `# a remark
maria: !whoami
  (to maria) You are: maria
`
	if !strings.HasPrefix(got, want) || !strings.HasSuffix(got, "\nwait 90s\n~maria #ops: !ack\n  (to maria) I only trust accounts that the network proves, since anybody can borrow a name: log in to services (on IRC), or ask as a full member (on Slack), then try again.\n\nsam #elsewhere: good morning\n") {
		t.Error(got)
	}
	// What it wrote plays the same again.
	for _, bad := range []string{"what", "wait long", "Maria #ops: hello", "maria ops: hello"} {
		if _, err := script.Play(ctx, bad); err == nil || !strings.Contains(err.Error(), "line 1") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// theatre plays heartbleed and returns everything that was seen.
func theatre(t *testing.T, seed uint64, prepare func(*play.Crowd)) (transcript string, empty []string, s *play.Stage) {
	t.Helper()
	var out strings.Builder
	crowd := play.NewCrowd(seed)
	s = newStage(t, play.HeartbleedStart(), crowd.Code, func(at time.Time, l console.Line) {
		fmt.Fprintf(&out, "%s   %s\n", at.Format(time.TimeOnly), l)
		crowd.Hear(at, l)
	})
	if prepare != nil {
		prepare(crowd)
	}
	story := play.Heartbleed{Stage: s, Crowd: crowd, Said: func(at time.Time, who, room, text string) {
		fmt.Fprintf(&out, "%s > %s <%s> %s\n", at.Format(time.TimeOnly), room, who, text)
	}}
	states, err := story.Play(ctx)
	if err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	for _, st := range states {
		empty = append(empty, st.Role.Name)
	}
	return out.String(), empty, s
}

// Whatever the seed, every role is filled, the baton goes round, and it ends.
func TestHeartbleedEndsWellForEverySeed(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			story, empty, s := theatre(t, seed, func(c *play.Crowd) { c.SleepsThrough("release engineering") })
			if len(empty) != 0 {
				t.Fatalf("%v stayed empty\n%s", empty, story)
			}
			inc, err := s.Incidents.Get(ctx, 1)
			if err != nil || inc.Open() || inc.FalseAlarm {
				t.Errorf("%+v, %v", inc, err)
			}
			holders, err := s.Incidents.BatonHistory(ctx, 1)
			if err != nil || len(holders) != 3 {
				t.Errorf("the baton went by %v, %v", holders, err)
			}
			if next, err := s.Next(ctx); err != nil || !next.IsZero() {
				t.Errorf("something is left to do at %v, %v", next, err)
			}
		})
	}
}

func TestASeedDecidesEverything(t *testing.T) {
	first, _, _ := theatre(t, 7, nil)
	again, _, _ := theatre(t, 7, nil)
	if diff := cmp.Diff(first, again); diff != "" {
		t.Error(diff)
	}
	if other, _, _ := theatre(t, 8, nil); other == first {
		t.Error("another seed plays the same")
	}
}

// With everybody of one role asleep the play does not end well, and says which.
func TestSomeRoleSleepsThroughEverything(t *testing.T) {
	story, empty, s := theatre(t, 1, func(c *play.Crowd) {
		for _, handle := range []string{"piotr", "li", "sam"} { // everybody of quality assurance
			c.Asleep[handle] = true
		}
	})
	if strings.Join(empty, " ") != "quality-assurance" {
		t.Errorf("%v\n%s", empty, story)
	}
	if inc, err := s.Incidents.Get(ctx, 1); err != nil || !inc.Open() {
		t.Errorf("%+v, %v", inc, err)
	}
	if n := strings.Count(story, "Nobody has taken quality assurance."); n < 3 {
		t.Errorf("it was said %d times in an hour", n)
	}
}

func TestAPlayNeedsTwoPeopleWhoAreUp(t *testing.T) {
	crowd := play.NewCrowd(1)
	s := newStage(t, start, nil, func(time.Time, console.Line) {})
	people, err := oncall.People(ctx, s.DB)
	must(t, err)
	for _, p := range people[1:] {
		crowd.Asleep[p.Handle] = true
	}
	story := play.Heartbleed{Stage: s, Crowd: crowd, Said: func(time.Time, string, string, string) {}}
	if _, err := story.Play(ctx); err == nil {
		t.Error("one person alone lit the signal")
	}
}
