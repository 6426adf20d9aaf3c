package main

import (
	"bytes"
	"fmt"
	"html"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"batsignal/bot/irc/irctest"
	"batsignal/integrations/twilio/twiliofake"
	"batsignal/oncall/escrow"
	"batsignal/oncall/unseal"
)

// Numbers of these stories; no other test has them.
const (
	ownNumber  = "+16465550143"
	leadNumber = "+16465550144"
	callNumber = "+16465550145"
	seenNumber = "+16465550146"
)

// visitor is somebody with a browser on the switchboard's own pages.
func (w *sealedWorld) visitor() *surfer {
	w.t.Helper()
	s, here := w.surfer(nil), *w.world
	here.web = w.pages
	s.w = &sealedWorld{world: &here}
	return s
}

// pagesWorld is a sealed world in which these people are known, and listen.
func pagesWorld(t *testing.T, confirmers []string, names ...string) (*sealedWorld, map[string]*irctest.Person) {
	t.Helper()
	w := newSealedWorld(t, plan{accounts: names, roles: twoRoles, more: anybodyLights}, confirmers...)
	return w, w.gather(names...)
}

// link asks the bot for one, and gives the token in it.
func link(p *irctest.Person, command, path string) string {
	p.Tell(botNick, command)
	return regexp.MustCompile(path + `([A-Z2-7]{20,})$`).FindStringSubmatch(p.ExpectMatch("", path+`[A-Z2-7]{20,}$`).Text())[1]
}

// without checks that no log, no file and no row has a number, whole or in part.
func (w *sealedWorld) without(numbers ...string) {
	w.t.Helper()
	left := map[string][]byte{"the bot's log": []byte(w.bot.output()), "the switchboard's log": []byte(w.desk.output()), "the database": w.dump()}
	searched(w.t, w.dir, func(name string, content []byte) { left[name] = content })
	for _, number := range numbers {
		for where, content := range left {
			if bytes.Contains(content, []byte(number[4:])) {
				w.t.Errorf("%s has a sealed number", where)
			}
		}
	}
}

// shows checks what a page is answered with.
func shows(t *testing.T, what string, status, want int, body, says string) {
	t.Helper()
	if status != want || !strings.Contains(html.UnescapeString(body), says) {
		t.Fatalf("%s: %d, and not %d with %q:\n%s", what, status, want, says, body)
	}
}

// TestPeopleSealAndSeeTheirOwnByThePages has somebody seal a number by the form, prove it,
// and look at it later (lane F); somebody else who gives the same number is refused.
func TestPeopleSealAndSeeTheirOwnByThePages(t *testing.T) {
	t.Parallel()
	w, people := pagesWorld(t, nil, "li", "omar")
	li, omar := people["li"], people["omar"]
	rostered(li, "package-fixing")
	rostered(omar, "coordination")
	fresh := func(n int) string {
		t.Helper()
		eventually(t, fmt.Sprintf("text %d", n), func() bool { return len(inboxOf(w.phones, ownNumber)) >= n }, w.desk.output)
		return pageCode.FindString(inboxOf(w.phones, ownNumber)[n-1])
	}

	token := link(li, "!contact seal", "/enrol/")
	form := map[string]string{"token": token, "kind": "sms", "address": ownNumber, "per": "6"}
	at := w.visitor()
	status, body := at.post("/enrol/"+token, "/seal", form)
	shows(t, "sealing", status, http.StatusOK, body, "Now prove that it is yours")
	status, body = at.post("/sealed", "/sealed", map[string]string{"code": "AAAAA"})
	shows(t, "a wrong code", status, http.StatusBadRequest, body, "no code that still holds")
	status, body = at.post("/sealed", "/sealed", map[string]string{"code": fresh(1)})
	shows(t, "proving", status, http.StatusOK, body, "Proven")
	li.Expect("", "Your SMS number answers")
	status, body = w.visitor().get(w.pages + "/enrol/" + token)
	shows(t, "the link once more", status, http.StatusForbidden, body, "This link was used")

	// The same number, of somebody else: it is found as it is opened, and no text goes there.
	sent := len(inboxOf(w.phones, ownNumber))
	form["token"] = link(omar, "!contact seal", "/enrol/")
	status, body = w.visitor().post("/", "/seal", form)
	shows(t, "sealing a number of somebody else's", status, http.StatusOK, body, "Now prove that it is yours")
	await(w.world, 1, `select count(*)::int from contact where fault <> ''`)
	omar.ExpectMatch("", `(?i)somebody else|another person|other person`)

	// Li looks at it. The code goes to the number, and the bot does not know it.
	token = link(li, "!contact mine", "/mine/")
	at = w.visitor()
	status, body = at.post("/mine/"+token, "/mine", map[string]string{"token": token})
	shows(t, "li's own page", status, http.StatusOK, body, "Your sealed addresses")
	if strings.Contains(body, ownNumber[4:]) {
		t.Error("the list shows a number")
	}
	path := regexp.MustCompile(`href="(/mine/\d+)/code"`).FindStringSubmatch(body)[1]
	status, body = at.post(path+"/code", path+"/code", nil)
	shows(t, "a code for li", status, http.StatusOK, body, "on its way")
	code := fresh(sent + 1)
	li.Tell(botNick, "!contact prove "+code)
	li.ExpectMatch("", `(?i)no code|not a code`)
	w.phones.Phone(ownNumber).Write(code)
	status, body = at.post(path+"/code", path+"/show", map[string]string{"code": code})
	shows(t, "li's number", status, http.StatusOK, body, ownNumber)
	status, body = at.post(path+"/code", path+"/show", map[string]string{"code": code})
	if status != http.StatusBadRequest || strings.Contains(body, ownNumber[4:]) {
		t.Errorf("the same code once more is answered %d: %s", status, body)
	}
	li.ExpectMatch("", `Your sealed SMS number was opened for you at .*: a code was sent there`)
	if got := one[int](w.world, `select count(*)::int from ledger_leaf where body like '%"lane":"F"%' and body like '%"type":"shown"%'`); got == 0 {
		t.Error("the ledger does not say that it was shown")
	}
	w.without(ownNumber)
}

