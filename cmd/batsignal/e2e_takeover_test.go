package main

import (
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"batsignal/integrations/webhook/webhooktest"
	"batsignal/migrations/pgtest"
)

// newTwins makes a world with two processes over one database; the first leads.
func newTwins(t *testing.T, p plan) (leads, waits *world) {
	t.Helper()
	leads = newWorld(t, p)
	leads.own = pgtest.Fresh(t)
	usual := leads.config
	twin := *leads
	waits = &twin
	waits.web = "http://" + freeAddress(t)
	leads.config = withDatabase(leads, leads.own.BotDSN, leads.own.OwnerDSN)
	waits.config = usual
	waits.config = waits.variant("other", "mail:\n", fmt.Sprintf("database: {url: %q}\nmail:\n", leads.own.BotDSN),
		strings.TrimPrefix(leads.web, "http://"), strings.TrimPrefix(waits.web, "http://"))
	leads.start()
	eventually(t, "the first process to lead", leads.isLeader, leads.bot.output)
	waits.start()
	return leads, waits
}

func (w *world) isLeader() bool {
	_, figures := w.get("/metrics")
	return strings.Contains(figures, "\nbatsignal_leader 1\n")
}

// hooks is a roster of one on IRC and four with a webhook.
func hooks(w *world) string {
	roster := fmt.Sprintf("people:\n  - {handle: jan, accounts: {%s: jan}, roles: [coordination]}\n", netID)
	for i := range 4 {
		roster += fmt.Sprintf("  - {handle: hook%d, webhook: %q, roles: [coordination]}\n", i, w.sink.URL().Reveal())
	}
	return roster
}

// TestFault08TheLeaderIsKilledWithAPageQueued: the other process is on IRC under the same
// nick and sends the page, once; both serve the web all the time.
func TestFault08TheLeaderIsKilledWithAPageQueued(t *testing.T) {
	t.Parallel()
	a, b := newTwins(t, plan{accounts: []string{"jan"}})
	jan := a.join("jan")[0]
	b.lookout = a.lookout
	a.enrol(hooks(a))
	a.awaitBot(home)
	jan.Say(home, "!status")
	jan.Expect(home, "another one waits to take over")
	if status, say := b.get("/readyz"); status != http.StatusOK || !strings.Contains(say, "another process leads") {
		t.Errorf("who waits is ready with %d: %s", status, say)
	}

	// Whoever has a link answers by either process, and the one that leads goes on from there.
	a.must("do", "--as", "jan", "page hook3 the answer goes the other way")
	arrivals, err := a.sink.WaitFor(1, patience)
	if err != nil {
		t.Fatal(err)
	}
	link := strings.Replace(arrivals[0].Page.AckLink, a.web, b.web, 1)
	if !strings.HasPrefix(link, b.web) {
		t.Fatalf("the link is %s", link)
	}
	if status, body := b.press(link); status != http.StatusOK || !strings.Contains(body, "Thank you") {
		t.Errorf("the link at the process that waits: %d %s", status, body)
	}
	await(a, 1, `select count(*)::int from page where state = 'acked'`)

	var took []time.Duration
	for round := range 3 {
		a.pause(syscall.SIGSTOP) // so that it cannot send what is queued now
		why := fmt.Sprintf("queued at death %d", round)
		a.must("do", "--as", "jan", fmt.Sprintf("page hook%d %s", round, why))
		await(a, 1, `select count(*)::int from delivery d join page p on p.id = d.page_id
			join escalation e on e.id = p.escalation_id where e.why = $1 and d.state = 'queued'`, why)
		killed := time.Now()
		a.bot.kill(t)
		arrivals, err := a.sink.WaitFor(2+round, patience)
		if err != nil {
			t.Fatalf("%v; who should take over printed:\n%s", err, b.bot.output())
		}
		last := arrivals[len(arrivals)-1]
		took = append(took, last.At.Sub(killed))
		if last.Page.Why != why || last.Page.Repeat {
			t.Errorf("the page that was queued arrived as %+v", last.Page)
		}
		if status, _ := b.get("/incidents"); status != http.StatusOK {
			t.Errorf("during the take-over the pages answer %d", status)
		}
		b.awaitBot(home)
		t.Logf("take-over %d: page handed over after %s, on IRC after %s", round+1,
			took[round].Round(time.Millisecond), time.Since(killed).Round(time.Millisecond))
		jan.Say(home, "!status")
		jan.Expect(home, "no other waits to take over")
		if a.start(); a.isLeader() || !b.isLeader() {
			t.Error("who begins leads, though another one does")
		}
		a, b = b, a
	}
	if n := len(a.sink.Arrivals()); n != 4 {
		t.Errorf("%d pages have arrived, want 4", n)
	}
	if epoch := one[int](a, `select epoch::int from leadership`); epoch != 4 {
		t.Errorf("there were %d terms, want 4", epoch)
	}
}

