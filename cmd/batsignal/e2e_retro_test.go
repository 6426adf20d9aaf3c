package main

import (
	"net/url"
	"strings"
	"testing"

	"batsignal/incidents/retrospective"
)

// TestARetrospectiveFromItsDraft resolves an incident of a real installation: it is
// drafted and announced, edited by a link, from the shell, and by two at once.
func TestARetrospectiveFromItsDraft(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plan{accounts: []string{"jan", "maria", "li"}, roles: killRoles})
	jan := w.join("jan")[0]
	w.start()
	w.enrol(trio)
	w.awaitBot(home)
	code := codeIn(t, w.must("do", "--as", "jan", "batsignal openssl is on fire"))
	w.must("do", "--as", "maria", "confirm "+code)
	jan.Expect(home, "[INC-1] The bat-signal is lit.")
	w.must("do", "--as", "li", "ack")
	if r := w.cli("retro", "show", "INC-1"); r.status != exitFailed || !strings.Contains(r.stderr, "INC-1 goes on.") {
		t.Errorf("while it goes on: %s", r)
	}
	w.must("do", "--as", "li", "incident resolve fixed packages are on the mirrors")
	await(w, 1, `select count(*)::int from notice where text like '%The retrospective is drafted.%' and state = 'sent'`)

	page := w.page("/incidents/1/retro")
	for _, want := range []string{"Retrospective of INC-1: openssl is on fire", "li resolves the incident.", "edition 1, by the bot"} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is not on the page:\n%s", want, page)
		}
	}
	said := w.must("do", "--as", "li", "retro edit INC-1")
	_, token, ok := strings.Cut(said, w.web+"/retro/edit/")
	if token = strings.TrimSpace(token); !ok || len(token) != retrospective.TokenLength {
		t.Fatalf("no link in: %s", said)
	}
	link := w.web + "/retro/edit/" + token
	save := func(edition, text string) (int, string) {
		return answered(browser.PostForm(link, url.Values{"edition": {edition}, "text": {text}, "do": {"save"}}))
	}
	if status, body := save("1", "# Ours\n\nby li\n"); status != 200 || !strings.Contains(body, "Saved. This is edition 2.") {
		t.Errorf("%d %s", status, body)
	}
	w.must("do", "--as", "maria", "retro add INC-1 lucky it was not Christmas")
	if status, body := save("2", "# Ours\n\nby li, again\n"); status != 409 || !strings.Contains(body, "it was not Christmas") {
		t.Errorf("%d %s", status, body)
	}

	text := w.must("retro", "show", "INC-1")
	if want := "# Ours\n\nby li\n\n## Where we were lucky\n\n- it was not Christmas (maria)\n"; text != want {
		t.Errorf("%q, want %q", text, want)
	}
	file := writeFile(t, w.dir, "retro.md", text+"\nfrom a shell\n", 0o600)
	for _, c := range []struct {
		args   []string
		status int
		say    string
	}{
		{[]string{"retro", "set", "INC-1", file, "--as", "jan", "--on", "2"}, exitFailed, "Edition 3 was saved while edition 2 was being changed"},
		{[]string{"retro", "set", "1", file, "--as", "jan", "--on", "3"}, exitOK, "The newest edition is 4, by jan"},
		{[]string{"retro", "set", "1", file, "--as", "nobody"}, exitFailed, "nobody"},
		{[]string{"retro", "set", "1", file}, exitUsage, "--as HANDLE"},
		{[]string{"retro", "set", "1", file + "x", "--as", "jan"}, exitUsage, "cannot be read"},
		{[]string{"retro", "show", "INC-x"}, exitUsage, "should look like INC-7"},
		{[]string{"retro", "show", "INC-9"}, exitFailed, "There is no INC-9"},
		{[]string{"retro", "show", "INC-1", "--edition", "2"}, exitOK, "by li\n"},
	} {
		if r := w.cli(c.args...); r.status != c.status || !strings.Contains(r.stdout+r.stderr, c.say) {
			t.Errorf("%q: want %d and %q: %s", c.args, c.status, c.say, r)
		}
	}
	if strings.Contains(w.bot.output(), token) {
		t.Error("the token is in the log")
	}
	if status, _ := w.get("/retro/edit/" + token); status != 200 {
		t.Errorf("the link: %d", status)
	}
}
