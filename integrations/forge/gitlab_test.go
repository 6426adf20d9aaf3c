package forge_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"batsignal/incidents/action"
	"batsignal/integrations/forge"
	"batsignal/integrations/forge/gitlabfake"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

const project = "group/project"

func config(s *gitlabfake.Server) forge.Config {
	return forge.Config{URL: s.URL, Project: project, Token: secret.New("glpat-canary"), Timeout: time.Minute}
}

func client(t *testing.T, c forge.Config) *forge.GitLab {
	t.Helper()
	g, err := forge.NewGitLab(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.Close)
	return g
}

func rotate() action.Issue {
	return action.Issue{
		Key: "A12 https://bat.example", Ref: "A12", Text: "maria rotates the signing key by friday", Owners: []string{"maria", "the QA team"},
		Where: "INC-7, in #ops on libera", Source: "https://bat.example/meetings/3#L7", Page: "https://bat.example/actions/12",
		Due: time.Date(2026, 12, 4, 0, 0, 0, 0, time.UTC), Labels: []string{"follow-up", "incident"},
	}
}

func TestAnActionBecomesAnIssueOnce(t *testing.T) {
	s := gitlabfake.Run(t, gitlabfake.Options{})
	s.Add(project, "another one", "has nothing to do with it")
	g := client(t, config(s))
	first, err := g.Open(t.Context(), rotate())
	if err != nil {
		t.Fatal(err)
	}
	s.Close(project, 2) // a closed one is found as well
	again, err := client(t, config(s)).Open(t.Context(), rotate())
	if err != nil || again != first || first != s.URL+"/group/project/-/issues/2" {
		t.Errorf("%q, then %q, %v", first, again, err)
	}
	other := rotate()
	other.Key, other.Ref = "A1 https://bat.example", "A1"
	if url, err := g.Open(t.Context(), other); err != nil || url == first {
		t.Errorf("another action: %q, %v", url, err)
	}
	all := s.Issues(project)
	if len(all) != 3 {
		t.Fatalf("%d issues", len(all))
	}
	got := all[1]
	if got.Title != "A12: maria rotates the signing key by friday" || got.DueDate != "2026-12-04" || strings.Join(got.Labels, " ") != "follow-up incident" {
		t.Errorf("%+v", got)
	}
	const want = "> `maria rotates the signing key by friday`\n\n" +
		"- Owner: `maria`, `the QA team`\n- Due: 2026-12-04\n- Noted: `INC-7, in #ops on libera`\n" +
		"- Said here: <https://bat.example/meetings/3#L7>\n- Kept at: <https://bat.example/actions/12>\n\n" +
		"Opened by Batsignal for the action A12. Neither follows the other: who closes one closes the other by hand.\n\nMark: batsignal"
	if text, _, _ := strings.Cut(got.Description, "Mark: batsignal"); text+"Mark: batsignal" != want {
		t.Errorf("got\n%s\nwant\n%s", got.Description, want)
	}
	for _, c := range s.Calls() {
		if !strings.HasPrefix(c.Path, "/api/v4/projects/group%2Fproject/issues") || strings.Contains(c.Query, "canary") {
			t.Errorf("%+v", c)
		}
	}
}

// A call whose answer is lost may have opened the issue, or not.
func TestALostAnswerOpensNothingTwice(t *testing.T) {
	for _, trouble := range []gitlabfake.Trouble{{Method: "POST", Lost: true}, {Method: "POST", Status: 502, Body: "<html>bad gateway</html>"}} {
		s := gitlabfake.Run(t, gitlabfake.Options{})
		g := client(t, config(s))
		s.Trouble(trouble)
		_, err := g.Open(t.Context(), rotate())
		if fault.KindOf(err) != fault.Unready || !strings.Contains(fault.Say(err), "nothing is opened twice") {
			t.Errorf("%+v: %v", trouble, err)
		}
		url, err := g.Open(t.Context(), rotate())
		if n := len(s.Issues(project)); err != nil || url == "" || n != 1 {
			t.Errorf("%+v: %q, %v, %d issues", trouble, url, err, n)
		}
	}
}

// What a search finds may be much, and the mark on a later page.
func TestTheMarkIsFoundOnALaterPage(t *testing.T) {
	s := gitlabfake.Run(t, gitlabfake.Options{})
	g := client(t, config(s))
	first, err := g.Open(t.Context(), rotate())
	if err != nil {
		t.Fatal(err)
	}
	_, mark, _ := strings.Cut(s.Issues(project)[0].Description, "Mark: ")
	for n := range 120 {
		s.Add(project, fmt.Sprint("copy ", n), mark+"andmore "+fmt.Sprint(n)) // begins alike
	}
	if again, err := g.Open(t.Context(), rotate()); err != nil || again == "" || len(s.Issues(project)) != 121 {
		t.Errorf("%q, %q, %v", first, again, err)
	}
}

