package main

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"batsignal/integrations/pagerduty/pagerdutyfake"
)

// TestAnEmergencyAtPagerDuty is the night of a team whose packagers are on call at
// PagerDuty, by a service that stands for their role: the signal is lit here, their phone
// rings there, the role is filled by whoever acknowledges there, and what ends here ends
// there. The bot is killed in the middle of it. Nothing but PagerDuty is made up.
func TestAnEmergencyAtPagerDuty(t *testing.T) {
	t.Parallel()
	fake := pagerdutyfake.Run(t, pagerdutyfake.Options{})
	kim := fake.AddUser("Kim", "kim@example.org")
	bot := fake.AddUser("Batsignal", "bat@example.org")
	packages := fake.AddService("Packages", kim)
	inbound := freeAddress(t)
	secret := fake.Subscribe("http://" + inbound + "/pagerduty")
	w := newWorld(t, plan{
		accounts: []string{"root", "maria", "li", "kim"},
		roles:    twoRoles,
		more: fmt.Sprintf(`
inbound: {listen: %[1]q, public_url: %[2]q}
pagerduty:
  enabled: true
  events_url: %[3]q
  api_url: %[3]q
  token_file: pagerduty-token
  from: %[4]s
  webhook_secret_file: pagerduty-secret
  services: [{role: package-fixing, id: %[5]s}]`,
			inbound, "http://"+inbound, fake.URL, bot.Mail, packages.ID) + anybodyLights,
	})
	writeFile(t, w.dir, "pagerduty-token", fake.Token+"\n", 0o600)
	writeFile(t, w.dir, "pagerduty-secret", secret+"\n", 0o600)
	people := w.join("maria", "li")
	maria, li := people[0], people[1]
	roster := writeFile(t, w.dir, "kim.yaml", fmt.Sprintf("people:\n  - {handle: kim, zone: UTC, accounts: {pagerduty: %s}}\n", kim.ID), 0o600)
	w.must("roster", "import", roster)
	w.start()
	w.awaitBot(home)

	for _, p := range people {
		rostered(p, "coordination")
	}
	maria.Say(home, "!oncall")
	maria.Expect(home, "PagerDuty says: Kim for Packages.")
	if status, body := w.get("/coverage"); status != 200 || !strings.Contains(body, "Now: PagerDuty says: Kim for Packages.") {
		t.Errorf("%d %s", status, body)
	}

	// PagerDuty carries the first call out, and never says so. Then we are killed.
	fake.LoseREST(1)
	maria.Say(home, "!batsignal remote code execution in openssl")
	asked := regexp.MustCompile(`!confirm ([A-Z2-9]{4})`).FindStringSubmatch(maria.ExpectMatch(home, `!confirm [A-Z2-9]{4}`).Text())
	li.Say(home, "!confirm "+asked[1])
	maria.Expect(home, "[INC-1] The bat-signal is lit.")
	eventually(t, "an incident at PagerDuty", func() bool { return len(fake.Incidents()) > 0 }, w.bot.output)
	w.bot.kill(t)
	w.start()
	w.awaitBot(home)
	eventually(t, "the call to be on the timeline", func() bool {
		return one[int](w, `select count(*) from timeline_entry where text like 'PagerDuty calls whoever is on call there for package fixing: its incident 1,%'`) == 1
	}, w.bot.output)
	if len(fake.Incidents()) != 1 || len(fake.Rings()) != 1 {
		t.Errorf("%d incidents, %d phones rang", len(fake.Incidents()), len(fake.Rings()))
	}
	there := fake.Incidents()[0]
	if _, body := w.get("/incidents/1"); !strings.Contains(body, "https://fake.pagerduty.com/incidents/"+there.ID) {
		t.Error("the page of the incident does not say where it is there")
	}

	if status := fake.Forge(kim, there.ID); status != http.StatusForbidden {
		t.Errorf("a forged webhook was answered %d", status)
	}
	fake.Acknowledge(kim, there.ID)
	maria.Expect(home, "kim answers at PagerDuty and has package fixing.")
	fake.Settled()
	if i := fake.Incidents()[0]; i.Status != "acknowledged" {
		t.Errorf("%+v", i)
	}

	maria.Tell(botNick, "!ack")
	maria.Expect(home, "maria answers P")
	maria.Say(home, "!incident resolve INC-1 patched")
	maria.Expect(home, "[INC-1] maria resolves the incident.")
	eventually(t, "the incident there to be resolved", func() bool { return fake.Incidents()[0].Status == "resolved" }, w.bot.output)
	if i := fake.Incidents()[0]; i.By != bot.ID || len(fake.Rings()) != 1 {
		t.Errorf("%+v", i)
	}
}
