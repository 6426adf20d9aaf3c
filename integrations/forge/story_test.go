package forge_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"batsignal/incidents/action"
	"batsignal/integrations/forge/gitlabfake"
	"batsignal/migrations/pgtest"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// From a row to an issue, with everything that may go wrong between: the answer is lost,
// the process dies before it writes down what it heard, and GitLab wants a pause.
func TestFromARowToAnIssue(t *testing.T) {
	db := pgtest.Fresh(t).Pool
	log := slog.New(slog.DiscardHandler)
	queue, err := river.NewClient(riverpgxv5.New(db), &river.Config{Logger: log})
	if err != nil {
		t.Fatal(err)
	}
	s := gitlabfake.Run(t, gitlabfake.Options{})
	actions := &action.Service{
		DB: db, Queue: queue, Now: time.Now, Log: log, Base: "https://bat.example",
		Tracker: client(t, config(s)), Labels: []string{"follow-up"},
	}
	kevin := oncall.Actor{Handle: "kevin", Network: "libera", Room: "#ops"}
	it, err := actions.Add(t.Context(), kevin, "/close @all and rotate the key by 24 december")
	if err != nil {
		t.Fatal(err)
	}
	s.Trouble(gitlabfake.Trouble{Method: "POST", Lost: true})
	if _, err := actions.Export(t.Context(), kevin, it.ID); fault.KindOf(err) != fault.Unready {
		t.Fatal(err)
	}
	s.Limit(0, time.Minute)
	if _, err := actions.Export(t.Context(), kevin, it.ID); fault.KindOf(err) != fault.Limited {
		t.Fatal(err)
	}
	s.NoLimit()
	it, err = actions.Export(t.Context(), kevin, it.ID)
	if err != nil || it.IssueURL != s.URL+"/group/project/-/issues/1" {
		t.Fatal(it.IssueURL, err)
	}
	all := s.Issues(project)
	if len(all) != 1 || all[0].DueDate != it.Due.Format(time.DateOnly) || all[0].Labels[0] != "follow-up" {
		t.Errorf("%+v", all)
	}
	if len(all[0].Obeyed)+len(all[0].Mentioned) > 0 || all[0].State != "opened" {
		t.Errorf("%+v", all[0])
	}
	calls := len(s.Calls())
	if again, err := actions.Export(t.Context(), kevin, it.ID); err != nil || again.IssueURL != it.IssueURL || len(s.Calls()) != calls {
		t.Errorf("%+v, %v, %d calls more", again, err, len(s.Calls())-calls)
	}
}
