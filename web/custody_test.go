package web_test

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"batsignal/oncall/custody"
	"batsignal/web"
)

func (w *escrowWorld) handsIn(signature string) answer {
	w.t.Helper()
	r := httptest.NewRequest("POST", "/custody/drill", strings.NewReader(url.Values{"signature": {signature}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return w.do(r)
}

// A year of custody: the ceremony, a drill, some that are late, and one that is too late.
func TestCustodyIsPublic(t *testing.T) {
	w := newEscrowWorld(t, newWorld)
	a := w.get("/custody")
	a.says(t, 200, "There is no keyring yet, so nothing can be sealed.")
	a.lacks(t, "Hand in a drill")
	readAloud(t, a.body)
	w.handsIn(w.drills(1, w.Now())).says(t, 404, "There is no keyring 1.", "Hand in a drill")
	w.inForce()
	a = w.get("/custody")
	a.says(t, 200, "5 of 5 shares of keyring 1 are there, and 3 open.", w.keyring.Short(), "safe of Ada", "since the ceremony", "1 Apr 2026",
		"host of the switchboard", "signs the heads of the ledger", "Nobody has written down who can read which place")
	a.lacks(t, "overdue")
	readAloud(t, a.body)

	w.tell("wait 840h") // 5 April
	a = w.get("/custody")
	a.says(t, 200, "A drill is overdue:", `<b class="bad">overdue</b>`)
	readAloud(t, a.body)
	w.handsIn("rubbish").says(t, 400, "That is no signature of a custodian", `value="rubbish"`, `aria-describedby="signature-problem"`)
	w.handsIn(w.drills(1, w.Now().AddDate(0, 0, -20))).says(t, 400, "That is no drill of the last 7 days by custodian 1")
	sig, err := w.shares[0].Sign(custody.PurposeApprove, "drill 2026-04-05")
	w.must(err)
	w.handsIn(sig.String()).says(t, 400)
	for n := 1; n <= 3; n++ {
		a = w.handsIn(w.drills(n, w.Now()))
		if a.Code != 303 {
			t.Fatalf("%d: %s", a.Code, a.main())
		}
		to := a.Header().Get("Location")
		a = w.get(to)
		a.says(t, 200, "Thank you. The drill of "+w.keyring.Custodians[n-1].Name+" on 5 Apr 2026 is on record; the next one is due on 5 May 2026.")
		readAloud(t, a.body)
	}
	if a := w.handsIn(w.drills(1, w.Now())); a.Code != 303 { // once more is no error
		t.Error(a.Code)
	}
	for _, lie := range []string{"4&keyring=1", "9&keyring=1", "1&keyring=2", "x&keyring=y", "-1&keyring=1"} {
		w.get("/custody?drilled="+lie).lacks(t, "Thank you")
	}
	w.tell("wait 96h") // Dana and Eve are a week late
	a = w.get("/custody")
	a.says(t, 200, "3 of 5 shares of keyring 1 are there", "one more lost, and the custodians can open nothing", "counts as lost")
	readAloud(t, a.body)
}

// Somebody who can write into the database cannot make up a custodian.
func TestAKeyringThatNobodySignedIsTold(t *testing.T) {
	w := newEscrowWorld(t, newWorld)
	text := w.keyring.Text()
	w.sql(`insert into keyring (epoch, manifest, state, made_at, current_at) values (1, $1, 'current', $2, $2)`, strings.Replace(text, "Ada", "Eve", 1), night)
	a := w.get("/custody")
	a.says(t, 200)
	a.lacks(t, "are there, and 3 open")
	readAloud(t, a.body)
	a = w.get("/keyring")
	if a.Code == 200 || a.Code == 500 {
		t.Errorf("%d: %s", a.Code, a.main())
	}
	w.get("/ledger").says(t, 200)
}

// Five shares in one repository are one: where the keys are is written down, and reckoned
// with.
func TestHowFewCanOpenIsReckoned(t *testing.T) {
	change := func(text string) func(*web.Options) {
		return func(o *web.Options) { o.Custody = written(t, text) }
	}
	w := newEscrowWorld(t, newWorld, change("place host of the bot: root\nplace host of the switchboard: frieda\n")).inForce()
	a := w.get("/custody")
	a.says(t, 200, "2 people can open it together: root and frieda (hosts). Fewer cannot.")
	a.lacks(t, "Nobody has written down")
	readAloud(t, a.body)
	w = newEscrowWorld(t, newWorld, change(`place repository: root
		item share-1: repository
		item share-2: repository
		item share-3: repository
		item database: repository`)).inForce()
	w.get("/custody").says(t, 200, "1 person can open it: root, alone (custody).")
	w = newEscrowWorld(t, newWorld, change("item share-1: nowhere that is a place\n")).inForce()
	a = w.get("/custody")
	a.says(t, 200, "The plan of where the keys are cannot be reckoned with")
	readAloud(t, a.body)
}

// The next keyring shows, and takes drills, while addresses are sealed to it.
func TestTheNextKeyringShows(t *testing.T) {
	w := newEscrowWorld(t, newWorld).inForce()
	next, shares := w.next("Ada", "Frieda", "Gus")
	a := w.get("/custody")
	a.says(t, 200, "5 of 5 shares of keyring 1", "Next keyring", next.Short(), `href="/keyring/2"`)
	readAloud(t, a.body)
	if a := w.get("/keyring/2"); a.Code != 200 || a.body != next.Text() {
		t.Errorf("%d %q", a.Code, a.body)
	}
	if a := w.get("/keyring"); a.body != w.keyring.Text() {
		t.Errorf("%q", a.body)
	}
	sig, err := shares[1].Drill(w.Now())
	w.must(err)
	a = w.handsIn(sig.String())
	if a.Code != 303 {
		t.Fatalf("%d: %s", a.Code, a.main())
	}
	w.get(a.Header().Get("Location")).says(t, 200, "Thank you. The drill of Frieda is on record, with keyring 2.")
}

// One who tries signatures without end is slowed down.
func TestDrillsAreLimited(t *testing.T) {
	w := newEscrowWorld(t, newWorld).inForce()
	limited := 0
	for range 70 {
		if w.handsIn("bsig1.drill.1.1.AAAA").Code == 429 {
			limited++
		}
	}
	if limited != 10 {
		t.Errorf("%d of 70 were refused", limited)
	}
	w.tell("wait 60s")
	if a := w.handsIn(w.drills(2, w.Now())); a.Code != 303 {
		t.Errorf("%d: %s", a.Code, a.main())
	}
}
