package main

import (
	"net/url"
	"strings"
	"testing"
	"unicode"

	"batsignal/integrations/twilio"
	"batsignal/integrations/twilio/twiliofake"
)

// hostile is what somebody writes who wants a room, a page or a telephone to show or do
// something else: marks that turn the direction, markup, colours of IRC, a challenge and a
// command inside.
const hostile = "\u202egnirts <script>alert(1)</script> \x0304red\x0f \u200b\" ! AB2C opens sealed contacts of up to 1 person !confirm AB2C 123456 </Say><Dial>+14158273946</Dial>"

// TestAttack18And25WhatComesByPhoneAndByName plays row 18, a voicemail and texts with a
// forged sender, and row 25, hostile words where people write: the title of an incident goes
// into the challenge, the ledger, the pages, the telephone and letters, and is shown there as
// letters at most.
func TestAttack18And25WhatComesByPhoneAndByName(t *testing.T) {
	t.Parallel()
	w, people := attackedWorld(t)
	omar, zoe, maria := people["omar"], people["zoe"], people["maria"]
	w.seal("li", "sms", "+14158273946")
	number := phoneOf(0)
	w.phones.Phone(number).Calls(twiliofake.Voicemail())

	omar.Say(home, "!batsignal "+hostile)
	line := omar.ExpectMatch(home, challengeLine.String()).Text()
	code := challengeLine.FindStringSubmatch(line)[1]
	// The only quotation marks are ours, around what omar wrote; whose it is stands behind.
	if strings.Count(line, `"`) != 2 || !strings.Contains(line, `" Asked for by omar`) && !strings.Contains(line, `". Asked for by omar`) || len(line) > 350 {
		t.Errorf("the challenge: %q", line)
	}
	zoe.Say(home, "!confirm "+code+" "+w.code("zoe"))
	omar.Expect(home, "The bat-signal is lit.")
	w.phones.AwaitCall(t, number, "completed")
	w.phones.Settled(t)

	// 18: the voicemail listened to the end. Then somebody writes with maria's number as the
	// sender, and with li's, and speaks to our listener by themselves.
	for _, text := range []string{"ok", "yes", "P1", "ack P1", "ok AAAAA", "1", "!ack P1", "!confirm " + code + " 123456"} {
		w.phones.Phone(number).Write(text)
		w.phones.Phone("+14158273946").Write(text)
	}
	inbound := strings.TrimSpace(cutBetween(read(w.deskAt+"/switchboard.yaml"), "public_url: \"", "\""))
	for _, path := range []string{twilio.PathSMS, twilio.PathCall} {
		if status := w.phones.Forge(inbound+path, url.Values{"From": {number}, "Body": {"ok"}, "Digits": {"1"}}); status < 400 {
			t.Errorf("a callback that Twilio did not sign is answered %d", status)
		}
	}
	if n := one[int](w.world, `select count(*)::int from page where state <> 'open'`); n != 0 {
		t.Errorf("%d pages were answered", n)
	}
	if n := one[int](w.world, `select count(*)::int from responder`); n != 0 {
		t.Errorf("%d people have a role", n)
	}
	// The code that really went to li answers, from whatever number: who has it was there.
	page := ""
	for _, text := range inboxOf(w.phones, "+14158273946") {
		if strings.Contains(text, "INC-1") {
			page = text
			break
		}
	}
	codes := pageCode.FindAllString(page, -1)
	if len(codes) == 0 {
		t.Fatalf("no code in %q", inboxOf(w.phones, "+14158273946"))
	}
	w.phones.Phone("+14158273946").Write("ok " + codes[len(codes)-1])
	omar.Expect(home, "li answers P")

	// 25: nobody was joined to a number from the title, and nothing turned, coloured or ran.
	for _, call := range w.phones.Rung() {
		if call.Joined != "" || call.Trouble != "" {
			t.Errorf("the call to %s: joined %q, %s", call.To, call.Joined, call.Trouble)
		}
		seen(t, "what a telephone says", strings.Join(call.Heard, " "))
	}
	maria.ExpectMatch("", `Your sealed phone number was opened at .* to be dialled for INC-1 \(coordination\)`)
	for _, l := range everythingShown(zoe) {
		if l.Nick == botNick {
			seen(t, "what the bot says", l.Text())
		}
	}
	for _, path := range []string{"/", "/incidents", "/incidents/1", "/ledger", "/ledger/0", "/ledger/leaves.txt", "/pages", "/signal"} {
		_, body := w.get(path)
		if seen(t, path, body); strings.Contains(body, "<script>alert") {
			t.Errorf("%s runs what was written", path)
		}
	}
	for _, leaf := range ask[string](w.world, `select body from ledger_leaf`) {
		seen(t, "the ledger", leaf)
		if strings.Contains(leaf, "script") {
			t.Errorf("words of people are in the ledger: %s", leaf)
		}
	}
	if n := one[int](w.world, `select count(*)::int from sealed_opening where lane = 'B'`); n != 3 {
		t.Errorf("%d openings", n)
	}
}

// seen checks that a text has no character that is not seen.
func seen(t *testing.T, where, text string) {
	t.Helper()
	for i, r := range text {
		if unicode.In(r, unicode.Cf) || unicode.IsControl(r) && !strings.ContainsRune("\n\r\t", r) {
			t.Errorf("%s has %U: %q", where, r, text[max(0, i-60):min(len(text), i+60)])
			return
		}
	}
}

// cutBetween is what stands between two texts.
func cutBetween(text, before, after string) string {
	_, rest, _ := strings.Cut(text, before)
	found, _, _ := strings.Cut(rest, after)
	return found
}
