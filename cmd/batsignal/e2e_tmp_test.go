package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"batsignal/bot/irc/irctest"
)

func TestTmpPace(t *testing.T) {
	names := []string{"maria", "kevin", "li", "tunde", "priya", "sam", "aiko", "ana", "piotr"}
	roles := map[string]string{"maria": "coordination, communications", "kevin": "coordination, release-engineering", "li": "package-fixing, quality-assurance", "tunde": "package-fixing", "priya": "communications, coordination", "sam": "quality-assurance, package-fixing", "aiko": "release-engineering", "ana": "release-engineering, communications", "piotr": "quality-assurance"}
	var rl strings.Builder
	for _, r := range []string{"coordination, leads: true", "communications", "package-fixing", "quality-assurance", "release-engineering"} {
		fmt.Fprintf(&rl, "  - {name: %s, patience_sev1: 20s}\n", r)
	}
	w := newWorld(t, plan{accounts: names, roles: rl.String(), network: irctest.Options{FakeLag: true}})
	w.config = w.variant("pace", "    burst: 200\n", "", "    lines_per_second: 500\n", "")
	w.dir2("state-pace")
	p := map[string]*irctest.Person{}
	for i, x := range w.join(append(names, "watcher")...) {
		p[append(names, "watcher")[i]] = x
	}
	w.start()
	var b strings.Builder
	b.WriteString("people:\n")
	for _, n := range names {
		fmt.Fprintf(&b, "  - {handle: %s, accounts: {%[2]s: %[1]s}, roles: [%[3]s]}\n", n, netID, roles[n])
	}
	w.enrol(b.String())
	w.awaitBot(home)
	time.Sleep(6 * time.Second)
	code := askFor(w, p["sam"], "remote code execution in openssl")
	time.Sleep(8 * time.Second)
	p["maria"].Say(home, "!confirm "+code)
	p["sam"].Expect(home, "The bat-signal is lit")
	time.Sleep(4 * time.Second); p["watcher"].Join("#inc-1-openssl")
	for i, who := range []string{"maria", "priya", "li", "kevin"} {
		time.Sleep(time.Duration(i+1) * time.Second)
		p[who].Tell(botNick, "!ack")
	}
	time.Sleep(30 * time.Second)
	p["maria"].Say("#inc-1-openssl", "!role list")
	p["maria"].Say("#inc-1-openssl", "!baton pass ana")
	time.Sleep(8 * time.Second)
	p["ana"].Tell(botNick, "!baton accept")
	time.Sleep(8 * time.Second)
	p["ana"].Tell(botNick, "!incident show")
	p["ana"].Tell(botNick, "!incident resolve fixed")
	time.Sleep(20 * time.Second)
	a := &arc{world: w, people: p, shown: map[string][]irctest.Line{}}
	t.Log(a.transcript())
	for _, l := range ask[string](w, `select to_char(created_at,'HH24:MI:SS.MS')||' '||coalesce(to_char(done_at,'HH24:MI:SS.MS'),'-')||' '||coalesce((done_at-created_at)::text,'-')||' tries '||tries||' '||left(detail,80)||' '||kind||' '||state||' '||room||' '||account||' '||text from notice order by id`) {
		t.Log(l)
	}
	for _, l := range ask[string](w, `select d.id||' '||h.handle||' '||coalesce((d.finished_at-d.created_at)::text,'-')||' '||d.state from delivery d join page p on p.id=d.page_id join person h on h.id=p.person_id order by d.id`) {
		t.Log(l)
	}
}

func (w *world) dir2(state string) { w.stateDir = state }
