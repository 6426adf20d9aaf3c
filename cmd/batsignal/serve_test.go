package main

import (
	"fmt"
	"net"
	"strings"
	"syscall"
	"testing"
)

func TestServeSaysWhyItCannotStart(t *testing.T) {
	t.Parallel()
	needPostgres(t)
	dir := openDir(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() })
	network := "irc: [{id: here, server: 'localhost:1', home: '#ops'}]\n"
	for _, c := range []struct {
		name   string
		config string
		status int
		stderr string
	}{
		{"no network", "", exitUsage, "batsignal: No network is configured, so nobody could light the signal."},
		{"a misspelt key", "irk: []\n", exitUsage, "irk: unknown key; did you mean irc?"},
		{
			"a taken port", network + fmt.Sprintf("web: {listen: %q}\n", taken.Addr()), exitFailed,
			fmt.Sprintf("batsignal: The web pages cannot be shown at %s: the address is taken or not ours. Choose another web.listen.", taken.Addr()),
		},
		{
			"a closed state directory", network + "state_dir: /proc/nowhere\n", exitFailed,
			"batsignal: The private database cannot start: the database directory cannot be ",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			name := strings.ReplaceAll(c.name, " ", "-")
			if !strings.Contains(c.config, "state_dir") {
				c.config += "state_dir: " + name + "\n"
			}
			r := shell(t, dir, "serve", "--config", writeFile(t, dir, name+".yaml", c.config, 0o600))
			if r.status != c.status || !strings.Contains(r.stderr, c.stderr) {
				t.Errorf("want %d and %q: %s", c.status, c.stderr, r)
			}
		})
	}
}

// TestServeStopsAndOnlyOneRuns: an interrupt ends it in good order, and a second one
// beside it is refused.
func TestServeStopsAndOnlyOneRuns(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plan{accounts: []string{"jan"}})
	w.start()
	second := w.cli("serve")
	if want := "batsignal: Another batsignal runs on " + w.state() + " already. Stop it, or choose another --state-dir.\n"; second.status != exitFailed || !strings.Contains(second.stderr, want) {
		t.Errorf("a second one: want %q: %s", want, second)
	}
	if said := w.must("health"); said != "batsignal is well.\n" {
		t.Errorf("health: %s", said)
	}
	if err := w.bot.cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if status := w.bot.wait(t); status != exitOK {
		t.Errorf("an interrupt ended it with %d:\n%s", status, tail(w.bot))
	}
	if lines := errorsIn(w.bot.output()); len(lines) > 0 {
		t.Errorf("errors in the log:\n%s", strings.Join(lines, "\n"))
	}
	if r := w.cli("health"); r.status != exitFailed || !strings.Contains(r.stderr, "Nothing answers at "+w.web+"/healthz.") {
		t.Errorf("health of nobody: %s", r)
	}
}
