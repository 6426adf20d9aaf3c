package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// jsonReply is the part of `do --json` that the tests read.
type jsonReply struct {
	Blocks []struct {
		Type string `json:"type"`
		Text string `json:"text"`
	} `json:"blocks"`
	Error struct {
		Kind string `json:"kind"`
		Say  string `json:"say"`
	} `json:"error"`
}

func readReply(t *testing.T, stdout string) (r jsonReply) {
	t.Helper()
	if err := json.Unmarshal([]byte(stdout), &r); err != nil {
		t.Fatalf("%v: %s", err, stdout)
	}
	return r
}

// codeIn finds the confirmation code in what was printed.
func codeIn(t *testing.T, said string) string {
	t.Helper()
	found := regexp.MustCompile(`!confirm ([A-Z2-9]{4})`).FindStringSubmatch(said)
	if found == nil {
		t.Fatalf("no code in: %s", said)
	}
	return found[1]
}

func TestDoBesideARunningBot(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plan{accounts: []string{"jan", "maria", "li"}, roles: killRoles})
	people := w.join("jan", "li")
	jan, li := people[0], people[1]
	w.start()
	w.enrol(trio)
	w.awaitBot(home)

	said := w.must("do", "--as", "jan", "batsignal openssl is on fire")
	code := codeIn(t, said)
	jan.Expect(home, "Bat-signal: jan asks for the bat-signal, severity 1: openssl is on fire.")

	r := w.cli("do", "--as", "jan", "confirm "+code)
	if r.status != exitFailed || r.stderr != "batsignal: You asked for it yourself. A second person must confirm, whatever account you use.\n" {
		t.Errorf("the same person: %s", r)
	}
	r = w.cli("do", "--as", "jan", "--json", "confirm "+code)
	if refused := readReply(t, r.stdout).Error; r.status != exitFailed || refused.Kind != "forbidden" || !strings.HasPrefix(refused.Say, "You asked for it yourself.") {
		t.Errorf("the same person, for a machine: %s", r)
	}

	opened := readReply(t, w.must("do", "--as", "maria", "confirm "+code, "--json"))
	if len(opened.Blocks) == 0 || !strings.HasPrefix(opened.Blocks[0].Text, "The bat-signal is lit: INC-1. Ringing jan, maria and li.") {
		t.Errorf("the confirmation answers %+v", opened)
	}
	jan.Expect(home, "[INC-1] The bat-signal is lit.")
	jan.Expect("", "You are needed for coordination.")
	li.Expect("", "You are needed for package fixing.")

	if said := w.must("do", "--as", "li", "ack"); !strings.HasPrefix(said, "Thank you. You have package fixing in INC-1.") {
		t.Errorf("ack: %s", said)
	}
	jan.Expect(home, "li answers P3 and has package fixing.")
	if said := w.must("do", "status"); !strings.Contains(said, "INC-1 severity 1: openssl is on fire.") {
		t.Errorf("status: %s", said)
	}

	for _, c := range []struct {
		args   []string
		status int
		stderr string
	}{
		{[]string{"do", "--as", "nobody", "status"}, exitFailed, "Nobody here is called \"nobody\"."},
		{[]string{"do", "incidnet list"}, exitUsage, "did you mean !incident?"},
		{[]string{"do", "--as", "li", "incident show 99"}, exitFailed, "INC-99"},
		{[]string{"do"}, exitUsage, "accepts 1 arg(s), received 0\nTry: batsignal do --help"},
	} {
		if r := w.cli(c.args...); r.status != c.status || !strings.Contains(r.stderr, c.stderr) {
			t.Errorf("%q: want %d and %q: %s", c.args, c.status, c.stderr, r)
		}
	}
	if status := w.bot.stop(t); status != exitOK {
		t.Errorf("the bot ended with %d:\n%s", status, tail(w.bot))
	}
}

func TestWhatIsDoneWithNobodyRunningHappensAtTheNextStart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plan{accounts: []string{"jan", "maria", "li"}, roles: killRoles})
	jan := w.join("jan")[0]
	w.start()
	w.enrol(fmt.Sprintf(`
people:
  - {handle: jan, accounts: {%[1]s: jan}, roles: [coordination]}
  - {handle: maria, accounts: {%[1]s: maria}, roles: [communications], webhook: %[2]q}
`, netID, w.sink.URL().Reveal()))
	w.bot.stop(t)

	code := codeIn(t, w.must("do", "--as", "jan", "batsignal openssl is on fire"))
	r := w.cli("do", "--as", "maria", "roster join package fixing")
	if r.status != exitFailed || !strings.Contains(r.stderr, "Nobody can say yes for somebody else") {
		t.Errorf("consent from the shell: %s", r)
	}
	r = w.cli("do", "--as", "maria", "confirm "+code)
	if r.status != exitOK || r.stderr != "batsignal: No bot runs on this database now. What this rings or announces waits until one does.\n" {
		t.Errorf("confirm: %s", r)
	}
	if n := len(w.sink.Arrivals()); n != 0 {
		t.Errorf("%d pages were sent by nobody", n)
	}

	w.start()
	jan.Expect(home, "[INC-1] The bat-signal is lit.")
	jan.Expect("", "You are needed for coordination.")
	hooks, err := w.sink.WaitFor(1, patience)
	if err != nil {
		t.Fatal(err)
	}
	if p := hooks[0].Page; p.Person != "maria" || p.Role != "communications" || p.Repeat {
		t.Errorf("maria's page: %+v", p)
	}
}
