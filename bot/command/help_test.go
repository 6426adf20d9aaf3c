package command

import (
	"strings"
	"testing"
)

func TestHelp(t *testing.T) {
	s := newSet(t, Options{Aliases: map[string]string{"pass": "baton pass"}})
	play(t, s, borrowed, []exchange{
		{"!help", `Commands begin with ! in a room; here in private they need not.
Emergency: batsignal, ack
Incident: incident, baton
People: page, link, remove, boom
Help: help
For one of them in full: !help batsignal`},
		{"!help baton", `Says who leads, and hands it on.
baton who: Says who leads.
baton take: Takes the baton.
baton pass: Offers it to somebody.
Alone, !baton means !baton who.
For one of them in full: !help baton who`},
		{"!help !baton pass", `Offers it to somebody.
Usage: !baton pass <person>
Example: !baton pass maria
Who may: people I know (linked, or on the roster)
Also: !pass`},
		{"!help batsignal", `Asks to wake the people on the roster.
Usage: !batsignal [--sev 1|2|3] <what>
--sev 1|2|3: how bad, 1 is worst
what: what is on fire
Example: !batsignal remote code execution in openssl
Who may: people with the right to fire the batsignal`},
		{"!help link", `Joins this account to you.
Usage: !link <code>
Example: !link ABCD-1234
Who may: anybody with a proven account
Where: in a private message only`},
		{"!help ack 12", `Says that you are up and on it.
Usage: !ack [--all] [page]
--all: every page that you have
Example: !ack P12
Who may: people I know (linked, or on the roster)
Also: !here`},
		{"!help bton", "I know no command “bton”: did you mean !baton? Example: !baton who"},
		{"!help baton tkae", "Did you mean !baton take? Example: !baton take"},
		{"!help zzz", "I know no command “zzz”. Say !help for the list. Example: !batsignal remote code execution in openssl"},
		{"!help !", say(s, borrowed, "!help")},
	})
	r, err := s.Run(t.Context(), borrowed, "!help")
	if err != nil || !r.Private {
		t.Errorf("the list should be for the caller only: %v", err)
	}
	for _, line := range PlainText(r) {
		if len(line) > 70 {
			t.Errorf("too long for a phone: %s", line)
		}
	}
}

func TestReference(t *testing.T) {
	page := newSet(t, Options{Aliases: map[string]string{"pass": "baton pass"}}).Reference()
	for _, want := range []string{
		"| `!batsignal [--sev 1\\|2\\|3] <what>` | Asks to wake the people on the roster. | people with the right to fire the batsignal |\n",
		"\n## Incident\n\n### `!incident`\n\nShows and changes incidents.\n\nAlone it means `!incident show`.\n",
		"\n#### `!baton pass`\n\nOffers it to somebody.\n\n- Usage: `!baton pass <person>`\n- Example: `!baton pass maria`\n- Who may: people I know (linked, or on the roster)\n- Also: `!pass`\n",
		"- Where: in a private message only\n",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("missing: %s\nin:\n%s", want, page)
		}
	}
	if page != newSet(t, Options{Aliases: map[string]string{"pass": "baton pass"}}).Reference() {
		t.Error("two runs differ")
	}
}