// TestFault08AStoppedLeaderComesBack stops a leader while it sends, has the server end its
// session, and lets it go on when another one leads: it can neither record how its page
// went nor do anything else, and ends.
func TestFault08AStoppedLeaderComesBack(t *testing.T) {
	t.Parallel()
	a, b := newTwins(t, plan{accounts: []string{"jan"}})
	jan := a.join("jan")[0]
	b.lookout = a.lookout
	a.enrol(hooks(a))
	a.awaitBot(home)

	gate := make(chan struct{})
	a.sink.Script(webhooktest.Answer{Wait: gate})
	a.must("do", "--as", "jan", "page hook0 something burns")
	if _, err := a.sink.WaitFor(1, patience); err != nil {
		t.Fatal(err)
	}
	a.pause(syscall.SIGSTOP)
	if n := one[int](a, `select count(pg_terminate_backend(pid))::int from pg_locks l join pg_stat_activity a using (pid)
		where l.locktype = 'advisory' and l.granted and a.application_name like 'batsignal candidate %'
			and a.datname = current_database()`); n != 1 {
		t.Fatalf("%d sessions had the lock", n)
	}
	arrivals, err := a.sink.WaitFor(2, patience)
	if err != nil {
		t.Fatalf("%v; who should take over printed:\n%s", err, b.bot.output())
	}
	if !arrivals[1].Page.Repeat {
		t.Error("the page that may have arrived before does not say so")
	}
	const stories = `select string_agg(outcome || ' ' || detail, ', ' order by n) from attempt`
	const twice = "unknown the sender went away, accepted "
	eventually(t, "the page to be recorded", func() bool {
		return strings.HasPrefix(one[string](a, stories), twice)
	}, b.bot.output)
	before := one[string](a, stories)

	close(gate) // its receiver had the page all the time
	a.pause(syscall.SIGCONT)
	if status := a.bot.wait(t); status != exitFailed {
		t.Errorf("the deposed one ended with %d", status)
	}
	if said := a.bot.output(); !strings.Contains(said, "batsignal: Another process leads now. This one ends, and when it is started again, it serves the web and waits.") {
		t.Errorf("the deposed one printed:\n%s", said)
	}
	if after := one[string](a, stories); after != before {
		t.Errorf("the tries were %q, and when the deposed one had gone on %q", before, after)
	}
	if n := len(a.sink.Arrivals()); n != 2 {
		t.Errorf("the page arrived %d times, want 2", n)
	}
	b.awaitBot(home) // services give it the nick of the one before
	jan.Say(home, "!status")
	jan.Expect(home, "no other waits to take over")

	a.start()
	if a.isLeader() || !b.isLeader() {
		t.Error("the one that was deposed leads again")
	}
	if status := b.bot.stop(t); status != exitOK {
		t.Errorf("an orderly end has status %d:\n%s", status, tail(b.bot))
	}
	eventually(t, "the first one to lead again", a.isLeader, a.bot.output)
	a.awaitBot(home)
	if lines := errorsIn(b.bot.output()); len(lines) > 0 {
		t.Errorf("errors in the log:\n%s", strings.Join(lines, "\n"))
	}
}
