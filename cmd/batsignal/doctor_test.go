package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestDoctorFindsNothingWrong(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plan{accounts: []string{"jan", "maria", "li"}, roles: killRoles})

	alone := w.must("doctor")
	wantLines(t, alone,
		"ok       configuration",
		"ok       database",
		"ok       database role",
		"note     roster: nobody can be rung for coordination. In chat: !roster join coordination, then an admin: !roster add HANDLE coordination",
		"ok       network "+netID,
		"ok       mail",
		"ok       webhook",
		"note     phones: nothing here rings a phone, so nobody is woken. See twilio in the configuration, or pagerduty.",
		"note     inbox: not configured, so pages by mail are answered by their link only",
		"note     canaries: no synthetic page goes out each day by mail and webhook, so only a page would show that it is dead. Name an address of yours in watch.canaries.",
		"note     web: no bot answers at "+w.web+"/readyz; that is right if none runs now",
		"note     leader: nobody: no process is on the networks; no other waits to take over. That is right if no bot runs now.",
		"note     heartbeat: not configured, so nobody outside misses the bot when its machine is gone. See watch.heartbeat_url_file.",
		"note     pages: nothing is known to have arrived yet by mail and webhook. In chat: !route test",
	)

	watcher := w.join("watcher")[0]
	w.start()
	w.enrol(trio)
	w.awaitBot(home)
	beside := w.must("doctor")
	wantLines(t, beside,
		"ok       configuration", "ok       database", "ok       database role", "ok       network "+netID,
		"ok       mail", "ok       webhook", "ok       minutes in "+filepath.Join(w.dir, "state", "minutes"), "ok       web",
	)
	for _, part := range []string{"note     roster", "note     web", "note     leader", "broken"} {
		if strings.Contains(beside, part) {
			t.Errorf("%q is not to be said any more:\n%s", part, beside)
		}
	}
	wantLines(t, beside, "note     people: 0 of 3 can be reached by two ways that are known to work. In chat: !ready says who cannot, and what they type")
	for _, l := range everythingShown(watcher) {
		if l.Nick == botNick && (l.Command == "NICK" || l.Command == "QUIT") {
			t.Errorf("the doctor disturbed the bot: %s", l.Raw)
		}
	}
}

// wantLines checks that text has each of the lines, in this order.
func wantLines(t *testing.T, text string, want ...string) {
	t.Helper()
	rest := text
	for _, line := range want {
		_, after, found := strings.Cut("\n"+rest, "\n"+line+"\n")
		if !found {
			t.Fatalf("no line %q, or not there, in:\n%s", line, text)
		}
		rest = after
	}
}

// variant writes the configuration anew with something replaced, and the state in
// a directory of its own.
func (w *world) variant(name string, replace ...string) string {
	w.t.Helper()
	text, err := os.ReadFile(w.config)
	if err != nil {
		w.t.Fatal(err)
	}
	replace = append(replace, "state_dir: state\n", "state_dir: state-"+name+"\n")
	return writeFile(w.t, w.dir, name+".yaml", strings.NewReplacer(replace...).Replace(string(text)), 0o600)
}

// sick has the doctor find something wrong, and checks that it says each of the parts, in
// this order.
func (w *world) sick(t *testing.T, config string, want ...string) result {
	t.Helper()
	r := shell(t, w.dir, "doctor", "--config", config)
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(r)
		}
	})
	if r.status != exitFailed {
		t.Errorf("want exit status %d", exitFailed)
	}
	rest := r.stdout
	for _, part := range want {
		_, after, found := strings.Cut(rest, part)
		if !found {
			t.Errorf("no %q, or not there", part)
			continue
		}
		rest = after
	}
	return r
}

func TestDoctorSaysWhatIsBrokenAndWhatToDo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plan{accounts: []string{"jan"}, roles: killRoles})
	writeFile(t, w.dir, "wrong-password", "wrong-canary\n", 0o600)
	_, port, _ := strings.Cut(freeAddress(t), ":")
	for _, c := range []struct {
		name    string
		replace []string
		want    []string
	}{
		{
			"wrong-irc-password",
			[]string{"password_file: irc-password", "password_file: wrong-password"},
			[]string{"ok       database", "broken   network " + netID + ": Not connected to " + w.net.Addr() + " since ", "The server refused the login to account batsignal: ", "ok       mail"},
		},
		{
			"dead-irc",
			[]string{w.net.Addr(), "127.0.0.1:" + port},
			[]string{"broken   network " + netID + ": Not connected to 127.0.0.1:" + port, "Its server, tls, sasl and home in the configuration must fit the network."},
		},
		{
			"wrong-mail-password",
			[]string{"password_file: smtp-password", "password_file: wrong-password"},
			[]string{"ok       network " + netID, "broken   mail: "},
		},
		{
			"dead-mail",
			[]string{"  port: " + portOf(w), "  port: " + port},
			[]string{"ok       network " + netID, "broken   mail: ", "ok       webhook"},
		},
		{
			"dead-database",
			[]string{"mail:\n", "database: {url: \"postgres://bat@127.0.0.1:" + port + "/bat\"}\nmail:\n"},
			[]string{"broken   database: The database cannot be reached: nothing answers at 127.0.0.1:" + port + ". Start its server, or correct database.url.", "ok       network " + netID, "ok       mail"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := w.sick(t, w.variant(c.name, c.replace...), c.want...)
			for what, password := range w.passwords {
				if strings.Contains(r.stdout+r.stderr, password) {
					t.Errorf("the %s password was printed", what)
				}
			}
			if strings.Contains(r.stdout+r.stderr, "wrong-canary") {
				t.Error("the wrong password was printed")
			}
			if r.stderr != "" {
				t.Errorf("beside what is said there is a log: %s", r.stderr)
			}
		})
	}
}

// portOf is the port of the mail server, as the configuration has it.
func portOf(w *world) string {
	_, after, _ := strings.Cut(read(w.config), "  port: ")
	port, _, _ := strings.Cut(after, "\n")
	return port
}
