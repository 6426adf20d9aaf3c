package main

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"batsignal/integrations/twilio"
	"batsignal/integrations/twilio/twiliofake"
)

// Two telephones: Li's takes texts, Maria's is called.
const (
	liNumber    = "+14155550123"
	mariaNumber = "+442079460123"
)

// TestAnEmergencyByPhone is what somebody lives through who gave a number: they prove it,
// are rung in the night, and answer with a thumb. Nothing but Twilio is made up.
func TestAnEmergencyByPhone(t *testing.T) {
	t.Parallel()
	fake := twiliofake.New(t, twiliofake.Options{})
	inbound := freeAddress(t)
	fake.Number("http://"+inbound+twilio.PathSMS, "http://"+inbound+twilio.PathCall)
	w := newWorld(t, plan{
		accounts: []string{"root", "maria", "li", "omar"},
		roles:    twoRoles,
		more: fmt.Sprintf(`
inbound: {listen: %q, public_url: %q}
twilio: {account_sid: %s, auth_token_file: twilio-token, from: %q, base_url: %q}`,
			inbound, "http://"+inbound, fake.AccountSID(), fake.From(), fake.URL()) + anybodyLights,
	})
	writeFile(t, w.dir, "twilio-token", fake.Token()+"\n", 0o600)
	people := w.join("maria", "li", "omar")
	maria, li, omar := people[0], people[1], people[2]
	w.start()
	w.awaitBot(home)

	omar.Tell(botNick, "!whoami")
	omar.Tell(botNick, "!roster join coordination")
	omar.Expect("", "You can be rung for coordination")
	rostered(maria, "coordination")
	rostered(li, "package-fixing")
	omar.Tell(botNick, "!roster leave coordination")

	// An address is used only after its owner showed that they hear there.
	li.Tell(botNick, "!contact add sms "+liNumber)
	li.Expect("", "No page goes there before it is proven")
	eventually(t, "the code to arrive", func() bool { return len(inboxOf(fake, liNumber)) == 1 }, w.bot.output)
	code := regexp.MustCompile(`\b[A-HJ-NP-Z2-9]{5}\b`).FindString(inboxOf(fake, liNumber)[0])
	fake.Phone(liNumber).Write(code)
	li.Expect("", "Your SMS number answers")

	fake.Phone(mariaNumber).Calls(twiliofake.Confirms(), twiliofake.Voicemail(), twiliofake.Acknowledges())
	maria.Tell(botNick, "!contact add voice "+mariaNumber)
	maria.Expect("", "Your phone number answers")
	maria.Tell(botNick, "!contact delay voice 0s")
	li.Tell(botNick, "!contact delay sms 0s")
	maria.Sync()
	li.Sync()
	eventually(t, "both delays", func() bool {
		return one[int](w, `select count(*) from contact where delay = interval '0'`) == 2
	}, w.bot.output)

	// The night begins.
	omar.Say(home, "!batsignal remote code execution in openssl")
	asked := regexp.MustCompile(`!confirm ([A-Z2-9]{4})`).FindStringSubmatch(omar.ExpectMatch(home, `!confirm [A-Z2-9]{4}`).Text())
	li.Say(home, "!confirm "+asked[1])
	omar.Expect(home, "[INC-1] The bat-signal is lit.")

	eventually(t, "the page to arrive as a text", func() bool { return len(inboxOf(fake, liNumber)) >= 3 }, w.bot.output) // the code, the thanks for it, the page
	texts := inboxOf(fake, liNumber)
	page := texts[len(texts)-1]
	if !strings.Contains(page, "INC-1") {
		t.Errorf("the text says %q", page)
	}
	code = regexp.MustCompile(`\b[A-HJ-NP-Z2-9]{5}\b`).FindString(page)
	fake.Phone(liNumber).Write("ok " + strings.ToLower(code))
	omar.Expect(home, "li answers P")

	// A voicemail takes the first call: nobody has the lead by it.
	fake.AwaitCall(t, mariaNumber, "completed")
	fake.Settled(t)
	if n := one[int](w, `select count(*) from responder where role = 'coordination'`); n != 0 {
		t.Error("a voicemail has the lead")
	}
	omar.Say(home, "!page status P1")
	omar.Expect(home, "P1 for maria, open")
	omar.Expect(home, "voice: delivered")
	t.Logf("texts: %q", inboxOf(fake, liNumber))
	for _, c := range fake.RungAt(mariaNumber) {
		t.Logf("call: %+v", c)
	}
}

func inboxOf(f *twiliofake.Fake, number string) (bodies []string) {
	for _, text := range f.Phone(number).Inbox() {
		bodies = append(bodies, text.Body)
	}
	return bodies
}
