package main

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestATerminalIsAChatNetwork has a newcomer at a real terminal.
func TestATerminalIsAChatNetwork(t *testing.T) {
	t.Parallel()
	needPostgres(t)
	dir := openDir(t)
	address := freeAddress(t)
	args := []string{"run", "--config", writeFile(t, dir, "batsignal.yaml", fmt.Sprintf("state_dir: state\nweb: {listen: %q}\n", address), 0o600)}

	s := onTerminal(t, dir, args...)
	s.expect(`Starting a private Postgres in ` + dir + `/state\.`)
	s.expect(`The pages are at http://` + address + `/\n`)
	s.expect(`Those of the switchboard are at http://127\.0\.0\.1:\d+/\n`)
	s.expect(`You are everybody here\.`)
	s.expect(`/as kevin !confirm CODE DIGITS`)
	s.expect(`#ops maria> `)
	s.typeIn("!help")
	s.expect(`For one of them in full: !help batsignal`)
	s.typeIn("!batsignal remote code execution in openssl")
	s.expect(`This rings 5 people at once, severity 1: remote code execution in openssl`)
	s.expect(`!confirm [A-Z2-9]{4}`)
	s.typeIn("!confirm")
	s.expect(`You asked for it yourself\.`)
	s.typeIn("/as kevin !confirm")
	s.expect(`\[INC-1\] The bat-signal is lit\.`)
	s.read = 0 // pages do not wait for announcements
	who := regexp.MustCompile(`\(to (\w+)\) \[INC-1\] Page (P\d+), `).FindStringSubmatch(s.expect(`\(to \w+\) \[INC-1\] Page P\d+, `))
	s.typeIn("/as " + who[1] + " !ack " + who[2])
	s.expect(who[1] + ` answers ` + who[2] + ` and has `)
	s.typeIn("/wait 2m")
	s.expect(`\[INC-1\] Paging \w+`)
	s.typeIn("/room #inc-1-openssl")
	s.expect(`#inc-1-openssl maria> `)
	s.typeIn("/as " + who[1])
	s.expect(`#inc-1-openssl ` + who[1] + `> `)
	s.typeIn("/dance")
	s.expect(`There is no /dance here\.`)
	s.typeIn("/people")
	s.expect(`tunde +\d\d:\d\d (awake|asleep)`)
	if status, body := answered(browser.Get("http://" + address + "/incidents/1")); status != http.StatusOK || !strings.Contains(body, who[1]) {
		t.Errorf("the page of the incident: %d %s", status, body)
	}
	s.typeIn("/quit")
	if status := s.wait(t); status != exitOK {
		t.Errorf("it ended with %d:\n%s", status, s.shown())
	}

	// What happened is there the next time; and the time after, when it was killed.
	s = onTerminal(t, dir, args...)
	s.expect(`#ops maria> `)
	s.typeIn("!status")
	s.expect(`INC-1 severity 1: remote code execution in openssl\.`)
	s.typeIn("!incident note the disk is fine")
	s.expect(`Noted on the timeline of INC-1\.`)
	s.kill(t)

	s = onTerminal(t, dir, args...)
	s.expect(`#ops maria> `)
	s.typeIn("!timeline")
	s.expect(`maria: the disk is fine`)
	other := onTerminal(t, dir, args...)
	other.expect("Another batsignal runs on " + dir + "/state already.")
	if status := other.wait(t); status != exitFailed {
		t.Errorf("a second one ended with %d", status)
	}
	s.typeIn("\x04") // the end of the input
	if status := s.wait(t); status != exitOK {
		t.Errorf("it ended with %d:\n%s", status, s.shown())
	}
}

// TestTheSwitchboardOfTheStageHasADirectoryOfItsOwn has the bot configured by the
// environment, which its child inherits.
func TestTheSwitchboardOfTheStageHasADirectoryOfItsOwn(t *testing.T) {
	t.Parallel()
	ours := []string{"HOME=/root", "BATSIGNAL_STATE_DIR=/srv/bot", envUnhardened + "=1", "BATSIGNAL_LOG_LEVEL=debug"}
	if got, want := stageEnvironment(ours), []string{"HOME=/root", envUnhardened + "=1"}; !slices.Equal(got, want) {
		t.Errorf("the child has %q, and should have %q", got, want)
	}
}