// TestThreeCustodiansLetOnePersonSeeAnAddressOnce is lane D from the question to the owner's
// notice: each custodian signs on a machine of their own.
func TestThreeCustodiansLetOnePersonSeeAnAddressOnce(t *testing.T) {
	t.Parallel()
	w, people := pagesWorld(t, []string{"omar", "li"}, "maria", "omar", "li", "root")
	maria, omar, li := people["maria"], people["omar"], people["li"]
	rostered(maria, "coordination")
	w.known(omar, li, people["root"])
	policy := escrow.DefaultPolicy()
	policy.Lanes = append(policy.Lanes, unseal.LaneReveal)
	w.sealFor("maria", "voice", seenNumber, policy)
	w.lit(omar, li, "the provider of telephone calls is down")

	at := w.visitor()
	ask := map[string]string{"handle": "omar", "digits": "000000", "whose": "maria", "kind": "voice", "incident": "INC-1", "why": "nobody can be dialled"}
	if status, body := at.post("/reveal", "/reveal", ask); status < 400 {
		t.Fatalf("a wrong code asks: %s", body)
	}
	ask["digits"] = w.code("omar")
	status, body := at.post("/reveal", "/reveal", ask)
	shows(t, "asking", status, http.StatusOK, body, "Your request is made")
	text := html.UnescapeString(regexp.MustCompile(`(?s)readonly rows="8"[^>]*>(.*?)</textarea>`).FindStringSubmatch(body)[1])
	code := regexp.MustCompile(`(?m)^request: (\S+)$`).FindStringSubmatch(text)[1]
	request := writeFile(t, w.dir, "request.txt", text, 0o600)

	show := func() map[string]string {
		return map[string]string{"code": code, "handle": "omar", "digits": w.code("omar")}
	}
	for n, handout := range w.handouts[:3] {
		sheet := writeFile(t, w.dir, handout.File, handout.Text.Reveal(), 0o600)
		signed := w.says("yes\n", "custody", "approve", request, "--share", sheet)
		if n == 0 {
			status, body = at.post("/reveal", "/reveal/approve", map[string]string{"code": code, "signature": strings.Replace(signed, ".1.1.", ".1.2.", 1)})
			if status < 400 {
				t.Fatalf("a signature in another name counts: %s", body)
			}
		}
		status, body = at.post("/reveal", "/reveal/approve", map[string]string{"code": code, "signature": signed})
		shows(t, "a signature", status, http.StatusOK, body, fmt.Sprintf("%d of 3 approved", n+1))
		if err := os.Remove(sheet); err != nil {
			t.Fatal(err)
		}
	}
	// Not to anybody else who has the link, and not without a fresh code.
	status, body = at.post("/reveal", "/reveal/show", map[string]string{"code": code, "handle": "li", "digits": w.code("li")})
	if status < 400 || strings.Contains(body, seenNumber) {
		t.Errorf("li, who did not ask, is answered %d: %s", status, body)
	}
	status, body = at.post("/reveal", "/reveal/show", map[string]string{"code": code, "handle": "omar", "digits": ask["digits"]})
	if status < 400 || strings.Contains(body, seenNumber) {
		t.Errorf("a code that was used is answered %d: %s", status, body)
	}
	status, body = at.post("/reveal", "/reveal/show", show())
	shows(t, "seeing it", status, http.StatusOK, body, seenNumber)
	maria.ExpectMatch("", `Your sealed phone number was .*omar`)

	status, body = at.post("/reveal", "/reveal/show", map[string]string{"code": code, "handle": "omar", "digits": w.code("omar")})
	if status < 400 || strings.Contains(body, seenNumber) {
		t.Errorf("a second time is answered %d: %s", status, body)
	}
	li.Expect(home, "a second time")
	for _, typ := range []string{"reveal-asked", "reveal-approved", "shown"} {
		if n := one[int](w.world, `select count(*)::int from ledger_leaf where body like '%"type":"' || $1 || '"%'`, typ); n == 0 {
			t.Errorf("the ledger has no %s", typ)
		}
	}
	w.without(seenNumber)
}