func TestRefusalsSayWhatToDo(t *testing.T) {
	redirect := gitlabfake.Trouble{Status: 302, Header: map[string]string{"Location": "https://elsewhere.example/"}}
	for name, c := range map[string]struct {
		change  func(*forge.Config, *gitlabfake.Server)
		kind    fault.Kind
		says    string
		trouble []gitlabfake.Trouble
	}{
		"token":    {func(c *forge.Config, _ *gitlabfake.Server) { c.Token = secret.New("glpat-old-canary") }, fault.Unready, "GitLab does not take our token, or not any more. Whoever runs me can put a new one into the file of minutes.tracker.token_file.", nil},
		"scope":    {func(c *forge.Config, _ *gitlabfake.Server) { c.Token = secret.New("reader-canary") }, fault.Unready, "GitLab does not let us open issues in group/project. Whoever runs me can give the token the scope api and its account the role Reporter there.", nil},
		"project":  {func(c *forge.Config, _ *gitlabfake.Server) { c.Project = "group/other" }, fault.Unready, "GitLab shows us no project group/other. Whoever runs me can look at minutes.tracker.project, and whether the token may see it.", nil},
		"seconds":  {func(_ *forge.Config, s *gitlabfake.Server) { s.Limit(1, 30*time.Second) }, fault.Limited, "GitLab wants a pause of 30 seconds. Ask again then: nothing is opened twice.", nil},
		"an hour":  {func(_ *forge.Config, s *gitlabfake.Server) { s.Limit(0, time.Hour) }, fault.Limited, "GitLab wants a pause of 60 minutes. Ask again then: nothing is opened twice.", nil},
		"trouble":  {nil, fault.Unready, "GitLab has trouble of its own (503). Ask again in a while: nothing is opened twice.", []gitlabfake.Trouble{{Status: 503, Body: "<h1>canary</h1>"}}},
		"moved":    {nil, fault.Unready, "GitLab is somewhere else now (302). Whoever runs me can correct minutes.tracker.gitlab.", []gitlabfake.Trouble{redirect}},
		"not it":   {nil, fault.Unready, "What answers at the address of GitLab does not speak like GitLab. Whoever runs me can look at minutes.tracker.gitlab.", []gitlabfake.Trouble{{Status: 200, Body: "<html>hello</html>"}}},
		"gone":     {func(c *forge.Config, _ *gitlabfake.Server) { c.URL = "http://127.0.0.1:1" }, fault.Unready, "GitLab could not be reached. Ask again in a while: nothing is opened twice.", nil},
		"slow":     {func(c *forge.Config, _ *gitlabfake.Server) { c.Timeout = 50 * time.Millisecond }, fault.Unready, "GitLab did not answer in time. Ask again in a while: nothing is opened twice.", []gitlabfake.Trouble{{Stall: true}}},
		"wrong":    {nil, fault.Unready, "GitLab does not take the issue (400). The log of mine says which part of it.", []gitlabfake.Trouble{{Status: 400, Body: `{"message":{"title":["canary is bad"]}}`}}},
		"no links": {nil, fault.Unready, "GitLab has the issue, but gave no address of it. Ask again later.", []gitlabfake.Trouble{{Method: "POST", Status: 201, Body: `{"web_url":"javascript:alert(1)"}`}}},
	} {
		t.Run(name, func(t *testing.T) {
			s := gitlabfake.Run(t, gitlabfake.Options{Tokens: []gitlabfake.Token{{Text: "glpat-canary"}, {Text: "reader-canary", Scopes: []string{"read_api"}}}})
			conf := config(s)
			if c.change != nil {
				c.change(&conf, s)
			}
			s.Trouble(c.trouble...)
			url, err := client(t, conf).Open(t.Context(), rotate())
			if url != "" || fault.KindOf(err) != c.kind || fault.Say(err) != c.says {
				t.Errorf("%q, %v", url, err)
			}
			for ; err != nil; err = errors.Unwrap(err) {
				if text := fmt.Sprintf("%v %+v", err, err); strings.Contains(text, "canary") {
					t.Errorf("%q tells what it must not", text)
				}
			}
		})
	}
}

func TestTheCheckOpensNothing(t *testing.T) {
	s := gitlabfake.Run(t, gitlabfake.Options{Projects: []gitlabfake.Project{{Path: project}, {Path: "group/quiet", NoIssues: true}}})
	conf := config(s)
	if err := client(t, conf).Check(t.Context()); err != nil {
		t.Error(err)
	}
	conf.Project = "group/quiet"
	if err := client(t, conf).Check(t.Context()); fault.KindOf(err) != fault.Unready || !strings.Contains(fault.Say(err), "switch them on") {
		t.Error(err)
	}
	conf.Project, conf.Token = project, secret.New("old")
	if err := client(t, conf).Check(t.Context()); fault.KindOf(err) != fault.Unready {
		t.Error(err)
	}
	if len(s.Issues(project)) != 0 {
		t.Error("it opened something")
	}
}

func TestConfigurationsThatCannotWork(t *testing.T) {
	good := forge.Config{URL: "https://gitlab.example/git/", Project: "/group/project/", Token: secret.New("x")}
	if _, err := forge.NewGitLab(good); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*forge.Config){
		"no address":   func(c *forge.Config) { c.URL = "" },
		"no scheme":    func(c *forge.Config) { c.URL = "gitlab.example" },
		"in the clear": func(c *forge.Config) { c.URL = "http://gitlab.example" },
		"a password":   func(c *forge.Config) { c.URL = "https://me:canary@gitlab.example" },
		"no project":   func(c *forge.Config) { c.Project = " / " },
		"no token":     func(c *forge.Config) { c.Token = secret.Text{} },
		"two tokens":   func(c *forge.Config) { c.Token = secret.New("canary\ncanary") },
	} {
		c := good
		change(&c)
		if _, err := forge.NewGitLab(c); err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