// says runs the program on a machine of somebody's own, and gives the last line that it prints.
func (w *sealedWorld) says(typed string, args ...string) string {
	w.t.Helper()
	var out, said bytes.Buffer
	cmd := exec.Command(program(w.t), args...)
	cmd.Dir, cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = w.dir, cleanEnv(w.dir), strings.NewReader(typed), &out, &said
	if err := cmd.Run(); err != nil {
		w.t.Fatalf("%v: %v: %s", args, err, said.String())
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	return lines[len(lines)-1]
}

// TestACallerIsJoinedToTheLead has somebody who is called key the third number: the provider
// is asked to dial the lead, whose number only the switchboard ever had.
func TestACallerIsJoinedToTheLead(t *testing.T) {
	t.Parallel()
	w, people := pagesWorld(t, []string{"omar", "zoe"}, "maria", "li", "omar", "zoe")
	rostered(people["maria"], "coordination")
	rostered(people["li"], "package-fixing")
	w.known(people["omar"], people["zoe"])
	w.seal("maria", "voice", leadNumber)
	w.seal("li", "voice", callNumber)
	leads := make(chan struct{})
	w.phones.Phone(leadNumber).Calls(twiliofake.Acknowledges())
	third := regexp.MustCompile(`joined to the lead, key ([0-9, ]+)\.`)
	w.phones.Phone(callNumber).Calls(twiliofake.Listens(func(l twiliofake.Line) string {
		<-leads // until somebody leads, there is nobody to be joined to
		if key := third.FindStringSubmatch(l.Heard); key != nil {
			return strings.NewReplacer(",", "", " ", "").Replace(key[1])
		}
		return ""
	}))

	w.lit(people["omar"], people["zoe"], "remote code execution in openssl")
	people["omar"].Expect(home, "maria answers P")
	await(w.world, 1, `select count(*)::int from responder where role = 'coordination' and left_at is null`)
	people["maria"].Say(home, "!baton take")
	close(leads)
	eventually(t, "li to be joined", func() bool {
		calls := w.phones.RungAt(callNumber)
		return len(calls) > 0 && calls[0].Joined == leadNumber
	}, func() string { return fmt.Sprintf("%+v\n%s", w.phones.RungAt(callNumber), w.desk.output()) })
	await(w.world, 1, `select count(*)::int from sealed_opening where role = 'bridge' and dialled is not null`)
	people["maria"].ExpectMatch("", `Your sealed phone number was opened .*`)
	w.phones.Settled(t)
	w.without(leadNumber, callNumber)
}

// TestTwoPeopleConfirmOnThePage is a network on which the switchboard does not know who
// asks: two registered people each give a code, on its own page.
func TestTwoPeopleConfirmOnThePage(t *testing.T) {
	t.Parallel()
	w, people := pagesWorld(t, []string{"li", "zoe"}, "maria", "omar", "li", "zoe")
	omar := people["omar"]
	rostered(people["maria"], "coordination")
	w.known(omar, people["li"], people["zoe"])
	w.seal("maria", "voice", leadNumber)
	w.phones.Phone(leadNumber).Calls(twiliofake.Acknowledges())

	omar.Say(home, "!batsignal remote code execution in openssl")
	line := omar.ExpectMatch(home, challengeLine.String()).Text()
	code := challengeLine.FindStringSubmatch(line)[1]
	at := w.visitor()
	var status int
	var body string
	eventually(t, "the challenge to be heard", func() bool { // it was said a moment ago
		status, body = at.get(w.pages + "/confirm?code=" + strings.ToLower(code))
		return status == http.StatusOK
	}, w.desk.output)
	shows(t, "the request", status, http.StatusOK, body, "remote code execution in openssl")
	give := func(handle, digits string) (int, string) {
		return at.post("/confirm", "/confirm", map[string]string{"code": code, "handle": handle, "digits": digits})
	}
	status, body = give("li", "12")
	shows(t, "two digits", status, http.StatusBadRequest, body, code)
	if status, body = give("omar", codeAt(w.seeds["li"], time.Now())); status < 400 {
		t.Fatalf("somebody who is not registered confirms: %s", body)
	}
	status, body = give("li", w.code("li"))
	shows(t, "the first", status, http.StatusOK, body, "A second person must confirm "+code)
	if status, body = give("li", w.code("li")); status < 400 && !strings.Contains(body, "A second person must confirm") {
		t.Fatalf("one person is two: %d %s", status, body)
	}
	if n := one[int](w.world, `select count(*)::int from incident`); n != 0 {
		t.Fatal("one person lights the signal")
	}
	status, body = give("zoe", w.code("zoe"))
	shows(t, "the second", status, http.StatusOK, body, "Sealed addresses may be dialled now")
	shows(t, "what is to be done yet", status, http.StatusOK, body, "!confirm "+code) // the page lights nothing
	people["li"].Say(home, "!confirm "+code)
	omar.Expect(home, "The bat-signal is lit.")
	omar.ExpectMatch(home, `have sealed addresses opened, to be dialled, until`)
	w.phones.AwaitCall(t, leadNumber, "completed")
	omar.Expect(home, "maria answers P")
	w.without(leadNumber)
}
